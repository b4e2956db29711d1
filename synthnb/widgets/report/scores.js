// @ts-check
/** Scores as rows of a table: a dot, its interval and its ceiling on an axis they share. */

import { h, more, s, source, titled } from './dom.js';
import { badge, decidedBy } from './outcomes.js';
import { isNumber } from './shape.js';
import {
  ceiling,
  clean,
  count,
  fixed,
  heading,
  interval,
  plain,
  reading,
  spread,
  title,
} from './text.js';

/** @import { Child, Report, Score, View } from './shape.js' */

const FIRST = 12;
const PAGE = 24;

/**
 * Dot and whisker on one shared axis, above it the ceiling as an open triangle and the value at
 * the ceiling's size as an open dot: these two rest on equally many rows.
 * @param {Score} score
 * @param {[number, number]} range
 */
function whisker(score, [from, to]) {
  const [width, left, right, middle] = [180, 6, 174, 12];
  const x = (/** @type {number} */ value) => left + ((value - from) / (to - from)) * (right - left);
  const ticks = [from, (from + to) / 2, to].map((at) =>
    s('line.sn-axis', { x1: x(at), x2: x(at), y1: middle - 3, y2: middle + 3 }),
  );
  const [c, m] = [score.ceiling, score.matched].map((at) => (isNumber(at) ? x(at) : null));
  return s(
    'svg.sn-whisker',
    { viewBox: `0 0 ${width} 24`, width, height: 24, 'aria-hidden': true },
    s('title', `${title(score)}: ${fixed(score.value)}, ${spread(score)}`),
    s('line.sn-axis', { x1: left, x2: right, y1: middle, y2: middle }),
    ticks,
    score.direction === 'half' && s('line.sn-ideal', { x1: x(0.5), x2: x(0.5), y1: 1, y2: 23 }),
    c !== null && s('path.sn-ceiling', { d: `M${c} ${middle - 3} l-4 -7 h8 Z` }),
    m !== null && s('circle.sn-ceiling', { cx: m, cy: middle - 7, r: 3 }),
    isNumber(score.low) &&
      isNumber(score.high) &&
      s('path.sn-interval', {
        d: `M${x(score.low)} ${middle - 4} v8 m0 -4 H${x(score.high)} m0 -4 v8`,
      }),
    isNumber(score.value) && s('circle.sn-dot', { cx: x(score.value), cy: middle, r: 3.5 }),
  );
}

/** Whether a score is on the axis it would share with others: counts and lengths aren't. @param {Score} score */
const onAxis = ({ value, low, high, ceiling: best, matched }) =>
  [value, low, high, best, matched].filter(isNumber).every((at) => Math.abs(at) <= 1);

/** How a number came about, folded under its name. @param {Score} score @param {string} key */
function method(score, key) {
  const parameters = Object.entries(score.parameters)
    .map(([name, value]) => `${clean(name)} = ${plain(value, 80)}`)
    .join(', ');
  const facts = [
    ['Definition', `${clean(score.metric)}, version ${clean(score.version)}`],
    ['Reference', source(score.reference)],
    ['Parameters', parameters || 'none'],
    ['Time', isNumber(score.seconds) ? `${fixed(score.seconds, 2)} s` : '–'],
  ];
  return h(
    'details.sn-method',
    h(
      'summary',
      {
        title: `How it is measured: ${clean(score.reference, 200)}`,
        'data-item': true,
        'data-key': key,
      },
      title(score),
    ),
    h(
      'dl',
      facts.map(([name, value]) => [h('dt', name), h('dd', value)]),
    ),
  );
}

/** @param {Report} report @param {Score} score @param {[number, number]} range @param {string} key */
function scoreRow(report, score, range, key) {
  return h(
    'tr',
    h(
      'th',
      { scope: 'row', 'aria-label': title(score) },
      method(score, key),
      decidedBy(report, score).map((gate) => h('p.sn-why', badge(gate))),
      h('span.sn-under.sn-dim', reading(score)),
    ),
    h('td.sn-plot', onAxis(score) && whisker(score, range)),
    h('td.sn-num.sn-value', fixed(score.value)),
    h('td.sn-num', interval(score)),
    h('td.sn-num', ceiling(score)),
    h('td.sn-num', count(score.n)),
    h('td.sn-dim', reading(score)),
  );
}

/** @type {[number, number][]} */
const RANGES = [
  [0, 0.01],
  [0.9, 1],
  [0, 0.1],
  [0.4, 0.6],
  [0.8, 1],
  [0.5, 1],
  [0, 0.5],
  [0, 1],
];

/** The narrowest round range that holds every score of a list. @param {Score[]} scores @returns {[number, number]} */
function span(scores) {
  const found = scores
    .filter(onAxis)
    .flatMap((score) => [
      score.value,
      score.low,
      score.high,
      score.ceiling,
      score.matched,
      score.direction === 'half' ? 0.5 : null,
    ])
    .filter(isNumber);
  const [low, high] = [Math.min(...found), Math.max(...found)];
  if (found.length === 0) return [0, 1];
  const fit = RANGES.find(([from, to]) => from <= low && high <= to);
  return fit ?? [Math.floor(Math.min(0, low) * 10) / 10, Math.ceil(Math.max(1, high) * 10) / 10];
}

/** How bad a value is beside others of its metric; those without one come last. @param {Score} score */
function badness({ value, direction }) {
  if (!isNumber(value)) return -Infinity;
  if (direction === 'half') return Math.abs(value - 0.5);
  return direction === 'higher' ? -value : direction === 'lower' ? value : 0;
}

/** Metric by metric, each one's worst first. @param {Score[]} scores */
function worstFirst(scores) {
  const metrics = [...new Set(scores.map((score) => score.metric))];
  return metrics.flatMap((metric) =>
    scores.filter((score) => score.metric === metric).sort((a, b) => badness(b) - badness(a)),
  );
}

/** A dimension's scores, those of the whole table first, and how many are shown. @param {View} view @param {string} key @param {Score[]} scores */
function paged(view, key, scores) {
  const whole = scores.filter((score) => score.subject.length === 0);
  const parts = worstFirst(scores.filter((score) => score.subject.length > 0));
  const { text, gated, dimension } = view.filter;
  const some = whole.length > 0 && !(text || gated || dimension) ? whole.length : FIRST;
  const first = Math.max(whole.length, Math.min(some, scores.length));
  return { ordered: [...whole, ...parts], first: first + (view.shown[key] ?? 0) };
}

const HEAD = ['Score', '', 'Value', '95 % interval', 'Ceiling', 'n', 'Reading'];

/** @param {Report} report @param {Score[]} scores @param {string} name the table's @param {string} key */
export function scoreTable(report, scores, name, key) {
  const range = span(scores);
  const ends = h(
    'span.sn-ends',
    { 'aria-hidden': true },
    ...range.map((end) => h('span', String(+end.toFixed(2)).replace('-', '−'))),
  );
  const cell = (/** @type {string} */ text, /** @type {number} */ at) =>
    at === 1
      ? h('td', ends)
      : h('th', { scope: 'col', class: at > 1 && at < 6 ? 'sn-num' : null }, text);
  return h(
    'div.sn-scroll',
    { tabindex: 0, role: 'region', 'aria-label': name },
    h(
      'table.sn-scores',
      h('thead', h('tr', HEAD.map(cell))),
      h(
        'tbody',
        { 'data-rove': true },
        scores.map((score, at) => scoreRow(report, score, range, `${key}-${at}`)),
      ),
    ),
  );
}

/** Scores that weren't computed: their names, once each reason. @param {Report} report @param {Score[]} scores */
function uncomputed(report, scores) {
  const reasons = [...new Set(scores.map((score) => score.reason || 'no reason given'))];
  return reasons.map((reason) => {
    const own = scores.filter((score) => (score.reason || 'no reason given') === reason);
    return h(
      'p.sn-left',
      own.map(title).join('; '),
      h('span.sn-dim', ` – not computed: ${clean(reason, 300)}`),
      own.flatMap((score) => decidedBy(report, score)).map((gate) => [' ', badge(gate)]),
    );
  });
}

/** Scores under a heading, and what stands between the two. @param {View} view @param {string} name @param {Score[]} scores @param {Child} words @param {string} [text] the heading */
export function scoreBlock(view, name, scores, words, text = heading(name)) {
  const key = `scores-${name}`;
  const computed = scores.filter((score) => isNumber(score.value));
  const { ordered, first } = paged(view, key, computed);
  const id = `${view.uid}-${key}`;
  return h(
    'section.sn-dimension',
    { 'aria-labelledby': id },
    titled(4, text, { id }),
    words,
    computed.length > 0 && scoreTable(view.report, ordered.slice(0, first), `Scores, ${text}`, key),
    more(key, ordered.length - first, PAGE),
    uncomputed(
      view.report,
      scores.filter((score) => !isNumber(score.value)),
    ),
  );
}
