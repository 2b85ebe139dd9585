// The export.

import { HEADER_BYTES, read } from './rules.js';

export const mediaInspector = {
  /** Undefined: this plugin does not know such files, and the next is asked. */
  inspect(mimeType, content) {
    const audio = read(content.read(0n, HEADER_BYTES));
    return audio && { ...audio, durationMs: undefined, codec: 'pcm' };
  },
};
