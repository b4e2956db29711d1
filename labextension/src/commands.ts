import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { CommandIDs, IDisclosures } from './tokens.js';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IKeeper } from './tokens.js';

/** The notebook that commands are about. */
type Target = () => { panel: NotebookPanel; keeper: IKeeper } | null;

/** Select the disclosure cell and bring it into view. */
async function goTo(panel: NotebookPanel, index: number): Promise<void> {
  panel.content.activeCellIndex = index;
  await panel.content.scrollToItem(index);
  panel.activate();
}

/** Write the disclosure, or say why there is none to write. */
function update(keeper: IKeeper, trans: TranslationBundle): void {
  if (!keeper.update({ restore: true }) && keeper.cellIndex < 0) {
    Notification.info(
      trans.__(
        'There is nothing to disclose yet: no output here comes from %synth. Run one first.',
      ),
      { autoClose: 8000 },
    );
  }
}

function commandsOf(
  target: Target,
  trans: TranslationBundle,
): Record<string, CommandRegistry.ICommandOptions> {
  const hasNotebook = (): boolean => target() !== null;
  const hasCell = (): boolean => (target()?.keeper.cellIndex ?? -1) >= 0;
  return {
    [CommandIDs.update]: {
      label: trans.__('Update Disclosure of Synthetic Data'),
      isEnabled: hasNotebook,
      execute: () => {
        const found = target();
        if (found) {
          update(found.keeper, trans);
        }
      },
    },
    [CommandIDs.goTo]: {
      label: trans.__('Go to Disclosure of Synthetic Data'),
      isEnabled: hasCell,
      execute: async () => {
        const found = target();
        if (found && found.keeper.cellIndex >= 0) {
          await goTo(found.panel, found.keeper.cellIndex);
        }
      },
    },
    [CommandIDs.remove]: {
      label: trans.__('Remove Disclosure of Synthetic Data'),
      isEnabled: hasCell,
      execute: () => {
        target()?.keeper.remove();
      },
    },
  };
}

/** Adds the commands, and to the palette where there is one. */
export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'synthnb:commands',
  description: 'Updates, finds and removes the disclosure of the current notebook.',
  autoStart: true,
  requires: [INotebookTracker, IDisclosures],
  optional: [ICommandPalette, ITranslator],
  activate: (
    { commands }: JupyterFrontEnd,
    tracker: INotebookTracker,
    disclosures: IDisclosures,
    palette: ICommandPalette | null,
    translator: ITranslator | null,
  ) => {
    const trans = (translator ?? nullTranslator).load('synthnb');
    const target: Target = () => {
      const panel = tracker.currentWidget;
      const keeper = panel && disclosures.keeperOf(panel);
      return keeper && { panel, keeper };
    };
    for (const [command, options] of Object.entries(commandsOf(target, trans))) {
      commands.addCommand(command, options);
      palette?.addItem({ command, category: trans.__('Synthetic Data') });
    }
  },
};
