// @ts-check
/** The pairs of columns: a map, a list worst first, and each pair by itself. */

import { isLine, legend, mini } from './charts.js';
import { finder, h, more, opener, table, tally, titled } from './dom.js';
import { HEATMAP_LIMIT, heatLegend, heatmap } from './heatmap.js';
import { scoreBlock } from './scores.js';
import { clean, count, fixed, matches } from './text.js';
import WORDS from './words.json' with { type: 'json' };

/** @import { Column, Panel, Report, View } from './shape.js' */

const FIRST = 20;
const PAGE = 40;
const MOST_OTHERS = 10;

export const PAIR_HEAD = ['Pair', 'Error'];

/** @param {Report} report @param {number} at */
const namesOf = ({ pairs }, at) => pairs.errors[at].slice(0, 2).map((index) => pairs.names[index]);

/** @param {Report} report @param {number} at */
export const pairName = (report, at) =>
  namesOf(report, at)
    .map((name) => clean(name))
    .join(' × ');

/** Places in the list of the pairs to which one of the columns belongs. @param {Report} report @param {string[]} columns */
export const pairsOf = (report, columns) =>
  report.pairs.errors
    .map((_, at) => at)
    .filter((at) => namesOf(report, at).some((name) => columns.includes(name)));

/** @param {View} view */
function order(view) {
  const { report } = view;
  const wanted = view.find.pairs ?? '';
  return report.pairs.errors
    .map((_, at) => at)
    .filter((at) => matches(wanted, pairName(report, at)));
}

/** @param {View} view @param {number[]} places */
const rows = ({ report }, places) =>
  places.map((at) => [
    opener('pairs', at, pairName(report, at)),
    fixed(report.pairs.errors[at][2]),
  ]);

/** @param {View} view */
function list(view) {
  const kept = order(view);
  const shown = FIRST + (view.shown.pairs ?? 0);
  return [
    tally(kept.length, view.report.pairs.errors.length, 'pairs'),
    table('Pairs, worst first', PAIR_HEAD, rows(view, kept.slice(0, shown)), {
      right: [1],
      rove: true,
      classes: '.sn-narrow',
    }),
    more('pairs', kept.length - shown, PAGE),
  ];
}

/** @param {View} view */
function head(view) {
  const { errors } = view.report.pairs;
  const columns = new Set(errors.flatMap(([i, j]) => [i, j])).size;
  return [
    h(
      'p.sn-note',
      `${WORDS.notes.pairs} The larger and stronger the square, the larger the error.` +
        (columns > HEATMAP_LIMIT
          ? ` The map shows ${HEATMAP_LIMIT} columns with the largest errors.`
          : ''),
    ),
    h('div.sn-bar', finder(view, 'one or two columns')),
  ];
}

/** The map beside the list; only the list changes with what is looked for. @param {View} view */
const beside = (view) =>
  h(
    'div',
    heatmap(view),
    h(
      'output.sn-readout',
      { id: `${view.uid}-cell`, 'aria-live': 'polite' },
      'Point at a square, or focus the map and use the arrow keys; Enter opens a pair.',
    ),
    heatLegend(Math.max(...view.report.pairs.errors.map((entry) => entry[2]))),
  );

/** One column of a pair. @param {View} view @param {Column} column */
const half = (view, column) =>
  h(
    'div',
    h('p', opener('columns', view.report.columns.indexOf(column), clean(column.name))),
    h('p.sn-dim', `${clean(column.kind)}, score ${fixed(column.score)} by itself`),
    mini(view, column),
  );

/** @param {View} view @param {number} at */
function detail(view, at) {
  const { report } = view;
  const names = namesOf(report, at);
  const columns = report.columns.filter((column) => names.includes(column.name));
  const own = report.scores.filter((score) => names.every((name) => score.subject.includes(name)));
  const others = pairsOf(report, names)
    .filter((other) => other !== at)
    .slice(0, MOST_OTHERS);
  return h(
    'div.sn-detail',
    titled(4, pairName(report, at)),
    h(
      'p.sn-note',
      `Error ${fixed(report.pairs.errors[at][2])}, number ${count(at + 1)} of the ${count(report.pairs.errors.length)} pairs listed, worst first. ` +
        'The distributions below are each column’s own: where both agree and the pair doesn’t, it is their dependence that was lost.',
    ),
    legend(view, columns.length > 0 && columns.every(isLine)),
    h(
      'div.sn-halves',
      columns.map((column) => half(view, column)),
    ),
    own.length > 0 && scoreBlock(view, 'pair', own, null, 'Scores of this pair'),
    others.length > 0 &&
      table('Other pairs of these columns, worst first', PAIR_HEAD, rows(view, others), {
        right: [1],
        rove: true,
        classes: '.sn-narrow',
      }),
  );
}

/** @type {Panel} */
export const PAIRS = {
  id: 'pairs',
  label: ({ pairs }) => `Pairs (${count(pairs.errors.length)})`,
  present: ({ pairs }) => pairs.errors.length > 0,
  head,
  beside,
  list,
  order,
  detail,
};
