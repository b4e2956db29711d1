import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal } from '@lumino/signaling';
import { Keeper } from './keeper.js';
import { IDisclosures } from './tokens.js';
import { RECORD_MIME, own } from './wire.js';
import type { ISharedNotebook } from '@jupyter/ydoc';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { Notebook, NotebookPanel } from '@jupyterlab/notebook';
import type { KernelMessage } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';

const PLUGIN = 'synthnb:plugin';

/** Whether a message puts a record into an output. */
function carriesRecord({ content }: Pick<KernelMessage.IMessage, 'content'>): boolean {
  return own(own(content, 'data'), RECORD_MIME) !== undefined;
}

/** The keepers, one for each document even if it is shown twice. */
class Disclosures implements IDisclosures {
  /** Whether notebooks may be changed without being asked. */
  autoInsert = true;

  private readonly _keepers = new WeakMap<ISharedNotebook, Keeper>();
  private readonly _keeperAdded = new Signal<this, NotebookPanel>(this);

  get keeperAdded(): ISignal<this, NotebookPanel> {
    return this._keeperAdded;
  }

  keeperOf({ model }: Pick<Notebook, 'model'>): Keeper | null {
    return (model && this._keepers.get(model.sharedModel)) ?? null;
  }

  /** Start keeping a notebook as soon as its document has been read. */
  async add(panel: NotebookPanel): Promise<void> {
    await panel.context.ready;
    const { context, model } = panel;
    if (panel.isDisposed || model === null) {
      return;
    }
    if (this.keeperOf(panel) === null) {
      const keeper = new Keeper(model.sharedModel, () => this.autoInsert && !model.readOnly);
      this._keepers.set(model.sharedModel, keeper);
      follow(context.sessionContext, keeper);
      context.saveState.connect((_, state) => {
        if (state === 'started') {
          keeper.flush();
        }
      });
      context.disposed.connect(() => {
        keeper.dispose();
      });
    }
    this._keeperAdded.emit(panel);
  }
}

/** Records may come between executions, from threads and updated displays. */
function follow(session: ISessionContext, keeper: Keeper): void {
  session.iopubMessage.connect((_, message) => {
    // Others who share the document hear the same message; the one who ran the cell acts.
    const isOurs = own(message.parent_header, 'session') === session.session?.kernel?.clientId;
    if (isOurs && carriesRecord(message)) {
      keeper.ask();
    }
  });
}

async function readSettings(registry: ISettingRegistry, disclosures: Disclosures): Promise<void> {
  const settings = await registry.load(PLUGIN);
  const read = (): void => {
    disclosures.autoInsert = settings.get('autoInsert').composite !== false;
  };
  settings.changed.connect(read);
  read();
}

/** Writes the disclosure into a notebook when something that belongs in it has run. */
export const disclosurePlugin: JupyterFrontEndPlugin<IDisclosures> = {
  id: PLUGIN,
  description: 'Keeps the disclosure of synthetic data in each open notebook.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ISettingRegistry],
  provides: IDisclosures,
  activate: (
    _app: JupyterFrontEnd,
    tracker: INotebookTracker,
    registry: ISettingRegistry | null,
  ): IDisclosures => {
    const disclosures = new Disclosures();
    if (registry !== null) {
      readSettings(registry, disclosures).catch((error: unknown) => {
        console.error('synthnb: the settings were not read.', error);
      });
    }
    tracker.forEach((panel) => void disclosures.add(panel));
    tracker.widgetAdded.connect((_, panel) => void disclosures.add(panel));
    NotebookActions.executed.connect((_, { notebook }) => disclosures.keeperOf(notebook)?.ask());
    NotebookActions.outputCleared.connect((_, { notebook }) =>
      disclosures.keeperOf(notebook)?.look(),
    );
    return disclosures;
  },
};
