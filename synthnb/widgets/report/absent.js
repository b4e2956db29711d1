// @ts-check
/** What wasn't evaluated, with the reasons. */

import { finder, h, tally } from './dom.js';
import { isNumber } from './shape.js';
import { clean, count, heading, matches, title } from './text.js';
import WORDS from './words.json' with { type: 'json' };

/** @import { Panel, Report, View } from './shape.js' */

/** @param {Report} report */
export function absent(report) {
  const failed = report.scores
    .filter((score) => !isNumber(score.value))
    .map((score) => ({
      dimension: score.dimension,
      reason: `${title(score)}: ${clean(score.reason || 'no reason given', 300)}`,
    }));
  return [...report.not_evaluated, ...failed];
}

/** @param {View} view */
function list(view) {
  const all = absent(view.report);
  if (all.length === 0) return h('p.sn-dim', 'Every score of the profile was computed.');
  const items = all.filter((item) =>
    matches(view.find.absent ?? '', `${heading(item.dimension)} ${item.reason}`),
  );
  return [
    tally(items.length, all.length, 'entries'),
    h(
      'dl.sn-absent',
      items.map((item) => [h('dt', heading(item.dimension)), h('dd', clean(item.reason, 400))]),
    ),
  ];
}

/** @param {View} view */
const head = (view) =>
  absent(view.report).length > 0 && [
    h('p.sn-note', WORDS.notes.absent),
    h('div.sn-bar', finder(view, 'dimension or reason')),
  ];

/** @type {Panel} */
export const ABSENT = {
  id: 'absent',
  label: (report) => `Not evaluated (${count(absent(report).length)})`,
  present: () => true,
  head,
  list,
};
