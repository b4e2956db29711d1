import { Token } from '@lumino/coreutils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

/** What a notebook's disclosure is like, in one word. */
export type DisclosureStatus = 'none' | 'incomplete' | 'complete' | 'stale';

/** Keeps the disclosure of one open notebook. */
export interface IKeeper extends IDisposable {
  /** What the disclosure is like now. */
  readonly status: DisclosureStatus;
  /** Emitted when `status` has changed. */
  readonly statusChanged: ISignal<IKeeper, DisclosureStatus>;
  /** Whether the author deleted the cell and has not asked for it since. */
  readonly optedOut: boolean;
  /** Where the disclosure cell stands, or -1. */
  readonly cellIndex: number;
  /**
   * Bring cell and metadata in line with the outputs; gives whether anything changed.
   * With `restore`, a cell that the author deleted is written again.
   */
  update(options?: { restore?: boolean }): boolean;
  /** Delete the disclosure cell, as the author may: it can be undone and is noted as an opt-out. */
  remove(): void;
  /** Do what is due now instead of at the next frame. */
  flush(): void;
}

/** The keepers of all open notebooks. */
export interface IDisclosures {
  /** The keeper of a notebook; `null` until its document has been read. */
  keeperOf(panel: NotebookPanel): IKeeper | null;
  /** Emitted when a notebook has got its keeper. */
  readonly keeperAdded: ISignal<IDisclosures, NotebookPanel>;
}

/** Gives access to the keepers of all open notebooks. */
export const IDisclosures = new Token<IDisclosures>(
  'synthnb:IDisclosures',
  'Keeps the disclosure of synthetic data in each open notebook.',
);

/** The ids of the commands. */
export const CommandIDs = {
  /** Bring the disclosure in line with the outputs, and back if it was deleted. */
  update: 'synthnb:update-disclosure',
  /** Show the disclosure cell. */
  goTo: 'synthnb:go-to-disclosure',
  /** Delete the disclosure cell. */
  remove: 'synthnb:remove-disclosure',
} as const;
