import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { CommandIDs, IDisclosures } from './tokens.js';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IKeeper } from './tokens.js';

/** What the item says, what it means, and what a click does. */
interface Face {
  readonly text: string;
  readonly title: string;
  readonly command: string | null;
}

function faceOf({ status, optedOut }: IKeeper, trans: TranslationBundle): Face {
  switch (status) {
    case 'none':
      return optedOut
        ? {
            text: trans.__('Disclosure: none'),
            title: trans.__('The disclosure cell was deleted. Click to write it again.'),
            command: CommandIDs.update,
          }
        : {
            text: trans.__('Disclosure: none'),
            title: trans.__('No output in this notebook comes from %synth.'),
            command: null,
          };
    case 'incomplete':
      return {
        text: trans.__('Disclosure: incomplete'),
        title: trans.__('Some fields can only be stated by a person. Click to see which.'),
        command: CommandIDs.goTo,
      };
    case 'complete':
      return {
        text: trans.__('Disclosure: complete'),
        title: trans.__('Every field that only a person can state is stated. Click to read.'),
        command: CommandIDs.goTo,
      };
    case 'stale':
      return {
        text: trans.__('Disclosure: stale'),
        title: trans.__('The disclosure differs from the outputs. Click to update it.'),
        command: CommandIDs.update,
      };
  }
}

/** Shows the disclosure of the current notebook in one word. */
class StatusItem extends Widget {
  /** Emitted when the item may have to be shown or hidden. */
  readonly activeChanged = new Signal<this, void>(this);

  private readonly _button = document.createElement('button');
  private _keeper: IKeeper | null = null;
  private _command: string | null = null;

  private readonly _draw = (): void => {
    if (this._keeper !== null) {
      const { text, title, command } = faceOf(this._keeper, this._trans);
      this._command = command;
      this._button.textContent = text;
      this._button.title = title;
      this._button.setAttribute('aria-label', `${text}. ${title}`);
      this._button.setAttribute('aria-disabled', String(command === null));
      this.node.dataset.status = this._keeper.status;
    }
    this.activeChanged.emit();
  };

  constructor(
    private readonly _trans: TranslationBundle,
    run: (command: string) => void,
  ) {
    super();
    this.addClass('jp-synthnb-Status');
    this._button.type = 'button';
    this._button.addEventListener('click', () => {
      if (this._command !== null) {
        run(this._command);
      }
    });
    this.node.append(this._button);
  }

  /** Show another notebook's disclosure, or none. */
  set keeper(keeper: IKeeper | null) {
    this._keeper?.statusChanged.disconnect(this._draw);
    this._keeper = keeper;
    keeper?.statusChanged.connect(this._draw);
    this._draw();
  }

  override dispose(): void {
    this.keeper = null;
    Signal.clearData(this);
    super.dispose();
  }
}

/** Adds the item to the status bar, where the application has one. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'synthnb:status',
  description: "Shows the state of the current notebook's disclosure in the status bar.",
  autoStart: true,
  requires: [INotebookTracker, IDisclosures],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    disclosures: IDisclosures,
    statusBar: IStatusBar | null,
    translator: ITranslator | null,
  ) => {
    if (statusBar === null) {
      return;
    }
    const trans = (translator ?? nullTranslator).load('synthnb');
    const item = new StatusItem(trans, (command) => void app.commands.execute(command));
    const keeper = (): IKeeper | null => {
      const panel = tracker.currentWidget;
      return panel && panel === app.shell.currentWidget ? disclosures.keeperOf(panel) : null;
    };
    const show = (): void => {
      item.keeper = keeper();
    };
    tracker.currentChanged.connect(show);
    disclosures.keeperAdded.connect(show);
    app.shell.currentChanged?.connect(show);
    statusBar.registerStatusItem('synthnb:status', {
      item,
      align: 'right',
      rank: 20,
      isActive: () => keeper() !== null,
      activeStateChanged: item.activeChanged,
    });
  },
};
