/*
 * From entries to fields: which entries can be read, which count, what they
 * state. The rules are written down in `synthnb/disclosure/folding.py`; this is
 * their second writing, bound to the first by `tests/fixtures/disclosure`.
 */

import catalogue from '../../synthnb/disclosure/schema/fields-1.json' with { type: 'json' };
import { digest, without } from './canonical.js';
import { isList, isMapping, isText, own } from './wire.js';
import type { Entry, Field, FoldedField, Stated } from './wire.js';

const DEEPEST = 64;
const ID = /^[A-Za-z0-9._:-]{1,128}$/;
const CREATED = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$/;
const LONE = /[\ud800-\udfff]/u;
const SIGN_OFF = 'sign-off';

/** The version of the record. */
export const SCHEMA = 'synthnb.record/1';

/** Kinds of entries about a whole table that was made. */
const TABLES = ['generate', 'texts', 'questions', 'mix'];

/** Kinds about what was found of a table. */
const JUDGING = ['evaluate', 'override', 'review', 'judge'];

/** Kinds of what persons say. */
const SAYING = ['disclose', 'risk', SIGN_OFF];

/** Kinds that leave what was reviewed and signed as it was. */
const UNTOUCHED = ['export', SIGN_OFF, 'opt-out'];

/** What is appended to a sign-off that is void. */
const VOID = ' (void: the record was changed after it)';

/** Whether a text holds nothing but ASCII white space. */
export function isBlank(text: string): boolean {
  return /^[ \t\n\r\f\v]*$/.test(text);
}

/** Whether an entry has the shape that folding needs. */
export function isReadable(entry: unknown): entry is Entry {
  return (
    isMapping(entry) &&
    isMapping(own(entry, 'fields')) &&
    (!Object.hasOwn(entry, 'detail') || isMapping(own(entry, 'detail'))) &&
    matches(own(entry, 'id'), ID) &&
    matches(own(entry, 'kind'), /[^]/) &&
    matches(own(entry, 'slot'), /[^]/) &&
    matches(own(entry, 'created'), CREATED) &&
    isPortable(entry, 1)
  );
}

function matches(value: unknown, pattern: RegExp): boolean {
  return isText(value) && pattern.test(value);
}

/** Whether both languages read the same value from its JSON. */
function isPortable(value: unknown, level: number): boolean {
  switch (typeof value) {
    case 'string':
      return !LONE.test(value);
    case 'number':
      return Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
    case 'object':
      return (
        value === null ||
        (level <= DEEPEST && partsOf(value).every((it) => isPortable(it, level + 1)))
      );
    default:
      return typeof value === 'boolean';
  }
}

function partsOf(value: object): unknown[] {
  return isList(value) ? [...value] : Object.entries(value).flat();
}

/** Whether two JSON values are equal; an absent one equals nothing but an absent one. */
export function same(one: unknown, other: unknown): boolean {
  if (isList(one) && isList(other)) {
    return one.length === other.length && one.every((item, index) => same(item, other[index]));
  }
  if (isMapping(one) && isMapping(other)) {
    const keys = Object.keys(one);
    return (
      keys.length === Object.keys(other).length &&
      keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]))
    );
  }
  return one === other;
}

/** Whether a readable entry carries the digest of what it says. */
export function digestIsRight(entry: Entry): boolean {
  return own(entry, 'digest') === digest(without(entry, 'digest'));
}

/** Entries from the oldest to the newest; ties by id. */
export function inOrder(entries: Iterable<Entry>): Entry[] {
  const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
  return [...entries].sort(
    (a, b) => compare(a.created.slice(0, -1), b.created.slice(0, -1)) || compare(a.id, b.id),
  );
}

/** The ids of the entries about a frame as it was before it was made anew. */
function outdated(ordered: Entry[]): Set<string> {
  const made = new Map<string, unknown>();
  const about: { id: string; frame: string; before: boolean; content: unknown }[] = [];
  for (const { id, kind, frame, content } of ordered) {
    if (typeof frame !== 'string') {
      continue;
    }
    if (TABLES.includes(kind)) {
      made.set(frame, content ?? null);
    } else if (kind === 'column' || JUDGING.includes(kind)) {
      about.push({ id, frame, before: made.has(frame), content: made.get(frame) ?? null });
    }
  }
  const past = about.filter(
    ({ frame, before, content }) =>
      made.has(frame) && !(before && same(made.get(frame) ?? null, content)),
  );
  return new Set(past.map(({ id }) => id));
}

/** The entries that aren't superseded, in order. */
export function current(entries: Iterable<Entry>): Entry[] {
  const ordered = inOrder(entries);
  const made = ordered.filter((entry) => !isSaid(entry));
  const latest = new Map(made.map((entry) => [entry.slot, entry.id]));
  const past = outdated(ordered);
  return ordered.filter(
    (entry) => isSaid(entry) || (latest.get(entry.slot) === entry.id && !past.has(entry.id)),
  );
}

/** Whether an entry is of a kind that persons say. */
export function isSaid(entry: Entry): boolean {
  return SAYING.includes(entry.kind);
}

/** The ids of the sign-offs after which the record was changed. */
function voided(ordered: readonly Entry[]): Set<string> {
  const last = ordered.findLastIndex((entry) => !UNTOUCHED.includes(entry.kind));
  const signed = ordered.filter(({ kind }) => kind === SIGN_OFF);
  const now = signed.length > 0 ? substance(ordered) : '';
  const past = signed.filter(
    (entry) => ordered.indexOf(entry) < last || !isAbout(own(entry, 'detail'), now),
  );
  return new Set(past.map(({ id }) => id));
}

/** Whether a sign-off's detail names no substance, or the one there is now. */
function isAbout(detail: unknown, now: string): boolean {
  const bound = isMapping(detail) && Object.hasOwn(detail, 'substance');
  return !bound || own(detail, 'substance') === now;
}

/** The digest that sign-offs bind to. */
function substance(ordered: readonly Entry[]): string {
  const kept = ordered.filter(({ kind }) => !UNTOUCHED.includes(kind));
  return digest({ schema: SCHEMA, entries: kept });
}

/** Every field of the catalogue with what the entries state about it. */
export function fold(entries: Iterable<Entry>): Record<string, FoldedField> {
  const given = inOrder(entries);
  const counting = current(given);
  const made = counting.filter((entry) => !isSaid(entry));
  const said = counting.filter(isSaid);
  const past = voided(given);
  return Object.fromEntries(
    catalogue.fields.map((field) => [field.id, folded(field, made, said, past)]),
  );
}

function folded(
  field: Field,
  made: readonly Entry[],
  said: readonly Entry[],
  past: ReadonlySet<string>,
): FoldedField {
  let values = field.fill === 'machine' ? [] : stated(field.id, deciding(field.id, said), past);
  if (field.fill !== 'human' && values.length === 0) {
    const mark = field.fill === 'proposed' ? { proposed: true as const } : {};
    values = stated(field.id, made, new Set()).map((value) => ({ ...value, ...mark }));
  }
  return { fill: field.fill, status: values.length > 0 ? 'stated' : 'not stated', values };
}

/** The last entry that has a field; of sign-offs, those of all reviewers since an entry of another kind. */
function deciding(name: string, said: readonly Entry[]): Entry[] {
  const having = said.filter((entry) => isStatement(own(entry.fields, name)));
  if (having.at(-1)?.kind !== SIGN_OFF) {
    return having.slice(-1);
  }
  const since = having.slice(having.findLastIndex(({ kind }) => kind !== SIGN_OFF) + 1);
  const latest = new Map(since.map((entry) => [entry.slot, entry.id]));
  return since.filter((entry) => latest.get(entry.slot) === entry.id);
}

function isStatement(value: unknown): boolean {
  return isText(value) || isList(value);
}

function stated(name: string, entries: readonly Entry[], past: ReadonlySet<string>): Stated[] {
  const origins = new Map<string, Set<string>>();
  for (const entry of entries) {
    const end = past.has(entry.id) ? VOID : '';
    for (const text of textsOf(own(entry.fields, name)).map((it) => it + end)) {
      origins.set(text, (origins.get(text) ?? new Set()).add(entry.id));
    }
  }
  return [...origins].map(([value, ids]) => ({ value, from: [...ids] }));
}

function textsOf(value: unknown): string[] {
  const items = isList(value) ? value : [value];
  return items.filter(isText).filter((text) => !isBlank(text));
}
