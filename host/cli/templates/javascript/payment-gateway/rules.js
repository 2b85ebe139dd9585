// Vouchers: means of payment that are worth what is written on them. Pure: tested without a component.

/** The amount of a voucher such as `VOUCHER-200000`, in minor units; undefined when it is none. */
export function worth(token) {
  const found = /^VOUCHER-([1-9][0-9]{0,17})$/.exec(token);
  return found ? BigInt(found[1]) : undefined;
}

/** Why a voucher does not pay for `amount`: a stable reason; undefined when it does. */
export function refusal(token, amount) {
  const own = worth(token);
  if (own === undefined) {
    return 'invalid_voucher';
  }
  return own < amount ? 'insufficient_voucher' : undefined;
}
