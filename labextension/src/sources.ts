import type { ISharedCell } from '@jupyter/ydoc';

/** Where two texts differ. */
export interface Difference {
  /** Where the difference begins in both. */
  readonly start: number;
  /** Where it ends in the old text. */
  readonly end: number;
  /** What stands between in the new text. */
  readonly inserted: string;
}

/** The one stretch in which two texts differ; it never cuts a surrogate pair in two. */
export function differenceOf(before: string, after: string): Difference {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) {
    start += 1;
  }
  start -= Number(isHigh(before, start - 1));
  let tail = 0;
  while (tail < shorter - start && before.at(-1 - tail) === after.at(-1 - tail)) {
    tail += 1;
  }
  tail -= Number(isLow(before, before.length - tail));
  return {
    start,
    end: before.length - tail,
    inserted: after.slice(start, after.length - tail),
  };
}

function isHigh(text: string, index: number): boolean {
  return /^[\ud800-\udbff]$/.test(text.charAt(index));
}

function isLow(text: string, index: number): boolean {
  return /^[\udc00-\udfff]$/.test(text.charAt(index));
}

/** Write only what differs, so that cursors and other people's edits stay where they are. */
export function replaceSource(cell: ISharedCell, source: string): void {
  const { start, end, inserted } = differenceOf(cell.getSource(), source);
  cell.updateSource(start, end, inserted);
}
