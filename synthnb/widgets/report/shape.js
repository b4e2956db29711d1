// @ts-check
/**
 * The report's JSON as the dashboard reads it, and what it keeps while it is shown.
 *
 * @typedef {{ metric: string, label: string, version: number, dimension: string,
 *   subject: string[], value: number | null, low: number | null, high: number | null,
 *   n: number | null, direction: string, ceiling: number | null, matched?: number | null,
 *   reference: string,
 *   reason: string | null, parameters: Record<string, unknown>, seconds: number | null }} Score
 * @typedef {{ metric: string, label: string, at_least?: number, at_most?: number, source: string,
 *   outcome: string, reason: string, subject: string[], value: number | null, low: number | null,
 *   high: number | null, scores?: number }} Gate
 * @typedef {{ what: string, from: unknown, to: unknown }} Change
 * @typedef {{ labels: string[], real: number[], synthetic: number[] }} Bins
 * @typedef {{ name: string, kind: string, score: number | null, bins: Bins | null,
 *   missing: { real: number | null, synthetic: number | null, bound?: string } | null }} Column
 * @typedef {{ group: Record<string, string>, n_real: number | null, n_synthetic: number | null,
 *   share_real: number | null, share_synthetic: number | null, fidelity: number | null,
 *   utility: number | null, fidelity_ceiling?: number | null, fidelity_matched?: number | null,
 *   utility_ceiling?: number | null,
 *   suppressed: boolean }} Subgroup
 * @typedef {[number | null, number | null, number | null]} Triple a figure and the ends of its interval
 * @typedef {{ name: string, subject: string[], main: Triple, baseline: Triple, control: Triple,
 *   risk: Triple, n: number | null, weak: boolean }} Attack
 * @typedef {{ learner: string, measure: string, synthetic: Triple, real: Triple, gap: Triple }} Learner
 * @typedef {{ term: string, real: Triple, synthetic: Triple, overlap: number | null,
 *   sign: boolean | null, decision: boolean | null }} Term
 * @typedef {{ name: string, null?: number, terms: Term[], reason?: string }} Analysis
 * @typedef {{ attacks: Attack[], utility: Learner[], analyses: Analysis[], further: Record<string, unknown> }} Details
 * @typedef {{ name?: string, rows?: number, columns?: number | string[], digest?: string }} Table
 * @typedef {{ schema: string, id: string, profile: string, created: string, seed: number,
 *   headline: string, synthetic: Table | null, real: Table | null, holdout: Table | null,
 *   target: string | null, groups: string[], minimum_cell: number, scores: Score[],
 *   gates: Gate[], changes: Change[], details: Details,
 *   columns: Column[], pairs: { names: string[], errors: [number, number, number][] },
 *   subgroups: Subgroup[], omitted?: Record<string, number>, not_evaluated: { dimension: string, reason: string }[] }} Report
 * @typedef {{ text: string, dimension: string, gated: boolean, computed: boolean }} Filter what the overview is narrowed to
 * @typedef {{ report: Report, root: HTMLElement, uid: string, tab: string, filter: Filter,
 *   find: Record<string, string>, sort: Record<string, string>, shown: Record<string, number>,
 *   at: Record<string, number | null>, part: string, cell: number }} View
 * @typedef {{ get(name: string): any, on?(event: string, call: () => void): void,
 *   off?(event: string, call: () => void): void }} Model
 * @typedef {{ id: string, label(report: Report): string, present(report: Report): boolean,
 *   head?(view: View): Child, beside?(view: View): Child, list(view: View): Child, order?(view: View): number[],
 *   detail?(view: View, index: number): Child }} Panel
 * @typedef {Node | string | null | undefined | false | (Node | string | null | undefined | false)[] | unknown[]} Child
 */

/** @param {unknown} value @returns {value is number} */
export const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

/** @param {unknown} value @returns {any[]} */
const list = (value) =>
  Array.isArray(value) ? value.filter((item) => item !== null && item !== undefined) : [];

/** @param {unknown} value @returns {any[]} */
const objects = (value) => list(value).filter((item) => typeof item === 'object');

/** A figure alone or with the ends of its interval. @param {unknown} value @returns {Triple} */
function triple(value) {
  const [at, low, high] = (Array.isArray(value) ? value : [value]).map((part) =>
    isNumber(part) ? part : null,
  );
  return [at ?? null, low ?? null, high ?? null];
}

/** Estimates of both tables, term by term. @param {unknown} raw @returns {Term[]} */
export const terms = (raw) =>
  objects(raw).map((term) => ({
    ...term,
    real: triple(term.real),
    synthetic: triple(term.synthetic),
  }));

/** Details that have a panel of their own. */
const OWN = ['attacks', 'utility', 'analyses'];

/** @param {any} raw @returns {Details} */
const details = (raw) => ({
  attacks: objects(raw?.attacks).map((attack) => ({
    ...attack,
    subject: list(attack.subject),
    main: triple(attack.main),
    baseline: triple(attack.baseline),
    control: triple(attack.control),
    risk: triple(attack.risk),
  })),
  utility: objects(raw?.utility).map((learner) => ({
    ...learner,
    synthetic: triple(learner.synthetic),
    real: triple(learner.real),
    gap: triple(learner.gap),
  })),
  analyses: objects(raw?.analyses).map((analysis) => ({
    ...analysis,
    terms: terms(analysis.terms),
  })),
  further: Object.fromEntries(Object.entries(raw ?? {}).filter(([name]) => !OWN.includes(name))),
});

/** A distribution; it has no bins where it was left out. @param {any} raw @returns {Bins} */
const bins = (raw) => {
  const labels = Array.isArray(raw?.labels) ? raw.labels : [];
  const shares = (/** @type {unknown} */ side) =>
    labels.map((/** @type {unknown} */ _, /** @type {number} */ at) => {
      const share = Array.isArray(side) ? side[at] : null;
      return isNumber(share) ? share : 0;
    });
  return { labels, real: shares(raw?.real), synthetic: shares(raw?.synthetic) };
};

/** How much of a report there is, where it has no headline of its own. @param {any} raw */
function counted(raw) {
  const scores = objects(raw?.scores);
  const computed = scores.filter((score) => isNumber(score.value)).length;
  return scores.length > 0
    ? `${computed} of ${scores.length} scores of ${raw.profile} could be computed.`
    : 'A report without a headline.';
}

/** Fill in what an older or damaged report lacks. @param {any} raw @returns {Report} */
export function tidy(raw) {
  const { names, errors } = raw?.pairs ?? {};
  return {
    profile: '–',
    seed: '–',
    created: '–',
    id: '–',
    ...raw,
    headline: raw?.headline || counted(raw),
    minimum_cell: raw?.minimum_cell ?? 11,
    groups: list(raw?.groups),
    scores: objects(raw?.scores).map((score) => ({
      ...score,
      subject: list(score.subject),
      parameters: score.parameters ?? {},
    })),
    gates: objects(raw?.gates).map((gate) => ({ ...gate, subject: list(gate.subject) })),
    changes: objects(raw?.changes),
    details: details(raw?.details),
    columns: objects(raw?.columns).map((column) => ({ ...column, bins: bins(column.bins) })),
    pairs: {
      names: list(names),
      errors: list(errors).filter((entry) => isNumber(entry?.[2])),
    },
    subgroups: objects(raw?.subgroups),
    not_evaluated: objects(raw?.not_evaluated),
  };
}
