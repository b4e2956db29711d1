import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { YNotebook } from '@jupyter/ydoc';
import * as Y from 'yjs';
import { Keeper } from './keeper.js';
import type { NotebookJson } from './wire.js';
import type { INotebookContent } from '@jupyterlab/nbformat';

// What browsers have and Node has not.
globalThis.requestAnimationFrame = (callback) => Number(setTimeout(callback, 0, 0));
globalThis.cancelAnimationFrame = (handle) => {
  clearTimeout(handle);
};

const FIXTURE = new URL('../../tests/fixtures/disclosure/first-run.json', import.meta.url);
const FIRST_RUN = (JSON.parse(readFileSync(FIXTURE, 'utf-8')) as { input: NotebookJson }).input;

/** One person's copy of a notebook. */
interface Copy {
  shared: YNotebook;
  keeper: Keeper;
}

function copyOf(shared: YNotebook, isAutomatic = true): Copy {
  return { shared, keeper: new Keeper(shared, () => isAutomatic) };
}

function newNotebook(): YNotebook {
  const { cells, metadata } = structuredClone(FIRST_RUN);
  const data = { cells, metadata, nbformat: 4, nbformat_minor: 5 };
  return YNotebook.create({ data: data as unknown as INotebookContent });
}

/** Two people with the same notebook open. */
function twoCopies(): [Copy, Copy] {
  const first = newNotebook();
  const second = new YNotebook();
  const copies: [Copy, Copy] = [copyOf(first), copyOf(second)];
  exchange(...copies);
  return copies;
}

/** Give each what the other has done, and do what is due, until nobody changes anything. */
function exchange(a: Copy, b: Copy): void {
  for (let round = 0; round < 4; round += 1) {
    const [toA, toB] = [b, a].map(({ shared }) => Y.encodeStateAsUpdate(shared.ydoc));
    Y.applyUpdate(a.shared.ydoc, toA ?? new Uint8Array());
    Y.applyUpdate(b.shared.ydoc, toB ?? new Uint8Array());
    a.keeper.flush();
    b.keeper.flush();
  }
}

function disclosures({ shared }: Copy): number {
  return shared.cells.filter((cell) => cell.getSource().includes('synthnb:disclosure')).length;
}

function end(...copies: Copy[]): void {
  copies.forEach(({ keeper, shared }) => {
    keeper.dispose();
    shared.dispose();
  });
}

test('an update writes once and is then content', () => {
  const copy = copyOf(newNotebook());
  assert.equal(copy.keeper.status, 'stale');
  assert.equal(copy.keeper.update(), true);
  assert.equal(copy.keeper.update(), false);
  assert.equal(copy.keeper.status, 'incomplete');
  assert.equal(disclosures(copy), 1);
  end(copy);
});

test('nothing is written without being asked if that is switched off', () => {
  const copy = copyOf(newNotebook(), false);
  copy.keeper.ask();
  copy.keeper.flush();
  assert.equal(disclosures(copy), 0);
  end(copy);
});

test('undo takes back what the author did, not the disclosure', () => {
  const copy = copyOf(newNotebook());
  copy.shared.undoManager.clear();
  copy.keeper.update();
  assert.equal(copy.shared.canUndo(), false);
  copy.keeper.remove();
  assert.equal(copy.keeper.optedOut, true);
  copy.shared.undo();
  copy.keeper.flush();
  assert.equal(disclosures(copy), 1);
  assert.equal(copy.keeper.optedOut, false);
  end(copy);
});

test('two people who run at once get one cell', () => {
  const [a, b] = twoCopies();
  a.keeper.update();
  b.keeper.update();
  exchange(a, b);
  assert.equal(disclosures(a), 1);
  assert.deepEqual(a.shared.toJSON(), b.shared.toJSON());
  end(a, b);
});

test('a deletion by one is an opt-out for both, and a later run leaves it so', () => {
  const [a, b] = twoCopies();
  a.keeper.update();
  exchange(a, b);
  a.keeper.remove();
  exchange(a, b);
  b.keeper.update();
  exchange(a, b);
  assert.equal(disclosures(a), 0);
  assert.equal(b.keeper.optedOut, true);
  assert.deepEqual(a.shared.toJSON(), b.shared.toJSON());
  end(a, b);
});

test('a deletion undone while another brings the cell back gives one cell', () => {
  const [a, b] = twoCopies();
  a.keeper.update();
  exchange(a, b);
  a.keeper.remove();
  exchange(a, b);
  a.shared.undo();
  b.keeper.update({ restore: true });
  exchange(a, b);
  assert.equal(disclosures(a), 1);
  assert.equal(a.keeper.optedOut, false);
  assert.deepEqual(a.shared.toJSON(), b.shared.toJSON());
  end(a, b);
});
