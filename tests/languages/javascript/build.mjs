// Makes dist/sly.wasm of sly.js.

import { componentize } from '@bytecodealliance/componentize-js';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { component } = await componentize({
  sourcePath: here('sly.js'),
  witPath: here('wit'),
  worldName: 'component',
  // `random` stays for ids, `clocks` for what the engine needs, `stdio` for errors in the host's log.
  disableFeatures: ['http', 'fetch-event'],
});
await mkdir(here('dist'), { recursive: true });
await writeFile(here('dist/sly.wasm'), component);
console.log(`dist/sly.wasm: ${component.length} bytes`);
