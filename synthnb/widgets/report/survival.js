// @ts-check
/** Times to an event: both tables' curves as steps, the same as a table, and hazard ratios term by term. */

import { TERM_HEAD, termCells } from './analyses.js';
import { h, s, table, titled } from './dom.js';
import { isNumber, terms } from './shape.js';
import { clean, count, percent, plain } from './text.js';
import WORDS from './words.json' with { type: 'json' };

/** @typedef {{ name: string, shares: (number | null)[], median: unknown }} Curve */

const NAMES = { real: 'real', synthetic: 'synthetic', holdout: 'hold-out' };
const KINDS = { real: '', synthetic: '.sn-curve', holdout: '.sn-holdout' };

/** @param {unknown} value @returns {unknown[]} */
const list = (value) => (Array.isArray(value) ? value : []);

/** The curves there are. @param {any} raw @returns {Curve[]} */
const curvesOf = (raw) =>
  Object.keys(NAMES)
    .filter((name) => list(raw?.curves?.[name]).length > 0)
    .map((name) => ({
      name,
      shares: list(raw.curves[name]).map((share) => (isNumber(share) ? share : null)),
      median: raw.median?.[name],
    }));

/** @param {string} name */
const said = (name) => NAMES[/** @type {'real'} */ (name)];

/** A curve's steps. @param {Curve} curve @param {number[]} times @param {(time: number) => number} x @param {(share: number) => number} y */
function steps({ name, shares }, times, x, y) {
  const path = times
    .map((time, at) => ({ time, share: shares[at] }))
    .filter(({ share }) => isNumber(share))
    .map(({ time, share }, at) =>
      at === 0
        ? `M${x(time).toFixed(1)} ${y(share ?? 0).toFixed(1)}`
        : `H${x(time).toFixed(1)} V${y(share ?? 0).toFixed(1)}`,
    )
    .join(' ');
  return s(`path.sn-step${KINDS[/** @type {'real'} */ (name)]}`, { d: path });
}

/** @param {Curve[]} curves @param {number[]} times @param {string} time the time's name */
function chart(curves, times, time) {
  const [left, right, top, bottom] = [48, 600, 10, 220];
  const last = Math.max(...times) || 1;
  const x = (/** @type {number} */ at) => left + (at / last) * (right - left);
  const y = (/** @type {number} */ share) => bottom - share * (bottom - top);
  const ends = curves
    .map(({ name, shares }) => `${said(name)} ${percent(shares[times.length - 1] ?? null)}`)
    .join(', ');
  return s(
    'svg.sn-chart',
    {
      viewBox: '0 0 640 268',
      role: 'img',
      'aria-label': `Share without the event by ${time}; at ${plain(last)}: ${ends}`,
    },
    [0, 0.25, 0.5, 0.75, 1].map((share) => [
      s('line.sn-grid', { x1: left, x2: right, y1: y(share), y2: y(share) }),
      s(
        'text.sn-small',
        { x: left - 8, y: y(share) + 4, 'text-anchor': 'end' },
        `${share * 100} %`,
      ),
    ]),
    [0, 0.25, 0.5, 0.75, 1].map((part) =>
      s(
        'text.sn-small',
        { x: x(part * last), y: bottom + 18, 'text-anchor': 'middle' },
        plain(Number((part * last).toPrecision(3))),
      ),
    ),
    s('text.sn-small', { x: (left + right) / 2, y: bottom + 40, 'text-anchor': 'middle' }, time),
    s('line.sn-axis', { x1: left, x2: right, y1: bottom, y2: bottom }),
    curves.map((curve) => steps(curve, times, x, y)),
  );
}

/** @param {Curve[]} curves */
const legend = (curves) =>
  h(
    'p.sn-legend',
    curves.map(({ name, median }) =>
      h(
        'span',
        s(
          'svg',
          { width: 22, height: 12, 'aria-hidden': true },
          s(`path.sn-step${KINDS[/** @type {'real'} */ (name)]}`, { d: 'M1 6 H21' }),
        ),
        `${said(name)}, median ${isNumber(median) ? plain(median) : 'not reached'}`,
      ),
    ),
  );

/** Curves and hazard ratios; nothing where there are none. @param {any} raw `details.survival` @returns {unknown[]} */
export function survival(raw) {
  const times = list(raw?.times).filter(isNumber);
  const curves = times.length > 0 ? curvesOf(raw) : [];
  const found = terms(raw?.terms);
  const time = clean(raw?.time);
  const rows = times.map((at, i) => [plain(at), ...curves.map(({ shares }) => percent(shares[i]))]);
  const right = curves.map((_, at) => at + 1);
  return [
    titled(4, `Survival: ${clean(raw?.event)} by ${time}`),
    h('p.sn-note', WORDS.notes.survival),
    curves.length > 0 && [
      legend(curves),
      h(
        'div.sn-two',
        chart(curves, times, time),
        table('Share without the event', [time, ...curves.map(({ name }) => said(name))], rows, {
          right,
        }),
      ),
    ],
    found.length > 0 &&
      table('Log hazard ratios', TERM_HEAD, found.map(termCells), { right: [1, 2, 3] }),
    isNumber(raw?.omitted) &&
      raw.omitted > 0 &&
      h('p.sn-dim', `${count(raw.omitted)} more terms overlap no less.`),
  ];
}
