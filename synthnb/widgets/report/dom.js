// @ts-check
/** Elements built from words and attributes. Whatever comes from the data is inserted as text, never as markup. */

import { clean, count } from './text.js';

/** @import { Child, View } from './shape.js' */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {Element} node
 * @param {string} classes separated by full stops
 * @param {(Record<string, unknown> | Child)[]} parts attributes first, if any, then children
 */
export function build(node, classes, parts) {
  if (classes) node.setAttribute('class', classes.replaceAll('.', ' '));
  for (const part of /** @type {unknown[]} */ (parts).flat(9)) {
    if (part instanceof Node || typeof part === 'string') node.append(part);
    else if (part) attribute(node, /** @type {Record<string, unknown>} */ (part));
  }
  return node;
}

/** @param {Element} node @param {Record<string, unknown>} attributes nothing is set for null or false */
function attribute(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false || /^on/i.test(name)) continue;
    node.setAttribute(name, value === true && !name.startsWith('aria-') ? '' : String(value));
  }
}

/** An HTML element: `h('p.note', { id }, 'text')`. @param {string} what @param {...(Record<string, unknown> | Child)} parts */
export function h(what, ...parts) {
  const [tag, ...classes] = what.split('.');
  return /** @type {HTMLElement} */ (build(document.createElement(tag), classes.join('.'), parts));
}

/** An SVG element. @param {string} what @param {...(Record<string, unknown> | Child)} parts */
export function s(what, ...parts) {
  const [tag, ...classes] = what.split('.');
  return build(document.createElementNS(SVG, tag), classes.join('.'), parts);
}

/** A figure whose interval may go to the next line, but as a whole. @param {Child} cell */
function breakable(cell) {
  const found = typeof cell === 'string' && /^(\S+) (\[[^\]]*\])(.*)$/s.exec(cell);
  return found ? [`${found[1]} `, h('span.sn-range', found[2]), found[3]] : cell;
}

/**
 * A table with a caption, its wide content scrolling by itself. Numbers stand right.
 * @param {string} caption
 * @param {string[]} head
 * @param {Child[][]} rows
 * @param {{ right?: number[], rove?: boolean, classes?: string }} [form] the columns that hold
 *   numbers; whether the rows begin with controls among which arrow keys move
 */
export function table(caption, head, rows, { right = [], rove = false, classes = '' } = {}) {
  const side = (/** @type {number} */ index) => (right.includes(index) ? 'sn-num' : null);
  const line = (/** @type {Child[]} */ cells) =>
    h(
      'tr',
      cells.map((cell, index) =>
        index === 0
          ? h('th', { scope: 'row', class: side(index) }, cell)
          : h('td', { class: side(index) }, breakable(cell)),
      ),
    );
  const top = head.map((text, index) => h('th', { scope: 'col', class: side(index) }, text));
  return h(
    'div.sn-scroll',
    { tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      `table${classes}`,
      h('caption', caption),
      h('thead', h('tr', top)),
      h('tbody', { 'data-rove': rove }, rows.map(line)),
    ),
  );
}

/** @param {number} level @param {string} text @param {Record<string, unknown>} [attributes] */
export const titled = (level, text, attributes = {}) =>
  h('p', { class: `sn-h${level}`, role: 'heading', 'aria-level': level, ...attributes }, text);

/** @param {string} action @param {Child} text @param {Record<string, unknown>} [attributes] */
export const button = (action, text, attributes = {}) =>
  h('button', { type: 'button', 'data-act': action, 'data-key': action, ...attributes }, text);

/** A row's name, which opens what there is about it. @param {string} tab @param {number} index @param {Child} text */
export const opener = (tab, index, text) =>
  button('open', text, {
    class: 'sn-open',
    'data-tab': tab,
    'data-value': index,
    'data-item': true,
    'data-key': `${tab}-${index}`,
  });

/** Asks for the next entries of a list. @param {string} list @param {number} rest @param {number} page */
export const more = (list, rest, page) =>
  rest > 0 &&
  button(
    'more',
    `Show ${count(Math.min(page, rest))} more${rest > page ? ` of ${count(rest)}` : ''}`,
    {
      'data-value': list,
      'data-page': page,
      'data-key': `more-${list}`,
    },
  );

/** A field that narrows the list under it. @param {View} view @param {string} hint */
export const finder = (view, hint) =>
  h(
    'label',
    'Find ',
    h('input', {
      type: 'search',
      value: view.find[view.tab] ?? '',
      placeholder: hint,
      'data-set': 'find',
      'data-key': 'find',
    }),
  );

/** @param {string} label @param {string} set @param {string} chosen @param {Record<string, string>} options */
export const choice = (label, set, chosen, options) =>
  h(
    'label',
    `${label} `,
    h(
      'select',
      { 'data-set': set, 'data-key': set },
      Object.entries(options).map(([value, text]) =>
        h('option', { value, selected: chosen === value }, text),
      ),
    ),
  );

/** How many entries of a list are left. @param {number} kept @param {number} all @param {string} what */
export const tally = (kept, all, what) =>
  h('p.sn-dim.sn-tally', { role: 'status' }, `${count(kept)} of ${count(all)} ${what}`);

const ADDRESS =
  /https:\/\/[\w.\-/()%:;]*[\w/]|\b10\.\d{4,9}\/[\w.\-/()%:;]*\w|\barXiv[ :]\d{4}\.\d{4,5}/g;

/** A source, its https addresses, DOIs and arXiv numbers as links. @param {unknown} value */
export function source(value) {
  const text = clean(value, 400);
  /** @type {(Node | string)[]} */
  const parts = [];
  let at = 0;
  for (const { 0: name, index } of text.matchAll(ADDRESS)) {
    const href = name.startsWith('https:')
      ? name
      : name.startsWith('arXiv')
        ? `https://arxiv.org/abs/${name.slice(6)}`
        : `https://doi.org/${name}`;
    parts.push(
      text.slice(at, index),
      h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, name),
    );
    at = index + name.length;
  }
  return [...parts, text.slice(at) || (at ? '' : 'not stated')];
}
