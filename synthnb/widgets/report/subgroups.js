// @ts-check
/** The subgroups: shares, fidelity and utility of each, small ones withheld, and each by itself. */

import { choice, finder, h, opener, s, table, tally, titled } from './dom.js';
import { scoreBlock } from './scores.js';
import { isNumber } from './shape.js';
import { clean, count, fixed, matches, percent } from './text.js';
import WORDS from './words.json' with { type: 'json' };

/** @import { Child, Panel, Subgroup, View } from './shape.js' */

/** @param {Subgroup} subgroup */
export const groupName = (subgroup) =>
  Object.entries(subgroup.group ?? {})
    .map(([column, level]) => `${clean(column)} = ${clean(level)}`)
    .join(', ');

/**
 * A value with its ceiling, where there is one, and with the value at the ceiling's size.
 * @param {unknown} value
 * @param {unknown} best
 * @param {unknown} [matched]
 */
function withCeiling(value, best, matched) {
  if (!isNumber(best)) return fixed(value);
  return `${fixed(value)} (${[best, matched]
    .filter(isNumber)
    .map((at) => fixed(at))
    .join('; ')})`;
}

/** Synthetic less real share; null where one isn't known. @param {Subgroup} subgroup */
const gap = ({ share_synthetic: synthetic, share_real: real }) =>
  isNumber(synthetic) && isNumber(real) ? synthetic - real : null;

/** A subgroup as the cells of a row; small cells in words. @param {Subgroup} subgroup @param {Child} [name] */
export function groupCells(subgroup, name = groupName(subgroup)) {
  if (subgroup.suppressed) return [name, 'withheld', ...Array(6).fill('not shown')];
  const points = gap(subgroup);
  return [
    name,
    count(subgroup.n_real),
    count(subgroup.n_synthetic),
    percent(subgroup.share_real),
    percent(subgroup.share_synthetic),
    fixed(points === null ? null : points * 100, 1),
    withCeiling(subgroup.fidelity, subgroup.fidelity_ceiling, subgroup.fidelity_matched),
    withCeiling(subgroup.utility, subgroup.utility_ceiling),
  ];
}

export const GROUP_HEAD = [
  'Group',
  'n real',
  'n synthetic',
  'Share real',
  'Share synthetic',
  'Difference, points',
  'Fidelity',
  'Utility',
];

/** How bad a group's figure is; what is withheld or unknown comes last. @type {Record<string, (subgroup: Subgroup) => number>} */
const BADNESS = {
  fidelity: ({ fidelity }) => (isNumber(fidelity) ? -fidelity : -Infinity),
  utility: ({ utility }) => (isNumber(utility) ? -utility : -Infinity),
  share: (subgroup) => Math.abs(gap(subgroup) ?? -1) - Number(gap(subgroup) === null) * 9,
};

/** @param {View} view */
function order(view) {
  const { subgroups } = view.report;
  const wanted = view.find.subgroups ?? '';
  const bad = BADNESS[view.sort.subgroups ?? 'fidelity'];
  const kept = subgroups
    .map((_, at) => at)
    .filter((at) => matches(wanted, groupName(subgroups[at])));
  const rank = (/** @type {number} */ at) => Math.max(-9e9, bad?.(subgroups[at]) ?? 0);
  return kept.sort((a, b) => rank(b) - rank(a) || a - b);
}

/** @param {View} view */
function list(view) {
  const { report } = view;
  if (report.subgroups.length === 0) {
    return h(
      'p.sn-dim',
      'No group column was declared, so no group was looked at. Name some with --groups.',
    );
  }
  const kept = order(view);
  const rows = kept.map((at) =>
    groupCells(
      report.subgroups[at],
      opener('subgroups', at, groupName(report.subgroups[at]) || 'everybody'),
    ),
  );
  return [
    tally(kept.length, report.subgroups.length, 'groups'),
    table('Subgroups', GROUP_HEAD, rows, { right: [1, 2, 3, 4, 5, 6, 7], rove: true }),
  ];
}

/** @param {View} view */
const head = (view) =>
  view.report.subgroups.length > 0 && [
    h('p.sn-note', WORDS.notes.groups.replace('{n}', count(view.report.minimum_cell))),
    h(
      'div.sn-bar',
      finder(view, 'column or level'),
      choice('Order', 'sort', view.sort.subgroups ?? 'fidelity', {
        fidelity: 'lowest fidelity first',
        utility: 'lowest utility first',
        share: 'largest difference in share',
        order: 'as declared',
      }),
    ),
  ];

/** A bar for each share. @param {View} view @param {Subgroup} subgroup */
function shares(view, subgroup) {
  const top = Math.max(subgroup.share_real ?? 0, subgroup.share_synthetic ?? 0, 1e-6);
  const bar = (/** @type {string} */ side, /** @type {number | null} */ share) => [
    h('dt', `Share ${side}`),
    h(
      'dd',
      s(
        'svg.sn-bar-line',
        { width: 220, height: 12, viewBox: '0 0 220 12', 'aria-hidden': true },
        s(`rect.sn-${side}`, {
          x: 0.5,
          y: 0.5,
          width: (219 * (share ?? 0)) / top,
          height: 11,
          fill: side === 'real' ? `url(#${view.uid}-hatch)` : null,
        }),
      ),
      ` ${percent(share)}`,
    ),
  ];
  return [bar('real', subgroup.share_real), bar('synthetic', subgroup.share_synthetic)];
}

/** @param {View} view @param {number} at */
function detail(view, at) {
  const subgroup = view.report.subgroups[at];
  const cells = groupCells(subgroup);
  const levels = Object.entries(subgroup.group ?? {});
  const names = levels.flatMap(([column, level]) => [column, `${column} = ${level}`]);
  const own = view.report.scores.filter(
    ({ dimension, subject }) =>
      dimension === 'bias' && subject.length > 0 && subject.every((name) => names.includes(name)),
  );
  const facts = GROUP_HEAD.map((name, index) => [name, cells[index]]).filter(
    (_, index) => index > 0 && index !== 3 && index !== 4,
  );
  return h(
    'div.sn-detail',
    titled(4, groupName(subgroup) || 'everybody'),
    subgroup.suppressed
      ? h('p.sn-note', 'Its figures are withheld: it, or a group it would give away, is too small.')
      : h(
          'dl.sn-figures',
          shares(view, subgroup),
          facts.map(([name, value]) => [h('dt', name), h('dd', value)]),
        ),
    own.length > 0 && scoreBlock(view, 'group', own, null, 'Scores of this group or its columns'),
  );
}

/** @type {Panel} */
export const SUBGROUPS = {
  id: 'subgroups',
  label: ({ subgroups }) => `Subgroups (${count(subgroups.length)})`,
  present: () => true,
  head,
  list,
  order,
  detail,
};
