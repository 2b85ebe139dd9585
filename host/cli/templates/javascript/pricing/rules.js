// What is taken off. Pure: tested without a component.

/** What the customer reads. */
export const LABEL = 'Ten or more minutes';
const MINUTES_MIN = 10;

/** Five percent, rounded down, off work on ten minutes and more, in minor units; undefined when nothing is taken off. */
export function adjustment(amount, audioMinutes) {
  const off = amount / 20n;
  return audioMinutes >= MINUTES_MIN && off > 0n ? -off : undefined;
}
