// What this service tells, and what it does when others tell something.

import { emit } from 'mutrapro:events/outbox@0.1.0';
import { cancelledBooking, instant, Refusal, told } from './rules.js';
import * as store from './store.js';

/** Tells of an entry, after the change that it tells of. */
export function tell(tx, fact, entry, more = {}) {
  emit(tx, `waiting_entry.${fact}`, 'waiting_entry', entry.id, JSON.stringify({ ...told(entry), ...more }));
}

/** A booking was cancelled: calls the customer who has waited longest for its studio, if anyone does. */
export function handle(event, tx) {
  const { bookingId, studioId } = cancelledBooking(event);
  const next = store.longestWaiting(tx, studioId);
  if (!next) {
    return;
  }
  const calledAt = instant(Date.now());
  if (!store.call(tx, next.id, calledAt)) {
    // The next one is to be called then, so the event has to come again.
    throw new Refusal('retry', `${next.id} has left just now`);
  }
  tell(tx, 'called', next, { booking_id: bookingId, called_at: calledAt });
}
