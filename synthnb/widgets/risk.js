// @ts-check
/**
 * The guided form of the risk record: what the record tells, and what only a person can say.
 *
 * No model fills in any of this. The assessment that is proposed from the record stands beside its field and
 * is put in only when the person presses for it. Labels and values go in as text, never as markup.
 */

/**
 * @typedef {{ id: string, step: string, label: string, hint: string, control: 'line' | 'text' | 'choice',
 *   required: boolean, choices: Record<string, string>, value: string }} Question
 * @typedef {{ frame: string, attack: string, outcome: string, label: string, value: number | null, low: number | null,
 *   high: number | null, limit: string, reason: string }} Attack
 * @typedef {{ attacks?: Attack[], generation?: string[], proposed?: string, recommended?: string, problems?: string[],
 *   reasons?: { at_most: string, said: string }[] }} Risk
 * @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control
 * @typedef {{ get(name: string): any, set(name: string, value: unknown): void, save_changes(): void,
 *   on(event: string, call: () => void): void, off(event: string, call: () => void): void }} Model
 */

const SIGNS = {
  pass: '✓',
  fail: '✗',
  undecided: '?',
  'no limit': '–',
  'not attacked': '–',
};
const CLASSES = ['local', 'team', 'controlled', 'public'];

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

/** @param {Question} question @param {Record<string, string>} attributes @returns {Control} */
function control(question, attributes) {
  if (question.control === 'choice') {
    const options = [['', 'not stated'], ...Object.entries(question.choices)];
    const select = h('select', attributes);
    select.append(...options.map(([value, label]) => h('option', { value }, label)));
    select.value = question.value;
    return select;
  }
  const node =
    question.control === 'line'
      ? h('input', { type: 'text', autocomplete: 'off', ...attributes })
      : h('textarea', { rows: '2', ...attributes });
  node.value = question.value;
  return node;
}

/** @param {number | null} value */
const figure = (value) => (value === null ? '–' : value.toFixed(3).replace('-', '−'));

/** @param {Attack} attack */
function result(attack) {
  if (attack.value === null) return attack.reason;
  const interval =
    attack.low === null || attack.high === null
      ? 'no interval'
      : `${figure(attack.low)} to ${figure(attack.high)}`;
  return `${attack.label} ${figure(attack.value)} (${interval})`;
}

/** @param {Attack[]} attacks */
function attackTable(attacks) {
  const heads = ['Frame', 'Attack', 'Result, 95 % interval', 'Limit', 'Outcome'];
  const rows = attacks.map((attack) => {
    const sign = SIGNS[/** @type {keyof typeof SIGNS} */ (attack.outcome)] ?? '';
    return h(
      'tr',
      {},
      h('td', {}, attack.frame),
      h('th', { scope: 'row' }, attack.attack),
      h('td', {}, result(attack)),
      h('td', {}, attack.limit || 'no limit set'),
      h('td', {}, h('span', { 'aria-hidden': 'true' }, `${sign} `), attack.outcome),
    );
  });
  return h(
    'div',
    { class: 'sr-scroll', tabindex: '0', role: 'region', 'aria-label': 'Results of attacks' },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
      h('tbody', {}, ...rows),
    ),
  );
}

/**
 * @param {{ model: Model, el: HTMLElement }} host
 * @returns {() => void} takes everything away again
 */
function render({ model, el }) {
  const uid = `sr-${Math.random().toString(36).slice(2, 9)}`;
  const root = h('section', { class: 'synthnb-risk', 'aria-labelledby': `${uid}-title` });
  const status = h('p', { class: 'sr-status', role: 'status', 'aria-live': 'polite' });
  const advice = h('div', { class: 'sr-advice', id: `${uid}-advice` });
  const record = h('div', {});
  const told = h('div', {});
  /** @type {Record<string, string>} */
  const stated = {};

  /** @returns {Question[]} */
  const questions = () => model.get('questions') ?? [];
  /** @returns {Risk} */
  const risk = () => model.get('risk') ?? {};
  /** @param {string} name @returns {Control | null} */
  const field = (name) => root.querySelector(`[name="${name}"]`);

  /** @param {Question} question */
  const row = (question) => {
    const id = `${uid}-${question.id}`;
    const label = question.required ? question.label : `${question.label} (optional)`;
    const described = question.id === 'release' ? `${id}-help ${uid}-advice` : `${id}-help`;
    stated[question.id] = question.value;
    const parts = [
      h('label', { for: id }, label),
      h('p', { class: 'sr-help', id: `${id}-help` }, question.hint),
      control(question, { id, name: question.id, 'aria-describedby': described }),
    ];
    if (question.id === 'assessment') parts.push(proposal(id));
    if (question.id === 'release') parts.unshift(advice);
    return h('div', { class: 'sr-field' }, ...parts);
  };

  /** @param {string} id */
  const proposal = (id) => {
    const text = risk().proposed ?? '';
    if (!text)
      return h('p', { class: 'sr-help' }, 'The record proposes nothing: no frame was made.');
    const take = h('button', { type: 'button', class: 'sr-plain' }, 'Put the proposed text in');
    take.addEventListener('click', () => {
      const node = field('assessment');
      if (node) node.value = text;
      node?.focus();
      changed();
    });
    return h(
      'details',
      {},
      h('summary', {}, 'Proposed from the record'),
      h('p', { id: `${id}-proposed` }, text),
      take,
    );
  };

  const tellRecord = () => {
    const { attacks = [], generation = [] } = risk();
    record.replaceChildren(
      attacks.length
        ? attackTable(attacks)
        : h('p', { class: 'sr-help' }, 'Nothing was made that could have been attacked.'),
    );
    told.replaceChildren(
      generation.length
        ? h('ul', {}, ...generation.map((line) => h('li', {}, line)))
        : h('p', { class: 'sr-help' }, 'The record holds no run.'),
    );
    tellAdvice();
  };

  const tellAdvice = () => {
    const { recommended = 'local', reasons = [] } = risk();
    const chosen = field('release')?.value ?? '';
    const beyond = CLASSES.indexOf(chosen) > CLASSES.indexOf(recommended);
    advice.replaceChildren(
      h(
        'p',
        {},
        h('strong', {}, `Recommended: ${recommended}.`),
        ' You choose; this is no permission.',
      ),
      h(
        'ul',
        {},
        ...reasons.map((reason) => h('li', {}, `${reason.at_most} at most: ${reason.said}`)),
      ),
      ...(beyond
        ? [
            h(
              'p',
              { class: 'sr-beyond' },
              `${chosen} is more open than recommended; the record says so.`,
            ),
          ]
        : []),
    );
  };

  const changed = () => {
    status.textContent = 'Not saved yet.';
    tellAdvice();
  };

  /** @param {{ id: string, label: string, lead: string }} step @param {number} number */
  const part = (step, number) => {
    const own = questions().filter((question) => question.step === step.id);
    const id = `${uid}-step${number}`;
    const between = step.id === 'generate' ? [told] : step.id === 'assess' ? [record] : [];
    return h(
      'fieldset',
      { 'aria-describedby': id },
      h('legend', {}, step.label),
      h('p', { class: 'sr-help', id }, step.lead),
      ...between,
      ...own.map(row),
    );
  };

  const draw = () => {
    const form = h(
      'form',
      { novalidate: '' },
      ...(model.get('steps') ?? []).map(part),
      h(
        'div',
        { class: 'sr-field' },
        h('label', { for: `${uid}-person` }, 'Who says this'),
        h(
          'p',
          { class: 'sr-help', id: `${uid}-person-help` },
          'Your name and role. A model or a program says nothing.',
        ),
        h('input', {
          type: 'text',
          id: `${uid}-person`,
          name: 'person',
          'aria-describedby': `${uid}-person-help`,
        }),
      ),
      h('div', { class: 'sr-bar' }, h('button', { type: 'submit' }, 'Save risk record'), status),
    );
    root.replaceChildren(
      h(
        'p',
        { class: 'sr-title', id: `${uid}-title`, role: 'heading', 'aria-level': '3' },
        'Risk record',
      ),
      h(
        'p',
        { class: 'sr-help' },
        'What is left open is listed as missing. No model fills in any of this.',
      ),
      form,
    );
    const person = field('person');
    if (person) person.value = model.get('person') ?? '';
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      save();
    });
    tellRecord();
  };

  const save = () => {
    /** @type {Record<string, string>} */
    const answers = {};
    for (const { id } of questions()) {
      const text = field(id)?.value.trim() ?? '';
      if (text !== stated[id]) answers[id] = text;
    }
    if (!Object.keys(answers).length) {
      status.textContent = 'Nothing was filled in or changed, so nothing was recorded.';
      return;
    }
    Object.assign(stated, answers);
    status.textContent = 'Handed to the notebook …';
    model.set('person', field('person')?.value.trim() ?? '');
    model.set('answers', answers);
    model.set('saved', (model.get('saved') ?? 0) + 1);
    model.save_changes();
  };

  const tell = () => {
    const message = model.get('message');
    if (message) status.textContent = String(message);
  };

  root.addEventListener('input', changed);
  root.addEventListener('keydown', (event) => {
    // A notebook takes keys for its own commands if they reach it.
    if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key !== 'Tab')
      event.stopPropagation();
  });
  draw();
  el.append(root);
  model.on('change:risk', tellRecord);
  model.on('change:message', tell);
  return () => {
    model.off('change:risk', tellRecord);
    model.off('change:message', tell);
    root.remove();
  };
}

export default { render };
