// @ts-check
/** What became of the gates, said by sign, word and colour. */

import { h } from './dom.js';
import { isNumber } from './shape.js';
import { clean, count, known, limit } from './text.js';
import WORDS from './words.json' with { type: 'json' };

/** @import { Gate, Report, Score } from './shape.js' */

/** Outcomes, the worst first. */
export const OUTCOMES = Object.keys(WORDS.outcomes);

/** @param {Gate} gate */
export const rank = (gate) =>
  OUTCOMES.includes(outcomeOf(gate)) ? OUTCOMES.indexOf(outcomeOf(gate)) : OUTCOMES.length;

/** What became of a gate; a score that wasn't computed leaves it undecided in a way of its own. @param {Gate} gate */
export const outcomeOf = ({ outcome, value }) =>
  outcome === 'undecided' && !isNumber(value) ? 'uncomputed' : outcome;

/** An outcome in words. @param {string} outcome */
export const said = (outcome) =>
  known(WORDS.outcomes, outcome)?.slice(0, 2).join(' ') ?? clean(outcome);

/** @param {string} outcome @param {string} [words] what follows */
export function mark(outcome, words = '') {
  const [sign, word] = known(WORDS.outcomes, outcome) ?? ['', clean(outcome)];
  return signed(outcome, sign, [word, words].filter(Boolean).join(' '));
}

/** @param {string} outcome @param {string} sign @param {string} words */
function signed(outcome, sign, words) {
  const colour = known(WORDS.outcomes, outcome) ? `.sn-${outcome}` : '';
  return h(`span.sn-outcome${colour}`, h('span.sn-sign', { 'aria-hidden': true }, sign), words);
}

/** How many gates came out how. @param {Gate[]} gates */
export const counts = (gates) =>
  [...new Set([...OUTCOMES, ...gates.map(outcomeOf)])]
    .map((outcome) => ({
      outcome,
      count: gates.filter((gate) => outcomeOf(gate) === outcome).length,
    }))
    .filter((entry) => entry.count > 0);

/** The same as marks: `✗ 1 fails  ✓ 2 pass`. @param {Gate[]} gates */
export const marks = (gates) =>
  counts(gates).map(({ outcome, count: number }) => {
    const [sign, one, many] = known(WORDS.outcomes, outcome) ?? [
      '',
      clean(outcome),
      clean(outcome),
    ];
    return signed(outcome, sign, `${count(number)} ${number === 1 ? one : many}`);
  });

/** How many privacy scores found an excess, in words; nothing if none did. @param {Report} report */
export function excess({ scores }) {
  const found = scores.filter(
    ({ dimension, parameters }) => dimension === 'privacy' && parameters.reading === 'excess',
  ).length;
  return found > 0 && `excess found by ${count(found)} ${found === 1 ? 'attack' : 'attacks'}`;
}

/** @param {Report} report @param {string} metric */
export const gatesOf = (report, metric) => report.gates.filter((gate) => gate.metric === metric);

/** The gates that this very score decided. @param {Report} report @param {Score} score */
export const decidedBy = (report, score) =>
  gatesOf(report, score.metric).filter(
    (gate) => JSON.stringify(gate.subject) === JSON.stringify(score.subject),
  );

/** @param {Gate} gate */
export const badge = (gate) =>
  ['pass', 'fail'].includes(gate.outcome)
    ? mark(gate.outcome, `its gate, ${limit(gate)}`)
    : mark(gate.outcome, `by its gate, ${limit(gate)}`);
