import assert from 'node:assert/strict';
import { test } from 'node:test';
import { line } from './rules.js';

test('a notification is one line', () => {
  const written = line('Lan Trần', 'Payment due', 'Please pay\nthe deposit.');
  assert.equal(written, 'to Lan Trần: Payment due. Please pay the deposit.');
});
