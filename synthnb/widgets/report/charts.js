// @ts-check
/** Distributions: real in ink as outline or hatching, synthetic as solid colour, and the same in words. */

import { h, s } from './dom.js';
import { clean, fixed, percent } from './text.js';

/** @import { Bins, Column, View } from './shape.js' */

const NUMERIC = new Set(['integer', 'real', 'date', 'datetime', 'time', 'timedelta']);
const BIN_SIGNS = /[<≥≤–]/;

/** @param {Column} column @returns {Bins} */
export const bins = (column) => column.bins ?? { labels: [], real: [], synthetic: [] };

/** Whether the bins are neighbours on a line, not levels (a code of few values is an integer too). @param {Column} column */
export const isLine = (column) =>
  NUMERIC.has(column.kind) && bins(column).labels.some((label) => BIN_SIGNS.test(String(label)));

/** @param {Column} column */
const tallest = (column) => Math.max(0.0001, ...bins(column).real, ...bins(column).synthetic);

/** The pattern that fills what is real; every chart of the report refers to it. @param {View} view */
export const hatch = (view) =>
  s(
    'svg.sn-defs',
    { width: 0, height: 0, 'aria-hidden': true },
    s(
      'defs',
      s(
        'pattern',
        {
          id: `${view.uid}-hatch`,
          width: 5,
          height: 5,
          patternUnits: 'userSpaceOnUse',
          patternTransform: 'rotate(45)',
        },
        s('line.sn-hatch', { x1: 0, x2: 0, y1: 0, y2: 5 }),
      ),
    ),
  );

/** Real is hatched and outlined, synthetic is solid. @param {View} view @param {boolean} numeric */
export const legend = (view, numeric) =>
  h(
    'p.sn-legend',
    h(
      'span',
      s(
        'svg',
        { width: 18, height: 12, 'aria-hidden': true },
        numeric
          ? s('path.sn-step', { d: 'M1 11 V5 H9 V2 H17 V11' })
          : s('rect.sn-real', {
              x: 1,
              y: 1,
              width: 16,
              height: 10,
              fill: `url(#${view.uid}-hatch)`,
            }),
      ),
      numeric ? 'real (outline)' : 'real (hatched)',
    ),
    h(
      'span',
      s(
        'svg',
        { width: 18, height: 12, 'aria-hidden': true },
        s('rect.sn-synthetic', { x: 1, y: 1, width: 16, height: 10 }),
      ),
      'synthetic (solid)',
    ),
  );

/**
 * The marks of a distribution: a step line over solid bars, or paired bars.
 * @param {View} view
 * @param {Column} column
 * @param {{ x: number, y: number, width: number, height: number, top: number }} box
 */
function marks(view, column, box) {
  const { labels, real, synthetic } = bins(column);
  const step = box.width / Math.max(1, labels.length);
  const base = box.y + box.height;
  const tall = (/** @type {number} */ share) => (Math.max(0, share || 0) / box.top) * box.height;
  const bar = (
    /** @type {string} */ name,
    /** @type {number} */ x,
    /** @type {number} */ width,
    /** @type {number} */ share,
  ) =>
    s('rect', {
      class: `sn-${name}`,
      x: x.toFixed(1),
      y: (base - tall(share)).toFixed(1),
      width: Math.max(0.5, width).toFixed(1),
      height: tall(share).toFixed(1),
      fill: name === 'real' ? `url(#${view.uid}-hatch)` : null,
    });
  if (!isLine(column)) {
    const gap = step * 0.14;
    const half = (step - 2 * gap) / 2;
    return labels.flatMap((_, index) => [
      bar('real', box.x + index * step + gap, half, real[index]),
      bar('synthetic', box.x + index * step + gap + half, half, synthetic[index]),
    ]);
  }
  const outline = real
    .map(
      (share, index) =>
        `V${(base - tall(share)).toFixed(1)} H${(box.x + (index + 1) * step).toFixed(1)}`,
    )
    .join(' ');
  return [
    ...synthetic.map((share, index) =>
      bar('synthetic', box.x + index * step + 0.5, step - 1, share),
    ),
    s('path.sn-step.sn-halo', { d: `M${box.x} ${base} ${outline} V${base}` }),
    s('path.sn-step', { d: `M${box.x} ${base} ${outline} V${base}` }),
  ];
}

/** A distribution the size of a thumb, or words where there is none. @param {View} view @param {Column} column */
export const mini = (view, column) =>
  bins(column).labels.length === 0
    ? h('span.sn-dim.sn-nochart', 'no distribution kept')
    : s(
        'svg.sn-mini',
        { viewBox: '0 0 200 56', 'aria-hidden': true, preserveAspectRatio: 'none' },
        marks(view, column, { x: 0, y: 2, width: 200, height: 53, top: tallest(column) }),
        s('line.sn-axis', { x1: 0, x2: 200, y1: 55.5, y2: 55.5 }),
      );

/** A round step giving about three grid lines. @param {number} top */
function gridStep(top) {
  return [0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1].find((step) => top / step <= 4) ?? 1;
}

/** Upright chart, for numbers and dates. @param {View} view @param {Column} column */
function upright(view, column) {
  const { labels } = bins(column);
  const box = { x: 48, y: 10, width: 580, height: 210, top: tallest(column) * 1.05 };
  const tilt = labels.length > 6 || labels.some((label) => String(label).length > 9);
  const step = gridStep(box.top);
  const lines = Array.from(
    { length: Math.floor(box.top / step + 1e-9) + 1 },
    (_, index) => index * step,
  );
  const y = (/** @type {number} */ share) => box.y + box.height * (1 - share / box.top);
  return s(
    'svg.sn-chart',
    { viewBox: `0 0 640 ${tilt ? 300 : 250}`, role: 'img', 'aria-label': chartText(column) },
    lines.map((at) => [
      s('line.sn-grid', { x1: box.x, x2: box.x + box.width, y1: y(at), y2: y(at) }),
      s(
        'text',
        { x: box.x - 8, y: y(at) + 4, 'text-anchor': 'end' },
        `${+(at * 100).toFixed(1)} %`,
      ),
    ]),
    marks(view, column, box),
    s('line.sn-axis', { x1: box.x, x2: box.x + box.width, y1: y(0), y2: y(0) }),
    labels.map((label, index) => {
      const x = box.x + ((index + 0.5) * box.width) / labels.length;
      const place = tilt
        ? {
            transform: `translate(${x + 4} ${box.y + box.height + 14}) rotate(-40)`,
            'text-anchor': 'end',
          }
        : { x, y: box.y + box.height + 18, 'text-anchor': 'middle' };
      return s('text', place, clean(label, 16));
    }),
  );
}

/** Lying bars, so that long category names can be read. @param {View} view @param {Column} column */
function lying(view, column) {
  const { labels, real, synthetic } = bins(column);
  const [left, right, row] = [190, 570, 34];
  const top = tallest(column);
  const wide = (/** @type {number} */ share) => ((share || 0) / top) * (right - left);
  const bar = (
    /** @type {string} */ name,
    /** @type {number} */ y,
    /** @type {number} */ share,
    /** @type {string | null} */ fill,
  ) => [
    s(`rect.${name}`, { x: left, y, width: wide(share), height: 11, fill }),
    s('text.sn-small', { x: left + wide(share) + 6, y: y + 9 }, percent(share)),
  ];
  return s(
    'svg.sn-chart',
    {
      viewBox: `0 0 640 ${labels.length * row + 8}`,
      role: 'img',
      'aria-label': chartText(column),
    },
    labels.map((label, index) => {
      const y = index * row + 6;
      return [
        s(
          'text',
          { x: left - 10, y: y + 16, 'text-anchor': 'end' },
          s('title', clean(label)),
          clean(label, 28),
        ),
        bar('sn-real', y, real[index], `url(#${view.uid}-hatch)`),
        bar('sn-synthetic', y + 12, synthetic[index], null),
      ];
    }),
    s('line.sn-axis', { x1: left, x2: left, y1: 2, y2: labels.length * row + 4 }),
  );
}

/** What the chart shows, in words. @param {Column} column */
export function chartText(column) {
  const { labels, real, synthetic } = bins(column);
  const gaps = labels.map((_, index) => Math.abs((real[index] || 0) - (synthetic[index] || 0)));
  const worst = gaps.indexOf(Math.max(...gaps));
  return (
    `Share of rows by ${clean(column.name)}, real against synthetic, ${labels.length} bins. Largest gap at ` +
    `${clean(labels[worst])}: real ${percent(real[worst])}, synthetic ${percent(synthetic[worst])}.`
  );
}

/** A whole chart, upright for numbers, lying for categories. @param {View} view @param {Column} column */
export const chart = (view, column) =>
  isLine(column) ? upright(view, column) : lying(view, column);

/** The bins as rows: real, synthetic, difference in points. @param {Column} column */
export function binRows(column) {
  const { labels, real, synthetic } = bins(column);
  return labels.map((label, index) => [
    clean(label),
    percent(real[index]),
    percent(synthetic[index]),
    fixed((synthetic[index] - real[index]) * 100, 1),
  ]);
}

export const BIN_HEAD = ['Bin', 'Real', 'Synthetic', 'Difference, points'];
