// @ts-check
/** The worst pairs of columns as a square, pointed at by mouse or arrow keys. */

import { h, s } from './dom.js';
import { clean, fixed } from './text.js';

/** @import { Report, View } from './shape.js' */

/** Columns the map has room for. */
export const HEATMAP_LIMIT = 30;

/** The worst columns as a square, with each pair's error. @param {Report} report */
function square(report) {
  const { names, errors } = report.pairs;
  /** @type {Set<number>} */
  const picked = new Set();
  for (const [i, j] of errors) {
    const extra = Number(!picked.has(i)) + Number(!picked.has(j));
    if (picked.size + extra <= HEATMAP_LIMIT) picked.add(i).add(j);
  }
  const order = [...picked].sort((a, b) => a - b);
  const known = new Map(errors.map(([i, j, error], at) => [`${i}-${j}`, { error, at }]));
  const cells = order.flatMap((i, row) =>
    order.slice(row + 1).map((j, offset) => ({
      row,
      col: row + 1 + offset,
      i,
      j,
      error: known.get(`${i}-${j}`)?.error ?? null,
      at: known.get(`${i}-${j}`)?.at ?? null,
    })),
  );
  return {
    order,
    cells,
    top: Math.max(0.0001, ...errors.map((entry) => entry[2])),
    names,
  };
}

/** @param {ReturnType<typeof square>} grid @param {number} index */
function cellText(grid, index) {
  const cell = grid.cells[index];
  if (!cell) return '';
  const pair = `${clean(grid.names[cell.i])} × ${clean(grid.names[cell.j])}`;
  return cell.error === null
    ? `${pair}: not among the pairs listed`
    : `${pair}: error ${fixed(cell.error)}`;
}

/** @param {ReturnType<typeof square>} grid @param {{ size: number, left: number, top: number }} place */
function squares(grid, { size, left, top }) {
  return grid.cells.map((cell, index) => {
    const [x, y] = [left + cell.col * size, top + cell.row * size];
    const side =
      cell.error === null ? 0 : Math.max(2, (size - 4) * Math.sqrt(cell.error / grid.top));
    return s(
      'g.sn-cell',
      { 'data-cell': index },
      s('title', cellText(grid, index)),
      s('rect.sn-frame', { x, y, width: size, height: size }),
      cell.error !== null &&
        s('rect.sn-heat-mark', {
          x: x + (size - side) / 2,
          y: y + (size - side) / 2,
          width: side,
          height: side,
          'fill-opacity': (0.25 + (0.75 * cell.error) / grid.top).toFixed(2),
        }),
    );
  });
}

/** @param {View} view */
export function heatmap(view) {
  const grid = square(view.report);
  const size = grid.order.length > 16 ? 17 : grid.order.length > 9 ? 24 : 34;
  const [left, top] = [110, 118];
  const width = left + grid.order.length * size + 70;
  const name = (/** @type {number} */ index) => clean(grid.names[index], 18);
  const columns = grid.order
    .slice(1)
    .map((index, at) =>
      s(
        'text',
        { transform: `translate(${left + (at + 1.5) * size + 4} ${top - 8}) rotate(-50)` },
        name(index),
      ),
    );
  const rows = grid.order.slice(0, -1).map((index, at) => {
    const place = { x: left + (at + 1) * size - 8, y: top + (at + 0.5) * size + 4 };
    return s('text', { ...place, 'text-anchor': 'end' }, name(index));
  });
  return s(
    'svg.sn-heat',
    {
      viewBox: `0 0 ${width} ${top + grid.order.length * size}`,
      style: `max-width:${width}px`,
      tabindex: 0,
      role: 'application',
      'aria-roledescription': 'heat map',
      'aria-label': `Pair errors of ${grid.order.length} columns. Arrow keys move from pair to pair, Enter opens one; the table lists the same figures.`,
      'aria-describedby': `${view.uid}-cell`,
      'data-key': 'heat',
      'data-act': 'heat',
    },
    columns,
    rows,
    squares(grid, { size, left, top }),
  );
}

/** What the squares' sizes mean. @param {number} top */
export const heatLegend = (top) =>
  h(
    'p.sn-legend',
    [1, 0.5, 0.1].map((part) => {
      const side = 20 * Math.sqrt(part);
      const place = { x: 10 - side / 2, y: 10 - side / 2, width: side, height: side };
      const shape = s('rect.sn-heat-mark', { 'fill-opacity': 0.25 + 0.75 * part, ...place });
      return h(
        'span',
        s('svg', { width: 20, height: 20, 'aria-hidden': true }, shape),
        fixed(top * part),
      );
    }),
  );

/** Mark one cell of the map and say it. @param {View} view @param {number} index */
export function point(view, index) {
  const grid = square(view.report);
  if (!grid.cells[index]) return;
  view.cell = index;
  for (const node of view.root.querySelectorAll('.sn-cell')) {
    node.classList.toggle('sn-at', node.getAttribute('data-cell') === String(index));
  }
  const output = view.root.querySelector('.sn-readout');
  if (output) output.textContent = cellText(grid, index);
}

/** The listed pair that a cell stands for, if it does. @param {View} view @param {number} [index] */
export const pairAt = (view, index = view.cell) => square(view.report).cells[index]?.at ?? null;

/** Move from cell to cell. @param {View} view @param {string} key */
export function walk(view, key) {
  const { cells } = square(view.report);
  const at = cells[view.cell];
  const moves = {
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
  };
  const [down, right] = /** @type {Record<string, number[]>} */ (moves)[key] ?? [0, 0];
  if (key === 'Home' || !at) return point(view, 0);
  if (key === 'End') return point(view, cells.length - 1);
  point(
    view,
    cells.findIndex((cell) => cell.row === at.row + down && cell.col === at.col + right),
  );
}
