import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal } from './rules.js';

test('a voucher pays for what it is worth', () => {
  assert.equal(refusal('VOUCHER-200000', 200_000n), undefined);
  assert.equal(refusal('VOUCHER-200000', 200_001n), 'insufficient_voucher');
});

test('anything else is no voucher', () => {
  for (const token of ['', '200000', 'VOUCHER-', 'VOUCHER--1', 'VOUCHER-0', 'VOUCHER-99999999999999999999']) {
    assert.equal(refusal(token, 1n), 'invalid_voucher', token);
  }
});
