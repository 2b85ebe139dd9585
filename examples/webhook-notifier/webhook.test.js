import assert from 'node:assert/strict';
import { test } from 'node:test';
import { body, refusal, signature } from './webhook.js';

const notification = {
  id: '0197c2d0-0000-7000-8000-000000000001',
  recipient: { userId: '0197c2d0-0000-7000-8000-000000000002', fullName: 'Lan Trần', email: 'lan@example.com' },
  title: 'Payment due',
  text: 'Please pay the deposit.',
  kind: 'payment_reminder',
  reference: ['milestone', '0197c2d0-0000-7000-8000-000000000003'],
  writtenAt: '2026-01-31T09:30:00.000000Z',
};

test('body has the shape of the README', () => {
  assert.deepEqual(JSON.parse(body(notification)), {
    id: '0197c2d0-0000-7000-8000-000000000001',
    kind: 'payment_reminder',
    title: 'Payment due',
    text: 'Please pay the deposit.',
    written_at: '2026-01-31T09:30:00.000000Z',
    recipient: {
      user_id: '0197c2d0-0000-7000-8000-000000000002',
      full_name: 'Lan Trần',
      email: 'lan@example.com',
    },
    reference: { kind: 'milestone', id: '0197c2d0-0000-7000-8000-000000000003' },
  });
});

test('what is about nothing has no reference', () => {
  assert.equal(JSON.parse(body({ ...notification, reference: undefined })).reference, null);
});

test('status tells a delivery from what passes and what does not', () => {
  for (const status of [200, 202, 204, 299]) {
    assert.equal(refusal(status), undefined, `${status}`);
  }
  for (const status of [301, 408, 429, 500, 503, 599]) {
    assert.deepEqual(refusal(status), { tag: 'later', val: `the webhook answered ${status}` });
  }
  for (const status of [400, 401, 404, 410, 422, 499]) {
    assert.deepEqual(refusal(status), { tag: 'never', val: `the webhook answered ${status}` });
  }
});

test('signature is that of RFC 4231, test case 2', async () => {
  assert.equal(
    await signature('Jefe', 'what do ya want for nothing?'),
    'sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});
