// @ts-check
/** Each part of the report as tables of words, for copying. */

import { absent } from './absent.js';
import { LEARNER_HEAD, TERM_HEAD, learnerCells, termCells } from './analyses.js';
import {
  ATTACK_HEAD,
  OTHERS,
  OTHER_HEAD,
  attackCells,
  otherCells,
  otherScores,
  worstAttacks,
} from './attacks.js';
import { CHANGE_HEAD, GATE_HEAD, changeCells, gateCells, worstGates } from './gates.js';
import { outcomeOf, said } from './outcomes.js';
import { PAIR_HEAD, pairName } from './pairs.js';
import { isNumber } from './shape.js';
import { GROUP_HEAD, groupCells } from './subgroups.js';
import {
  ceiling,
  clean,
  count,
  fixed,
  heading,
  interval,
  percent,
  reading,
  title,
} from './text.js';

/**
 * @import { Report, Score } from './shape.js'
 * @typedef {{ part: string, title: string, head: string[], rows: string[][], right: number[] }} Block
 */

const SCORE_HEAD = [
  'Dimension',
  'Score',
  'Value',
  '95 % interval',
  'Ceiling (value at its size)',
  'n',
  'Reading',
  'Reference',
];
const COLUMN_HEAD = ['Column', 'Kind', 'Score', 'Missing real', 'Missing synthetic'];

/** @param {Score} score */
const scoreCells = (score) => [
  heading(score.dimension),
  title(score),
  isNumber(score.value) ? fixed(score.value) : `not computed: ${clean(score.reason, 300)}`,
  interval(score),
  ceiling(score),
  count(score.n),
  reading(score),
  clean(score.reference, 300),
];

/** @param {Report} report */
const columnRows = ({ columns }) =>
  columns.map((column) => [
    clean(column.name),
    clean(column.kind),
    fixed(column.score),
    percent(column.missing?.real),
    percent(column.missing?.synthetic),
  ]);

/** @param {Report} report */
const pairRows = (report) =>
  report.pairs.errors.map(([, , error], at) => [pairName(report, at), fixed(error)]);

/**
 * @param {string} part
 * @param {string} name
 * @param {string[]} head
 * @param {unknown[][]} rows
 * @param {number[]} right the columns that hold numbers
 * @returns {Block}
 */
const block = (part, name, head, rows, right) => ({
  part,
  title: name,
  head,
  rows: /** @type {string[][]} */ (rows),
  right,
});

/** The tables of the report that have rows. @param {Report} report @returns {Block[]} */
export function blocks(report) {
  const { analyses, utility, attacks } = report.details;
  const gates = worstGates(report).map((gate) => gateCells(gate, said(outcomeOf(gate))));
  const groups = report.subgroups.map((subgroup) => groupCells(subgroup));
  const found = worstAttacks(report).map((at) => attackCells(attacks[at]));
  const left = absent(report).map((item) => [heading(item.dimension), clean(item.reason, 400)]);
  return [
    block('overview', 'Scores', SCORE_HEAD, report.scores.map(scoreCells), [2, 3, 4, 5]),
    block('gates', 'Gates', GATE_HEAD, gates, [3]),
    block('gates', 'What the profile changes', CHANGE_HEAD, changeCells(report), []),
    block('columns', 'Columns', COLUMN_HEAD, columnRows(report), [2, 3, 4]),
    block('pairs', 'Pairs, worst first', PAIR_HEAD, pairRows(report), [1]),
    block('subgroups', 'Subgroups', GROUP_HEAD, groups, [1, 2, 3, 4, 5, 6, 7]),
    block('attacks', 'Attacks, highest risk first', ATTACK_HEAD, found, [1, 2, 3, 4, 5]),
    block('attacks', OTHERS, OTHER_HEAD, otherScores(report).map(otherCells), [1, 2, 3]),
    // An analysis without terms is said under what wasn't evaluated.
    ...analyses.map(({ name, terms }) =>
      block('analyses', `Analysis ${clean(name)}`, TERM_HEAD, terms.map(termCells), [1, 2, 3]),
    ),
    block(
      'analyses',
      'Models trained on each table',
      LEARNER_HEAD,
      utility.map(learnerCells),
      [2, 3, 4],
    ),
    block('absent', 'Not evaluated', ['Dimension', 'Reason'], left, []),
  ].filter(({ rows }) => rows.length > 0);
}
