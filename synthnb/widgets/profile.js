// @ts-check
/**
 * A frame's columns as an editable table. A change of kind or role is sent to the kernel at once;
 * the kernel answers with the columns as they are then, or with why it can't be so.
 * Names go in as text, never as markup.
 */

/**
 * @typedef {{ name: string, kind: string, kinds: string[], role: string, dtype: string, distinct: number,
 *   missing: number, small_cells: number, flags: string[] }} Column
 * @typedef {{ kinds: Record<string, string>, roles: Record<string, string> }} Corrections
 * @typedef {{ get(name: string): any, set(name: string, value: unknown): void, save_changes(): void,
 *   on(event: string, call: () => void): void, off(event: string, call: () => void): void }} Model
 */

const HEAD = ['Column', 'Kind', 'Role', 'Distinct', 'Missing', 'To look at'];
const LONGEST = 80;

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
function h(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** @param {string} text */
const cut = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

/**
 * @param {string} what
 * @param {Column} column
 * @param {[string, string][]} choices
 * @param {string} value
 * @param {number} index
 */
function choice(what, column, choices, value, index) {
  const select = h(
    'select',
    {
      'data-what': what,
      'data-index': String(index),
      'aria-label': `${what} of ${cut(column.name)}`,
    },
    ...choices.map(([name, label]) => h('option', { value: name }, label)),
  );
  select.value = value;
  return select;
}

/** @param {Column} column @param {number} index @param {Record<string, string>} roles */
function row(column, index, roles) {
  /** @type {[string, string][]} */
  const kinds = column.kinds.map((kind, at) => [kind, at === 0 ? `${kind} (as found)` : kind]);
  return h(
    'tr',
    column.flags.length ? { class: 'sp-flagged' } : {},
    h('th', { scope: 'row', title: column.dtype }, cut(column.name)),
    h('td', {}, choice('kinds', column, kinds, column.kind, index)),
    h('td', {}, choice('roles', column, Object.entries(roles), column.role, index)),
    h('td', { class: 'sp-number' }, column.distinct.toLocaleString('en')),
    h('td', { class: 'sp-number' }, `${(100 * column.missing).toFixed(1)} %`),
    h('td', {}, column.flags.join('; ')),
  );
}

/**
 * @param {{ model: Model, el: HTMLElement }} host
 * @returns {() => void} takes everything away again
 */
function render({ model, el }) {
  const abort = new AbortController();
  const root = h('section', { class: 'synthnb-profile', 'aria-label': 'Columns of the table' });
  const status = h('p', { class: 'sp-status', role: 'status', 'aria-live': 'polite' });
  const filter = h('input', {
    type: 'search',
    placeholder: 'Find a column',
    'aria-label': 'Find a column',
  });
  const body = h('tbody', {});
  const title = h('p', { class: 'sp-title', role: 'heading', 'aria-level': '3' });

  const draw = () => {
    /** @type {Column[]} */
    const columns = model.get('columns') ?? [];
    const wanted = filter.value.trim().toLowerCase();
    const active = /** @type {HTMLElement | null} */ (root.ownerDocument.activeElement);
    const at =
      active && root.contains(active)
        ? { what: active.dataset.what, index: active.dataset.index }
        : null;
    title.textContent = String(model.get('title') ?? '');
    body.replaceChildren(
      ...columns.flatMap((column, index) =>
        column.name.toLowerCase().includes(wanted)
          ? [row(column, index, model.get('roles') ?? {})]
          : [],
      ),
    );
    if (at?.what) {
      const again = body.querySelector(`select[data-what="${at.what}"][data-index="${at.index}"]`);
      if (again instanceof HTMLElement) again.focus();
    }
  };

  const tell = () => {
    status.textContent = String(model.get('message') ?? '');
  };

  /** @param {HTMLSelectElement} select */
  const correct = (select) => {
    const column = model.get('columns')[Number(select.dataset.index)];
    /** @type {Corrections} */
    const before = model.get('corrections');
    const what = select.dataset.what === 'roles' ? 'roles' : 'kinds';
    model.set('corrections', {
      ...before,
      [what]: { ...before[what], [column.name]: select.value },
    });
    model.save_changes();
    status.textContent = 'Handed to the notebook.';
  };

  const { signal } = abort;
  root.addEventListener(
    'change',
    (event) => {
      if (event.target instanceof HTMLSelectElement) correct(event.target);
    },
    { signal },
  );
  filter.addEventListener('input', draw, { signal });
  root.addEventListener(
    'keydown',
    (event) => {
      // A notebook takes these keys for its own commands if they reach it.
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
      if (plain && /^(Enter|Escape| |Home|End|Arrow|.$)/.test(event.key)) event.stopPropagation();
    },
    { signal },
  );
  root.append(
    title,
    h(
      'p',
      { class: 'sp-help' },
      'This is what each column is taken for. Correct what is wrong: each change goes into the recipe at once.',
    ),
    h('div', { class: 'sp-bar' }, filter, status),
    h(
      'div',
      { class: 'sp-scroll' },
      h(
        'table',
        {},
        h('thead', {}, h('tr', {}, ...HEAD.map((name) => h('th', { scope: 'col' }, name)))),
        body,
      ),
    ),
  );
  el.append(root);
  model.on('change:columns', draw);
  model.on('change:message', tell);
  draw();
  tell();
  return () => {
    abort.abort();
    model.off('change:columns', draw);
    model.off('change:message', tell);
    root.remove();
  };
}

export default { render };
