// @ts-check
/**
 * The report dashboard: draws an evaluation report's JSON wherever it is shown.
 *
 * Three hosts show it: anywidget (live kernel), the lab extension's renderer (kernel
 * gone) and exported HTML (inlined). The lab extension bundles these modules; the
 * other two are given one module, joined from them by `synthnb/widgets/_modules.py`.
 * Nothing here fetches anything.
 *
 *     index ── overview gates columns pairs subgroups attacks analyses further absent   one panel each
 *       │         └ scores readings outcomes charts heatmap                     what panels share
 *       ├── copying ─ blocks                                                    Markdown, LaTeX
 *       └── keys  dom  text  shape  words.json                                  elements, words, JSON
 */

import { ABSENT } from './absent.js';
import { ANALYSES } from './analyses.js';
import { ATTACKS } from './attacks.js';
import { hatch } from './charts.js';
import { COLUMNS } from './columns.js';
import { copy } from './copying.js';
import { build, button, choice, h, titled } from './dom.js';
import { FURTHER } from './further.js';
import { GATES } from './gates.js';
import { pairAt, point, walk } from './heatmap.js';
import { OWN_KEYS, rove, settle } from './keys.js';
import { excess, marks } from './outcomes.js';
import { OVERVIEW } from './overview.js';
import { PAIRS } from './pairs.js';
import { tidy } from './shape.js';
import { SUBGROUPS } from './subgroups.js';
import { clean, count, moment, tableLine } from './text.js';

/** @import { Child, Model, Panel, Report, View } from './shape.js' */

/** @type {Panel[]} */
const PANELS = [OVERVIEW, GATES, COLUMNS, PAIRS, SUBGROUPS, ATTACKS, ANALYSES, FURTHER, ABSENT];

/** Panels there is something for. @param {View} view */
const panels = (view) => PANELS.filter((panel) => panel.present(view.report));

/** The panel that is open; the first if what was open is gone. @param {View} view */
const opened = (view) => panels(view).find((panel) => panel.id === view.tab) ?? OVERVIEW;

/** What was cut to keep the report small, in words. @param {Report} report */
const omitted = ({ omitted: counts }) =>
  Object.entries(counts ?? {})
    .map(([kind, number]) => `${count(number)} ${clean(kind).replaceAll('_', ' ')}`)
    .join(', ');

/** @param {View} view */
function header(view) {
  const { report } = view;
  const fact = (
    /** @type {string} */ name,
    /** @type {Child} */ value,
    /** @type {unknown} */ hint = null,
  ) => value && h('div', h('dt', name), h('dd', { title: hint ? clean(hint, 200) : null }, value));
  return h(
    'header',
    h(
      'div.sn-bar.sn-top',
      h('p.sn-kicker', 'Evaluation of synthetic data'),
      h('span.sn-copied.sn-dim', { role: 'status' }),
      choice('Copy', 'part', view.part, { whole: 'the report', part: 'this part' }),
      button('Markdown', 'as Markdown', { 'aria-label': 'Copy as Markdown' }),
      button('LaTeX', 'as LaTeX', { 'aria-label': 'Copy as LaTeX' }),
    ),
    titled(3, clean(report.headline, 600), { class: 'sn-headline' }),
    h(
      'dl.sn-facts',
      fact('Synthetic', tableLine(report.synthetic), report.synthetic?.digest),
      fact('Real', tableLine(report.real), report.real?.digest),
      fact('Hold-out', report.holdout ? tableLine(report.holdout) : 'none', report.holdout?.digest),
      fact('Target', clean(report.target ?? '')),
      fact('Groups', report.groups.map((name) => clean(name)).join(', ')),
      fact('Profile', `${clean(report.profile)}, seed ${clean(report.seed)}`),
      fact('Gates', report.gates.length > 0 && h('span.sn-marks', marks(report.gates))),
      fact('Attacks', excess(report)),
      fact('Left out', omitted(report)),
      fact('Made', `${moment(report.created)}, ${clean(report.id)}`),
    ),
  );
}

/** @param {View} view */
const tabs = (view) =>
  h(
    'div.sn-tabs',
    { role: 'tablist', 'aria-label': 'Parts of the report' },
    panels(view).map((panel) =>
      button('tab', panel.label(view.report), {
        role: 'tab',
        id: `${view.uid}-tab-${panel.id}`,
        'aria-controls': `${view.uid}-panel`,
        'aria-selected': String(view.tab === panel.id),
        tabindex: view.tab === panel.id ? 0 : -1,
        'data-value': panel.id,
        'data-key': `tab-${panel.id}`,
      }),
    ),
  );

/** The open panel: its list with what narrows it, or one entry of it. @param {View} view */
function body(view) {
  const panel = opened(view);
  const at = view.at[panel.id];
  if (panel.detail && typeof at === 'number') {
    return [
      h(
        'div.sn-bar',
        button('back', `← All ${panel.label(view.report).split(' (')[0].toLowerCase()}`),
        button('previous', 'Previous'),
        button('next', 'Next'),
      ),
      panel.detail(view, at),
    ];
  }
  const list = h('div.sn-list', panel.list(view));
  return [panel.head?.(view), panel.beside ? h('div.sn-two', panel.beside(view), list) : list];
}

/** @param {View} view */
function draw(view) {
  view.tab = opened(view).id;
  const attributes = {
    role: 'tabpanel',
    id: `${view.uid}-panel`,
    tabindex: 0,
    'aria-labelledby': `${view.uid}-tab-${view.tab}`,
  };
  const panel = h('div.sn-panel', attributes, body(view));
  view.root.replaceChildren(hatch(view), header(view), tabs(view), panel);
  settle(view.root);
}

/** Put the focus on the control of a key, if it is there. @param {View} view @param {string | null} key */
function focus(view, key) {
  const found = [...view.root.querySelectorAll('[data-key]')].find(
    (node) => node.getAttribute('data-key') === key,
  );
  /** @type {HTMLElement | undefined} */ (found)?.focus({ preventScroll: key === 'back' });
  if (found) settle(view.root);
}

/** Draw again and put the focus back where it was. @param {View} view @param {string | null} [key] */
function redraw(view, key = null) {
  const root = /** @type {Document | ShadowRoot} */ (view.root.getRootNode());
  const active = root.activeElement;
  const held = active && view.root.contains(active) ? active.getAttribute('data-key') : null;
  const panel = view.root.querySelector('.sn-panel');
  const top = key === null && panel ? panel.scrollTop : 0;
  draw(view);
  const fresh = view.root.querySelector('.sn-panel');
  if (fresh) fresh.scrollTop = top;
  focus(view, key ?? held);
}

/** Draw the list again, and nothing of what narrows it. @param {View} view */
function relist(view) {
  const list = view.root.querySelector('.sn-list');
  if (!list) return;
  list.replaceChildren();
  build(list, '', [opened(view).list(view)]);
  settle(list);
}

/** @param {View} view @param {string} tab @param {number | null} at @param {string} key */
function drill(view, tab, at, key) {
  view.tab = tab;
  view.at[tab] = at;
  redraw(view, key);
}

/** @param {View} view @param {number} by @param {string} key */
function neighbour(view, by, key) {
  const order = opened(view).order?.(view) ?? [];
  const at = order.indexOf(view.at[view.tab] ?? -1) + by;
  drill(view, view.tab, order[(at + order.length) % order.length] ?? null, key);
}

/** @param {View} view */
const back = (view) => drill(view, view.tab, null, `${view.tab}-${view.at[view.tab]}`);

/** Show more of a list and move on to the first that is new. @param {View} view @param {HTMLElement} control */
function showMore(view, control) {
  const { value = '', page } = control.dataset;
  const items = control.parentElement?.querySelectorAll('[data-item]').length ?? 0;
  view.shown[value] = (view.shown[value] ?? 0) + Number(page);
  const place = [...(control.parentElement?.parentElement?.children ?? [])].indexOf(
    /** @type {Element} */ (control.parentElement),
  );
  if (view.root.querySelector('.sn-detail')) redraw(view);
  else relist(view);
  const holder = control.closest('.sn-dimension')
    ? view.root.querySelector('.sn-list')?.children[place]
    : view.root.querySelector('.sn-list');
  const fresh = holder?.querySelectorAll('[data-item]')[items];
  /** @type {HTMLElement | undefined} */ (fresh)?.focus();
  settle(view.root);
}

/** What each control does when it is used. @type {Record<string, (view: View, control: HTMLElement) => unknown>} */
const ACTIONS = {
  tab: (view, control) => openTab(view, control.dataset.value ?? ''),
  Markdown: (view) => copy(view, 'Markdown'),
  LaTeX: (view) => copy(view, 'LaTeX'),
  more: showMore,
  open: (view, { dataset }) => drill(view, dataset.tab ?? '', Number(dataset.value), 'back'),
  back,
  previous: (view) => neighbour(view, -1, 'previous'),
  next: (view) => neighbour(view, 1, 'next'),
};

/** @param {View} view @param {string} id */
function openTab(view, id) {
  view.tab = id;
  redraw(view, `tab-${id}`);
}

/** What each field changes. @type {Record<string, (view: View, field: HTMLInputElement) => unknown>} */
const FIELDS = {
  part: (view, field) => (view.part = field.value),
  find: (view, field) => (view.find[view.tab] = field.value),
  sort: (view, field) => (view.sort[view.tab] = field.value),
  text: (view, field) => (view.filter.text = field.value),
  dimension: (view, field) => (view.filter.dimension = field.value),
  gated: (view, field) => (view.filter.gated = field.checked),
  computed: (view, field) => (view.filter.computed = field.checked),
};

/** @param {View} view @param {Event} event */
function onInput(view, event) {
  const field = /** @type {HTMLInputElement} */ (event.target);
  const set = field.dataset?.set ?? '';
  if (!Object.hasOwn(FIELDS, set)) return;
  FIELDS[set](view, field);
  if (set === 'part') return;
  view.shown = {};
  relist(view);
}

/** @param {View} view @param {KeyboardEvent} event */
function onKey(view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = /** @type {HTMLElement} */ (event.target);
  if (OWN_KEYS.includes(event.key) && !event.shiftKey) event.stopPropagation();
  if (event.key === 'Escape' && typeof view.at[view.tab] === 'number') return back(view);
  const act = target.dataset?.act;
  if (act === 'heat' && event.key === 'Enter') {
    // Else the same key press would use the button that gets the focus.
    event.preventDefault();
    return openCell(view);
  }
  if (!/^(Home|End|Arrow)/.test(event.key)) return;
  if (act === 'heat') walk(view, event.key);
  else if (act === 'tab') step(view, event.key);
  else if (!rove(target, event.key)) return;
  event.preventDefault();
}

/** Open the pair that the map's mark stands on. @param {View} view @param {number} [cell] */
function openCell(view, cell) {
  const at = pairAt(view, cell);
  if (at !== null) drill(view, 'pairs', at, 'back');
}

/** Move among the tabs. @param {View} view @param {string} key */
function step(view, key) {
  const ids = panels(view).map((panel) => panel.id);
  const at = ids.indexOf(view.tab);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: ids.length - 1 }[key];
  if (to !== undefined) openTab(view, ids[(to + ids.length) % ids.length]);
}

/** @param {View} view @param {Event} event */
function onClick(view, event) {
  const target = /** @type {Element} */ (event.target);
  const cell = target.closest('[data-cell]');
  if (cell) return openCell(view, Number(cell.getAttribute('data-cell')));
  const control = /** @type {HTMLElement | null} */ (target.closest('button[data-act]'));
  const act = control?.dataset.act ?? '';
  if (control && Object.hasOwn(ACTIONS, act)) ACTIONS[act](view, control);
}

/** @param {View} view @param {Event} event */
function onPoint(view, event) {
  const cell = /** @type {Element} */ (event.target).closest('[data-cell]');
  if (cell) point(view, Number(cell.getAttribute('data-cell')));
}

/** @param {HTMLElement} root @returns {View} */
const fresh = (root) => ({
  report: tidy(null),
  root,
  uid: `sn-${Math.random().toString(36).slice(2, 9)}`,
  tab: 'overview',
  filter: { text: '', dimension: '', gated: false, computed: false },
  find: {},
  sort: {},
  shown: {},
  at: {},
  part: 'whole',
  cell: 0,
});

/**
 * Draw the model's report into an element, and again whenever it changes.
 * @param {{ model: Model, el: HTMLElement }} host
 * @returns {() => void} takes everything away again
 */
function render({ model, el }) {
  const root = h('section.synthnb-report', { 'aria-label': 'Evaluation of synthetic data' });
  const view = fresh(root);
  const update = () => {
    const raw = model.get('report');
    view.report = tidy(raw);
    view.at = {};
    if (raw && Object.keys(raw).length > 0) redraw(view);
    else root.replaceChildren(h('p.sn-dim', 'No report yet.'));
  };
  const abort = new AbortController();
  const { signal } = abort;
  root.addEventListener('click', (event) => onClick(view, event), { signal });
  root.addEventListener('input', (event) => onInput(view, event), { signal });
  root.addEventListener('keydown', (event) => onKey(view, event), { signal });
  root.addEventListener('pointerover', (event) => onPoint(view, event), { signal });
  el.append(root);
  model.on?.('change:report', update);
  update();
  return () => {
    abort.abort();
    model.off?.('change:report', update);
    root.remove();
  };
}

export default { render };
