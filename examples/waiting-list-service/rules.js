// What requests and events mean, and what is made of rows. Pure: no bindings, and time and chance come in as parameters.

import { Problem, invalidField } from './problem.js';

/** The component that serves the outside. */
export const GATEWAY = 'api-gateway';
/** What a booking's cancellation is told as. */
export const CANCELLED = 'booking.cancelled';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The UUID in `text`, in lower case; undefined when it is none. */
export function uuid(text) {
  const id = typeof text === 'string' ? text.toLowerCase() : '';
  return UUID.test(id) ? id : undefined;
}

/** A UUIDv7 (RFC 9562): 48 bits of `milliseconds`, and the rest of 16 `random` bytes. */
export function newId(milliseconds, random) {
  const bytes = Uint8Array.from(random);
  for (let index = 0; index < 6; index += 1) {
    // Beyond 32 bits, so by division and not by shifts.
    bytes[index] = Math.floor(milliseconds / 2 ** (8 * (5 - index))) % 256;
  }
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** RFC 3339 in UTC with microseconds, as the database has instants. */
export function instant(milliseconds) {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}

/**
 * The user on whose behalf the gateway sent a request. The host says which component calls, and lets nobody else say so; what
 * the gateway says of the user is believed because the gateway says it.
 */
export function user(headers) {
  const id = headers['x-mutrapro-caller'] === GATEWAY ? uuid(headers['x-mutrapro-user']) : undefined;
  if (!id) {
    throw new Problem(401, 'not_authenticated', 'log in, and send the access token');
  }
  return { id, roles: (headers['x-mutrapro-roles'] ?? '').split(',').map((role) => role.trim()) };
}

/** Goes on only for holders of `role`. */
export function requireRole({ roles }, role) {
  if (!roles.includes(role)) {
    throw new Problem(403, 'role_required', `this is for ${role} only`);
  }
}

/** The studio that the body of a request names: `{"studio_id": …}` and nothing else. */
export function wantedStudio(headers, text) {
  const mediaType = (headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  if (mediaType !== 'application/json') {
    const detail = 'the body must be JSON: send content-type application/json';
    throw new Problem(415, 'unsupported_media_type', detail);
  }
  let body;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new Problem(400, 'bad_request', `the body is not JSON: ${error.message}`);
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw invalidField('body', 'invalid', 'must be an object');
  }
  const unknown = Object.keys(body).find((field) => field !== 'studio_id');
  if (unknown !== undefined) {
    throw invalidField(unknown, 'unknown', 'is not a known field');
  }
  if (body.studio_id === undefined) {
    throw invalidField('studio_id', 'required', 'is required');
  }
  const studioId = uuid(body.studio_id);
  if (!studioId) {
    throw invalidField('studio_id', 'invalid', 'must be a UUID');
  }
  return studioId;
}

/** Which page a query string asks for: `limit` (1 to 100) and `cursor`, the last id of the page before. */
export function paging(query) {
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].find((name) => name !== 'limit' && name !== 'cursor');
  if (unknown !== undefined) {
    throw invalidField(unknown, 'unknown', 'is not a known field');
  }
  const limit = parameters.get('limit') ?? String(LIMIT_DEFAULT);
  if (!/^[1-9][0-9]{0,2}$/.test(limit) || Number(limit) > LIMIT_MAX) {
    throw invalidField('limit', 'invalid', `must be 1 to ${LIMIT_MAX}`);
  }
  const cursor = parameters.get('cursor');
  if (cursor !== null && !uuid(cursor)) {
    throw invalidField('cursor', 'invalid', 'is none that this list gave');
  }
  return { limit: Number(limit), after: cursor === null ? undefined : uuid(cursor) };
}

/** A page of up to `limit` entries, of which one more was asked for, so that it is known whether there is a next page. */
export function page(entries, limit) {
  const items = entries.slice(0, limit);
  return { items: items.map(view), next_cursor: entries.length > limit ? items[limit - 1].id : null };
}

/** An entry as its customer sees it. */
export function view({ id, studioId, state, createdAt, calledAt, leftAt }) {
  return { id, studio_id: studioId, state, created_at: createdAt, called_at: calledAt, left_at: leftAt };
}

/** What an event tells of an entry. */
export function told({ id, userId, studioId }) {
  return { waiting_entry_id: id, user_id: userId, studio_id: studioId };
}

/** Why an event is not handled: `retry` later, or `reject` for good. */
export class Refusal extends Error {
  constructor(tag, text) {
    super(text);
    this.tag = tag;
  }
}

/** The studio and the booking that `booking.cancelled` is about. */
export function cancelledBooking({ kind, payload }) {
  if (kind !== CANCELLED) {
    throw new Refusal('reject', `there is no handler for ${kind}`);
  }
  const { booking_id: booking, studio_id: studio } = JSON.parse(payload);
  const [bookingId, studioId] = [uuid(booking), uuid(studio)];
  if (!bookingId || !studioId) {
    throw new Refusal('reject', `payload of ${kind}: booking_id and studio_id must be UUIDs`);
  }
  return { bookingId, studioId };
}

/** What becomes of an event whose handler threw `error`: only what the database may say otherwise the next time is tried again. */
export function refusal(error) {
  if (error instanceof Refusal) {
    return { tag: error.tag, val: error.message };
  }
  const passes = ['conflict', 'unavailable'].includes(error?.payload?.tag);
  return { tag: passes ? 'retry' : 'reject', val: error?.payload ? JSON.stringify(error.payload) : String(error) };
}
