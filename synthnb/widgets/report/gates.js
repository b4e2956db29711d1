// @ts-check
/** The gates: each threshold, who says so, what came of it, and what the profile changes. */

import { finder, h, table, tally, titled } from './dom.js';
import { mark, outcomeOf, rank, said } from './outcomes.js';
import { isNumber } from './shape.js';
import { bracketed, clean, count, limit, matches, plain, title } from './text.js';
import WORDS from './words.json' with { type: 'json' };

/** @import { Child, Gate, Panel, Report, View } from './shape.js' */

export const GATE_HEAD = ['Gate', 'Outcome', 'Limit', 'Value', 'Why', 'Whose limit'];
export const CHANGE_HEAD = ['What', 'From', 'To'];

/** The gates, the worst first. @param {Report} report */
export const worstGates = ({ gates }) => [...gates].sort((a, b) => rank(a) - rank(b));

/** Says so where a value had no interval to be held by. @param {Gate} gate */
const byValue = ({ value, low, high }) =>
  isNumber(value) && !(isNumber(low) && isNumber(high)) && 'by value';

/** @param {Gate} gate */
const several = ({ scores }) => (scores ?? 1) > 1 && `decided by 1 of ${count(scores)} scores`;

/** A gate as the cells of a row, its outcome apart. @param {Gate} gate @param {Child} outcome */
export const gateCells = (gate, outcome) => [
  title(gate),
  outcome,
  limit(gate),
  [bracketed([gate.value, gate.low, gate.high]), byValue(gate), several(gate)]
    .filter(Boolean)
    .join(', '),
  clean(gate.reason, 300),
  clean(gate.source, 300),
];

/** @param {Report} report */
export const changeCells = ({ changes }) =>
  changes.map(({ what, from, to }) => [clean(what), plain(from), plain(to)]);

/** What the profile differs in. @param {Report} report */
function changes(report) {
  return [
    titled(4, 'What this profile changes'),
    report.changes.length > 0
      ? table('Changes of the profile it was derived from', CHANGE_HEAD, changeCells(report), {
          classes: '.sn-quiet',
        })
      : h('p.sn-dim', 'No change is recorded: the profile is as it was named.'),
  ];
}

/** @param {View} view */
function list(view) {
  const { report } = view;
  const wanted = view.find.gates ?? '';
  const left = worstGates(report).filter((gate) =>
    matches(wanted, `${title(gate)} ${said(outcomeOf(gate))} ${gate.source}`),
  );
  return [
    tally(left.length, report.gates.length, 'gates'),
    left.length > 0 &&
      table(
        'Gates, failed ones first',
        GATE_HEAD,
        left.map((gate) => gateCells(gate, mark(outcomeOf(gate)))),
        { classes: '.sn-gates' },
      ),
    changes(report),
  ];
}

/** @param {View} view */
const head = (view) => [
  h('p.sn-note', WORDS.notes.gates),
  h('div.sn-bar', finder(view, 'outcome or score')),
];

/** @type {Panel} */
export const GATES = {
  id: 'gates',
  label: ({ gates }) => `Gates (${count(gates.length)})`,
  present: ({ gates, changes: made }) => gates.length + made.length > 0,
  head,
  list,
};
