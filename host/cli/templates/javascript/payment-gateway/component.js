// The export. Put your provider's API in place of the vouchers; what a charge and its repetition mean is said in
// `wit/deps/plugins/payment-gateway.wit`.

import { refusal } from './rules.js';

export const paymentGateway = {
  /** The answer hangs on the order alone, so that a charge that comes again has the same. */
  charge({ reference, token, amount }) {
    const reason = refusal(token, amount);
    const outcome = reason ? { tag: 'declined', val: reason } : { tag: 'succeeded' };
    return { transactionId: `charge-${reference}`, outcome, details: '{}' };
  },

  refund({ reference }) {
    return { transactionId: `refund-${reference}`, outcome: { tag: 'succeeded' }, details: '{}' };
  },

  /** Nobody signs anything here, so no webhook is genuine. */
  verifyWebhook() {
    throw { payload: { tag: 'bad-signature', val: 'this gateway sends no webhooks' } };
  },

  simulatedWebhooks() {
    return [];
  },
};
