import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ofHost, Problem } from './problem.js';
import {
  cancelledBooking, instant, newId, page, paging, Refusal, refusal, requireRole, user, uuid, wantedStudio,
} from './rules.js';

const ID = '0197c2d0-0000-7000-8000-000000000001';
const OTHER = '0197c2d0-0000-7000-8000-000000000002';
const json = { 'content-type': 'application/json; charset=utf-8' };

const entry = (id) => ({
  id, userId: ID, studioId: OTHER, state: 'waiting', createdAt: instant(0), calledAt: null, leftAt: null,
});

/** Checks that `act` throws the problem of this status and code, and gives it. */
function problem(status, code, act) {
  let thrown;
  assert.throws(act, (error) => {
    thrown = error;
    return error instanceof Problem;
  });
  assert.deepEqual([thrown.status, thrown.code], [status, code]);
  return thrown;
}

test('an id has the time in front, its version and its variant', () => {
  // The example of RFC 9562, appendix A.6.
  const random = [0, 0, 0, 0, 0, 0, 0xfc, 0xc3, 0xd8, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
  assert.equal(newId(0x017f22e279b0, random), '017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  assert.ok(newId(1, new Uint8Array(16).fill(255)) < newId(2, new Uint8Array(16)));
});

test('an instant has microseconds', () => {
  assert.equal(instant(Date.UTC(2026, 0, 31, 9, 30)), '2026-01-31T09:30:00.000000Z');
});

test('a UUID is taken in either case and nothing else is', () => {
  assert.equal(uuid(ID.toUpperCase()), ID);
  for (const text of [undefined, null, 7, '', 'studio', `${ID} `, `{${ID}}`, ID.replaceAll('-', '')]) {
    assert.equal(uuid(text), undefined, `${text}`);
  }
});

test('the gateway is believed and nobody else', () => {
  const headers = { 'x-mutrapro-caller': 'api-gateway', 'x-mutrapro-user': ID, 'x-mutrapro-roles': 'customer, system_admin' };
  assert.deepEqual(user(headers), { id: ID, roles: ['customer', 'system_admin'] });
  requireRole(user(headers), 'customer');
  problem(403, 'role_required', () => requireRole(user(headers), 'recording_artist'));
  for (const caller of [undefined, 'file-service', 'API-GATEWAY', 'api-gateway,x']) {
    problem(401, 'not_authenticated', () => user({ ...headers, 'x-mutrapro-caller': caller }));
  }
  problem(401, 'not_authenticated', () => user({ ...headers, 'x-mutrapro-user': 'admin' }));
});

test('a body names one studio and nothing else', () => {
  assert.equal(wantedStudio(json, JSON.stringify({ studio_id: ID })), ID);
  problem(415, 'unsupported_media_type', () => wantedStudio({ 'content-type': 'text/plain' }, '{}'));
  problem(400, 'bad_request', () => wantedStudio(json, '{'));
  for (const [body, field, code] of [
    ['[]', 'body', 'invalid'],
    ['null', 'body', 'invalid'],
    ['{}', 'studio_id', 'required'],
    ['{"studio_id": "the big one"}', 'studio_id', 'invalid'],
    [`{"studio_id": "${ID}", "urgent": true}`, 'urgent', 'unknown'],
  ]) {
    const { errors } = problem(422, 'invalid_fields', () => wantedStudio(json, body));
    assert.deepEqual(errors.map((error) => [error.field, error.code]), [[field, code]], body);
  }
});

test('a page has bounds and a default', () => {
  assert.deepEqual(paging(undefined), { limit: 20, after: undefined });
  assert.deepEqual(paging(`limit=100&cursor=${ID}`), { limit: 100, after: ID });
  for (const [query, field] of [
    ['limit=0', 'limit'], ['limit=101', 'limit'], ['limit=-1', 'limit'], ['limit=1e1', 'limit'], ['limit=', 'limit'],
    ['cursor=', 'cursor'], ['cursor=x', 'cursor'], ['page=2', 'page'],
  ]) {
    assert.equal(problem(422, 'invalid_fields', () => paging(query)).errors[0].field, field, query);
  }
});

test('a page tells where the next one begins, and the last that there is none', () => {
  const entries = [OTHER, ID].map(entry);
  assert.deepEqual([page(entries, 2).items.length, page(entries, 2).next_cursor], [2, null]);
  const { items, next_cursor: next } = page(entries, 1);
  assert.deepEqual([items.map(({ id }) => id), next], [[OTHER], OTHER]);
  assert.deepEqual(Object.keys(items[0]), ['id', 'studio_id', 'state', 'created_at', 'called_at', 'left_at']);
});

test('an event names a booking and its studio, or is rejected', () => {
  const payload = JSON.stringify({ booking_id: ID, studio_id: OTHER, reason: null });
  assert.deepEqual(cancelledBooking({ kind: 'booking.cancelled', payload }), { bookingId: ID, studioId: OTHER });
  for (const event of [{ kind: 'booking.created', payload }, { kind: 'booking.cancelled', payload: '{}' }]) {
    assert.throws(() => cancelledBooking(event), (error) => error instanceof Refusal && error.tag === 'reject');
  }
});

test('only what may pass is tried again', () => {
  for (const tag of ['conflict', 'unavailable']) {
    assert.equal(refusal({ payload: { tag } }).tag, 'retry', tag);
  }
  for (const error of [{ payload: { tag: 'forbidden', val: 'x' } }, new TypeError('x'), new SyntaxError('x')]) {
    assert.equal(refusal(error).tag, 'reject');
  }
  assert.deepEqual(refusal(new Refusal('retry', 'later')), { tag: 'retry', val: 'later' });
});

test('a problem has the shape of RFC 9457 and tells no more than a client may know', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  assert.deepEqual(new Problem(409, 'already_waiting', 'twice').details(traceparent), {
    type: 'about:blank', title: 'Conflict', status: 409, code: 'already_waiting', detail: 'twice', errors: undefined,
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
  });
  assert.equal(new Problem(404, 'not_found', 'x').details('forged').trace_id, undefined);
  assert.ok(!ofHost({ payload: { tag: 'forbidden', val: 'the secret' } }).message.includes('secret'));
  for (const tag of ['conflict', 'unavailable']) {
    const { status, headers } = ofHost({ payload: { tag, val: 'x' } });
    assert.deepEqual([status, headers['retry-after']], [503, '1']);
  }
});
