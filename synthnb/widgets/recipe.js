// @ts-check
/**
 * A recipe that a description was compiled to, as an editable table. A changed number is sent to the
 * kernel at once; the kernel answers with the recipe and its ten rows as they are then, or with why it
 * can't be so. Names and values go in as text, never as markup.
 */

/**
 * @typedef {{ name: string, kind: string, how?: string }} Column
 * @typedef {string | number | boolean | null} Value
 * @typedef {{ column: string, number: string, value: Value, source: string,
 *   label?: string, note?: string }} Figure
 * @typedef {{ text: string, meaning: string, held: boolean | null }} Statement
 * @typedef {{ table: string, rows: number, columns: Column[], numbers: Figure[], statements: Statement[],
 *   sample: { columns: string[], rows: Value[][] }, notes: string[] }} Compiled
 * @typedef {{ get(name: string): any, set(name: string, value: unknown): void, save_changes(): void,
 *   on(event: string, call: () => void): void, off(event: string, call: () => void): void }} Model
 */

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

/** @param {unknown} value */
function text(value) {
  const words = value === null || value === undefined ? '' : String(value);
  return words.length > LONGEST ? `${words.slice(0, LONGEST - 1)}…` : words;
}

/**
 * @param {string[]} names
 * @param {boolean[]} numeric which columns hold numbers only
 */
const head = (names, numeric = []) =>
  h(
    'thead',
    {},
    h(
      'tr',
      {},
      ...names.map((name, at) =>
        h('th', { scope: 'col', class: numeric[at] ? 'sr-number' : '' }, name),
      ),
    ),
  );

/**
 * @param {string} label
 * @param {HTMLElement[]} parts
 */
const scroll = (label, ...parts) =>
  h(
    'div',
    { class: 'sr-scroll', tabindex: '0', role: 'group', 'aria-label': label },
    h('table', {}, ...parts),
  );

/** A number as it was typed: a number where it reads as one. @param {string} typed */
function read(typed) {
  const plain = typed.trim();
  return plain !== '' && Number.isFinite(Number(plain)) ? Number(plain) : plain;
}

/** A value as it stands in a field: six digits of a number that has more. @param {Value} value */
function written(value) {
  if (value === null) return '';
  return String(typeof value === 'number' ? Number(value.toPrecision(6)) : value);
}

/**
 * @param {Figure} figure
 * @param {number} index
 * @param {Record<string, string>} sources
 */
function figureRow(figure, index, sources) {
  const label = figure.label ?? figure.number;
  const field = h('input', {
    type: 'text',
    inputmode: typeof figure.value === 'number' ? 'decimal' : 'text',
    autocomplete: 'off',
    'data-index': String(index),
    'aria-label': `${text(label)} of ${text(figure.column)}`,
  });
  field.value = written(figure.value);
  const source = sources[figure.source] ?? figure.source;
  return h(
    'tr',
    { class: figure.source === 'user' ? 'sr-said' : '' },
    h('th', { scope: 'row', title: figure.number }, text(label)),
    h('td', {}, field),
    h('td', {}, source),
    h('td', { class: 'sr-note' }, text(figure.note)),
  );
}

/**
 * The numbers, a body for each column.
 * @param {Compiled} compiled
 * @param {string} wanted
 * @param {Record<string, string>} sources
 */
function figures(compiled, wanted, sources) {
  return compiled.columns
    .filter((column) => column.name.toLowerCase().includes(wanted))
    .map((column) => {
      const own = compiled.numbers.flatMap((figure, index) =>
        figure.column === column.name ? [figureRow(figure, index, sources)] : [],
      );
      const title = h(
        'th',
        { scope: 'rowgroup', colspan: '4' },
        h('strong', {}, text(column.name)),
      );
      title.append(` ${column.kind}${column.how ? `, ${text(column.how)}` : ''}`);
      return h('tbody', {}, h('tr', { class: 'sr-column' }, title), ...own);
    });
}

/** @param {Compiled['sample']} sample */
function rows(sample) {
  const numeric = sample.columns.map((_, at) =>
    sample.rows.every((row) => row[at] === null || typeof row[at] === 'number'),
  );
  const body = sample.rows.map((row) =>
    h(
      'tr',
      {},
      ...row.map((value) =>
        value === null
          ? h('td', {}, h('em', {}, 'missing'))
          : h('td', typeof value === 'number' ? { class: 'sr-number' } : {}, text(value)),
      ),
    ),
  );
  return scroll(
    'Rows drawn from the recipe',
    head(sample.columns.map(text), numeric),
    h('tbody', {}, ...body),
  );
}

/** @param {Statement[]} statements */
function said(statements) {
  const body = statements.map((one) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, text(one.text)),
      h('td', {}, text(one.meaning)),
      h('td', {}, one.held === null ? 'not told by rows' : one.held ? 'holds' : 'does not hold'),
    ),
  );
  return scroll(
    'What the description says',
    head(['You said', 'Understood as', 'In the recipe']),
    h('tbody', {}, ...body),
  );
}

/**
 * @param {{ model: Model, el: HTMLElement }} host
 * @returns {() => void} takes everything away again
 */
function render({ model, el }) {
  const abort = new AbortController();
  const { signal } = abort;
  const root = h('section', { class: 'synthnb-recipe', 'aria-label': 'Recipe' });
  const title = h('p', { class: 'sr-title', role: 'heading', 'aria-level': '3' });
  const status = h('p', { class: 'sr-status', role: 'status', 'aria-live': 'polite' });
  const accept = h('button', { type: 'button', class: 'sr-accept' });
  const filter = h('input', {
    type: 'search',
    placeholder: 'Find a column',
    'aria-label': 'Find a column',
  });
  const numbers = h('table', {}, head(['Number', 'Value', 'Who says so', 'Note']));
  const more = h('div', {});

  /** @returns {Compiled} */
  const compiled = () => model.get('compiled');

  const drawNumbers = () => {
    const active = /** @type {HTMLElement | null} */ (root.ownerDocument.activeElement);
    const at = active && numbers.contains(active) ? active.dataset.index : undefined;
    const bodies = figures(
      compiled(),
      filter.value.trim().toLowerCase(),
      model.get('sources') ?? {},
    );
    numbers.replaceChildren(/** @type {Node} */ (numbers.firstChild), ...bodies);
    const again = at === undefined ? null : numbers.querySelector(`input[data-index="${at}"]`);
    if (again instanceof HTMLElement) again.focus();
  };

  const drawState = () => {
    const { rows: count } = compiled();
    const state = model.get('state');
    accept.textContent =
      state === 'drawn' ? 'Rows are drawn' : `Accept, and draw ${count.toLocaleString('en')} rows`;
    accept.toggleAttribute('disabled', state !== 'open');
  };

  const draw = () => {
    const { table, rows: count, columns, statements, sample, notes } = compiled();
    title.textContent = `${text(table)}: ${count.toLocaleString('en')} rows × ${columns.length} columns`;
    drawNumbers();
    drawState();
    more.replaceChildren(
      h('p', { class: 'sr-part' }, `${sample.rows.length} rows drawn from it`),
      rows(sample),
      ...(statements.length
        ? [h('p', { class: 'sr-part' }, 'What the description says'), said(statements)]
        : []),
      ...(notes.length ? [h('ul', {}, ...notes.map((note) => h('li', {}, note)))] : []),
    );
  };

  const tell = () => {
    status.textContent = String(model.get('message') ?? '');
  };

  /** @param {HTMLInputElement} field */
  const send = (field) => {
    const figure = compiled().numbers[Number(field.dataset.index)];
    const value = read(field.value);
    if (field.value.trim() === written(figure.value)) return;
    const turn = (model.get('change')?.turn ?? 0) + 1;
    model.set('change', { column: figure.column, number: figure.number, value, turn });
    model.save_changes();
    status.textContent = 'Handed to the notebook.';
  };

  numbers.addEventListener(
    'change',
    (event) => {
      if (event.target instanceof HTMLInputElement) send(event.target);
    },
    { signal },
  );
  filter.addEventListener('input', drawNumbers, { signal });
  accept.addEventListener(
    'click',
    () => {
      model.set('accepted', (model.get('accepted') ?? 0) + 1);
      model.save_changes();
      status.textContent = 'Handed to the notebook.';
    },
    { signal },
  );
  root.addEventListener(
    'keydown',
    (event) => {
      // A notebook takes these keys for its own commands if they reach it.
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
      if (plain && /^(Enter|Escape|Backspace|Delete| |Home|End|Arrow|.$)/.test(event.key)) {
        event.stopPropagation();
      }
    },
    { signal },
  );
  root.append(
    title,
    h(
      'p',
      { class: 'sr-help' },
      'What the description doesn’t say was guessed. Change what is wrong: the rows below follow. ' +
        'Nothing is drawn before you accept.',
    ),
    h('div', { class: 'sr-bar' }, filter, accept, status),
    h(
      'div',
      { class: 'sr-scroll', tabindex: '0', role: 'group', 'aria-label': 'Numbers of the recipe' },
      numbers,
    ),
    more,
  );
  el.append(root);
  model.on('change:compiled', draw);
  model.on('change:state', drawState);
  model.on('change:message', tell);
  draw();
  tell();
  return () => {
    abort.abort();
    model.off('change:compiled', draw);
    model.off('change:state', drawState);
    model.off('change:message', tell);
    root.remove();
  };
}

export default { render };
