// @ts-check
/** The report, or a part of it, as Markdown or LaTeX, for a manuscript or an issue. */

import { blocks } from './blocks.js';
import { clean, moment, tableLine } from './text.js';

/**
 * @import { Block } from './blocks.js'
 * @import { Report, Table, View } from './shape.js'
 */

const LONG = 35;
/** Parts too long for a manuscript; they are copied by themselves. */
const APART = ['columns', 'pairs'];

/** A string made safe inside a Markdown table. @param {unknown} value */
export const markdown = (value) =>
  clean(value, 600)
    .replace(/[\\`*_[\]|~#$]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/:\/\//g, '&#58;//')
    .replace(/www\./g, 'www&#46;');

/** What means something to TeX, and signs its usual fonts lack. @type {Record<string, string>} */
const TEX = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\char34{}',
  '`': '\\char96{}',
  '[': '{[}',
  ']': '{]}',
  '*': '{*}',
  '−': '$-$',
  '–': '--',
  '×': '$\\times$',
  '≤': '$\\leq$',
  '≥': '$\\geq$',
  '…': '\\ldots{}',
  '’': "'",
  '⏎': ' ',
  '✓': '',
  '✗': '',
};

/** A string made safe for LaTeX. @param {unknown} value */
export const tex = (value) =>
  clean(value, 600)
    .replace(/[\\{}$&#%_^~<>|"`[\]*−–×≤≥…’⏎✓✗]/g, (sign) => TEX[sign])
    .replace(/([-,'])(?=\1)/g, '$1{}')
    .trim();

/** @param {Block} block */
function markdownTable({ title, head, rows, right }) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.map(markdown).join(' | ')} |`;
  const rule = head.map((_, at) => (right.includes(at) ? '--:' : '---')).join('|');
  return [`**${markdown(title)}**`, '', line(head), `|${rule}|`, ...rows.map(line)].join('\n');
}

/** @param {Block} block */
function latexTable({ title, head, rows, right }) {
  const line = (/** @type {string[]} */ cells) => `    ${cells.map(tex).join(' & ')} \\\\`;
  const columns = head
    .map((_, at) => {
      if (right.includes(at)) return 'r';
      return rows.some((cells) => cells[at].length > 40)
        ? `p{${(0.9 / Math.max(3, head.length - 2)).toFixed(2)}\\linewidth}`
        : 'l';
    })
    .join('');
  const top = ['    \\toprule', line(head), '    \\midrule'];
  if (rows.length > LONG) {
    return [
      `\\begin{longtable}{${columns}}`,
      `    \\caption{${tex(title)}}\\\\`,
      ...top,
      '    \\endhead',
      ...rows.map(line),
      '    \\bottomrule',
      '\\end{longtable}',
    ].join('\n');
  }
  return [
    '\\begin{table}',
    '  \\centering\\small',
    `  \\caption{${tex(title)}}`,
    `  \\begin{tabular}{${columns}}`,
    ...top,
    ...rows.map(line),
    '    \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
  ].join('\n');
}

/** What was compared, how and when. @param {Report} report */
function facts(report) {
  const tables = [
    ['Synthetic', report.synthetic],
    ['Real', report.real],
    ['Hold-out', report.holdout],
  ];
  return [
    ...tables
      .filter(([, value]) => value)
      .map(([name, value]) => `${name}: ${tableLine(/** @type {Table} */ (value))}`),
    `Profile ${clean(report.profile)}, seed ${clean(report.seed)}, ${moment(report.created)}, ${clean(report.id)}`,
  ].join('; ');
}

/** Tables of a part, or of the whole. @param {Report} report @param {string} part */
const chosen = (report, part) =>
  blocks(report).filter((block) => (part ? block.part === part : !APART.includes(block.part)));

/** @param {Report} report @param {string} [part] */
export const toMarkdown = (report, part = '') =>
  [
    `**${markdown(report.headline)}**`,
    markdown(facts(report)),
    ...chosen(report, part).map(markdownTable),
  ].join('\n\n');

/** @param {Report} report @param {string} [part] */
export const toLatex = (report, part = '') =>
  [
    '% Needs \\usepackage{booktabs,longtable}; letters beyond Latin need XeLaTeX or LuaLaTeX.',
    `% ${clean(report.id)}`,
    `\\noindent\\textbf{${tex(report.headline)}} ${tex(facts(report))}.`,
    ...chosen(report, part).map(latexTable),
  ].join('\n\n');

/** @type {Record<string, (report: Report, part?: string) => string>} */
const FORMATS = { Markdown: toMarkdown, LaTeX: toLatex };

/** Put a form of the report on the clipboard and say so. @param {View} view @param {string} form */
export async function copy(view, form) {
  const text = FORMATS[form](view.report, view.part === 'whole' ? '' : view.tab);
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Pages opened from a file have no clipboard of their own; the old command still works there.
    const back = /** @type {Document | ShadowRoot} */ (view.root.getRootNode()).activeElement;
    const area = document.createElement('textarea');
    area.className = 'sn-hidden';
    area.value = text;
    view.root.append(area);
    area.select();
    done = document.execCommand('copy');
    area.remove();
    /** @type {HTMLElement | null} */ (back)?.focus();
  }
  const status = view.root.querySelector('.sn-copied');
  if (status)
    status.textContent = done
      ? `Copied as ${form}.`
      : 'The browser refused; select and copy by hand.';
}
