// @ts-check
/**
 * A field for a provider's key. What is typed is sent to the kernel once, as a message; it is no state
 * of the widget, so no notebook can hold it, and the field is empty again at once.
 */

/**
 * @typedef {{ get(name: string): any, send(content: unknown): void,
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

/**
 * @param {{ model: Model, el: HTMLElement }} host
 * @returns {() => void} takes everything away again
 */
function render({ model, el }) {
  const abort = new AbortController();
  const { signal } = abort;
  const field = h('input', {
    type: 'password',
    autocomplete: 'off',
    spellcheck: 'false',
    'data-lpignore': 'true',
  });
  const status = h('p', { class: 'sk-status', role: 'status', 'aria-live': 'polite' });
  const label = h('label', {}, `Key of ${String(model.get('provider') ?? '')}`, field);
  const root = h(
    'form',
    { class: 'synthnb-key', autocomplete: 'off' },
    label,
    h('button', { type: 'submit' }, 'Use in this session'),
    status,
  );

  const tell = () => {
    status.textContent = String(model.get('message') ?? '');
  };

  root.addEventListener(
    'submit',
    (event) => {
      event.preventDefault();
      const value = field.value;
      field.value = '';
      if (value.trim() === '') {
        status.textContent = 'The field is empty.';
        return;
      }
      status.textContent = 'Handed to the notebook.';
      model.send({ type: 'key', value });
    },
    { signal },
  );
  root.addEventListener(
    'keydown',
    (event) => {
      // A notebook takes keys for its own commands if they reach it.
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
      if (plain && /^(Enter|Escape|Backspace|Delete| |Home|End|Arrow|.$)/.test(event.key)) {
        event.stopPropagation();
      }
    },
    { signal },
  );
  el.append(root);
  model.on('change:message', tell);
  tell();
  return () => {
    abort.abort();
    model.off('change:message', tell);
    root.remove();
  };
}

export default { render };
