// @ts-check
/** The keyboard: one stop for each list, arrow keys within it, and keys kept from the notebook. */

/** Keys that a notebook takes for its own commands (edit, select the next cell) if they reach it. */
export const OWN_KEYS = [
  'Enter',
  ' ',
  'Escape',
  'Home',
  'End',
  'ArrowLeft',
  'ArrowRight',
  'ArrowUp',
  'ArrowDown',
];

/** @param {Element} list @returns {HTMLElement[]} */
const itemsOf = (list) =>
  [...list.querySelectorAll('[data-item]')].map((node) => /** @type {HTMLElement} */ (node));

/** Leave one stop for the Tab key in each list. @param {Element} root */
export function settle(root) {
  for (const list of root.querySelectorAll('[data-rove]')) {
    const items = itemsOf(list);
    const at = items.findIndex((item) => item === document.activeElement);
    items.forEach((item, index) => {
      item.tabIndex = index === Math.max(0, at) ? 0 : -1;
    });
  }
}

/** How many items stand in the first row. @param {HTMLElement[]} items */
const across = (items) => {
  const next = items.findIndex((item) => item.offsetTop > items[0].offsetTop);
  return next < 1 ? items.length : next;
};

/** Where a key leads from an item; the same place if nowhere. @param {HTMLElement[]} items @param {number} at @param {string} key */
function target(items, at, key) {
  const row = items[0].closest('tbody') ? 1 : across(items);
  const to = {
    ArrowLeft: row > 1 ? at - 1 : at,
    ArrowRight: row > 1 ? at + 1 : at,
    ArrowUp: at - row,
    ArrowDown: at + row,
    Home: 0,
    End: items.length - 1,
  }[key];
  return to === undefined || !items[to] ? at : to;
}

/** Move within the list that holds an item; whether it is one. @param {Element} from @param {string} key */
export function rove(from, key) {
  const list = from.hasAttribute('data-item') && from.closest('[data-rove]');
  if (!list) return false;
  const items = itemsOf(list);
  const at = items.indexOf(/** @type {HTMLElement} */ (from));
  const to = items[target(items, at, key)];
  items.forEach((item) => {
    item.tabIndex = item === to ? 0 : -1;
  });
  to.focus();
  return true;
}
