// The export: writes notifications to the host's log. Put a channel that people read in its place.

import { line } from './rules.js';

export const notifier = {
  /**
   * A notification may come more than once, always under the same id: have the channel tell them apart by it. Throw
   * `{ payload: { tag: 'later', val: '…' } }` for one that is to come again, `never` for one that cannot be delivered.
   */
  deliver({ id, recipient, title, text }) {
    console.log(`${id} ${line(recipient.fullName, title, text)}`);
  },
};
