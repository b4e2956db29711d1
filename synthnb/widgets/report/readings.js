// @ts-check
/** A dimension in one sentence: its leading values with intervals and ceilings, never a verdict. */

import { isNumber } from './shape.js';
import { clean, fixed, inline, known, share } from './text.js';
import WORDS from './words.json' with { type: 'json' };

/** @import { Score } from './shape.js' */

const MOST_PHRASES = 2;

/** @param {Score} score */
function phrase(score) {
  const span =
    isNumber(score.low) && isNumber(score.high)
      ? ` [${fixed(score.low)}, ${fixed(score.high)}]`
      : '';
  const beside = isNumber(score.ceiling) ? ` (real rows: ${fixed(score.ceiling)})` : '';
  const form = known(WORDS.readings, score.metric) ?? '{label}: {value}{ceiling}';
  /** @type {Record<string, string>} */
  const parts = {
    label: inline(score),
    measure: score.parameters.measure ? `${clean(score.parameters.measure)} ` : '',
    value: fixed(score.value) + span,
    ceiling: beside,
    share: share(score.value, score.low, score.high),
    share_ceiling: isNumber(score.ceiling) ? ` (real rows: ${share(score.ceiling)})` : '',
  };
  return form.replace(/\{(\w+)\}/g, (/** @type {string} */ _, name = '') => parts[name] ?? '');
}

/** The scores that say most: those of the leading metrics, else the first of the whole table. @param {string} dimension @param {Score[]} scores */
function leading(dimension, scores) {
  const lead = known(WORDS.lead, dimension) ?? [];
  const place = (/** @type {Score} */ { metric }) =>
    lead.includes(metric) ? lead.indexOf(metric) : lead.length;
  const whole = (/** @type {Score} */ score) => Number(score.subject.length > 0);
  const seen = new Set();
  return scores
    .filter((score) => isNumber(score.value))
    .map((score, at) => ({ score, at }))
    .sort(
      (a, b) => place(a.score) - place(b.score) || whole(a.score) - whole(b.score) || a.at - b.at,
    )
    .map(({ score }) => score)
    .filter(({ metric }) => !seen.has(metric) && seen.add(metric))
    .slice(0, MOST_PHRASES);
}

/** @param {string} dimension @param {Score[]} scores */
export function sentence(dimension, scores) {
  const parts = leading(dimension, scores).map(phrase);
  if (parts.length === 0)
    return `Not evaluated: ${clean(scores[0]?.reason || 'no reason given', 300)}`;
  const text = parts.join('; ');
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
