// Makes dist/sample-name.wasm of component.js.

import { componentize } from '@bytecodealliance/componentize-js';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { component } = await componentize({
  sourcePath: here('component.js'),
  witPath: here('wit'),
  worldName: 'component',
  // `random`, `clocks` and `stdio` stay. For `fetch` leave out 'http' here, and list hosts in `allowed_outbound_hosts`.
  disableFeatures: ['http', 'fetch-event'],
});
await mkdir(here('dist'), { recursive: true });
await writeFile(here('dist/sample-name.wasm'), component);
console.log(`dist/sample-name.wasm: ${component.length} bytes`);
