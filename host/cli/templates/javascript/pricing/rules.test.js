import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adjustment } from './rules.js';

test('long work costs less', () => {
  assert.equal(adjustment(200_019n, 10), -10_000n);
});

test('short work and work without minutes cost what they cost', () => {
  assert.equal(adjustment(200_000n, 9), undefined);
  assert.equal(adjustment(200_000n, undefined), undefined);
  assert.equal(adjustment(19n, 10), undefined);
});
