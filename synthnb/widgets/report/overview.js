// @ts-check
/** The overview: each dimension in a sentence, its gates, and its scores on one axis. */

import { choice, h, s, tally } from './dom.js';
import { gatesOf, marks } from './outcomes.js';
import { sentence } from './readings.js';
import { scoreBlock } from './scores.js';
import { isNumber } from './shape.js';
import { clean, heading, known, matches, title } from './text.js';
import WORDS from './words.json' with { type: 'json' };

/** @import { Panel, Report, Score, View } from './shape.js' */

/** Dimensions that have scores, in their fixed order, those that aren't known last. @param {Report} report */
function dimensions({ scores }) {
  const present = [...new Set(scores.map((score) => score.dimension))];
  const order = Object.keys(WORDS.dimensions);
  return [
    ...order.filter((name) => present.includes(name)),
    ...present.filter((name) => !order.includes(name)),
  ];
}

/** Scores that pass the filter. @param {View} view */
function kept({ report, filter }) {
  return report.scores.filter(
    (score) =>
      (!filter.dimension || score.dimension === filter.dimension) &&
      (!filter.computed || isNumber(score.value)) &&
      (!filter.gated || gatesOf(report, score.metric).some((gate) => gate.outcome !== 'pass')) &&
      matches(filter.text, `${title(score)} ${score.metric} ${heading(score.dimension)}`),
  );
}

/** @param {View} view @param {string} name @param {Score[]} scores */
function block(view, name, scores) {
  const { report } = view;
  const all = report.scores.filter((score) => score.dimension === name);
  const metrics = new Set(all.map((score) => score.metric));
  const gates = report.gates.filter((gate) => metrics.has(gate.metric));
  const note = known(WORDS.dimensions, name)?.[1];
  return scoreBlock(view, name, scores, [
    h('p.sn-reading', sentence(name, all)),
    gates.length > 0 && h('p.sn-marks', gates.length > 1 ? 'Gates: ' : 'Gate: ', marks(gates)),
    note && h('p.sn-note', note),
  ]);
}

/** @param {string} set @param {boolean} on @param {string} text */
const check = (set, on, text) =>
  h('label', h('input', { type: 'checkbox', checked: on, 'data-set': set, 'data-key': set }), text);

/** What narrows the overview. @param {View} view */
function head(view) {
  const { filter, report } = view;
  const names = dimensions(report).map((name) => [name, clean(heading(name))]);
  return [
    h(
      'div.sn-bar',
      h(
        'label',
        'Find ',
        h('input', {
          type: 'search',
          value: filter.text,
          placeholder: 'score or column',
          'data-set': 'text',
          'data-key': 'text',
        }),
      ),
      choice('Dimension', 'dimension', filter.dimension, {
        '': 'all',
        ...Object.fromEntries(names),
      }),
      report.gates.length > 0 && check('gated', filter.gated, 'only failed or undecided'),
      check('computed', filter.computed, 'only computed'),
    ),
    legend(),
  ];
}

/** What the marks on the axis mean. */
function legend() {
  const sign = (/** @type {number} */ width, /** @type {Element} */ shape) =>
    s('svg', { width, height: 12, 'aria-hidden': true }, shape);
  return h(
    'p.sn-legend',
    h('span', sign(12, s('circle.sn-dot', { cx: 6, cy: 6, r: 4 })), 'value'),
    h(
      'span',
      sign(26, s('path.sn-interval', { d: 'M1 2 v8 m0 -4 H25 m0 -4 v8' })),
      '95 % interval',
    ),
    h(
      'span',
      sign(12, s('path.sn-ceiling', { d: 'M6 10 l-4 -7 h8 Z' })),
      'ceiling: the same score with real rows in place of the synthetic ones',
    ),
    h(
      'span',
      sign(12, s('circle.sn-ceiling', { cx: 6, cy: 6, r: 3 })),
      'value at the ceiling’s size (in brackets)',
    ),
  );
}

/** @param {View} view */
function list(view) {
  const { report } = view;
  if (report.scores.length === 0) return h('p.sn-dim', 'No scores in this report.');
  const left = kept(view);
  const blocks = dimensions(report).map((name) => {
    const own = left.filter((score) => score.dimension === name);
    return own.length > 0 && block(view, name, own);
  });
  return [
    tally(left.length, report.scores.length, 'scores'),
    left.length > 0 ? blocks : h('p.sn-dim', 'No score is left by these filters.'),
  ];
}

/** @type {Panel} */
export const OVERVIEW = {
  id: 'overview',
  label: () => 'Overview',
  present: () => true,
  head,
  list,
};
