// @ts-check
/** Details that have no panel of their own, as tables of names and values. */

import { h, table } from './dom.js';
import { survival } from './survival.js';
import { clean, count, plain } from './text.js';

/** @import { Panel, View } from './shape.js' */

const MOST_ROWS = 40;

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param {unknown} value @returns {Record<string, unknown>[]} */
const objects = (value) => (Array.isArray(value) ? value.filter(isObject) : []);

/** @param {string} name */
const words = (name) => clean(name).replaceAll('_', ' ');

/** @param {string} name @param {Record<string, unknown>[]} found */
function listed(name, found) {
  const head = [...new Set(found.flatMap((row) => Object.keys(row)))];
  const rows = found.slice(0, MOST_ROWS).map((row) => head.map((key) => plain(row[key])));
  const left = found.length - rows.length;
  return [
    table(name, head.map(words), rows),
    left > 0 && h('p.sn-dim', `${count(left)} more rows are in the report’s JSON.`),
  ];
}

/** @param {unknown} value @returns {value is unknown[]} */
const isSeries = (value) => Array.isArray(value) && value.every((one) => typeof one !== 'object');

/** Lists of equal length side by side; the first says how long. @param {[string, unknown][]} entries */
function series(entries) {
  const found = entries.filter(([, one]) => isSeries(one));
  const first = found[0]?.[1];
  const length = Array.isArray(first) ? first.length : 0;
  return found.filter(([, one]) => Array.isArray(one) && one.length === length && length > 0);
}

/** Tables of a value: what is flat, lists side by side, then what lies within. @param {string} name @param {unknown} value @returns {unknown[]} */
function tables(name, value) {
  if (objects(value).length > 0) return listed(name, objects(value));
  if (!isObject(value)) return [];
  const entries = Object.entries(value);
  const beside = series(entries);
  const rest = entries.filter(
    (entry) => !beside.includes(entry) && !(entry[0] === 'omitted' && entry[1] === 0),
  );
  const isFlat = (/** @type {unknown} */ one) =>
    typeof one !== 'object' || one === null || isSeries(one);
  const flat = rest.filter(([, one]) => isFlat(one)).map(([key, one]) => [words(key), plain(one)]);
  const rows = /** @type {unknown[]} */ (beside[0]?.[1] ?? []).map((_, at) =>
    beside.map(([, one]) => plain(/** @type {unknown[]} */ (one)[at])),
  );
  return [
    flat.length > 0 && table(name, ['What', 'Value'], flat),
    rows.length > 0 &&
      table(
        name,
        beside.map(([key]) => words(key)),
        rows.slice(0, MOST_ROWS),
      ),
    ...rest
      .filter(([, one]) => !isFlat(one))
      .map(([key, one]) => tables(`${name}, ${words(key)}`, one)),
  ];
}

/** @param {View} view */
const list = ({ report }) =>
  Object.entries(report.details.further).map(([name, value]) =>
    h('section.sn-dimension', name === 'survival' ? survival(value) : tables(words(name), value)),
  );

/** @type {Panel} */
export const FURTHER = {
  id: 'further',
  label: () => 'Further',
  present: ({ details }) => Object.keys(details.further).length > 0,
  list,
};
