// Says who installs the built extension, and drops the bundler's log: it holds this machine's paths.
import { copyFileSync, rmSync } from 'node:fs';

const built = new URL('../synthnb/labextension/', import.meta.url);
copyFileSync(new URL('install.json', import.meta.url), new URL('install.json', built));
rmSync(new URL('build_log.json', built), { force: true });
