// @ts-check
/** The user's own analyses run on both tables, term by term, and models trained on each. */

import { finder, h, opener, s, table, tally, titled } from './dom.js';
import { isNumber } from './shape.js';
import { bracketed, clean, count, fixed, matches } from './text.js';
import WORDS from './words.json' with { type: 'json' };

/** @import { Analysis, Learner, Panel, Report, Term, Triple, View } from './shape.js' */

export const TERM_HEAD = ['Term', 'Real', 'Synthetic', 'Overlap', 'Sign', 'Decision'];
export const LEARNER_HEAD = [
  'Learner',
  'Measure',
  'Trained on synthetic',
  'Trained on real',
  'Difference',
];

/** @param {boolean | null | undefined} agrees */
const same = (agrees) => (agrees === true ? 'same' : agrees === false ? 'differs' : '–');

/** @param {Term} term */
export const termCells = (term) => [
  clean(term.term),
  bracketed(term.real),
  bracketed(term.synthetic),
  fixed(term.overlap, 2),
  same(term.sign),
  same(term.decision),
];

/** @param {Learner} learner */
export const learnerCells = ({ learner, measure, synthetic, real, gap }) => [
  clean(learner),
  clean(measure),
  bracketed(synthetic),
  bracketed(real),
  isNumber(gap[0]) || !isNumber(synthetic[0]) || !isNumber(real[0])
    ? bracketed(gap)
    : fixed(synthetic[0] - real[0]),
];

/** How many terms of an analysis agree, and their mean overlap. @param {Analysis} analysis */
function summary({ terms }) {
  const overlaps = terms.map((term) => term.overlap).filter(isNumber);
  return {
    overlap: overlaps.length > 0 ? overlaps.reduce((a, b) => a + b, 0) / overlaps.length : null,
    sign: terms.filter((term) => term.sign === true).length,
    decision: terms.filter((term) => term.decision === true).length,
  };
}

/** @param {View} view */
function order(view) {
  const { analyses } = view.report.details;
  const wanted = view.find.analyses ?? '';
  const words = (/** @type {Analysis} */ { name, terms }) =>
    `${name} ${terms.map((term) => term.term).join(' ')}`;
  const good = (/** @type {number} */ at) => summary(analyses[at]).overlap ?? 2;
  return analyses
    .map((_, at) => at)
    .filter((at) => matches(wanted, words(analyses[at])))
    .sort((a, b) => good(a) - good(b) || a - b);
}

/** @param {Report} report */
const learners = ({ details: { utility } }) =>
  utility.length > 0 && [
    titled(4, 'Models trained on each table'),
    h('p.sn-note', WORDS.notes.learners),
    table('Models trained on each table', LEARNER_HEAD, utility.map(learnerCells), {
      right: [2, 3, 4],
      classes: '.sn-quiet',
    }),
  ];

/** @param {View} view */
function list(view) {
  const { report } = view;
  const { analyses } = report.details;
  const kept = order(view);
  const rows = kept.map((at) => {
    const { overlap, sign, decision } = summary(analyses[at]);
    const all = analyses[at].terms.length;
    return [
      opener('analyses', at, clean(analyses[at].name)),
      count(all),
      fixed(overlap, 2),
      all > 0 ? `${count(sign)} of ${count(all)}` : '–',
      all > 0 ? `${count(decision)} of ${count(all)}` : '–',
    ];
  });
  const head = ['Analysis', 'Terms', 'Mean overlap', 'Same sign', 'Same decision'];
  return [
    analyses.length > 0 && [
      tally(kept.length, analyses.length, 'analyses'),
      table('Analyses, least overlap first', head, rows, { right: [1, 2, 3, 4], rove: true }),
    ],
    learners(report),
  ];
}

/** @param {View} view */
const head = (view) =>
  view.report.details.analyses.length > 0 && [
    h('p.sn-note', WORDS.notes.analyses),
    h('div.sn-bar', finder(view, 'analysis or term')),
  ];

/** Both estimates of a term on an axis of its own; no effect is dashed where it is in sight. @param {Term} term @param {number} none */
function forest(term, none) {
  const found = [...term.real, ...term.synthetic].filter(isNumber);
  if (found.length === 0) return '–';
  const [low, high] = [Math.min(...found), Math.max(...found)];
  const pad = (high - low || Math.abs(high) || 1) * 0.08;
  const x = (/** @type {number} */ value) =>
    6 + ((value - low + pad) / (high - low + 2 * pad)) * 208;
  const line = (/** @type {Triple} */ [value, from, to], /** @type {number} */ y, kind = '') => [
    isNumber(from) &&
      isNumber(to) &&
      s('path.sn-interval', { d: `M${x(from)} ${y - 3} v6 m0 -3 H${x(to)} m0 -3 v6` }),
    isNumber(value) && s(`circle.${kind}`, { cx: x(value), cy: y, r: 4 }),
  ];
  return s(
    'svg.sn-forest',
    { viewBox: '0 0 220 30', width: 220, height: 30, 'aria-hidden': true },
    low - pad <= none &&
      none <= high + pad &&
      s('line.sn-ideal', { x1: x(none), x2: x(none), y1: 1, y2: 29 }),
    line(term.real, 9, 'sn-ceiling'),
    line(term.synthetic, 21, 'sn-dot'),
  );
}

/** What the marks of a forest mean. */
const legend = () =>
  h(
    'p.sn-legend',
    [
      ['sn-ceiling', 'real (open, above)'],
      ['sn-dot', 'synthetic (solid, below)'],
    ].map(([kind, words]) =>
      h(
        'span',
        s(
          'svg',
          { width: 12, height: 12, 'aria-hidden': true },
          s(`circle.${kind}`, { cx: 6, cy: 6, r: 4 }),
        ),
        words,
      ),
    ),
    h('span', 'Each row has a scale of its own; the dashed line is no effect.'),
  );

/** @param {View} view @param {number} at */
function detail(view, at) {
  const analysis = view.report.details.analyses[at];
  const name = clean(analysis.name);
  if (analysis.terms.length === 0) {
    return h(
      'div.sn-detail',
      titled(4, name),
      h('p.sn-note', `Not compared: ${clean(analysis.reason || 'it has no terms', 300)}`),
    );
  }
  const { sign, decision } = summary(analysis);
  const all = count(analysis.terms.length);
  const rows = analysis.terms.map((term) => {
    const [first, ...rest] = termCells(term);
    return [first, forest(term, analysis.null ?? 0), ...rest];
  });
  const [first, ...rest] = TERM_HEAD;
  return h(
    'div.sn-detail',
    titled(4, name),
    h(
      'p.sn-note',
      `${count(sign)} of ${all} terms have the same sign, ${count(decision)} of ${all} lead to the same decision.`,
    ),
    legend(),
    table(`Terms of ${name}`, [first, 'Estimates', ...rest], rows, {
      right: [2, 3, 4],
      classes: '.sn-terms.sn-quiet',
    }),
  );
}

/** @type {Panel} */
export const ANALYSES = {
  id: 'analyses',
  label: ({ details: { analyses, utility } }) =>
    analyses.length > 0
      ? `Analyses (${count(analyses.length)})`
      : `Learners (${count(utility.length)})`,
  present: ({ details: { analyses, utility } }) => analyses.length + utility.length > 0,
  head,
  list,
  order,
  detail,
};
