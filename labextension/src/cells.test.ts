import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { YCodeCell, YNotebook } from '@jupyter/ydoc';
import { Cells } from './cells.js';
import { entriesOf } from './notebook.js';
import { RECORD_MIME } from './wire.js';
import type { ISharedCell } from '@jupyter/ydoc';
import type { IOutput } from '@jupyterlab/nbformat';

const ENTRY = {
  id: 'run-1',
  kind: 'generate',
  slot: 'generate:a',
  created: '2026-11-23T15:00:00Z',
  fields: {},
};
const RECORD: IOutput = {
  output_type: 'display_data',
  data: { [RECORD_MIME]: { entries: [ENTRY] }, 'image/png': 'a large picture' },
  metadata: {},
};

const notebooks: YNotebook[] = [];

after(() => {
  notebooks.forEach((shared) => {
    shared.dispose();
  });
});

function newCell(outputs: IOutput[]): YCodeCell {
  const shared = YNotebook.create();
  notebooks.push(shared);
  const cell = shared.addCell({ cell_type: 'code', source: '%synth', outputs });
  assert.ok(cell instanceof YCodeCell);
  return cell;
}

function idsIn(cells: Cells, cell: ISharedCell): string[] {
  return entriesOf(cells.jsonOf(cell)).entries.map(({ id }) => id);
}

test('of a code cell only the records are kept', () => {
  const kept = JSON.stringify(new Cells().jsonOf(newCell([RECORD])));
  assert.match(kept, /run-1/);
  assert.doesNotMatch(kept, /picture/);
});

test('a cell is read again only when it has changed', () => {
  const cells = new Cells();
  const cell = newCell([RECORD]);
  const before = cells.jsonOf(cell);
  assert.equal(cells.jsonOf(cell), before);
  cell.setSource('other');
  assert.notEqual(cells.jsonOf(cell), before);
});

test('outputs that come silently, as JupyterLab puts them, are seen', () => {
  const cells = new Cells();
  const cell = newCell([]);
  assert.deepEqual(idsIn(cells, cell), []);
  cell.updateOutputs(0, 0, [RECORD], 'silent-change');
  assert.deepEqual(idsIn(cells, cell), ['run-1']);
  cell.updateOutputs(0, 1, [], 'silent-change');
  assert.deepEqual(idsIn(cells, cell), []);
});
