import { INotebookTracker } from '@jupyterlab/notebook';
import { IDisclosures } from './tokens.js';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';

/** What a kernel opens to have its notebook written to disk, before it exports or verifies it. */
const SAVE_TARGET = 'synthnb.save';

/** Save a notebook, its disclosure first. The kernel watches the file, so it is told nothing. */
async function save(panel: NotebookPanel, disclosures: IDisclosures): Promise<void> {
  disclosures.keeperOf(panel)?.flush();
  try {
    await panel.context.save();
  } catch (error) {
    // The document manager has shown the reason, and the kernel goes on with the file as it is.
    console.warn('synthnb: the notebook was not saved.', error);
  }
}

/** Offer the target on a kernel. */
function listen(
  kernel: Kernel.IKernelConnection | null | undefined,
  panel: NotebookPanel,
  disclosures: IDisclosures,
): void {
  if (kernel?.handleComms) {
    // The kernel closes the comm when it has seen the file change.
    kernel.registerCommTarget(SAVE_TARGET, () => save(panel, disclosures));
  }
}

/** Offer the target on each kernel that a notebook gets. */
function watch(panel: NotebookPanel, disclosures: IDisclosures): void {
  const { sessionContext } = panel;
  listen(sessionContext.session?.kernel, panel, disclosures);
  sessionContext.kernelChanged.connect((_, { newValue }) => {
    listen(newValue, panel, disclosures);
  });
}

/** Lets a kernel have its notebook saved in the middle of a cell. */
export const savingPlugin: JupyterFrontEndPlugin<void> = {
  id: 'synthnb:saving',
  description: 'Saves a notebook when its kernel asks for it.',
  autoStart: true,
  requires: [INotebookTracker, IDisclosures],
  activate: (_app: JupyterFrontEnd, tracker: INotebookTracker, disclosures: IDisclosures) => {
    tracker.forEach((panel) => {
      watch(panel, disclosures);
    });
    tracker.widgetAdded.connect((_, panel) => {
      watch(panel, disclosures);
    });
  },
};
