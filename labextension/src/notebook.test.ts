import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fold } from './folding.js';
import { apply, harvest, statusOf, upsert } from './notebook.js';
import { inline, renderBlock } from './render.js';
import type { Harvest, UpsertOptions } from './notebook.js';
import type { Edit, Entry, FoldedField, Mapping, NotebookJson } from './wire.js';

interface Case {
  about: string;
  input: NotebookJson & Required<UpsertOptions>;
  expected: { harvest: Harvest; edits: Edit[] };
}

const FOLDER = new URL('../../tests/fixtures/disclosure/', import.meta.url);
const TABLES = ['inline.json', 'render.json', 'fold.json'];

function load(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, FOLDER), 'utf-8'));
}

/** The cases of a fixture that holds a table of them. */
function tableOf<T>(name: string): T[] {
  return (load(name) as { cases: T[] }).cases;
}

function notebookOf({ cells, metadata }: NotebookJson): NotebookJson {
  return { cells, metadata, nbformat: 4, nbformat_minor: 5 };
}

const names = readdirSync(FOLDER).filter(
  (name) => name.endsWith('.json') && !TABLES.includes(name),
);

for (const name of names) {
  const { about, input, expected } = load(name) as Case;
  const notebook = notebookOf(input);

  test(`harvest: ${name}: ${about}`, () => {
    assert.deepEqual(harvest(notebook), expected.harvest);
  });

  test(`upsert: ${name}: ${about}`, () => {
    const before = structuredClone(notebook);
    assert.deepEqual(upsert(notebook, input), expected.edits);
    assert.deepEqual(notebook, before, 'the notebook was changed');
  });

  test(`upsert twice: ${name}`, () => {
    const after = apply(upsert(notebook, input), notebook);
    assert.deepEqual(upsert(after, { now: '2099-01-01T00:00:00Z' }), []);
    assert.notEqual(statusOf(after), 'stale');
  });
}

test('there are fixtures', () => {
  assert.ok(names.length > 20);
});

test('inline', () => {
  for (const { value, text } of tableOf<{ value: string; text: string }>('inline.json')) {
    assert.equal(inline(value), text);
  }
});

test('renderBlock', () => {
  for (const { metadata, block } of tableOf<{ metadata: Mapping; block: string }>('render.json')) {
    assert.equal(renderBlock(metadata), block);
  }
});

test('fold', () => {
  interface Folded {
    entries: Entry[];
    fields: Record<string, FoldedField>;
  }
  for (const { entries, fields } of tableOf<Folded>('fold.json')) {
    assert.deepEqual(fold(entries), fields);
  }
});
