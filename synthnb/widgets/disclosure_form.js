// @ts-check
/**
 * The form for what only a human may state in a disclosure.
 *
 * Nothing is filled in by a model or kept anywhere but in the kernel: Save hands
 * the statements over and counts. Labels and values go in as text, never as markup.
 */

/**
 * @typedef {{ id: string, label: string, help: string, value: string, control: string, required: boolean,
 *   choices: { value: string, label: string }[] }} Field
 * @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control
 * @typedef {{ get(name: string): any, set(name: string, value: unknown): void, save_changes(): void,
 *   on(event: string, call: () => void): void, off(event: string, call: () => void): void }} Model
 */

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

/** @param {Field} field @param {string} value @param {Record<string, string>} attributes @returns {Control} */
function control(field, value, attributes) {
  if (field.control === 'choice') {
    const options = [{ value: '', label: 'not stated' }, ...field.choices];
    const known = options.some((option) => option.value === value);
    if (!known) options.push({ value, label: value });
    const select = h(
      'select',
      attributes,
      ...options.map((option) => h('option', { value: option.value }, option.label)),
    );
    select.value = value;
    return select;
  }
  const node =
    field.control === 'line'
      ? h('input', { type: 'text', autocomplete: 'off', ...attributes })
      : h('textarea', { rows: '2', ...attributes });
  node.value = value;
  return node;
}

/**
 * What was filled in, and an empty string for what is taken back. The fields remember what was
 * stated, so that it can be taken back without opening the form anew.
 * {Field[]} fields
 * @param {HTMLFormElement} form
 */
function collect(fields, form) {
  /** @type {Record<string, string>} */
  const statements = {};
  for (const field of fields) {
    const node = /** @type {Control | null} */ (form.elements.namedItem(field.id));
    const value = node ? node.value.trim() : '';
    if (value || field.value) statements[field.id] = value;
    field.value = value;
  }
  return statements;
}

/**
 * @param {{ model: Model, el: HTMLElement }} host
 * @returns {() => void} takes everything away again
 */
function render({ model, el }) {
  const uid = `sf-${Math.random().toString(36).slice(2, 9)}`;
  const root = h('section', { class: 'synthnb-form', 'aria-labelledby': `${uid}-title` });
  const status = h('p', { class: 'sf-status', role: 'status', 'aria-live': 'polite' });
  const abort = new AbortController();

  const draw = () => {
    /** @type {Field[]} */
    const fields = model.get('fields') ?? [];
    const stated = fields.filter((field) => field.value).length;
    const rows = fields.map((field) => {
      const id = `${uid}-${field.id}`;
      const described = { id, name: field.id, 'aria-describedby': `${id}-help` };
      return h(
        'div',
        { class: 'sf-field' },
        h('label', { for: id }, field.required ? field.label : `${field.label} (optional)`),
        h('p', { class: 'sf-help', id: `${id}-help` }, field.help ?? ''),
        control(field, String(field.value ?? ''), described),
      );
    });
    root.replaceChildren(
      h(
        'p',
        { class: 'sf-title', id: `${uid}-title`, role: 'heading', 'aria-level': '3' },
        'What only you can state',
      ),
      h(
        'p',
        { class: 'sf-help' },
        `No model fills in any of this: people do. ${stated} of ${fields.length} stated so far; ` +
          'a field left empty is disclosed as not stated.',
      ),
      h(
        'form',
        {},
        ...rows,
        h('div', { class: 'sf-bar' }, h('button', { type: 'submit' }, 'Save statements'), status),
      ),
    );
  };

  const save = () => {
    const form = root.querySelector('form');
    if (!form) return;
    model.set('statements', collect(model.get('fields') ?? [], form));
    model.set('saved', (model.get('saved') ?? 0) + 1);
    model.save_changes();
    status.textContent = 'Statements handed to the notebook.';
  };

  const tell = () => {
    const message = model.get('message');
    if (message) status.textContent = String(message);
  };

  const { signal } = abort;
  root.addEventListener(
    'submit',
    (event) => {
      event.preventDefault();
      save();
    },
    { signal },
  );
  root.addEventListener('input', () => (status.textContent = 'Not saved yet.'), { signal });
  root.addEventListener(
    'keydown',
    (event) => {
      // A notebook takes these keys for its own commands if they reach it.
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
      if (plain && /^(Enter|Escape| |Home|End|Arrow)/.test(event.key)) event.stopPropagation();
    },
    { signal },
  );
  el.append(root);
  model.on('change:fields', draw);
  model.on('change:message', tell);
  draw();
  tell();
  return () => {
    abort.abort();
    model.off('change:fields', draw);
    model.off('change:message', tell);
    root.remove();
  };
}

export default { render };
