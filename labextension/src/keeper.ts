import { Signal } from '@lumino/signaling';
import { Cells } from './cells.js';
import { Coalesced } from './frames.js';
import { isDisclosure, isOptedOut, statusOf, upsert } from './notebook.js';
import { replaceSource } from './sources.js';
import type { Edit, Mapping, NotebookJson } from './wire.js';
import type { DisclosureStatus, IKeeper } from './tokens.js';
import type { ISharedNotebook, NotebookChange } from '@jupyter/ydoc';
import type { JSONObject } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

/** The time as records write it. */
function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Make one edit to the live document. */
function apply(shared: ISharedNotebook, edit: Edit): void {
  switch (edit.op) {
    case 'set_metadata':
      shared.setMetadata('synthnb', edit.value as JSONObject);
      return;
    case 'insert_cell':
      shared.insertCell(edit.index, {
        cell_type: 'markdown',
        metadata: edit.metadata,
        source: edit.source,
      });
      return;
    case 'set_source':
      replaceSource(shared.getCell(edit.index), edit.source);
      return;
    case 'delete_cell':
      shared.deleteCell(edit.index);
  }
}

/** Keeps the disclosure of one document, whoever shows it. */
export class Keeper implements IKeeper {
  private readonly _statusChanged = new Signal<this, DisclosureStatus>(this);
  private readonly _updates = new Coalesced(() => {
    this.update();
  });
  private readonly _looks = new Coalesced(() => {
    this._look();
  });
  private readonly _seen = new Cells();
  private _status: DisclosureStatus = 'none';
  private _cells = 0;

  /**
   * @param _shared - The document.
   * @param _isAutomatic - Whether the document may be changed without being asked, now.
   */
  constructor(
    private readonly _shared: ISharedNotebook,
    private readonly _isAutomatic: () => boolean,
  ) {
    this._look();
    this._shared.changed.connect((_, change) => {
      this._onChanged(change);
    }, this);
  }

  get status(): DisclosureStatus {
    return this._status;
  }

  get statusChanged(): ISignal<this, DisclosureStatus> {
    return this._statusChanged;
  }

  get optedOut(): boolean {
    return isOptedOut({ cells: [], metadata: this._metadata() });
  }

  get cellIndex(): number {
    return this._cellIndices()[0] ?? -1;
  }

  get isDisposed(): boolean {
    return this._shared.isDisposed;
  }

  update({ restore = false } = {}): boolean {
    this._updates.cancel();
    const edits = upsert(this._json(), { now: now(), restore });
    if (edits.length > 0) {
      // Not undoable: Ctrl-Z is for what the author did.
      this._shared.transact(() => {
        edits.forEach((edit) => {
          apply(this._shared, edit);
        });
      }, false);
      this._updates.cancel();
    }
    this._look();
    return edits.length > 0;
  }

  remove(): void {
    this._shared.transact(() => {
      this._cellIndices()
        .reverse()
        .forEach((index) => {
          this._shared.deleteCell(index);
        });
    });
    this.update();
  }

  /** Something has run: bring the disclosure in line, if that may be done without asking. */
  ask(): void {
    if (this._isAutomatic()) {
      this._updates.ask();
    } else {
      this._looks.ask();
    }
  }

  /** Something may have changed that only the status tells. */
  look(): void {
    this._looks.ask();
  }

  flush(): void {
    this._updates.flush();
    this._looks.flush();
  }

  dispose(): void {
    this._updates.cancel();
    this._looks.cancel();
    Signal.clearData(this);
  }

  /** What the rules look at. */
  private _json(): NotebookJson {
    const cells = this._shared.cells.map((cell) => this._seen.jsonOf(cell));
    return { cells, metadata: this._metadata() };
  }

  /** The part of the metadata that is ours. */
  private _metadata(): Mapping {
    const own = this._shared.getMetadata('synthnb');
    return own === undefined ? {} : { synthnb: own };
  }

  /** The author deleted the cell, brought it back or doubled it; other changes only need a look. */
  private _onChanged(change: NotebookChange): void {
    if (change.cellsChange === undefined && change.metadataChange === undefined) {
      return;
    }
    const cells = this._cellIndices().length;
    if (cells !== this._cells && change.cellsChange !== undefined) {
      this.ask();
    }
    this._cells = cells;
    this.look();
  }

  /** Where the disclosure cells stand; there may be two for a moment, after an undo. */
  private _cellIndices(): number[] {
    return this._shared.cells.flatMap((cell, index) =>
      cell.cell_type === 'markdown' && isDisclosure(cell.toJSON()) ? [index] : [],
    );
  }

  private _look(): void {
    this._looks.cancel();
    const status = statusOf(this._json());
    this._cells = this._cellIndices().length;
    if (status !== this._status) {
      this._status = status;
      this._statusChanged.emit(status);
    }
  }
}
