/*
 * Shapes that come from outside: outputs, metadata, the catalogue. What a
 * notebook holds may be anything, so it is `unknown` until a guard has looked.
 */

/** The mime type of an output's record. */
export const RECORD_MIME = 'application/vnd.synthnb.record+json';

/** The mime type of a report. */
export const REPORT_MIME = 'application/vnd.synthnb.report+json';

/** An object of which nothing else is known. */
export type Mapping = Readonly<Record<string, unknown>>;

/** What one run of a verb adds to the disclosure; other keys are kept and never looked at. */
export interface Entry extends Mapping {
  readonly id: string;
  readonly kind: string;
  readonly slot: string;
  readonly created: string;
  readonly fields: Mapping;
}

/** Who may state a field: the machine, the tool with a person confirming, or a person only. */
export type Fill = 'machine' | 'proposed' | 'human';

/** One thing a disclosure can state. */
export interface Field {
  readonly id: string;
  readonly label: string;
  readonly section: string;
  readonly fill: Fill;
  readonly cell: boolean;
  readonly required: boolean;
  readonly default: string;
}

/** A line of the cell: the first of its fields that is stated, or its default. */
export interface BriefLine {
  readonly label: string;
  readonly fields: readonly string[];
  readonly default?: string;
}

/** Every field, in the order readers see them, under its section. */
export interface Catalogue {
  readonly sections: readonly { readonly id: string; readonly label: string }[];
  readonly brief: readonly BriefLine[];
  readonly fields: readonly Field[];
}

/** One text that a field states, and the entries it comes from. */
export interface Stated {
  readonly value: string;
  readonly from: readonly string[];
  /** The tool proposed it, and no person has confirmed it. */
  readonly proposed?: true;
}

/** A field with what the entries state about it. */
export interface FoldedField {
  readonly fill: Fill;
  readonly status: 'stated' | 'not stated';
  readonly values: readonly Stated[];
}

/** A change to a notebook; edits are made in order. */
export type Edit =
  | { readonly op: 'set_metadata'; readonly value: Mapping }
  | { readonly op: 'set_source'; readonly index: number; readonly source: string }
  | {
      readonly op: 'insert_cell';
      readonly index: number;
      readonly source: string;
      readonly metadata: { synthnb: { role: string }; tags: string[] };
    }
  | { readonly op: 'delete_cell'; readonly index: number };

/** The parts of a notebook that the rules look at. */
export interface NotebookJson extends Mapping {
  readonly cells: readonly unknown[];
  readonly metadata: Mapping;
}

/** Whether a value is an object with keys. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is a list. */
export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Whether a value is a text. */
export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** An object's own value; a key such as `constructor` that is only inherited gives nothing. */
export function own(mapping: unknown, key: string): unknown {
  return isMapping(mapping) && Object.hasOwn(mapping, key) ? mapping[key] : undefined;
}
