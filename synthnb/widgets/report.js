// @ts-check
/**
 * The report dashboard: draws an evaluation report's JSON wherever it is shown.
 *
 * One module, three hosts: anywidget (live kernel), the lab extension's renderer
 * (kernel gone) and exported HTML (inlined). So it imports nothing and fetches
 * nothing, and is longer than other files: no host could resolve a second one.
 * Whatever comes from the data is inserted as text, never as markup.
 */

/**
 * @typedef {{ metric: string, label: string, version: number, dimension: string,
 *   subject: string[], value: number | null, low: number | null, high: number | null,
 *   n: number | null, direction: string, ceiling: number | null, matched?: number | null,
 *   reference: string,
 *   reason: string | null, parameters: Record<string, unknown>, seconds: number | null }} Score
 * @typedef {{ labels: string[], real: number[], synthetic: number[] }} Bins
 * @typedef {{ name: string, kind: string, score: number | null, bins: Bins | null,
 *   missing: { real: number | null, synthetic: number | null, bound?: string } | null }} Column
 * @typedef {{ group: Record<string, string>, n_real: number | null, n_synthetic: number | null,
 *   share_real: number | null, share_synthetic: number | null, fidelity: number | null,
 *   utility: number | null, fidelity_ceiling?: number | null, fidelity_matched?: number | null,
 *   utility_ceiling?: number | null,
 *   suppressed: boolean }} Subgroup
 * @typedef {{ name?: string, rows?: number, columns?: number | string[], digest?: string }} Table
 * @typedef {{ schema: string, id: string, profile: string, created: string, seed: number,
 *   headline: string, synthetic: Table | null, real: Table | null, holdout: Table | null,
 *   target: string | null, groups: string[], minimum_cell: number, scores: Score[],
 *   columns: Column[], pairs: { names: string[], errors: [number, number, number][] },
 *   subgroups: Subgroup[], omitted?: Record<string, number>, not_evaluated: { dimension: string, reason: string }[] }} Report
 * @typedef {{ get(name: string): any, on?(event: string, call: () => void): void,
 *   off?(event: string, call: () => void): void }} Model
 * @typedef {{ report: Report, root: HTMLElement, uid: string, tab: string, filter: string,
 *   sort: string, shown: number, pairsShown: number, opened: Record<string, boolean>,
 *   column: number | null, cell: number }} View
 * @typedef {Node | string | null | undefined | false | (Node | string | null | undefined | false)[] | unknown[]} Child
 */

const SVG = 'http://www.w3.org/2000/svg';
const PAGE = 24;
const SCORES_SHOWN = 12;
const HEATMAP_LIMIT = 30;
const NUMERIC = new Set(['integer', 'real', 'date', 'datetime', 'time', 'timedelta']);
const BIN_SIGNS = /[<≥≤–]/;

/** Each dimension's heading and what a reader must know before reading its numbers. */
const DIMENSIONS = {
  validity: [
    'Validity',
    'Do the rows respect the schema, ranges and categories of the real table?',
  ],
  fidelity: [
    'Fidelity',
    'Closeness to the real table. No accepted threshold exists: compare each ceiling, the same score ' +
      'of real rows against other real rows (the hold-out, or two halves), with the figure in brackets, ' +
      'the score of as many synthetic rows.',
  ],
  utility: ['Utility', 'Does a model trained on the synthetic rows work on real rows held out?'],
  privacy: [
    'Privacy',
    'Attacks with a control set. An attack that does no better than its baseline is inconclusive, ' +
      'not proof of safety.',
  ],
  bias: ['Bias and subgroups', 'Is any declared group represented or served worse than the rest?'],
  copies: ['Exact copies', 'Synthetic rows that equal a real row.'],
  diagnostic: [
    'Copying and overfitting diagnostics',
    'Distances show overfitting. They are not evidence about privacy.',
  ],
  text: ['Text', ''],
  human: ['Human review', ''],
  judge: ['Judged by a model', ''],
};

const DIRECTIONS = {
  higher: 'higher is better',
  lower: 'lower is better',
  half: '0.5 is ideal',
  none: 'descriptive',
};

const TABS = ['overview', 'columns', 'pairs', 'subgroups', 'missing'];

// --- text ---------------------------------------------------------------------------------

const UNSAFE = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu;

/**
 * A string from the data, cut, with control and text-direction characters made visible.
 * @param {unknown} value
 * @param {number} [limit]
 */
export function clean(value, limit = 80) {
  const text = String(value ?? '');
  const cut =
    text.length > limit ? `${[...text.slice(0, 2 * limit)].slice(0, limit - 1).join('')}…` : text;
  return cut.replace(UNSAFE, (sign) => {
    if (sign === '\n') return '⏎';
    if (sign === '\t') return ' ';
    return `[U+${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`;
  });
}

/**
 * The same, made safe inside a Markdown table.
 * @param {unknown} value
 * @param {number} [limit]
 */
function markdown(value, limit = 300) {
  return clean(value, limit)
    .replace(/[\\`*_[\]|~#$]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/:\/\//g, '&#58;//')
    .replace(/www\./g, 'www&#46;');
}

/** A time to the second. @param {unknown} value */
const moment = (value) => clean(value).replace(/\.\d+Z$/, 'Z');

/** @param {unknown} value @returns {value is number} */
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

/** @param {unknown} value @param {number} [digits] */
const fixed = (value, digits = 3) =>
  isNumber(value)
    ? value
        .toFixed(digits)
        .replace(/^-(?=[0.]*$)/, '')
        .replace('-', '−')
    : '–';

/** @param {unknown} value */
const count = (value) => (isNumber(value) ? value.toLocaleString('en-GB') : '–');

/** @param {unknown} value */
const percent = (value) => (isNumber(value) ? `${(value * 100).toFixed(1)} %` : '–');

/** @param {Score} score */
const interval = (score) =>
  isNumber(score.low) && isNumber(score.high) ? `${fixed(score.low)} to ${fixed(score.high)}` : '–';

/** The interval in words. @param {Score} score */
const spread = (score) =>
  interval(score) === '–' ? 'no interval' : `95 % interval ${interval(score)}`;

/** The ceiling, and in brackets what as many synthetic rows as it rests on score. @param {Score} score */
const ceiling = (score) =>
  isNumber(score.ceiling) && isNumber(score.matched)
    ? `${fixed(score.ceiling)} (${fixed(score.matched)})`
    : fixed(score.ceiling);

/** @param {Score} score */
const title = (score) =>
  [clean(score.label || score.metric), score.subject.map((name) => clean(name, 60)).join(' × ')]
    .filter(Boolean)
    .join(': ');

/** @param {string} dimension */
const heading = (dimension) => {
  const name = clean(dimension);
  const known = /** @type {Record<string, string[]>} */ (DIMENSIONS);
  return Object.hasOwn(known, dimension)
    ? known[dimension][0]
    : name.slice(0, 1).toUpperCase() + name.slice(1);
};

/** Which way is good, and what an attack's figures say. @param {Score} score */
const reading = ({ direction, parameters }) => {
  const known = /** @type {Record<string, string>} */ (DIRECTIONS);
  const way = Object.hasOwn(known, direction) ? known[direction] : clean(direction);
  return typeof parameters.reading === 'string' ? `${way}; ${clean(parameters.reading)}` : way;
};

/** @param {Table | null} table */
function tableLine(table) {
  if (!table) return '';
  const columns = Array.isArray(table.columns) ? table.columns.length : table.columns;
  return `${clean(table.name)}, ${count(table.rows)} rows × ${count(columns)} columns`;
}

// --- building ------------------------------------------------------------------------------

/**
 * @param {Element} node
 * @param {string} classes separated by full stops
 * @param {(Record<string, unknown> | Child)[]} parts attributes first, if any, then children
 */
function build(node, classes, parts) {
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
    node.setAttribute(name, value === true ? '' : String(value));
  }
}

/** An HTML element: `h('p.note', { id }, 'text')`. @param {string} what @param {...(Record<string, unknown> | Child)} parts */
function h(what, ...parts) {
  const [tag, ...classes] = what.split('.');
  return /** @type {HTMLElement} */ (build(document.createElement(tag), classes.join('.'), parts));
}

/** An SVG element. @param {string} what @param {...(Record<string, unknown> | Child)} parts */
function s(what, ...parts) {
  const [tag, ...classes] = what.split('.');
  return build(document.createElementNS(SVG, tag), classes.join('.'), parts);
}

/**
 * A table with a caption, its wide content scrolling by itself. Numbers stand right.
 * @param {string} caption
 * @param {string[]} head
 * @param {Child[][]} rows
 * @param {number[]} [right] the columns that hold numbers
 */
function table(caption, head, rows, right = []) {
  const side = (/** @type {number} */ index) => (right.includes(index) ? 'sn-num' : null);
  const line = (/** @type {Child[]} */ cells) =>
    h(
      'tr',
      cells.map((cell, index) =>
        index === 0
          ? h('th', { scope: 'row', class: side(index) }, cell)
          : h('td', { class: side(index) }, cell),
      ),
    );
  return h(
    'div.sn-scroll',
    { tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      h('caption', caption),
      h(
        'thead',
        h(
          'tr',
          head.map((text, index) => h('th', { scope: 'col', class: side(index) }, text)),
        ),
      ),
      h('tbody', rows.map(line)),
    ),
  );
}

/** @param {number} level @param {string} text @param {Record<string, unknown>} [attributes] */
const title3 = (level, text, attributes = {}) =>
  h(
    'p',
    {
      class: `sn-h${level}`,
      role: 'heading',
      'aria-level': level,
      ...attributes,
    },
    text,
  );

/** @param {string} action @param {string} text @param {Record<string, unknown>} [attributes] */
const button = (action, text, attributes = {}) =>
  h('button', { type: 'button', 'data-act': action, 'data-key': action, ...attributes }, text);

const ADDRESS =
  /https:\/\/[\w.\-/()%:;]*[\w/]|\b10\.\d{4,9}\/[\w.\-/()%:;]*\w|\barXiv[ :]\d{4}\.\d{4,5}/g;

/** A source, its https addresses, DOIs and arXiv numbers as links. @param {unknown} value */
function source(value) {
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

// --- overview ------------------------------------------------------------------------------

/**
 * Dot and whisker on one shared axis, above it the ceiling as an open triangle and the value at
 * the ceiling's size as an open dot: these two rest on equally many rows.
 * @param {Score} score
 * @param {[number, number]} range
 */
function whisker(score, [from, to]) {
  const [width, left, right, middle] = [180, 6, 174, 12];
  const x = (/** @type {number} */ value) => left + ((value - from) / (to - from)) * (right - left);
  const ticks = [from, (from + to) / 2, to].map((at) =>
    s('line.sn-axis', { x1: x(at), x2: x(at), y1: middle - 3, y2: middle + 3 }),
  );
  const [c, m] = [score.ceiling, score.matched].map((at) => (isNumber(at) ? x(at) : null));
  return s(
    'svg.sn-whisker',
    { viewBox: `0 0 ${width} 24`, width, height: 24, 'aria-hidden': true },
    s('title', `${title(score)}: ${fixed(score.value)}, ${spread(score)}`),
    s('line.sn-axis', { x1: left, x2: right, y1: middle, y2: middle }),
    ticks,
    score.direction === 'half' && s('line.sn-ideal', { x1: x(0.5), x2: x(0.5), y1: 1, y2: 23 }),
    c !== null && s('path.sn-ceiling', { d: `M${c} ${middle - 3} l-4 -7 h8 Z` }),
    m !== null && s('circle.sn-ceiling', { cx: m, cy: middle - 7, r: 3 }),
    isNumber(score.low) &&
      isNumber(score.high) &&
      s('path.sn-interval', {
        d: `M${x(score.low)} ${middle - 4} v8 m0 -4 H${x(score.high)} m0 -4 v8`,
      }),
    isNumber(score.value) && s('circle.sn-dot', { cx: x(score.value), cy: middle, r: 3.5 }),
  );
}

/** How a number came about, folded under its name. @param {Score} score */
function method(score) {
  const parameters = Object.entries(score.parameters)
    .map(
      ([name, value]) =>
        `${clean(name)} = ${clean(typeof value === 'string' ? value : JSON.stringify(value))}`,
    )
    .join(', ');
  const facts = [
    ['Definition', `${clean(score.metric)}, version ${clean(score.version)}`],
    ['Reference', source(score.reference)],
    ['Parameters', parameters || 'none'],
    ['Time', isNumber(score.seconds) ? `${fixed(score.seconds, 2)} s` : '–'],
  ];
  return h(
    'details.sn-method',
    h('summary', { title: `How it is measured: ${clean(score.reference, 200)}` }, title(score)),
    h(
      'dl',
      facts.map(([name, value]) => [h('dt', name), h('dd', value)]),
    ),
  );
}

/** @param {Score} score @param {[number, number]} range */
function scoreRow(score, range) {
  const computed = isNumber(score.value);
  const reason = clean(score.reason || 'no reason given', 300);
  return h(
    'tr',
    h(
      'th',
      { scope: 'row' },
      method(score),
      !computed && h('p.sn-why', `Not computed: ${reason}`),
      h('span.sn-under.sn-dim', reading(score)),
    ),
    h('td.sn-plot', computed && whisker(score, range)),
    h('td.sn-num.sn-value', fixed(score.value)),
    h('td.sn-num', interval(score)),
    h('td.sn-num', ceiling(score)),
    h('td.sn-num', count(score.n)),
    h('td.sn-dim', reading(score)),
  );
}

/** @type {[number, number][]} */
const RANGES = [
  [0, 0.01],
  [0.9, 1],
  [0, 0.1],
  [0.4, 0.6],
  [0.8, 1],
  [0.5, 1],
  [0, 0.5],
  [0, 1],
];

/** The narrowest round range that holds every score of a dimension. @param {Score[]} scores @returns {[number, number]} */
function span(scores) {
  const known = scores
    .flatMap((score) => [
      score.value,
      score.low,
      score.high,
      score.ceiling,
      score.matched,
      score.direction === 'half' ? 0.5 : null,
    ])
    .filter(isNumber);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const fit = RANGES.find(([from, to]) => from <= low && high <= to);
  return fit ?? [Math.floor(Math.min(0, low) * 10) / 10, Math.ceil(Math.max(1, high) * 10) / 10];
}

/** @param {View} view @param {string} dimension @param {Score[]} scores */
function dimensionBlock(view, dimension, scores) {
  const overall = scores.filter((score) => score.subject.length === 0);
  const first = overall.length > 0 ? overall : scores.slice(0, SCORES_SHOWN);
  const key = `scores-${dimension}`;
  const shown = view.opened[key]
    ? [...first, ...scores.filter((score) => !first.includes(score))]
    : first;
  const range = span(shown);
  const note = /** @type {Record<string, string[]>} */ (DIMENSIONS)[dimension]?.[1];
  const id = `${view.uid}-${key}`;
  const ends = h(
    'span.sn-ends',
    { 'aria-hidden': true },
    ...range.map((end) => h('span', String(+end.toFixed(2)).replace('-', '−'))),
  );
  const head = ['Score', ends, 'Value', '95 % interval', 'Ceiling', 'n', 'Reading'];
  return h(
    'section.sn-dimension',
    { 'aria-labelledby': id },
    title3(4, dimension === 'column' ? 'Scores of this column' : heading(dimension), { id }),
    note && h('p.sn-note', note),
    h(
      'div.sn-scroll',
      { tabindex: 0, role: 'region', 'aria-labelledby': id },
      h(
        'table.sn-scores',
        h(
          'thead',
          h(
            'tr',
            head.map((text, index) =>
              h(
                'th',
                {
                  scope: 'col',
                  class: index > 1 && index < 6 ? 'sn-num' : null,
                  'aria-label': index === 1 ? 'Plot' : null,
                },
                text,
              ),
            ),
          ),
        ),
        h(
          'tbody',
          shown.map((score) => scoreRow(score, range)),
        ),
      ),
    ),
    shown.length < scores.length &&
      button('scores', `Show ${count(scores.length - shown.length)} more, by column or group`, {
        'data-value': key,
        'data-key': key,
      }),
  );
}

/** @param {View} view */
function overview(view) {
  const { scores } = view.report;
  const known = Object.keys(DIMENSIONS);
  const order = [
    ...known,
    ...new Set(scores.map((score) => score.dimension).filter((name) => !known.includes(name))),
  ];
  const blocks = order.map((dimension) => {
    const own = scores.filter((score) => score.dimension === dimension);
    return own.length > 0 && dimensionBlock(view, dimension, own);
  });
  return [
    h(
      'p.sn-legend',
      h(
        'span',
        s(
          'svg',
          { width: 12, height: 12, 'aria-hidden': true },
          s('circle.sn-dot', { cx: 6, cy: 6, r: 4 }),
        ),
        'value',
      ),
      h(
        'span',
        s(
          'svg',
          { width: 26, height: 12, 'aria-hidden': true },
          s('path.sn-interval', { d: 'M1 2 v8 m0 -4 H25 m0 -4 v8' }),
        ),
        '95 % interval',
      ),
      h(
        'span',
        s(
          'svg',
          { width: 12, height: 12, 'aria-hidden': true },
          s('path.sn-ceiling', { d: 'M6 10 l-4 -7 h8 Z' }),
        ),
        'ceiling: the same score with real rows in place of the synthetic ones',
      ),
      h(
        'span',
        s(
          'svg',
          { width: 12, height: 12, 'aria-hidden': true },
          s('circle.sn-ceiling', { cx: 6, cy: 6, r: 3 }),
        ),
        'value at the ceiling’s size (in brackets)',
      ),
    ),
    scores.length > 0 ? blocks : h('p.sn-dim', 'No scores in this report.'),
  ];
}

// --- columns -------------------------------------------------------------------------------

/** Real is hatched and outlined, synthetic is solid. @param {View} view @param {boolean} numeric */
const legend = (view, numeric) =>
  h(
    'p.sn-legend',
    h(
      'span',
      s(
        'svg',
        { width: 18, height: 12, 'aria-hidden': true },
        numeric
          ? s('path.sn-step', { d: 'M1 11 V5 H9 V2 H17 V11' })
          : s('rect.sn-real', {
              x: 1,
              y: 1,
              width: 16,
              height: 10,
              fill: `url(#${view.uid}-hatch)`,
            }),
      ),
      numeric ? 'real (outline)' : 'real (hatched)',
    ),
    h(
      'span',
      s(
        'svg',
        { width: 18, height: 12, 'aria-hidden': true },
        s('rect.sn-synthetic', { x: 1, y: 1, width: 16, height: 10 }),
      ),
      'synthetic (solid)',
    ),
  );

/** @param {Column} column */
const bins = (column) => column.bins ?? { labels: [], real: [], synthetic: [] };

/** Whether the bins are neighbours on a line, not levels (a code of few values is an integer too). @param {Column} column */
const isLine = (column) =>
  NUMERIC.has(column.kind) && bins(column).labels.some((label) => BIN_SIGNS.test(String(label)));

/** @param {Column} column */
const tallest = (column) => Math.max(0.0001, ...bins(column).real, ...bins(column).synthetic);

/**
 * The marks of a distribution: a step line over solid bars, or paired bars.
 * @param {View} view
 * @param {Column} column
 * @param {{ x: number, y: number, width: number, height: number, top: number }} box
 */
function marks(view, column, box) {
  const { labels, real, synthetic } = bins(column);
  const step = box.width / Math.max(1, labels.length);
  const base = box.y + box.height;
  const tall = (/** @type {number} */ share) => (Math.max(0, share || 0) / box.top) * box.height;
  const bar = (
    /** @type {string} */ name,
    /** @type {number} */ x,
    /** @type {number} */ width,
    /** @type {number} */ share,
  ) =>
    s('rect', {
      class: `sn-${name}`,
      x: x.toFixed(1),
      y: (base - tall(share)).toFixed(1),
      width: Math.max(0.5, width).toFixed(1),
      height: tall(share).toFixed(1),
      fill: name === 'real' ? `url(#${view.uid}-hatch)` : null,
    });
  if (!isLine(column)) {
    const gap = step * 0.14;
    const half = (step - 2 * gap) / 2;
    return labels.flatMap((_, index) => [
      bar('real', box.x + index * step + gap, half, real[index]),
      bar('synthetic', box.x + index * step + gap + half, half, synthetic[index]),
    ]);
  }
  const outline = real
    .map(
      (share, index) =>
        `V${(base - tall(share)).toFixed(1)} H${(box.x + (index + 1) * step).toFixed(1)}`,
    )
    .join(' ');
  return [
    ...synthetic.map((share, index) =>
      bar('synthetic', box.x + index * step + 0.5, step - 1, share),
    ),
    s('path.sn-step.sn-halo', { d: `M${box.x} ${base} ${outline} V${base}` }),
    s('path.sn-step', { d: `M${box.x} ${base} ${outline} V${base}` }),
  ];
}

/** The real share, with its sign where it is only bounded. @param {Column} column */
const missingReal = ({ missing }) =>
  `${missing?.bound ? `${clean(missing.bound, 2)} ` : ''}${percent(missing?.real)}`;

/** @param {Column} column */
const missingLine = (column) =>
  column.missing?.real === 0 && column.missing.synthetic === 0
    ? 'none missing'
    : `missing ${missingReal(column)} real, ${percent(column.missing?.synthetic)} synthetic`;

/** The same where there is little room: real, then synthetic. @param {Column} column */
const missingShort = (column) =>
  missingLine(column) === 'none missing'
    ? 'none missing'
    : `${missingReal(column)} / ${percent(column.missing?.synthetic)} missing`;

/** @param {View} view @param {Column} column @param {number} index */
function card(view, column, index) {
  const name = clean(column.name);
  const empty = bins(column).labels.length === 0;
  const summary = `${name}, ${column.kind}, score ${fixed(column.score)}, ${missingLine(column)}. Open chart and table.`;
  return h(
    'li',
    h(
      'button',
      {
        type: 'button',
        class: 'sn-card',
        'data-act': 'open',
        'data-value': index,
        'data-key': `card-${index}`,
        'aria-label': summary,
      },
      h(
        'span.sn-card-head',
        h('span.sn-name', { title: name }, name),
        h('span.sn-value', fixed(column.score)),
      ),
      empty
        ? h('span.sn-dim.sn-nochart', 'no distribution to show')
        : s(
            'svg',
            {
              viewBox: '0 0 200 56',
              'aria-hidden': true,
              preserveAspectRatio: 'none',
              class: 'sn-mini',
            },
            marks(view, column, {
              x: 0,
              y: 2,
              width: 200,
              height: 53,
              top: tallest(column),
            }),
            s('line.sn-axis', { x1: 0, x2: 200, y1: 55.5, y2: 55.5 }),
          ),
      h(
        'span.sn-card-foot',
        h('span', clean(column.kind)),
        h('span', { title: missingLine(column) }, missingShort(column)),
      ),
    ),
  );
}

/** Indices of the columns that pass the filter, in the chosen order. @param {View} view */
function chosen(view) {
  const { columns } = view.report;
  const wanted = view.filter.trim().toLowerCase();
  const kept = columns
    .map((_, index) => index)
    .filter((index) =>
      `${columns[index].name} ${columns[index].kind}`.toLowerCase().includes(wanted),
    );
  const gap = (/** @type {number} */ i) =>
    Math.abs((columns[i].missing?.real ?? 0) - (columns[i].missing?.synthetic ?? 0));
  if (view.sort === 'worst')
    kept.sort((a, b) => (columns[a].score ?? 2) - (columns[b].score ?? 2) || a - b);
  if (view.sort === 'missing') kept.sort((a, b) => gap(b) - gap(a) || a - b);
  return kept;
}

/** The part of the columns panel that changes with the filter. @param {View} view */
function cards(view) {
  const kept = chosen(view);
  const { columns } = view.report;
  const rest = kept.length - view.shown;
  return [
    h('p.sn-dim', { role: 'status' }, `${count(kept.length)} of ${count(columns.length)} columns`),
    h(
      'ul.sn-cards',
      kept.slice(0, view.shown).map((index) => card(view, columns[index], index)),
    ),
    rest > 0 && button('more', `Show ${Math.min(PAGE, rest)} more of ${count(rest)}`),
  ];
}

/** @param {View} view */
function columnsPanel(view) {
  const column = view.column === null ? null : view.report.columns[view.column];
  if (column) return columnDetail(view, column);
  const options = {
    worst: 'worst first',
    order: 'table order',
    missing: 'largest gap in missing values',
  };
  return [
    h(
      'div.sn-bar',
      h(
        'label',
        'Filter ',
        h('input', {
          type: 'search',
          value: view.filter,
          placeholder: 'name or kind',
          'data-act': 'filter',
          'data-key': 'filter',
        }),
      ),
      h(
        'label',
        'Order ',
        h(
          'select',
          { 'data-act': 'sort', 'data-key': 'sort' },
          Object.entries(options).map(([value, text]) =>
            h('option', { value, selected: view.sort === value }, text),
          ),
        ),
      ),
      h('div.sn-legends', legend(view, false)),
    ),
    h(
      'p.sn-note',
      'Score: 1 when the two distributions agree, 0 when they share nothing. Numbers are drawn as a real outline over synthetic bars.',
    ),
    h('div.sn-list', cards(view)),
  ];
}

/** A round step giving about three grid lines. @param {number} top */
function gridStep(top) {
  return [0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1].find((step) => top / step <= 4) ?? 1;
}

/** Upright chart, for numbers and dates. @param {View} view @param {Column} column */
function upright(view, column) {
  const { labels } = bins(column);
  const box = {
    x: 48,
    y: 10,
    width: 580,
    height: 210,
    top: tallest(column) * 1.05,
  };
  const tilt = labels.length > 6 || labels.some((label) => String(label).length > 9);
  const step = gridStep(box.top);
  const lines = Array.from(
    { length: Math.floor(box.top / step + 1e-9) + 1 },
    (_, index) => index * step,
  );
  const y = (/** @type {number} */ share) => box.y + box.height * (1 - share / box.top);
  return s(
    'svg.sn-chart',
    {
      viewBox: `0 0 640 ${tilt ? 300 : 250}`,
      role: 'img',
      'aria-label': chartText(column),
    },
    lines.map((at) => [
      s('line.sn-grid', {
        x1: box.x,
        x2: box.x + box.width,
        y1: y(at),
        y2: y(at),
      }),
      s(
        'text',
        { x: box.x - 8, y: y(at) + 4, 'text-anchor': 'end' },
        `${+(at * 100).toFixed(1)} %`,
      ),
    ]),
    marks(view, column, box),
    s('line.sn-axis', { x1: box.x, x2: box.x + box.width, y1: y(0), y2: y(0) }),
    labels.map((label, index) => {
      const x = box.x + ((index + 0.5) * box.width) / labels.length;
      const place = tilt
        ? {
            transform: `translate(${x + 4} ${box.y + box.height + 14}) rotate(-40)`,
            'text-anchor': 'end',
          }
        : { x, y: box.y + box.height + 18, 'text-anchor': 'middle' };
      return s('text', place, clean(label, 16));
    }),
  );
}

/** Lying bars, so that long category names can be read. @param {View} view @param {Column} column */
function lying(view, column) {
  const { labels, real, synthetic } = bins(column);
  const [left, right, row] = [190, 570, 34];
  const top = tallest(column);
  const wide = (/** @type {number} */ share) => ((share || 0) / top) * (right - left);
  return s(
    'svg.sn-chart',
    {
      viewBox: `0 0 640 ${labels.length * row + 8}`,
      role: 'img',
      'aria-label': chartText(column),
    },
    labels.map((label, index) => {
      const y = index * row + 6;
      return [
        s(
          'text',
          { x: left - 10, y: y + 16, 'text-anchor': 'end' },
          s('title', clean(label)),
          clean(label, 28),
        ),
        s('rect.sn-real', {
          x: left,
          y,
          width: wide(real[index]),
          height: 11,
          fill: `url(#${view.uid}-hatch)`,
        }),
        s('rect.sn-synthetic', {
          x: left,
          y: y + 12,
          width: wide(synthetic[index]),
          height: 11,
        }),
        s('text.sn-small', { x: left + wide(real[index]) + 6, y: y + 9 }, percent(real[index])),
        s(
          'text.sn-small',
          { x: left + wide(synthetic[index]) + 6, y: y + 21 },
          percent(synthetic[index]),
        ),
      ];
    }),
    s('line.sn-axis', {
      x1: left,
      x2: left,
      y1: 2,
      y2: labels.length * row + 4,
    }),
  );
}

/** What the chart shows, in words. @param {Column} column */
function chartText(column) {
  const { labels, real, synthetic } = bins(column);
  const gaps = labels.map((_, index) => Math.abs((real[index] || 0) - (synthetic[index] || 0)));
  const worst = gaps.indexOf(Math.max(...gaps));
  return (
    `Share of rows by ${clean(column.name)}, real against synthetic, ${labels.length} bins. Largest gap at ` +
    `${clean(labels[worst])}: real ${percent(real[worst])}, synthetic ${percent(synthetic[worst])}.`
  );
}

/** @param {View} view @param {Column} column */
function columnDetail(view, column) {
  const { labels, real, synthetic } = bins(column);
  const name = clean(column.name);
  const numeric = isLine(column);
  const own = view.report.scores.filter(
    (score) => score.subject.length === 1 && score.subject[0] === column.name,
  );
  const rows = labels.map((label, index) => [
    clean(label),
    percent(real[index]),
    percent(synthetic[index]),
    fixed((synthetic[index] - real[index]) * 100, 1),
  ]);
  return h(
    'div.sn-detail',
    h(
      'div.sn-bar',
      button('back', '← All columns'),
      button('previous', 'Previous'),
      button('next', 'Next'),
    ),
    title3(4, name),
    h(
      'p.sn-note',
      `${clean(column.kind)} · score ${fixed(column.score)} (1 when the distributions agree) · ${missingLine(column)}`,
    ),
    labels.length === 0
      ? h('p.sn-dim', 'No distribution to show for this column.')
      : [
          h('p.sn-note', chartText(column)),
          legend(view, numeric),
          h(
            'div.sn-two',
            numeric ? upright(view, column) : lying(view, column),
            table(
              `Share of rows by ${name}`,
              ['Bin', 'Real', 'Synthetic', 'Difference, points'],
              rows,
              [1, 2, 3],
            ),
          ),
        ],
    own.length > 0 && dimensionBlock({ ...view, opened: { 'scores-column': true } }, 'column', own),
  );
}

// --- pairs ---------------------------------------------------------------------------------

/** The worst columns as a square, with each pair's error. @param {Report} report */
function square(report) {
  const { names, errors } = report.pairs;
  /** @type {Set<number>} */
  const picked = new Set();
  for (const [i, j] of errors) {
    const extra = Number(!picked.has(i)) + Number(!picked.has(j));
    if (picked.size + extra <= HEATMAP_LIMIT) picked.add(i).add(j);
  }
  const order = [...picked].sort((a, b) => a - b);
  const known = new Map(errors.map(([i, j, error]) => [`${i}-${j}`, error]));
  const cells = order.flatMap((i, row) =>
    order.slice(row + 1).map((j, offset) => ({
      row,
      col: row + 1 + offset,
      i,
      j,
      error: known.get(`${i}-${j}`) ?? null,
    })),
  );
  return {
    order,
    cells,
    top: Math.max(0.0001, ...errors.map((entry) => entry[2])),
    names,
  };
}

/** @param {ReturnType<typeof square>} grid @param {number} index */
function cellText(grid, index) {
  const cell = grid.cells[index];
  if (!cell) return '';
  const pair = `${clean(grid.names[cell.i])} × ${clean(grid.names[cell.j])}`;
  return cell.error === null
    ? `${pair}: not among the pairs listed`
    : `${pair}: error ${fixed(cell.error)}`;
}

/** @param {View} view */
function heatmap(view) {
  const grid = square(view.report);
  const size = grid.order.length > 16 ? 17 : grid.order.length > 9 ? 24 : 34;
  const [left, top] = [110, 118];
  const width = left + grid.order.length * size + 70;
  const name = (/** @type {number} */ index) => clean(grid.names[index], 18);
  return s(
    'svg.sn-heat',
    {
      viewBox: `0 0 ${width} ${top + grid.order.length * size}`,
      style: `max-width:${width}px`,
      tabindex: 0,
      role: 'application',
      'aria-roledescription': 'heat map',
      'aria-label': `Pair errors of ${grid.order.length} columns. Arrow keys move from pair to pair; the table lists the same figures.`,
      'aria-describedby': `${view.uid}-cell`,
      'data-key': 'heat',
      'data-act': 'heat',
    },
    grid.order.slice(1).map((index, at) =>
      s(
        'text',
        {
          transform: `translate(${left + (at + 1.5) * size + 4} ${top - 8}) rotate(-50)`,
        },
        name(index),
      ),
    ),
    grid.order.slice(0, -1).map((index, at) =>
      s(
        'text',
        {
          x: left + (at + 1) * size - 8,
          y: top + (at + 0.5) * size + 4,
          'text-anchor': 'end',
        },
        name(index),
      ),
    ),
    grid.cells.map((cell, index) => {
      const [x, y] = [left + cell.col * size, top + cell.row * size];
      const side =
        cell.error === null ? 0 : Math.max(2, (size - 4) * Math.sqrt(cell.error / grid.top));
      return s(
        'g.sn-cell',
        { 'data-cell': index },
        s('title', cellText(grid, index)),
        s('rect.sn-frame', { x, y, width: size, height: size }),
        cell.error !== null &&
          s('rect.sn-heat-mark', {
            x: x + (size - side) / 2,
            y: y + (size - side) / 2,
            width: side,
            height: side,
            'fill-opacity': (0.25 + (0.75 * cell.error) / grid.top).toFixed(2),
          }),
      );
    }),
  );
}

/** What the squares' sizes mean. @param {number} top */
const heatLegend = (top) =>
  h(
    'p.sn-legend',
    [1, 0.5, 0.1].map((part) => {
      const side = 20 * Math.sqrt(part);
      const place = {
        x: 10 - side / 2,
        y: 10 - side / 2,
        width: side,
        height: side,
      };
      return h(
        'span',
        s(
          'svg',
          { width: 20, height: 20, 'aria-hidden': true },
          s('rect.sn-heat-mark', {
            'fill-opacity': 0.25 + 0.75 * part,
            ...place,
          }),
        ),
        fixed(top * part),
      );
    }),
  );

/** @param {View} view */
function pairsPanel(view) {
  const { names, errors } = view.report.pairs;
  if (errors.length === 0) return h('p.sn-dim', 'No pair of columns was compared.');
  const shown = errors.slice(0, view.pairsShown);
  const rows = shown.map(([i, j, error]) => [
    `${clean(names[i])} × ${clean(names[j])}`,
    fixed(error),
  ]);
  const columns = new Set(errors.flatMap(([i, j]) => [i, j])).size;
  const top = Math.max(...errors.map((entry) => entry[2]));
  return [
    h(
      'p.sn-note',
      'Error is 1 minus the similarity of the pair’s joint distribution: 0 when real and synthetic agree. The larger and stronger the square, the larger the error.' +
        (columns > HEATMAP_LIMIT
          ? ` The map shows ${HEATMAP_LIMIT} columns with the largest errors.`
          : ''),
    ),
    h(
      'div.sn-two',
      h(
        'div',
        heatmap(view),
        h(
          'output',
          {
            id: `${view.uid}-cell`,
            class: 'sn-readout',
            'aria-live': 'polite',
          },
          'Point at a square, or focus the map and use the arrow keys.',
        ),
        heatLegend(top),
      ),
      h(
        'div',
        table('Pairs, worst first', ['Pair', 'Error'], rows, [1]),
        errors.length > shown.length &&
          button(
            'pairs',
            `Show ${Math.min(40, errors.length - shown.length)} more of ${count(errors.length - shown.length)}`,
          ),
      ),
    ),
  ];
}

/** Mark one cell of the map and say it. @param {View} view @param {number} index */
function point(view, index) {
  const grid = square(view.report);
  if (!grid.cells[index]) return;
  view.cell = index;
  for (const node of view.root.querySelectorAll('.sn-cell')) {
    node.classList.toggle('sn-at', node.getAttribute('data-cell') === String(index));
  }
  const output = view.root.querySelector('.sn-readout');
  if (output) output.textContent = cellText(grid, index);
}

/** @param {View} view @param {string} key */
function walk(view, key) {
  const { cells } = square(view.report);
  const at = cells[view.cell];
  const moves = {
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
  };
  const [down, right] = /** @type {Record<string, number[]>} */ (moves)[key] ?? [0, 0];
  if (key === 'Home' || !at) return point(view, 0);
  if (key === 'End') return point(view, cells.length - 1);
  point(
    view,
    cells.findIndex((cell) => cell.row === at.row + down && cell.col === at.col + right),
  );
}

// --- subgroups and what is missing ---------------------------------------------------------

/** @param {Subgroup} subgroup */
const groupName = (subgroup) =>
  Object.entries(subgroup.group ?? {})
    .map(([column, level]) => `${clean(column)} = ${clean(level)}`)
    .join(', ');

/**
 * A value with its ceiling, where there is one, and with the value at the ceiling's size.
 * @param {unknown} value
 * @param {unknown} best
 * @param {unknown} [matched]
 */
function beside(value, best, matched) {
  if (!isNumber(best)) return fixed(value);
  return `${fixed(value)} (${[best, matched]
    .filter(isNumber)
    .map((at) => fixed(at))
    .join('; ')})`;
}

/** A subgroup as the cells of a row; small cells in words. @param {Subgroup} subgroup */
function groupCells(subgroup) {
  if (subgroup.suppressed) return [groupName(subgroup), 'withheld', ...Array(6).fill('not shown')];
  const gap =
    isNumber(subgroup.share_synthetic) && isNumber(subgroup.share_real)
      ? (subgroup.share_synthetic - subgroup.share_real) * 100
      : null;
  return [
    groupName(subgroup),
    count(subgroup.n_real),
    count(subgroup.n_synthetic),
    percent(subgroup.share_real),
    percent(subgroup.share_synthetic),
    fixed(gap, 1),
    beside(subgroup.fidelity, subgroup.fidelity_ceiling, subgroup.fidelity_matched),
    beside(subgroup.utility, subgroup.utility_ceiling),
  ];
}

const GROUP_HEAD = [
  'Group',
  'n real',
  'n synthetic',
  'Share real',
  'Share synthetic',
  'Difference, points',
  'Fidelity',
  'Utility',
];

/** @param {View} view */
function subgroupsPanel(view) {
  const { report } = view;
  if (report.subgroups.length === 0) {
    return h(
      'p.sn-dim',
      'No group column was declared, so no group was looked at. Name some with --groups.',
    );
  }
  const rows = report.subgroups.map((subgroup) => groupCells(subgroup));
  return [
    h(
      'p.sn-note',
      `Groups with fewer than ${report.minimum_cell} real rows are named and their figures withheld, as are those of groups from which they could be worked out. In brackets: the ceiling, the same with real rows; then the value at its size. A dash means not computed.`,
    ),
    table('Subgroups', GROUP_HEAD, rows, [1, 2, 3, 4, 5, 6, 7]),
  ];
}

/** @param {Report} report */
function absent(report) {
  const failed = report.scores
    .filter((score) => !isNumber(score.value))
    .map((score) => ({
      dimension: score.dimension,
      reason: `${title(score)}: ${clean(score.reason || 'no reason given', 300)}`,
    }));
  return [...report.not_evaluated, ...failed];
}

/** @param {View} view */
function missingPanel(view) {
  const items = absent(view.report);
  if (items.length === 0) return h('p.sn-dim', 'Every score of the profile was computed.');
  return [
    h(
      'p.sn-note',
      'Nothing is known about these from this report. Absence of a figure is not a good result.',
    ),
    h(
      'dl.sn-absent',
      items.map((item) => [h('dt', heading(item.dimension)), h('dd', clean(item.reason, 400))]),
    ),
  ];
}

// --- the whole -----------------------------------------------------------------------------

/** The report as Markdown, for a manuscript or an issue. @param {Report} report */
export function toMarkdown(report) {
  const m = markdown;
  const line = (/** @type {unknown[]} */ cells) => `| ${cells.join(' | ')} |`;
  const tables = [
    ['Synthetic', report.synthetic],
    ['Real', report.real],
    ['Hold-out', report.holdout],
  ];
  const facts = tables
    .filter(([, value]) => value)
    .map(([name, value]) => `${name}: ${m(tableLine(/** @type {Table} */ (value)))}`);
  const scores = report.scores.map((score) =>
    line([
      m(heading(score.dimension)),
      m(title(score)),
      isNumber(score.value) ? fixed(score.value) : `not computed: ${m(score.reason)}`,
      interval(score),
      ceiling(score),
      count(score.n),
      reading(score),
      m(score.reference),
    ]),
  );
  const groups = report.subgroups.map((subgroup) =>
    line(groupCells(subgroup).map((cell) => m(cell))),
  );
  return [
    `**${m(report.headline)}**`,
    [
      ...facts,
      `Profile ${m(report.profile)}, seed ${m(report.seed)}, ${m(moment(report.created))}, ${m(report.id)}`,
    ].join('; '),
    [
      line([
        'Dimension',
        'Score',
        'Value',
        '95 % interval',
        'Ceiling (value at its size)',
        'n',
        'Reading',
        'Reference',
      ]),
      '|---|---|--:|--:|--:|--:|---|---|',
      ...scores,
    ].join('\n'),
    groups.length > 0 &&
      [line(GROUP_HEAD), '|---|--:|--:|--:|--:|--:|--:|--:|', ...groups].join('\n'),
    [
      '**Not evaluated**',
      '',
      ...report.not_evaluated.map((item) => `- ${m(heading(item.dimension))}: ${m(item.reason)}`),
    ].join('\n'),
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** @param {View} view */
async function copy(view) {
  const text = toMarkdown(view.report);
  const status = view.root.querySelector('.sn-copied');
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Pages opened from a file have no clipboard of their own; the old command still works there.
    const area = document.createElement('textarea');
    area.className = 'sn-hidden';
    area.value = text;
    view.root.append(area);
    area.select();
    done = document.execCommand('copy');
    area.remove();
  }
  if (status)
    status.textContent = done ? 'Copied.' : 'The browser refused; select and copy by hand.';
}

/** @param {View} view */
function tabNames(view) {
  const { report } = view;
  return {
    overview: 'Overview',
    columns: `Columns (${count(report.columns.length)})`,
    pairs: 'Pair errors',
    subgroups: `Subgroups (${count(report.subgroups.length)})`,
    missing: `Not evaluated (${count(absent(report).length)})`,
  };
}

const PANELS = {
  overview,
  columns: columnsPanel,
  pairs: pairsPanel,
  subgroups: subgroupsPanel,
  missing: missingPanel,
};

/** What was cut to keep the report small, in words. @param {Report} report */
const omitted = ({ omitted: counts }) =>
  Object.entries(counts ?? {})
    .map(([kind, number]) => `${count(number)} ${clean(kind)}`)
    .join(', ');

/** @param {View} view */
function header(view) {
  const { report } = view;
  const fact = (
    /** @type {string} */ name,
    /** @type {Child} */ value,
    /** @type {unknown} */ hint,
  ) => value && h('div', h('dt', name), h('dd', { title: hint ? clean(hint, 200) : null }, value));
  return h(
    'header',
    h(
      'div.sn-bar.sn-top',
      h('p.sn-kicker', 'Evaluation of synthetic data'),
      h('span.sn-copied.sn-dim', { role: 'status' }),
      button('copy', 'Copy as Markdown'),
    ),
    title3(3, clean(report.headline, 600), { class: 'sn-headline' }),
    h(
      'dl.sn-facts',
      fact('Synthetic', tableLine(report.synthetic), report.synthetic?.digest),
      fact('Real', tableLine(report.real), report.real?.digest),
      fact('Hold-out', report.holdout ? tableLine(report.holdout) : 'none', report.holdout?.digest),
      fact('Target', clean(report.target ?? ''), null),
      fact('Groups', report.groups.map((name) => clean(name)).join(', '), null),
      fact('Profile', `${clean(report.profile)}, seed ${clean(report.seed)}`, null),
      fact('Left out', omitted(report), null),
      fact('Made', `${moment(report.created)}, ${clean(report.id)}`, null),
    ),
  );
}

/** @param {View} view */
function draw(view) {
  const names = /** @type {Record<string, string>} */ (tabNames(view));
  const tab = (/** @type {string} */ name) =>
    h(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `${view.uid}-tab-${name}`,
        'aria-controls': `${view.uid}-panel`,
        'aria-selected': String(view.tab === name),
        tabindex: view.tab === name ? 0 : -1,
        'data-act': 'tab',
        'data-value': name,
        'data-key': `tab-${name}`,
      },
      names[name],
    );
  const hatch = s(
    'svg.sn-defs',
    { width: 0, height: 0, 'aria-hidden': true },
    s(
      'defs',
      s(
        'pattern',
        {
          id: `${view.uid}-hatch`,
          width: 5,
          height: 5,
          patternUnits: 'userSpaceOnUse',
          patternTransform: 'rotate(45)',
        },
        s('line.sn-hatch', { x1: 0, x2: 0, y1: 0, y2: 5 }),
      ),
    ),
  );
  view.root.replaceChildren(
    hatch,
    header(view),
    h(
      'div',
      {
        role: 'tablist',
        class: 'sn-tabs',
        'aria-label': 'Parts of the report',
      },
      TABS.map(tab),
    ),
    h(
      'div',
      {
        role: 'tabpanel',
        class: 'sn-panel',
        id: `${view.uid}-panel`,
        tabindex: 0,
        'aria-labelledby': `${view.uid}-tab-${view.tab}`,
      },
      /** @type {Record<string, (view: View) => Child>} */ (PANELS)[view.tab](view),
    ),
  );
}

/** Draw again and put the focus back where it was. @param {View} view @param {string | null} [key] */
function redraw(view, key = null) {
  const root = /** @type {Document | ShadowRoot} */ (view.root.getRootNode());
  const active = root.activeElement;
  const held = active && view.root.contains(active) ? active.getAttribute('data-key') : null;
  const panel = view.root.querySelector('.sn-panel');
  const top = key === null && panel ? panel.scrollTop : 0;
  draw(view);
  const wanted = key ?? held;
  const target = wanted
    ? [...view.root.querySelectorAll('[data-key]')].find(
        (node) => node.getAttribute('data-key') === wanted,
      )
    : null;
  if (target)
    /** @type {HTMLElement} */ (target).focus({ preventScroll: true });
  const fresh = view.root.querySelector('.sn-panel');
  if (fresh) fresh.scrollTop = top;
}

/** @param {View} view @param {number | null} column @param {string} key */
function drill(view, column, key) {
  view.column = column;
  redraw(view, key);
}

/** @param {View} view @param {number} by @param {string} key */
function neighbour(view, by, key) {
  const order = chosen(view);
  const at = order.indexOf(view.column ?? -1) + by;
  drill(view, order[(at + order.length) % order.length] ?? null, key);
}

/** What each control does when it is used. @type {Record<string, (view: View, value: string) => unknown>} */
const ACTIONS = {
  tab: (view, value) => {
    view.tab = value;
    redraw(view, `tab-${value}`);
  },
  copy,
  scores: (view, value) => {
    view.opened[value] = true;
    redraw(view);
  },
  more: (view) => {
    const next = chosen(view)[view.shown];
    view.shown += PAGE;
    relist(view);
    /** @type {HTMLElement | null} */ (
      view.root.querySelector(`[data-key="card-${next}"]`)
    )?.focus();
  },
  pairs: (view) => {
    view.pairsShown += 40;
    redraw(view);
  },
  open: (view, value) => drill(view, Number(value), 'back'),
  back: (view) => drill(view, null, `card-${view.column}`),
  previous: (view) => neighbour(view, -1, 'previous'),
  next: (view) => neighbour(view, 1, 'next'),
};

/** @param {View} view */
function relist(view) {
  const list = view.root.querySelector('.sn-list');
  if (!list) return;
  list.replaceChildren();
  build(list, '', cards(view));
}

/** @param {View} view @param {Event} event */
function onInput(view, event) {
  const control = /** @type {HTMLInputElement} */ (event.target);
  const name = control.getAttribute?.('data-act');
  if (name !== 'filter' && name !== 'sort') return;
  view[name] = control.value;
  view.shown = PAGE;
  relist(view);
}

/** @param {View} view @param {KeyboardEvent} event */
function onKey(view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = /** @type {Element} */ (event.target);
  const used = [
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
  // A notebook takes these keys for its own commands (edit, select the next cell) if they reach it.
  if (used.includes(event.key) && !event.shiftKey) event.stopPropagation();
  if (event.key === 'Escape' && view.tab === 'columns' && view.column !== null)
    return ACTIONS.back(view, '');
  const name = target.getAttribute('data-act');
  if (!/^(Home|End|Arrow)/.test(event.key) || (name !== 'tab' && name !== 'heat')) return;
  event.preventDefault();
  if (name === 'heat') return walk(view, event.key);
  const at = TABS.indexOf(view.tab);
  const to = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    Home: 0,
    End: TABS.length - 1,
  }[event.key];
  if (to !== undefined) ACTIONS.tab(view, TABS[(to + TABS.length) % TABS.length]);
}

/** Fill in what an older or damaged report lacks. @param {any} raw @returns {Report} */
function tidy(raw) {
  const list = (/** @type {unknown} */ value) =>
    Array.isArray(value) ? value.filter((item) => item !== null && item !== undefined) : [];
  const { names, errors } = raw?.pairs ?? {};
  return {
    profile: '–',
    seed: '–',
    created: '–',
    id: '–',
    headline: 'A report without a headline.',
    ...raw,
    minimum_cell: raw?.minimum_cell ?? 11,
    groups: list(raw?.groups),
    scores: list(raw?.scores).map((score) => ({
      ...score,
      subject: list(score.subject),
      parameters: score.parameters ?? {},
    })),
    columns: list(raw?.columns),
    pairs: {
      names: list(names),
      errors: list(errors).filter((entry) => isNumber(entry?.[2])),
    },
    subgroups: list(raw?.subgroups),
    not_evaluated: list(raw?.not_evaluated),
  };
}

/**
 * Draw the model's report into an element, and again whenever it changes.
 * @param {{ model: Model, el: HTMLElement }} host
 * @returns {() => void} takes everything away again
 */
function render({ model, el }) {
  const root = h('section.synthnb-report', {
    'aria-label': 'Evaluation of synthetic data',
  });
  /** @type {View} */
  const view = {
    report: tidy(null),
    root,
    uid: `sn-${Math.random().toString(36).slice(2, 9)}`,
    tab: 'overview',
    filter: '',
    sort: 'worst',
    shown: PAGE,
    pairsShown: 20,
    opened: {},
    column: null,
    cell: 0,
  };
  const update = () => {
    const raw = model.get('report');
    view.report = tidy(raw);
    if (view.column !== null && !view.report.columns[view.column]) view.column = null;
    if (raw && Object.keys(raw).length > 0) redraw(view);
    else root.replaceChildren(h('p.sn-dim', 'No report yet.'));
  };
  const abort = new AbortController();
  const { signal } = abort;
  root.addEventListener(
    'click',
    (event) => {
      const control = /** @type {Element} */ (event.target).closest('button[data-act]');
      if (control)
        ACTIONS[control.getAttribute('data-act') ?? '']?.(
          view,
          control.getAttribute('data-value') ?? '',
        );
    },
    { signal },
  );
  root.addEventListener('input', (event) => onInput(view, event), { signal });
  root.addEventListener('keydown', (event) => onKey(view, event), { signal });
  root.addEventListener(
    'pointerover',
    (event) => {
      const cell = /** @type {Element} */ (event.target).closest('[data-cell]');
      if (cell) point(view, Number(cell.getAttribute('data-cell')));
    },
    { signal },
  );
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
