// @ts-check
/**
 * Blinded items, rated by keyboard or mouse. An item comes as a message when it is asked for and is kept in
 * the page only; it is no state of the widget, so no notebook can hold it. An answer counts once the kernel
 * says that it is written. Contents go in as text, never as markup.
 */

/**
 * @typedef {string | number} Value
 * @typedef {{ id: string, text: string, answers: { value: Value, label: string }[] }} Question
 * @typedef {{ title: string, instructions: string, questions: Question[], raters: string[],
 *   rater: string | null, total: number }} Review
 * @typedef {{ at: number, item: string, content: string | [string, string | null][],
 *   answers: Record<string, Value>, note: string, done: number, total: number }} Item
 * @typedef {{ type: string, view: string, [name: string]: any }} Said
 * @typedef {{ send(content: unknown): void, on(event: string, call: (said: any) => void): void,
 *   off(event: string, call: (said: any) => void): void }} Model
 */

const PATIENCE = 8000;
const KEYS =
  'Keys: digits answer, ↑ ↓ question, ← → item, u undo, n note, Esc back to the notebook.';

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

/** @param {string} label @param {string} kind */
const button = (label, kind) => h('button', { type: 'button', class: `rv-${kind}` }, label);

/** @param {Item['content']} content */
function body(content) {
  if (typeof content === 'string') return h('div', { class: 'rv-text' }, content);
  const rows = content.map(([name, value]) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, name),
      h('td', {}, value === null ? h('em', {}, 'missing') : value),
    ),
  );
  return h('table', {}, h('tbody', {}, ...rows));
}

/**
 * A question and its answers; the chosen one has a tick, so that colour alone says nothing.
 * @param {Question} question
 * @param {Value | undefined} chosen
 * @param {boolean} active
 */
function asked(question, chosen, active) {
  const answers = question.answers.map(({ value, label }, at) =>
    h(
      'button',
      {
        type: 'button',
        class: 'rv-answer',
        'aria-pressed': String(value === chosen),
        'data-question': question.id,
        'data-at': String(at),
      },
      h('kbd', {}, String(at + 1)),
      h('span', {}, label),
    ),
  );
  const fieldset = h(
    'fieldset',
    active ? { class: 'rv-active', 'aria-current': 'step' } : {},
    h('legend', {}, question.text),
    h('div', { class: 'rv-answers' }, ...answers),
  );
  return fieldset;
}

/**
 * The page of who rates and what is asked.
 * @param {Review} review
 * @param {(rater: string) => void} begin
 */
function cover(review, begin) {
  const field = h('input', {
    type: 'text',
    maxlength: '40',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  field.value = review.rater ?? '';
  const known = review.raters.filter((rater) => rater !== review.rater);
  const form = h(
    'form',
    { autocomplete: 'off' },
    h('label', {}, 'Who rates (initials or a role)', field),
    h('button', { type: 'submit', class: 'rv-begin' }, 'Begin'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    begin(field.value);
  });
  const others = known.map((rater) => {
    const one = button(`Go on as ${rater}`, 'other');
    one.addEventListener('click', () => begin(rater));
    return one;
  });
  return h(
    'div',
    { class: 'rv-cover' },
    ...review.instructions.split('\n').map((line) => h('p', {}, line)),
    form,
    ...(others.length ? [h('div', { class: 'rv-bar' }, ...others)] : []),
  );
}

/**
 * @param {{ model: Model, el: HTMLElement }} host
 * @returns {() => void} takes everything away again
 */
function render({ model, el }) {
  const abort = new AbortController();
  const { signal } = abort;
  const view = Array.from(crypto.getRandomValues(new Uint32Array(2)), (n) => n.toString(36)).join(
    '',
  );
  const title = h('p', { class: 'rv-title', role: 'heading', 'aria-level': '3' }, 'Review');
  const bar = h('progress', { value: '0', max: '1', 'aria-label': 'Items rated' });
  const count = h('span', { class: 'rv-count' });
  const meter = h('div', { class: 'rv-meter' }, bar, count);
  const status = h('p', { class: 'rv-status', role: 'status', 'aria-live': 'polite' });
  const page = h('div', { class: 'rv-page' });
  const root = h(
    'section',
    { class: 'synthnb-review', 'aria-label': 'Review', 'data-lm-suppress-shortcuts': 'true' },
    h('div', { class: 'rv-head' }, title, meter),
    page,
    status,
  );

  /** @type {Review | undefined} */
  let review;
  /** @type {Item | undefined} */
  let item;
  let rater = '';
  let active = 0;
  let since = 0;
  let waiting = 0;
  let busy = false;
  /** Whether another item is on its way. */
  let loading = false;
  /** Whether its note is to be opened once it is here. */
  let noteNext = false;
  /** Digits typed before the last answer was kept. @type {{ item: string, at: number }[]} */
  let ahead = [];

  /** @param {string} words */
  const tell = (words) => {
    status.textContent = words;
  };

  /** @param {Record<string, unknown>} message */
  const send = (message) => {
    busy = true;
    loading = message.type !== 'rate';
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => {
      busy = loading = noteNext = false;
      tell('The notebook doesn’t answer. Run the cell again: what was rated is kept.');
    }, PATIENCE);
    model.send({ ...message, rater, view });
  };

  /** A note is written beside whatever else goes on. @param {string} words */
  const sendNote = (words) => {
    if (item) model.send({ type: 'note', item: item.item, note: words, rater, view });
  };

  /** @param {number} done @param {number} total */
  const measure = (done, total) => {
    bar.max = Math.max(total, 1);
    bar.value = done;
    count.textContent = `${done} of ${total} rated`;
  };

  /** @param {string} name */
  const begin = (name) => {
    rater = name.trim();
    if (rater === '') tell('Say who rates: initials or a role.');
    else send({ type: 'rater' });
  };

  const questions = h('div', { class: 'rv-questions' });
  const panel = h('div', { class: 'rv-item', tabindex: '0', role: 'group' });
  const place = h('p', { class: 'rv-place', role: 'heading', 'aria-level': '4' });
  const note = h('textarea', { rows: '2', maxlength: '2000', 'aria-label': 'Note on this item' });
  const noting = h('div', { class: 'rv-note', hidden: '' }, note);
  const actions = {
    back: button('← Previous', 'back'),
    next: button('Next →', 'next'),
    undo: button('Undo (u)', 'undo'),
    note: button('Note (n)', 'remark'),
  };

  const ask = () => {
    if (!review || !item) return;
    const focused = root.ownerDocument.activeElement;
    const at =
      focused instanceof HTMLElement && questions.contains(focused) ? focused.dataset : null;
    const { answers } = item;
    questions.replaceChildren(
      ...review.questions.map((question, index) =>
        asked(question, answers[question.id], index === active),
      ),
    );
    if (!at) return;
    for (const again of questions.querySelectorAll('button')) {
      if (again.dataset.question === at.question && again.dataset.at === at.at) again.focus();
    }
  };

  const firstOpen = () => {
    if (!review || !item) return 0;
    const { answers } = item;
    const open = review.questions.findIndex((question) => !(question.id in answers));
    return open < 0 ? 0 : open;
  };

  const saveNote = () => {
    if (!item || note.value === item.note) return;
    item.note = note.value;
    sendNote(note.value);
  };

  /** @param {Item} shown */
  const show = (shown) => {
    if (item && item.item !== shown.item) saveNote();
    item = shown;
    active = firstOpen();
    since = performance.now();
    place.textContent = `${shown.item}, ${shown.at + 1} of ${shown.total}`;
    panel.setAttribute('aria-label', `${shown.item}, ${shown.at + 1} of ${shown.total}`);
    panel.replaceChildren(body(shown.content));
    panel.scrollTop = 0;
    note.value = shown.note;
    noting.hidden = shown.note === '';
    measure(shown.done, shown.total);
    ask();
    if (!page.contains(panel)) {
      page.replaceChildren(
        place,
        panel,
        questions,
        noting,
        h('div', { class: 'rv-bar' }, actions.back, actions.next, actions.undo, actions.note),
        h('p', { class: 'rv-keys' }, KEYS),
      );
    }
    panel.focus();
  };

  /** @param {number} by */
  const move = (by) => {
    if (!item || busy) return;
    const to = item.at + by;
    if (to < 0 || to >= item.total)
      tell(by < 0 ? 'This is the first item.' : 'This is the last item.');
    else send({ type: 'show', at: to });
  };

  /** @param {number} index @param {number} at */
  const answer = (index, at) => {
    const question = review?.questions[index];
    const chosen = question?.answers[at];
    if (!item || busy || !question || !chosen) return;
    active = index;
    const seconds = (performance.now() - since) / 1000;
    send({ type: 'rate', item: item.item, question: question.id, rating: chosen.value, seconds });
  };

  /** @param {Said} said */
  const kept = (said) => {
    if (!review || !item || said.item !== item.item) return;
    const before = Object.keys(item.answers).length;
    item.answers = said.answers;
    measure(said.done, said.total);
    const all = review.questions.length;
    const complete = Object.keys(said.answers).length === all;
    if (said.done === said.total && (before < all || said.next === null)) {
      tell(`Kept. All ${said.total} items are rated. Thank you; ← and → look at them again.`);
    } else if (complete && before < all && root.ownerDocument.activeElement !== note) {
      tell('Kept.');
      send({ type: 'show', at: said.next });
      return;
    } else {
      tell('Kept.');
    }
    active = complete ? Math.min(active + 1, all - 1) : firstOpen();
    ask();
  };

  /** @type {Record<string, (said: Said) => void>} */
  const answers = {
    review: (said) => {
      review = /** @type {any} */ (said);
      title.textContent = said.title;
      measure(0, said.total);
      page.replaceChildren(cover(/** @type {any} */ (said), begin));
    },
    begun: (said) => {
      rater = said.rater;
      measure(said.done, said.total);
      tell(
        said.at === null ? `All ${said.total} items are rated. ← and → look at them again.` : '',
      );
      send({ type: 'show', at: said.at ?? 0 });
    },
    item: (said) => show(/** @type {any} */ (said)),
    kept,
    noted: () => tell('The note is kept.'),
    undone: (said) => {
      measure(said.done, said.total);
      tell(said.at === null ? 'There is nothing to take back.' : 'The last answer is taken back.');
      if (said.at !== null) send({ type: 'show', at: said.at });
    },
    failed: (said) => tell(said.text),
  };

  /** @param {Said} said */
  const hear = (said) => {
    if (said?.view !== view || !Object.hasOwn(answers, said.type)) return;
    if (said.type !== 'noted') {
      busy = loading = false;
      window.clearTimeout(waiting);
    }
    answers[said.type](said);
    if (busy) return;
    if (noteNext) openNote();
    const typed = ahead.shift();
    if (typed && typed.item === item?.item) answer(active, typed.at);
    else ahead = [];
  };

  function openNote() {
    noteNext = loading;
    if (loading) return;
    noting.hidden = false;
    note.focus();
  }

  /** @param {number} by */
  const choose = (by) => {
    active = Math.max(0, Math.min(active + by, (review?.questions.length ?? 1) - 1));
    ask();
    tell(review?.questions[active]?.text ?? '');
  };

  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
    ArrowUp: () => choose(-1),
    ArrowDown: () => choose(1),
    u: () => {
      if (!busy) send({ type: 'undo' });
    },
    n: openNote,
    Escape: () => {
      if (noteNext) {
        noteNext = false;
        return;
      }
      const outside = root.parentElement?.closest('[tabindex]');
      if (outside instanceof HTMLElement) outside.focus();
      else panel.blur();
    },
  };

  actions.back.addEventListener('click', () => move(-1), { signal });
  actions.next.addEventListener('click', () => move(1), { signal });
  actions.undo.addEventListener('click', () => keys.u(), { signal });
  actions.note.addEventListener('click', openNote, { signal });
  note.addEventListener('change', saveNote, { signal });
  questions.addEventListener(
    'click',
    (event) => {
      const chosen = /** @type {HTMLElement} */ (event.target).closest('button');
      const index = review?.questions.findIndex((one) => one.id === chosen?.dataset.question) ?? -1;
      if (chosen && index >= 0) answer(index, Number(chosen.dataset.at));
    },
    { signal },
  );
  root.addEventListener(
    'keydown',
    (event) => {
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
      if (!plain) return;
      // A notebook takes keys for its own commands if they reach it.
      if (/^(Enter|Escape|Backspace|Delete| |Home|End|Page|Arrow|.$)/.test(event.key)) {
        event.stopPropagation();
      }
      if (event.target instanceof HTMLInputElement) return;
      if (event.target === note) {
        if (event.key !== 'Escape' && !(event.key === 'Enter' && !event.shiftKey)) return;
        event.preventDefault();
        saveNote();
        panel.focus();
      } else if (item && /^[1-9]$/.test(event.key)) {
        event.preventDefault();
        const at = Number(event.key) - 1;
        if (busy) ahead.push({ item: item.item, at });
        else answer(active, at);
      } else if (item && event.key in keys) {
        event.preventDefault();
        keys[event.key]();
      }
    },
    { signal },
  );
  el.append(root);
  model.on('msg:custom', hear);
  send({ type: 'hello' });
  return () => {
    abort.abort();
    window.clearTimeout(waiting);
    model.off('msg:custom', hear);
    root.remove();
  };
}

export default { render };
