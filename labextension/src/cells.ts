import { RECORD_MIME, isMapping, own } from './wire.js';
import type { ISharedCell, ISharedCodeCell } from '@jupyter/ydoc';

/**
 * What the rules look at in each cell of a live document, so far as it hasn't changed.
 *
 * Outputs can be large, and the document only gives copies of all of them.
 */
export class Cells {
  private readonly _known = new WeakMap<ISharedCell, object>();
  private readonly _watched = new WeakSet<ISharedCell>();

  /** A cell as JSON; of a code cell only the records in its outputs. */
  jsonOf(cell: ISharedCell): object {
    if (!('getOutputs' in cell)) {
      return cell.toJSON();
    }
    const known = this._known.get(cell) ?? recordsOf(cell);
    if (this._watch(cell)) {
      this._known.set(cell, known);
    }
    return known;
  }

  /**
   * Forget a cell when it changes. The signals of the cell don't tell: JupyterLab
   * puts outputs into the document silently.
   */
  private _watch(cell: ISharedCodeCell): boolean {
    const model: unknown = Reflect.get(cell, 'ymodel');
    if (!isObservable(model)) {
      return false;
    }
    if (!this._watched.has(cell)) {
      this._watched.add(cell);
      model.observeDeep(() => {
        this._known.delete(cell);
      });
    }
    return true;
  }
}

/** The part of a Yjs type that tells of changes inside it. */
interface Observable {
  observeDeep(listener: () => void): void;
}

function isObservable(value: unknown): value is Observable {
  return typeof value === 'object' && value !== null && 'observeDeep' in value;
}

/** A code cell with those outputs that carry a record. */
function recordsOf(cell: ISharedCodeCell): object {
  const records = cell
    .getOutputs()
    .map((output: unknown) => own(output, 'data'))
    .filter((data) => isMapping(data) && Object.hasOwn(data, RECORD_MIME))
    .map((data) => ({ data: { [RECORD_MIME]: own(data, RECORD_MIME) } }));
  return { cell_type: 'code', outputs: records };
}
