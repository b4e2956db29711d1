import { commandsPlugin } from './commands.js';
import { disclosurePlugin } from './disclosure.js';
import { rendererPlugin } from './renderer.js';
import { savingPlugin } from './saving.js';
import { statusPlugin } from './status.js';

export { IDisclosures } from './tokens.js';
export type { DisclosureStatus, IKeeper } from './tokens.js';

export default [disclosurePlugin, commandsPlugin, statusPlugin, rendererPlugin, savingPlugin];
