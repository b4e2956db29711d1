/*
 * The disclosure in a notebook: gather the entries, keep metadata and cell in
 * step. The rules are written down in `synthnb/disclosure/notebook.py`; this is
 * their second writing, bound to the first by `tests/fixtures/disclosure`.
 * Every function is pure and works on JSON.
 */

import { digest, digestText } from './canonical.js';
import { SCHEMA, digestIsRight, fold, inOrder, isBlank, isReadable, same } from './folding.js';
import { BEGIN, END, missingLabels, renderBlock } from './render.js';
import { RECORD_MIME, isList, isMapping, isText, own } from './wire.js';
import type { DisclosureStatus } from './tokens.js';
import type { Edit, Entry, Mapping, NotebookJson } from './wire.js';

const ROLE = 'disclosure';
const TAG = 'synthnb-disclosure';
const BLOCK = new RegExp(`${BEGIN}(?:(?!${BEGIN})[^])*?${END}`);

/** What a notebook's outputs and metadata hold. */
export interface Harvest {
  /** Every entry, from the oldest to the newest. */
  readonly entries: readonly Entry[];
  /** The ids of entries that no output holds any more. */
  readonly stale: readonly string[];
  /** How many things in the outputs can't be read. */
  readonly unreadable: number;
  /** The index of the first cell that gave an entry. */
  readonly anchor: number | null;
  /** The indices of the disclosure cells. */
  readonly cells: readonly number[];
  /** Whether a later version of synthnb wrote the metadata. */
  readonly newer: boolean;
}

/** How to update. */
export interface UpsertOptions {
  /** The time; used only when a deletion is first noticed. */
  readonly now: string;
  /** Put a deleted cell back. */
  readonly restore?: boolean;
}

/** A cell's source as one text. */
export function sourceOf(cell: unknown): string {
  const source = own(cell, 'source');
  return isList(source) && source.every(isText) ? source.join('') : isText(source) ? source : '';
}

/** The records that a cell's outputs carry; null for one that can't be read. */
function payloadsOf(cell: unknown): unknown[] {
  const outputs = own(cell, 'outputs');
  if (own(cell, 'cell_type') !== 'code' || !isList(outputs)) {
    return [];
  }
  return outputs
    .map((output) => own(output, 'data'))
    .filter((data) => isMapping(data) && Object.hasOwn(data, RECORD_MIME))
    .map((data) => parsed(own(data, RECORD_MIME)));
}

function parsed(value: unknown): unknown {
  const text = isList(value) && value.every(isText) ? value.join('') : value;
  if (!isText(text)) {
    return text;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** The readable entries in a cell's outputs, and how many things there can't be read. */
export function entriesOf(cell: unknown): { entries: Entry[]; unreadable: number } {
  const lists = payloadsOf(cell).map((payload) => own(payload, 'entries'));
  const items = lists.filter(isList).flat();
  const entries = items.filter(isReadable);
  const unreadable = lists.filter((list) => !isList(list)).length + items.length - entries.length;
  return { entries, unreadable };
}

/** Whether a cell is a disclosure cell. */
export function isDisclosure(cell: unknown): boolean {
  if (own(cell, 'cell_type') !== 'markdown') {
    return false;
  }
  const metadata = own(cell, 'metadata');
  const tags = own(metadata, 'tags');
  return (
    own(own(metadata, 'synthnb'), 'role') === ROLE ||
    (isList(tags) && tags.includes(TAG)) ||
    BLOCK.test(sourceOf(cell))
  );
}

function isNewer(record: unknown): boolean {
  const schema = own(record, 'schema');
  const version = isText(schema) ? /^synthnb\.record\/([0-9]{1,9})$/.exec(schema) : null;
  return Number(version?.[1] ?? 0) > 1;
}

/** Gather the entries of a notebook from its outputs and its metadata. */
export function harvest({ cells, metadata }: NotebookJson): Harvest {
  const record = own(metadata, 'synthnb');
  const kept = own(record, 'entries');
  const taken = new Map<string, Entry>();
  const perCell = cells.map(entriesOf);
  const shown = perCell.flatMap(({ entries }) => entries);
  for (const entry of [...(isList(kept) ? kept.filter(isReadable) : []), ...shown]) {
    take(taken, entry);
  }
  const entries = inOrder(taken.values());
  const ids = new Set(shown.map(({ id }) => id));
  const anchor = perCell.findIndex((found) => found.entries.length > 0);
  return {
    entries,
    stale: entries.map(({ id }) => id).filter((id) => !ids.has(id)),
    unreadable: perCell.reduce((sum, found) => sum + found.unreadable, 0),
    anchor: anchor < 0 ? null : anchor,
    cells: cells.flatMap((cell, index) => (isDisclosure(cell) ? [index] : [])),
    newer: isNewer(record),
  };
}

function take(taken: Map<string, Entry>, entry: Entry): void {
  const old = taken.get(entry.id);
  if (old === undefined || digestIsRight(entry) || !digestIsRight(old)) {
    taken.set(entry.id, entry);
  }
}

/** The edits that bring a notebook's metadata and disclosure cell in step with its outputs. */
export function upsert(notebook: NotebookJson, { now, restore = false }: UpsertOptions): Edit[] {
  const found = harvest(notebook);
  if (found.newer || found.entries.length === 0) {
    return [];
  }
  const old = own(notebook.metadata, 'synthnb');
  const core = recordOf(notebook.metadata, found);
  const block = renderBlock(core);
  const wanted = found.cells.length > 0 || restore || !wasDeleted(old);
  const record = wanted
    ? { ...without(core, 'opt_out'), cell: { digest: digestText(block) } }
    : { opt_out: { at: now }, ...without(core, 'cell') };
  return [
    ...(!same(record, old) ? [{ op: 'set_metadata' as const, value: record }] : []),
    ...(wanted ? cellEdits(notebook.cells, found, block) : []),
  ];
}

/** Whether there was a cell, or an opt-out, by what the metadata says. */
function wasDeleted(record: unknown): boolean {
  return isMapping(record) && (Object.hasOwn(record, 'opt_out') || Object.hasOwn(record, 'cell'));
}

function without(mapping: Mapping, ...keys: string[]): Mapping {
  return Object.fromEntries(Object.entries(mapping).filter(([key]) => !keys.includes(key)));
}

/** The new `metadata.synthnb`, still without its cell. */
function recordOf(metadata: Mapping, found: Harvest): Mapping {
  const old = own(metadata, 'synthnb');
  const core = { schema: SCHEMA, entries: found.entries, fields: fold(found.entries) };
  const aside = unreadableIn(metadata);
  return {
    ...(isMapping(old) ? without(old, 'unreadable') : {}),
    ...core,
    stale: found.stale,
    digest: digest(core),
    ...(aside.length > 0 ? { unreadable: aside } : {}),
  };
}

/** What the metadata holds that can't be read; it is moved, never lost. */
function unreadableIn(metadata: Mapping): unknown[] {
  if (!Object.hasOwn(metadata, 'synthnb')) {
    return [];
  }
  const old = own(metadata, 'synthnb');
  if (!isMapping(old)) {
    return [old];
  }
  const list = (key: string): readonly unknown[] => {
    const value = own(old, key);
    return isList(value) ? value : Object.hasOwn(old, key) ? [value] : [];
  };
  const isAside = isList(own(old, 'entries')) ? (item: unknown) => !isReadable(item) : () => true;
  return [...list('unreadable'), ...list('entries').filter(isAside)];
}

function cellEdits(cells: readonly unknown[], found: Harvest, block: string): Edit[] {
  const [first, ...others] = found.cells;
  if (first === undefined) {
    const index = found.anchor === null ? cells.length : found.anchor + 1;
    const metadata = { synthnb: { role: ROLE }, tags: [TAG] };
    return [{ op: 'insert_cell', index, source: block, metadata }];
  }
  const old = sourceOf(cells[first]);
  const source = merged(
    old,
    others.map((index) => sourceOf(cells[index])),
    block,
  );
  return [
    ...(source === old ? [] : [{ op: 'set_source' as const, index: first, source }]),
    ...others.reverse().map((index) => ({ op: 'delete_cell' as const, index })),
  ];
}

/** The kept cell's source: the new block, its own words, and those of the other cells. */
function merged(source: string, others: readonly string[], block: string): string {
  const { result, outside } = replaced(source, block);
  return others.map(wordsOf).reduce((text, words) => {
    if (words === '' || outside.some((kept) => kept.includes(words))) {
      return text;
    }
    outside.push(words);
    return `${text.replace(/\n+$/, '')}\n\n${words}`;
  }, result);
}

/** The source with the new block, and what is kept outside it. */
function replaced(source: string, block: string): { result: string; outside: string[] } {
  const [first = '', ...rest] = source.split(BLOCK);
  if (rest.length > 0) {
    const outside = [unmarked(first), unmarked(rest.join(''))];
    return { result: outside.join(block), outside };
  }
  const words = unmarked(first).replace(/^\n+/, '');
  return { result: isBlank(words) ? block : `${block}\n\n${words}`, outside: [words] };
}

/** What the author wrote around the block of a disclosure cell. */
function wordsOf(source: string): string {
  const pieces = source.split(BLOCK).map((piece) => stripped(unmarked(piece)));
  return pieces.filter((piece) => piece !== '').join('\n\n');
}

function unmarked(text: string): string {
  const shorter = text.replaceAll(BEGIN, '').replaceAll(END, '');
  return shorter === text ? text : unmarked(shorter);
}

function stripped(text: string): string {
  return text.replace(/^[ \t\n\r\f\v]+/, '').replace(/[ \t\n\r\f\v]+$/, '');
}

/** A copy of a notebook with the edits made; a new cell gets an id where the format has them. */
export function apply(edits: readonly Edit[], notebook: NotebookJson): NotebookJson {
  const cells = [...notebook.cells];
  let metadata = notebook.metadata;
  for (const edit of edits) {
    switch (edit.op) {
      case 'set_metadata':
        metadata = { ...metadata, synthnb: edit.value };
        break;
      case 'set_source':
        cells[edit.index] = { ...(cells[edit.index] as Mapping), source: edit.source };
        break;
      case 'insert_cell':
        cells.splice(edit.index, 0, {
          ...newId(notebook),
          cell_type: 'markdown',
          metadata: edit.metadata,
          source: edit.source,
        });
        break;
      case 'delete_cell':
        cells.splice(edit.index, 1);
    }
  }
  return { ...notebook, metadata, cells };
}

function newId(notebook: NotebookJson): { id?: string } {
  const minor = own(notebook, 'nbformat_minor');
  if (typeof minor === 'number' && minor < 5) {
    return {};
  }
  const taken = new Set(notebook.cells.map((cell) => own(cell, 'id')));
  let id = TAG;
  for (let number = 2; taken.has(id); number += 1) {
    id = `${TAG}-${String(number)}`;
  }
  return { id };
}

/** Whether the author deleted the cell and has not asked for it since. */
export function isOptedOut({ metadata }: NotebookJson): boolean {
  return own(own(metadata, 'synthnb'), 'opt_out') !== undefined;
}

/** What a notebook's disclosure is like, in one word. */
export function statusOf(notebook: NotebookJson): DisclosureStatus {
  if (upsert(notebook, { now: '' }).length > 0) {
    return 'stale';
  }
  const record = own(notebook.metadata, 'synthnb');
  if (!isMapping(record) || isOptedOut(notebook)) {
    return 'none';
  }
  return missingLabels(record).length > 0 ? 'incomplete' : 'complete';
}
