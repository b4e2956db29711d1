// @ts-check
/** The attacks: what each finds with the synthetic rows, by guessing, and on people who aren't in the data. */

import { finder, h, opener, s, table, tally, titled } from './dom.js';
import { scoreBlock } from './scores.js';
import { isNumber } from './shape.js';
import {
  about,
  bracketed,
  clean,
  count,
  fixed,
  interval,
  matches,
  reading,
  title,
} from './text.js';
import WORDS from './words.json' with { type: 'json' };

/** @import { Attack, Child, Panel, Report, Score, Triple, View } from './shape.js' */

export const ATTACK_HEAD = ['Attack', 'Risk', 'Main', 'Baseline', 'Control', 'n', 'Reading'];

/** @param {Attack} attack */
export const attackName = ({ name, subject }) =>
  [clean(name), about(subject)].filter(Boolean).join(': ');

/** @param {Attack} attack */
const meaning = ({ weak, risk }) =>
  !isNumber(risk[0])
    ? 'not computed'
    : weak
      ? WORDS.weak
      : (risk[1] ?? risk[0]) > 0
        ? WORDS.strong
        : WORDS.unclear;

/** @param {Attack} attack @param {Child} [name] */
export const attackCells = (attack, name = attackName(attack)) => [
  name,
  bracketed(attack.risk),
  bracketed(attack.main),
  bracketed(attack.baseline),
  bracketed(attack.control),
  count(attack.n),
  meaning(attack),
];

/** The attacks by risk, the worst first; those that show nothing last. @param {Report} report */
export function worstAttacks({ details: { attacks } }) {
  const bad = (/** @type {number} */ at) =>
    (attacks[at].risk[0] ?? -9) - Number(attacks[at].weak === true) * 5;
  return attacks.map((_, at) => at).sort((a, b) => bad(b) - bad(a) || a - b);
}

export const OTHERS = 'Other attacks, those with an excess first';
export const OTHER_HEAD = ['Attack', 'Value', '95 % interval', 'n', 'Reading'];

/** How far an interval, or a value alone, lies beyond no effect; those not computed last. @param {Score} score */
function evidence({ value, low, direction, parameters }) {
  if (!isNumber(value)) return -9;
  const least = isNumber(low) ? low : value;
  const size = { half: least - 0.5, lower: least }[direction] ?? -1;
  return size + (parameters.reading === 'excess' ? 9 : 0);
}

/** Scores under privacy that no attack with rates stands for, the strongest evidence first. @param {Report} report */
export const otherScores = ({ scores, details: { attacks } }) =>
  scores
    .filter(({ dimension }) => dimension === 'privacy')
    .filter(
      ({ subject, value }) =>
        !attacks.some(
          ({ subject: of, risk: [risk] }) =>
            isNumber(value) &&
            isNumber(risk) &&
            Math.abs(risk - value) < 1e-4 &&
            JSON.stringify(of) === JSON.stringify(subject),
        ),
    )
    .sort((a, b) => evidence(b) - evidence(a));

/** @param {Score} score */
export const otherCells = (score) => [
  title(score),
  fixed(score.value),
  interval(score),
  count(score.n),
  isNumber(score.value)
    ? reading(score)
    : `not computed: ${clean(score.reason || 'no reason given', 300)}`,
];

/** Every attack there is a row for. @param {Report} report */
const all = (report) => report.details.attacks.length + otherScores(report).length;

/** @param {View} view */
const order = (view) =>
  worstAttacks(view.report).filter((at) =>
    matches(view.find.attacks ?? '', attackName(view.report.details.attacks[at])),
  );

/** @param {View} view */
function list(view) {
  const { attacks } = view.report.details;
  const kept = order(view);
  const rows = kept.map((at) =>
    attackCells(attacks[at], opener('attacks', at, attackName(attacks[at]))),
  );
  const others = otherScores(view.report).filter((score) =>
    matches(view.find.attacks ?? '', title(score)),
  );
  return [
    tally(kept.length + others.length, all(view.report), 'attacks'),
    rows.length > 0 && [
      h('p.sn-note', WORDS.notes.attacks),
      table('Attacks, highest risk first', ATTACK_HEAD, rows, {
        right: [1, 2, 3, 4, 5],
        rove: true,
      }),
    ],
    others.length > 0 && [
      titled(4, 'Other attacks'),
      h('p.sn-note', WORDS.notes.others),
      table(OTHERS, OTHER_HEAD, others.map(otherCells), { right: [1, 2, 3] }),
    ],
  ];
}

/** @param {View} view */
const head = (view) => h('div.sn-bar', finder(view, 'attack or column'));

/** Rates with their intervals, one under the other on one axis. @param {[string, Triple][]} rates */
function ladder(rates) {
  const all = rates.flatMap(([, figure]) => figure).filter(isNumber);
  const [from, to] = [
    Math.min(0, ...all),
    Math.max(...all, 0.05) <= 0.5 ? 0.5 : Math.max(1, ...all),
  ];
  const [left, right, row] = [120, 560, 30];
  const x = (/** @type {number} */ value) => left + ((value - from) / (to - from)) * (right - left);
  const height = rates.length * row + 26;
  const words = rates.map(([name, figure]) => `${name} ${bracketed(figure)}`).join('; ');
  return s(
    'svg.sn-chart',
    { viewBox: `0 0 640 ${height}`, role: 'img', 'aria-label': words },
    [from, (from + to) / 2, to].map((at) => [
      s('line.sn-grid', { x1: x(at), x2: x(at), y1: 4, y2: height - 22 }),
      s('text.sn-small', { x: x(at), y: height - 6, 'text-anchor': 'middle' }, fixed(at, 2)),
    ]),
    rates.map(([name, [value, low, high]], index) => {
      const y = index * row + 20;
      return [
        s('text', { x: left - 12, y: y + 4, 'text-anchor': 'end' }, name),
        isNumber(low) &&
          isNumber(high) &&
          s('path.sn-interval', { d: `M${x(low)} ${y - 5} v10 m0 -5 H${x(high)} m0 -5 v10` }),
        isNumber(value) &&
          s(index === 0 ? 'circle.sn-dot' : 'circle.sn-ceiling', { cx: x(value), cy: y, r: 5 }),
        s('text.sn-small', { x: right + 10, y: y + 4 }, fixed(value)),
      ];
    }),
  );
}

/** @param {View} view @param {number} at */
function detail(view, at) {
  const { report } = view;
  const attack = report.details.attacks[at];
  /** @type {[string, Triple][]} */
  const rates = [
    ['Main', attack.main],
    ['Control', attack.control],
    ['Baseline', attack.baseline],
  ];
  const own = report.scores.filter(
    (score) =>
      score.dimension === 'privacy' &&
      JSON.stringify(score.subject) === JSON.stringify(attack.subject) &&
      (score.subject.length > 0 || clean(attack.name).startsWith(clean(score.label).split(',')[0])),
  );
  return h(
    'div.sn-detail',
    titled(4, attackName(attack)),
    h('p.sn-note', `Risk ${bracketed(attack.risk)}, ${meaning(attack)}; ${count(attack.n)} tries.`),
    h(
      'div.sn-two',
      ladder(rates),
      table(
        'Rates of success',
        ['Rows', 'Rate and 95 % interval'],
        rates.map(([name, figure]) => [name, bracketed(figure)]),
        { right: [1] },
      ),
    ),
    own.length > 0 && scoreBlock(view, 'attack', own, null, 'Scores of this attack'),
  );
}

/** @type {Panel} */
export const ATTACKS = {
  id: 'attacks',
  label: (report) => `Attacks (${count(all(report))})`,
  present: (report) => all(report) > 0,
  head,
  list,
  order,
  detail,
};
