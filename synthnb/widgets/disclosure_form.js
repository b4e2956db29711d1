// @ts-check
/**
 * The form for what only a person can state in a disclosure, and for what the tool proposes.
 *
 * Nothing is filled in by a model. Save hands over what changed, with the name of who says so, and
 * counts; the kernel answers by counting too. What was typed and not yet saved is a trait, so
 * that a view drawn anew has it; for the case that the kernel is gone it is also kept in this
 * browser tab, and offered, never put in unasked. Labels and values go in as text, never as markup.
 */

/**
 * @typedef {{ id: string, label: string, help: string, section: string, fill: 'human' | 'proposed', required: boolean,
 *   control: 'choice' | 'line' | 'text', choices: { value: string, label: string }[], value: string, proposal: string[] }} Field
 * @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control
 * @typedef {{ get(name: string): any, set(name: string, value: unknown): void, save_changes(): void,
 *   on(event: string, call: () => void): void, off(event: string, call: () => void): void }} Model
 * @typedef {Record<string, string>} Texts
 */

const PATIENCE = 5000;
const KEPT = 'synthnb-form:';
const PERSON = '_person';
const LONGEST_NAME = 200;
const NOT_SAVED = 'Not saved yet.';

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

/** @param {string} text @param {string} kind */
const button = (text, kind) => h('button', { type: 'button', class: kind }, text);

/** What is kept in this tab; a page that may not use the storage keeps nothing. */
const kept = {
  /** @param {string} key @returns {Texts} */
  read(key) {
    try {
      const found = JSON.parse(sessionStorage.getItem(KEPT + key) ?? '{}');
      const texts = Object.entries(found ?? {}).filter(([, text]) => typeof text === 'string');
      return Object.fromEntries(texts);
    } catch {
      return {};
    }
  },
  /** @param {string} key @param {Texts} draft */
  write(key, draft) {
    try {
      if (Object.keys(draft).length) sessionStorage.setItem(KEPT + key, JSON.stringify(draft));
      else sessionStorage.removeItem(KEPT + key);
    } catch {
      // The page keeps what it shows; nothing else can be done.
    }
  },
};

/** @param {Field} field @param {string} value @param {Record<string, string>} attributes @returns {Control} */
function control(field, value, attributes) {
  if (field.control === 'choice') {
    const options = [{ value: '', label: 'not stated' }, ...field.choices];
    if (!options.some((option) => option.value === value)) options.push({ value, label: value });
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

/** @param {Field} field */
const isProposal = (field) => field.proposal.length > 0 && !field.value;

/**
 * What the form holds beside what is stated: by field, the text typed; of a proposal, under `?` and
 * the field's name, `=` for its being accepted, or `~` and the text that takes its place.
 * @param {Field[]} fields
 * @param {Element} root
 * @returns {Texts}
 */
function drafted(fields, root) {
  /** @type {Texts} */
  const draft = {};
  for (const field of fields) {
    const node = /** @type {Control | null} */ (root.querySelector(`[name="${field.id}"]`));
    const text = node ? node.value.trim() : '';
    if (isProposal(field)) {
      const choice = /** @type {HTMLInputElement | null} */ (
        root.querySelector(`[name="${field.id}-how"]:checked`)
      );
      if (choice?.value === 'accept') draft[`?${field.id}`] = '=';
      else if (choice?.value === 'change') draft[`?${field.id}`] = `~${text}`;
    } else if (text !== field.value) draft[field.id] = text;
  }
  return draft;
}

/**
 * What of a draft still differs from what is stated.
 * @param {Field[]} fields
 * @param {Texts} draft
 * @param {string} person
 * @returns {Texts}
 */
function settled(fields, draft, person) {
  const open = fields.filter((field) => {
    const text = draft[isProposal(field) ? `?${field.id}` : field.id];
    return text !== undefined && (isProposal(field) || text !== field.value);
  });
  const names = open.map((field) => (isProposal(field) ? `?${field.id}` : field.id));
  if (draft[PERSON] !== undefined && draft[PERSON] !== person) names.push(PERSON);
  return Object.fromEntries(names.map((name) => [name, draft[name]]));
}

/**
 * What a draft states: a proposal that was accepted is stated in its own words.
 * @param {Field[]} fields
 * @param {Texts} draft
 */
function statements(fields, draft) {
  /** @type {Record<string, string | string[]>} */
  const said = {};
  for (const field of fields) {
    const text = draft[isProposal(field) ? `?${field.id}` : field.id];
    if (text === undefined) continue;
    if (!isProposal(field)) said[field.id] = text;
    else if (text === '=') said[field.id] = field.proposal;
    else if (text.length > 1) said[field.id] = text.slice(1);
  }
  return said;
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
  const { signal } = abort;
  let waiting = 0;

  /** @returns {Field[]} */
  const fields = () =>
    (model.get('fields') ?? []).map((/** @type {Field} */ field) => ({
      ...field,
      value: String(field.value ?? ''),
      proposal: field.proposal ?? [],
    }));
  const key = () => String(model.get('key') ?? '');

  /** @param {Field} field @param {Texts} draft */
  const described = (field, draft) => {
    const id = `${uid}-${field.id}`;
    const wrong = model.get('problems')?.[field.id];
    /** @type {Record<string, string>} */
    const attributes = { id, name: field.id, 'aria-describedby': `${id}-help ${id}-wrong` };
    if (wrong) attributes['aria-invalid'] = 'true';
    return {
      id,
      attributes,
      text: draft[field.id] ?? field.value,
      help: h('p', { class: 'sf-help', id: `${id}-help` }, field.help ?? ''),
      wrong: h('p', { class: 'sf-wrong', id: `${id}-wrong` }, wrong ? `! ${wrong}` : ''),
    };
  };

  /** @param {Field} field @param {Texts} draft */
  const row = (field, draft) => {
    const { id, attributes, text, help, wrong } = described(field, draft);
    const label = field.required ? field.label : `${field.label} (optional)`;
    const shown = control(field, text, attributes);
    return h('div', { class: 'sf-field' }, h('label', { for: id }, label), help, shown, wrong);
  };

  /** A proposal: the tool's words, and what the person makes of them. @param {Field} field @param {Texts} draft */
  const proposal = (field, draft) => {
    const { id, attributes, help, wrong } = described(field, draft);
    const typed = draft[`?${field.id}`];
    const chosen = typed === undefined ? 'leave' : typed === '=' ? 'accept' : 'change';
    const own = control(
      field,
      typed?.startsWith('~') ? typed.slice(1) : field.proposal.join('\n'),
      {
        ...attributes,
        'aria-label': `${field.label}, in your words`,
      },
    );
    own.hidden = chosen !== 'change';
    /** @type {[string, string][]} */
    const ways = [
      ['leave', 'Leave it as a proposal'],
      ['accept', 'Accept it as it is'],
      ['change', 'Change it'],
    ];
    const radios = ways.map(([value, label]) => {
      const radio = h('input', {
        type: 'radio',
        name: `${field.id}-how`,
        value,
        id: `${id}-${value}`,
      });
      radio.checked = value === chosen;
      return h('label', { class: 'sf-way', for: `${id}-${value}` }, radio, label);
    });
    return h(
      'fieldset',
      { class: 'sf-field sf-proposal', 'aria-describedby': `${id}-help` },
      h('legend', {}, `${field.label} (proposed by the tool)`),
      help,
      ...field.proposal.map((text) => h('p', { class: 'sf-proposed' }, text)),
      h('div', { class: 'sf-ways' }, ...radios),
      own,
      wrong,
    );
  };

  /** @param {string} name @param {Field[]} all @param {Texts} draft */
  const section = (name, all, draft) => {
    const own = all.filter((field) => field.section === name);
    const aside = own.filter(
      (field) => field.fill === 'proposed' && !isProposal(field) && !field.value,
    );
    const drawn = own
      .filter((field) => !aside.includes(field))
      .map((field) => (isProposal(field) ? proposal(field, draft) : row(field, draft)));
    const more = h(
      'details',
      { class: 'sf-more' },
      h('summary', {}, `${aside.length} more that may be stated`),
      ...aside.map((field) => row(field, draft)),
    );
    more.open = aside.some((field) => draft[field.id] || model.get('problems')?.[field.id]);
    return h(
      'fieldset',
      { class: 'sf-section' },
      h('legend', { class: 'sf-legend' }, name),
      ...drawn,
      ...(aside.length ? [more] : []),
    );
  };

  const person = (/** @type {Texts} */ draft) => {
    const id = `${uid}-person`;
    const wrong = model.get('problems')?.[PERSON];
    const input = h('input', {
      type: 'text',
      id,
      name: PERSON,
      autocomplete: 'off',
      maxlength: String(LONGEST_NAME),
      'aria-describedby': `${id}-help ${id}-wrong`,
      ...(wrong ? { 'aria-invalid': 'true' } : {}),
    });
    input.value = draft[PERSON] ?? String(model.get('person') ?? '');
    return h(
      'div',
      { class: 'sf-field sf-person' },
      h('label', { for: id }, 'Who states this'),
      h(
        'p',
        { class: 'sf-help', id: `${id}-help` },
        'Your name, with your role if you like. It is kept with each statement.',
      ),
      input,
      h('p', { class: 'sf-wrong', id: `${id}-wrong` }, wrong ? `! ${wrong}` : ''),
    );
  };

  /** What is still missing, each a way to its field; what is typed but not saved doesn't count as missing. */
  const missing = () => {
    const all = fields().filter((field) => field.required);
    const draft = drafted(fields(), root);
    const gone = all.filter((field) => !(draft[field.id] ?? field.value));
    const links = gone.map((field) => {
      const link = button(field.label, 'sf-link');
      link.addEventListener('click', () => focus(field.id), { signal });
      return h('li', {}, link);
    });
    const said = gone.length
      ? `Still missing: ${gone.length} of the ${all.length} that every disclosure needs.`
      : `Nothing is missing of the ${all.length} that every disclosure needs.`;
    root
      .querySelector('.sf-missing')
      ?.replaceChildren(
        h('p', {}, said),
        ...(links.length ? [h('ul', { class: 'sf-links' }, ...links)] : []),
      );
  };

  /** @param {string} name */
  const focus = (name) => {
    const node = /** @type {HTMLElement | null} */ (
      root.querySelector(`[name="${name}"]:not([hidden])`)
    );
    const details = node?.closest('details');
    if (details) details.open = true;
    node?.focus();
    node?.scrollIntoView({ block: 'nearest' });
  };

  /** Offer what was typed in this tab before the kernel was gone. */
  const offer = () => {
    const known = new Set([PERSON, ...fields().flatMap(({ id }) => [id, `?${id}`])]);
    const found = Object.entries(kept.read(key())).filter(([name]) => known.has(name));
    const texts = found.filter(([name]) => name !== PERSON);
    if (!key() || !texts.length || Object.keys(model.get('draft') ?? {}).length) return [];
    const back = button('Put it back', 'sf-button');
    const away = button('Discard it', 'sf-button');
    back.addEventListener(
      'click',
      () => {
        model.set('draft', Object.fromEntries(found));
        model.save_changes();
        draw();
        status.textContent = NOT_SAVED;
        focus(texts[0][0].replace('?', ''));
      },
      { signal },
    );
    away.addEventListener(
      'click',
      () => {
        kept.write(key(), {});
        draw();
      },
      { signal },
    );
    const many = texts.length === 1 ? '1 answer' : `${texts.length} answers`;
    const words = `You typed ${many} here that no kernel has recorded.`;
    return [
      h(
        'div',
        { class: 'sf-offer', role: 'group', 'aria-label': words },
        h('p', {}, words),
        back,
        away,
      ),
    ];
  };

  const draw = () => {
    const active = /** @type {Document | ShadowRoot} */ (root.getRootNode()).activeElement;
    const before = active && root.contains(active) ? active.id : '';
    const all = fields();
    /** @type {Texts} */
    const draft = settled(all, model.get('draft') ?? {}, String(model.get('person') ?? ''));
    const names = [...new Set(all.map((field) => field.section))];
    root.replaceChildren(
      h(
        'p',
        { class: 'sf-title', id: `${uid}-title`, role: 'heading', 'aria-level': '3' },
        'What only you can state',
      ),
      h(
        'p',
        { class: 'sf-help' },
        'No model fills in any of this: people do. A field left empty is disclosed as not stated; ' +
          'what the tool proposes stays a proposal until you accept it or change it.',
      ),
      h('div', { class: 'sf-missing' }),
      ...offer(),
      h(
        'form',
        { novalidate: '' },
        person(draft),
        ...names.map((name) => section(name, all, draft)),
        h(
          'div',
          { class: 'sf-bar' },
          h(
            'button',
            { type: 'submit', class: 'sf-button sf-save', id: `${uid}-save` },
            'Save statements',
          ),
          status,
        ),
      ),
    );
    missing();
    if (before) /** @type {HTMLElement | null} */ (root.querySelector(`#${before}`))?.focus();
  };

  /** Keep what is typed, here and in the kernel. */
  const keep = () => {
    const name =
      /** @type {HTMLInputElement | null} */ (root.querySelector(`[name="${PERSON}"]`))?.value ??
      '';
    const draft = drafted(fields(), root);
    if (name !== String(model.get('person') ?? '')) draft[PERSON] = name;
    model.set('draft', draft);
    model.save_changes();
    if (key()) kept.write(key(), draft);
    missing();
  };

  /** @param {Texts} problems */
  const refuse = (problems) => {
    model.set('problems', problems);
    draw();
    const names = Object.keys(problems);
    status.textContent = `Not saved: ${Object.values(problems).join(' ')}`;
    if (names.length) focus(names[0]);
  };

  const save = () => {
    keep();
    const draft = model.get('draft') ?? {};
    const name = String(draft[PERSON] ?? model.get('person') ?? '').trim();
    const said = statements(fields(), draft);
    const empty = fields().find((field) => isProposal(field) && draft[`?${field.id}`] === '~');
    if (!name) return refuse({ [PERSON]: 'Say who states this.' });
    if (empty)
      return refuse({
        [empty.id]: `Say what takes the place of the proposal for ${empty.label}, or leave it.`,
      });
    if (!Object.keys(said).length) {
      status.textContent = 'Nothing was changed, so nothing was recorded.';
      return undefined;
    }
    model.set('problems', {});
    model.set('person', name);
    model.set('statements', said);
    model.set('saved', (model.get('saved') ?? 0) + 1);
    model.save_changes();
    status.textContent = 'Handed to the notebook …';
    clearTimeout(waiting);
    waiting = window.setTimeout(() => {
      if ((model.get('received') ?? 0) < model.get('saved')) {
        status.textContent =
          'No answer from the kernel; it may have stopped. What you typed stays here. ' +
          'Run the cell again, and it is offered to you.';
      }
    }, PATIENCE);
    return undefined;
  };

  /** The kernel has recorded it: nothing is left to be kept. */
  const received = () => {
    if ((model.get('received') ?? 0) < (model.get('saved') ?? 0)) return;
    clearTimeout(waiting);
    const draft = settled(fields(), model.get('draft') ?? {}, String(model.get('person') ?? ''));
    kept.write(key(), draft);
    model.set('draft', draft);
    model.save_changes();
    draw();
    tell();
  };

  const tell = () => {
    const message = model.get('message');
    if (message) status.textContent = String(message);
  };

  const troubled = () => {
    draw();
    const names = Object.keys(model.get('problems') ?? {});
    if (names.length) focus(names[0]);
  };

  root.addEventListener(
    'submit',
    (event) => {
      event.preventDefault();
      save();
    },
    { signal },
  );
  root.addEventListener(
    'input',
    (event) => {
      const node = /** @type {HTMLInputElement} */ (event.target);
      if (node.type === 'radio') {
        const own = /** @type {HTMLElement | null} */ (
          root.querySelector(`[name="${node.name.replace(/-how$/, '')}"]`)
        );
        if (own) own.hidden = node.value !== 'change';
      }
      status.textContent = NOT_SAVED;
      keep();
    },
    { signal },
  );
  root.addEventListener(
    'keydown',
    (event) => {
      // A notebook takes keys for its own commands if they reach it.
      if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key !== 'Tab')
        event.stopPropagation();
    },
    { signal },
  );
  el.append(root);
  /** @type {[string, () => void][]} */
  const watched = [
    ['change:fields', draw],
    ['change:message', tell],
    ['change:problems', troubled],
    ['change:received', received],
  ];
  for (const [event, call] of watched) model.on(event, call);
  draw();
  tell();
  return () => {
    abort.abort();
    clearTimeout(waiting);
    for (const [event, call] of watched) model.off(event, call);
    root.remove();
  };
}

export default { render };
