// The export.

import { adjustment, LABEL } from './rules.js';

export const pricing = {
  adjust({ amount, audioMinutes }) {
    const taken = adjustment(amount, audioMinutes);
    return taken === undefined ? [] : [{ label: LABEL, amount: taken }];
  },
};
