// The component: settings, the request and the contract.

import { get } from 'fermyon:spin/variables@2.0.0';
import { body, refusal, signature } from './webhook.js';

/** The variable of this name; undefined when the manifest gives none, or an empty one. */
function variable(name) {
  try {
    return get(name) || undefined;
  } catch (error) {
    if (error.payload?.tag === 'undefined') {
      return undefined;
    }
    throw later(`variable ${name} cannot be read: ${JSON.stringify(error.payload ?? String(error))}`);
  }
}

/** What is thrown becomes the error of the contract's `result`. */
function later(text) {
  return { payload: { tag: 'later', val: text } };
}

export const notifier = {
  async deliver(notification) {
    const url = variable('webhook_url');
    if (!url) {
      throw later('variable webhook_url is not set');
    }
    const text = body(notification);
    const headers = { 'content-type': 'application/json', 'idempotency-key': notification.id };
    const secret = variable('webhook_secret');
    if (secret) {
      headers['x-signature'] = await signature(secret, text);
    }
    let response;
    try {
      response = await fetch(url, { method: 'POST', headers, body: text });
    } catch (error) {
      throw later(`the webhook cannot be reached: ${error}`);
    }
    const refused = refusal(response.status);
    if (refused) {
      throw { payload: refused };
    }
  },
};
