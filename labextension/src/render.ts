/*
 * The record as a Markdown block. The rules are written down in
 * `synthnb/disclosure/render.py`; this is their second writing, bound to the
 * first by `tests/fixtures/disclosure`.
 */

import catalogue from '../../synthnb/disclosure/schema/fields-1.json' with { type: 'json' };
import { current, isReadable, isSaid } from './folding.js';
import { isList, isText, own } from './wire.js';
import type { BriefLine, Mapping } from './wire.js';

/** The line on which the block begins. */
export const BEGIN = '<!-- synthnb:disclosure:begin -->';

/** The line on which the block ends. */
export const END = '<!-- synthnb:disclosure:end -->';

const LONGEST = 300;
const MOST_STATEMENTS = 6;
const MOST_VALUES = 12;
const STATEMENT = 'humanReadableStatement';
const NOT_STATED = 'not stated';
const BLANK = '(blank)';
const PROPOSED = ' (proposed, not confirmed)';
const SPACE = /[\t\n\v\f\r \x85\xa0\u2028\u2029]+/g;
const EDGES = /^ +| +$/g;
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const SHORT = /(sha256:[0-9a-f]{12})[0-9a-f]{52}/g;
const BEGINS_LIST = /^(?:[-+]|[0-9]+[.)])/;

/** A value as it may stand in Markdown. */
export function inline(text: string): string {
  return plain(text)
    .replace(/[$\\]|[&<>"'`|*_[\]~#!]/g, escaped)
    .replaceAll('://', '&#58;//')
    .replace(/([wW]{3})\./g, '$1&#46;');
}

/** A value on one line, without control characters, cut to 300 code points. */
function plain(text: string): string {
  const line = text.replace(SPACE, ' ').replace(EDGES, '').replace(UNSAFE, '\ufffd');
  const points = Array.from(line);
  return points.length <= LONGEST ? line : `${points.slice(0, LONGEST - 1).join('')}…`;
}

function escaped(sign: string): string {
  const entity = `&#${String(sign.charCodeAt(0))};`;
  return sign === '$' || sign === '\\' ? `<span>${entity}</span>` : entity;
}

/** A value as the block shows it: digests cut short, and no beginning of a list. */
function told(text: string): string {
  const written = inline(text.replace(SHORT, '$1…')).replace(
    BEGINS_LIST,
    (found) => `${found.slice(0, -1)}&#${String(found.charCodeAt(found.length - 1))};`,
  );
  return written === '' ? BLANK : written;
}

/** The Markdown block for a notebook's `metadata.synthnb`. */
export function renderBlock(record: Mapping): string {
  const fields = own(record, 'fields');
  const title = '### Synthetic data disclosure';
  const parts = [title, statement(fields), list(fields), proposed(fields), missing(fields)];
  return [BEGIN, ...parts, footer(record), END].filter((part) => part !== '').join('\n\n');
}

/** The values a record states for a field; none if it has another shape. */
function valuesOf(fields: unknown, name: string): string[] {
  const values = own(own(fields, name), 'values');
  return isList(values) ? values.map((item) => own(item, 'value')).filter(isText) : [];
}

/** Whether the tool proposed what a record states for a field, and no person confirmed it. */
function isProposed(fields: unknown, name: string): boolean {
  const values = own(own(fields, name), 'values');
  return isList(values) && values.some((item) => own(item, 'proposed') === true);
}

function statement(fields: unknown): string {
  const values = valuesOf(fields, STATEMENT);
  const beyond = values.length - MOST_STATEMENTS;
  const more = beyond > 0 ? [`and ${String(beyond)} more`] : [];
  return [...values.slice(0, MOST_STATEMENTS).map(told), ...more].join('<br>');
}

function list(fields: unknown): string {
  const isStated = catalogue.fields.some(({ id }) => valuesOf(fields, id).length > 0);
  const lines: readonly BriefLine[] = catalogue.brief;
  return isStated ? lines.flatMap((line) => linesOf(line, fields)).join('\n') : '';
}

function linesOf(line: BriefLine, fields: unknown): string[] {
  const name = line.fields.find((id) => valuesOf(fields, id).length > 0) ?? '';
  const end = isProposed(fields, name) ? PROPOSED : '';
  const values = valuesOf(fields, name).map((value) => `${told(value)}${end}`);
  if (values.length < 2) {
    const said = values[0] ?? line.default ?? '';
    return said === '' ? [] : [`- **${line.label}:** ${said}`];
  }
  const beyond = values.length - MOST_VALUES;
  return [
    `- **${line.label}:**`,
    ...values.slice(0, MOST_VALUES).map((value) => `    - ${value}`),
    ...(beyond > 0 ? [`    - and ${String(beyond)} more`] : []),
  ];
}

/** What the tool proposed and nobody confirmed. */
function proposed(fields: unknown): string {
  const labels = catalogue.fields.filter(({ id }) => isProposed(fields, id));
  return labels.length > 0
    ? `**Proposed by the tool, for a person to confirm:** ${labels.map(({ label }) => label).join(', ')}.`
    : '';
}

/** The labels of the fields that only a person can state and nobody has. */
export function missingLabels(record: Mapping): string[] {
  const fields = own(record, 'fields');
  return catalogue.fields
    .filter((field) => field.required && valuesOf(fields, field.id).length === 0)
    .map((field) =>
      field.default === NOT_STATED ? field.label : `${field.label} (${field.default})`,
    );
}

function missing(fields: unknown): string {
  const labels = missingLabels({ fields });
  return labels.length > 0
    ? `**Not stated yet, and only a person can:** ${labels.join(', ')}. State them with \`%synth disclose\`.`
    : '';
}

function footer(record: Mapping): string {
  return [
    ...counted(record),
    `Record \`${shownDigest(record)}\` in this notebook's metadata;`,
    'see all of it with `%synth disclose`, check it with `%synth verify`.',
  ].join(' ');
}

/** How many entries there are, and how many of them count no more or can't be read. */
function counted(record: Mapping): string[] {
  const listed = listAt(record, 'entries').filter(isReadable);
  const counting = current(listed);
  const superseded = listed.length - counting.length;
  const gone = new Set(listAt(record, 'stale'));
  const stale = counting.filter((entry) => gone.has(entry.id) && !isSaid(entry)).length;
  const unreadable = listAt(record, 'unreadable').length;
  const sentence = [
    `From ${plural(listed.length, 'entry', 'entries')}`,
    ...(superseded > 0 ? [`${String(superseded)} of them superseded by later ones`] : []),
    ...(stale > 0 ? [`${String(stale)} whose output is no longer in this notebook`] : []),
  ].join(', ');
  const aside = plural(unreadable, 'unreadable entry was', 'unreadable entries were');
  return [`${sentence}.`, ...(unreadable > 0 ? [`${aside} left aside.`] : [])];
}

function listAt(record: Mapping, key: string): readonly unknown[] {
  const value = own(record, key);
  return isList(value) ? value : [];
}

function plural(count: number, one: string, many: string): string {
  return `${String(count)} ${count === 1 ? one : many}`;
}

function shownDigest(record: Mapping): string {
  const found = own(record, 'digest');
  return isText(found) && DIGEST.test(found) ? found : 'sha256:unknown';
}
