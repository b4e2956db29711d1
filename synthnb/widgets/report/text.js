// @ts-check
/** Values as words: numbers, intervals and hostile strings made fit to be read. */

import { isNumber } from './shape.js';
import WORDS from './words.json' with { type: 'json' };

/** @import { Gate, Score, Table, Triple } from './shape.js' */

const UNSAFE = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu;

/**
 * A string from the data, cut, with control and text-direction characters made visible.
 * @param {unknown} value
 * @param {number} [limit]
 */
export function clean(value, limit = 80) {
  const text = String(value ?? '');
  const cut =
    text.length > limit ? `${[...text.slice(0, 2 * limit)].slice(0, limit - 1).join('')}…` : text;
  return cut.replace(UNSAFE, (sign) => {
    if (sign === '\n') return '⏎';
    if (sign === '\t') return ' ';
    return `[U+${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`;
  });
}

/** Any value of JSON on one line. @param {unknown} value @param {number} [limit] */
export const plain = (value, limit = 200) =>
  value === null || value === undefined
    ? '–'
    : typeof value === 'number'
      ? String(value).replaceAll('-', '−')
      : clean(typeof value === 'string' ? value : JSON.stringify(value), limit);

/** A time to the second. @param {unknown} value */
export const moment = (value) => clean(value).replace(/\.\d+Z$/, 'Z');

/** Three decimals, or one from ten on; a dash for what is no number. @param {unknown} value @param {number} [digits] */
export const fixed = (value, digits) =>
  isNumber(value)
    ? value
        .toFixed(digits ?? (Math.abs(value) < 10 ? 3 : 1))
        .replace(/^-(?=[0.]*$)/, '')
        .replace('-', '−')
    : '–';

/** @param {unknown} value */
export const count = (value) => (isNumber(value) ? value.toLocaleString('en-GB') : '–');

/** @param {unknown} value */
export const percent = (value) => (isNumber(value) ? `${fixed(value * 100, 1)} %` : '–');

/** A share in per cent, all as 100 %; with its interval, if it has one. @param {number | null} value @param {number | null} [low] @param {number | null} [high] */
export const share = (value, low, high) => {
  const whole = value === 1 ? '100 %' : percent(value);
  return isNumber(low) && isNumber(high)
    ? `${whole} [${fixed(low * 100, 1)}, ${fixed(high * 100, 1)}]`
    : whole;
};

/** @param {number | null} low @param {number | null} high */
const ends = (low, high) =>
  isNumber(low) && isNumber(high) ? `${fixed(low)} to ${fixed(high)}` : '–';

/** @param {{ low: number | null, high: number | null }} score */
export const interval = (score) => ends(score.low, score.high);

/** A figure, with its interval in brackets where there is one. @param {Triple} figure */
export const bracketed = ([value, low, high]) =>
  isNumber(value) && isNumber(low) && isNumber(high)
    ? `${fixed(value)} [${fixed(low)}, ${fixed(high)}]`
    : fixed(value);

/** The interval in words. @param {{ low: number | null, high: number | null }} score */
export const spread = (score) =>
  interval(score) === '–' ? 'no interval' : `95 % interval ${interval(score)}`;

/** The ceiling, and in brackets what as many synthetic rows as it rests on score. @param {Score} score */
export const ceiling = (score) =>
  isNumber(score.ceiling) && isNumber(score.matched)
    ? `${fixed(score.ceiling)} (${fixed(score.matched)})`
    : fixed(score.ceiling);

/** What something is about. @param {string[]} subject */
export const about = (subject) => subject.map((name) => clean(name, 60)).join(' × ');

/** @param {{ label?: string, metric: string, subject: string[] }} score */
export const title = (score) =>
  [clean(score.label || score.metric), about(score.subject)].filter(Boolean).join(': ');

/** What stands in the middle of a sentence for a score whose metric has no reading of its own. @param {Score} score */
export const inline = ({ label, metric, subject }) => {
  const name = clean(label || metric);
  const lower = /^.[a-z]/.test(name) ? name.slice(0, 1).toLowerCase() + name.slice(1) : name;
  return subject.length > 0 ? `${lower} (${about(subject)})` : lower;
};

/** A name of the report's own, capitalised. @param {string} name */
const capital = (name) => name.slice(0, 1).toUpperCase() + name.slice(1);

/** What a word stands for; nothing for one that isn't known. @param {Record<string, any>} words @param {unknown} name */
export const known = (words, name) =>
  typeof name === 'string' && Object.hasOwn(words, name) ? words[name] : undefined;

/** @param {string} dimension @returns {string} */
export const heading = (dimension) =>
  known(WORDS.dimensions, dimension)?.[0] ?? capital(clean(dimension));

/** Which way is good, and what an attack's figures say. @param {Score} score */
export const reading = ({ direction, parameters }) => {
  const way = known(WORDS.directions, direction) ?? clean(direction);
  return typeof parameters.reading === 'string' ? `${way}; ${clean(parameters.reading)}` : way;
};

/** @param {Gate} gate */
export const limit = (gate) =>
  (isNumber(gate.at_least)
    ? `at least ${gate.at_least}`
    : `at most ${clean(gate.at_most)}`
  ).replace('-', '−');

/** @param {Table | null} table */
export function tableLine(table) {
  if (!table) return '';
  const columns = Array.isArray(table.columns) ? table.columns.length : table.columns;
  return `${clean(table.name)}, ${count(table.rows)} rows × ${count(columns)} columns`;
}

/** Whether every word wanted is in the text. @param {string} wanted @param {string} text */
export const matches = (wanted, text) => {
  const low = text.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => low.includes(word));
};
