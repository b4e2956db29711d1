import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceOf } from './sources.js';

/** The new text, put together from the old one and the difference. */
function patched(before: string, after: string): string {
  const { start, end, inserted } = differenceOf(before, after);
  return before.slice(0, start) + inserted + before.slice(end);
}

test('only the middle is replaced', () => {
  assert.deepEqual(differenceOf('a record of 1 run', 'a record of 12 runs'), {
    start: 13,
    end: 17,
    inserted: '2 runs',
  });
});

test('equal texts differ in nothing', () => {
  assert.deepEqual(differenceOf('same', 'same'), { start: 4, end: 4, inserted: '' });
});

test('a surrogate pair is replaced as a whole', () => {
  assert.deepEqual(differenceOf('x😀y', 'x😁y'), { start: 1, end: 3, inserted: '😁' });
  assert.deepEqual(differenceOf('x\u{1f600}y', 'x\u{1fa00}y'), {
    start: 1,
    end: 3,
    inserted: '\u{1fa00}',
  });
});

test('repeated texts are put together again', () => {
  for (const [before, after] of [
    ['aaa', 'aa'],
    ['aa', 'aaaa'],
    ['', 'new'],
    ['old', ''],
    ['abab', 'ab'],
    ['\u{1f600}\u{1f600}', '\u{1f600}'],
    ['\u{1f600}', '\u{1f600}\u{1f600}'],
  ] as const) {
    assert.equal(patched(before, after), after);
  }
});
