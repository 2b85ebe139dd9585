// Makes dist/waiting-list-service.wasm of service.js.

import { componentize } from '@bytecodealliance/componentize-js';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { component } = await componentize({
  sourcePath: here('service.js'),
  witPath: here('wit'),
  worldName: 'component',
  // `random` stays for ids, `clocks` for instants, `stdio` for errors in the host's log.
  disableFeatures: ['http', 'fetch-event'],
});
await mkdir(here('dist'), { recursive: true });
await writeFile(here('dist/waiting-list-service.wasm'), component);
console.log(`dist/waiting-list-service.wasm: ${component.length} bytes`);
