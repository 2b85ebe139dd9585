import assert from 'node:assert/strict';
import { test } from 'node:test';
import { read } from './rules.js';

function header(encoding, rate, channels) {
  const view = new DataView(new ArrayBuffer(24));
  [0x2e736e64, 24, 0xffffffff, encoding, rate, channels].forEach((number, index) => view.setUint32(index * 4, number));
  return new Uint8Array(view.buffer);
}

test('a header says what the recording is', () => {
  assert.deepEqual(read(header(3, 44_100, 2)), { sampleRateHz: 44_100, channels: 2, bitDepth: 16 });
});

test('other and damaged files are not known', () => {
  assert.equal(read(new TextEncoder().encode('RIFF')), undefined);
  assert.equal(read(header(3, 44_100, 0)), undefined);
  assert.equal(read(header(3, 44_100, 2).subarray(0, 23)), undefined);
});
