// Makes dist/webhook-notifier.wasm of notifier.js.

import { componentize } from '@bytecodealliance/componentize-js';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { component } = await componentize({
  sourcePath: here('notifier.js'),
  witPath: here('../../wit/worlds'),
  worldName: 'notifier-plugin',
  // `http` stays for fetch, `clocks` and `random` for what it needs, `stdio` for errors in the host's log.
  disableFeatures: ['fetch-event'],
});
await mkdir(here('dist'), { recursive: true });
await writeFile(here('dist/webhook-notifier.wasm'), component);
console.log(`dist/webhook-notifier.wasm: ${component.length} bytes`);
