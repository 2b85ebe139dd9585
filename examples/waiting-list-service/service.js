// The component: what it exports, one function each.

import { handle } from './events.js';
import { answer } from './routes.js';
import { refusal } from './rules.js';

export const exchange = {
  handle(request) {
    return answer(request);
  },
};

export const consumer = {
  handle(event, tx) {
    try {
      handle(event, tx);
    } catch (error) {
      // What is thrown becomes the error of the contract's `result`.
      throw { payload: refusal(error) };
    }
  },
};
