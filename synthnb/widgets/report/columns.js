// @ts-check
/** The columns: cards with small charts, worst first, and each column by itself. */

import { BIN_HEAD, binRows, bins, chart, chartText, isLine, legend, mini } from './charts.js';
import { choice, finder, h, more, opener, table, tally, titled } from './dom.js';
import { pairName, pairsOf } from './pairs.js';
import { scoreBlock } from './scores.js';
import { clean, count, fixed, matches, percent } from './text.js';
import WORDS from './words.json' with { type: 'json' };

/** @import { Column, Panel, View } from './shape.js' */

const PAGE = 24;
const MOST_PAIRS = 10;

/** The real share, with its sign where it is only bounded. @param {Column} column */
const missingReal = ({ missing }) =>
  `${missing?.bound ? `${clean(missing.bound, 2)} ` : ''}${percent(missing?.real)}`;

/** @param {Column} column */
const missingLine = (column) =>
  column.missing?.real === 0 && column.missing.synthetic === 0
    ? 'none missing'
    : `missing ${missingReal(column)} real, ${percent(column.missing?.synthetic)} synthetic`;

/** The same where there is little room: real, then synthetic. @param {Column} column */
const missingShort = (column) =>
  missingLine(column) === 'none missing'
    ? 'none missing'
    : `${missingReal(column)} / ${percent(column.missing?.synthetic)} missing`;

/** Words for ears only. @param {string} words */
const aside = (words) => h('span.sn-aside', words);

/** @param {View} view @param {number} index */
function card(view, index) {
  const column = view.report.columns[index];
  const name = clean(column.name);
  return h(
    'li',
    h(
      'button',
      {
        type: 'button',
        class: 'sn-card',
        'data-act': 'open',
        'data-tab': 'columns',
        'data-value': index,
        'data-item': true,
        'data-key': `columns-${index}`,
      },
      h(
        'span.sn-card-head',
        h('span.sn-name', { title: name }, name),
        aside(', score '),
        h('span.sn-value', fixed(column.score)),
      ),
      mini(view, column),
      h(
        'span.sn-card-foot',
        aside(', '),
        h('span', clean(column.kind)),
        aside(', '),
        h('span', { title: missingLine(column) }, missingShort(column)),
      ),
    ),
  );
}

/** Indices of the columns that pass the filter, in the chosen order. @param {View} view */
function order(view) {
  const { columns } = view.report;
  const wanted = view.find.columns ?? '';
  const kept = columns
    .map((_, index) => index)
    .filter((index) => matches(wanted, `${columns[index].name} ${columns[index].kind}`));
  const gap = (/** @type {number} */ i) =>
    Math.abs((columns[i].missing?.real ?? 0) - (columns[i].missing?.synthetic ?? 0));
  const sort = view.sort.columns ?? 'worst';
  if (sort === 'worst')
    kept.sort((a, b) => (columns[a].score ?? 2) - (columns[b].score ?? 2) || a - b);
  if (sort === 'missing') kept.sort((a, b) => gap(b) - gap(a) || a - b);
  return kept;
}

/** @param {View} view */
function list(view) {
  const kept = order(view);
  const shown = PAGE + (view.shown.columns ?? 0);
  return [
    tally(kept.length, view.report.columns.length, 'columns'),
    h(
      'ul.sn-cards',
      { 'data-rove': true },
      kept.slice(0, shown).map((index) => card(view, index)),
    ),
    more('columns', kept.length - shown, PAGE),
  ];
}

/** @param {View} view */
const head = (view) => [
  h(
    'div.sn-bar',
    finder(view, 'name or kind'),
    choice('Order', 'sort', view.sort.columns ?? 'worst', {
      worst: 'worst first',
      order: 'table order',
      missing: 'largest gap in missing values',
    }),
    h('div.sn-legends', legend(view, false)),
  ),
  h(
    'p.sn-note',
    `${WORDS.notes.columns} Numbers are drawn as a real outline over synthetic bars. Arrow keys move from card to card.`,
  ),
];

/** The worst pairs a column belongs to. @param {View} view @param {Column} column */
function ownPairs(view, column) {
  const { report } = view;
  const own = pairsOf(report, [column.name]).slice(0, MOST_PAIRS);
  const rows = own.map((at) => [
    opener('pairs', at, pairName(report, at)),
    fixed(report.pairs.errors[at][2]),
  ]);
  return (
    own.length > 0 &&
    table(`Pairs with ${clean(column.name)}, worst first`, ['Pair', 'Error'], rows, {
      right: [1],
      rove: true,
      classes: '.sn-narrow',
    })
  );
}

/** @param {View} view @param {number} index */
function detail(view, index) {
  const column = view.report.columns[index];
  const name = clean(column.name);
  const own = view.report.scores.filter((score) => score.subject.includes(column.name));
  const rows = binRows(column);
  return h(
    'div.sn-detail',
    titled(4, name),
    h(
      'p.sn-note',
      `${clean(column.kind)} · score ${fixed(column.score)} (1 when the distributions agree) · ${missingLine(column)}`,
    ),
    bins(column).labels.length === 0
      ? h('p.sn-dim', 'No distribution kept for this column.')
      : [
          h('p.sn-note', chartText(column)),
          legend(view, isLine(column)),
          h(
            'div.sn-two',
            chart(view, column),
            table(`Share of rows by ${name}`, BIN_HEAD, rows, { right: [1, 2, 3] }),
          ),
        ],
    own.length > 0 && scoreBlock(view, 'column', own, null, 'Scores of this column'),
    ownPairs(view, column),
  );
}

/** @type {Panel} */
export const COLUMNS = {
  id: 'columns',
  label: ({ columns }) => `Columns (${count(columns.length)})`,
  present: () => true,
  head,
  list,
  order,
  detail,
};
