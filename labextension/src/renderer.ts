import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import draw from '../../synthnb/widgets/report/index.js';
import { REPORT_MIME } from './wire.js';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Message } from '@lumino/messaging';

/** Before the widget manager, which stands at -10 and has nothing to show without a kernel. */
const RANK = -20;

/** What the report's module needs of a model; the traits live in a `Map` instead of a kernel. */
class LocalModel {
  private readonly _traits: Map<string, unknown>;

  constructor(traits: Record<string, unknown>) {
    this._traits = new Map(Object.entries(traits));
  }

  get(name: string): unknown {
    return this._traits.get(name);
  }

  set(name: string, value: unknown): void {
    this._traits.set(name, value);
  }

  on(): void {
    // Nothing outside the view changes a stored report.
  }

  off(): void {
    // See `on`.
  }

  save_changes(): void {
    // There is no kernel to tell.
  }
}

/** Draws a report from its JSON alone. */
class ReportRenderer extends Widget implements IRenderMime.IRenderer {
  private _release: (() => void) | undefined;

  constructor(private readonly _mimeType: string) {
    super();
    this.addClass('jp-synthnb-Report');
  }

  /**
   * Keep the keys that move about in the report from the notebook, whose shortcuts take plain keys.
   * Chords such as Ctrl+S and Shift+Enter stay the notebook's.
   */
  handleEvent(event: KeyboardEvent): void {
    const chord = event.ctrlKey || event.metaKey || (event.shiftKey && event.key === 'Enter');
    this.node.toggleAttribute('data-lm-suppress-shortcuts', !chord);
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    // Shortcuts are looked up on the document while the event is captured, so this must come before.
    window.addEventListener('keydown', this, true);
  }

  protected override onBeforeDetach(message: Message): void {
    window.removeEventListener('keydown', this, true);
    super.onBeforeDetach(message);
  }

  async renderModel(mimeModel: IRenderMime.IMimeModel): Promise<void> {
    this._clear();
    const model = new LocalModel({ report: mimeModel.data[this._mimeType] });
    const release = await draw.render({ model, el: this.node });
    if (this.isDisposed) {
      release?.();
    } else {
      this._release = release ?? undefined;
    }
  }

  override dispose(): void {
    this._clear();
    super.dispose();
  }

  private _clear(): void {
    this._release?.();
    this._release = undefined;
    this.node.replaceChildren();
  }
}

const factory: IRenderMime.IRendererFactory = {
  safe: true,
  mimeTypes: [REPORT_MIME],
  createRenderer: ({ mimeType }) => new ReportRenderer(mimeType),
};

/** Draws reports, with a kernel and without; notebooks copy the registry when they open. */
export const rendererPlugin: JupyterFrontEndPlugin<void> = {
  id: 'synthnb:renderer',
  description: 'Draws a report from its JSON.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  activate: (_app: JupyterFrontEnd, registry: IRenderMimeRegistry) => {
    registry.addFactory(factory, RANK);
  },
};
