import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LENGTH_MAX, readNote } from './rules.js';

test('a note is kept without the space around it', () => {
  assert.equal(readNote('{"text": " hello "}'), 'hello');
});

test('what is no note is refused by name', () => {
  const long = JSON.stringify({ text: 'x'.repeat(LENGTH_MAX + 1) });
  for (const [body, part] of [['', 'text'], ['{"text": " "}', '0 characters'], [long, '1001'], ['{"txt": ""}', 'missing']]) {
    assert.throws(() => readNote(body), (error) => error.status === 422 && error.message.includes(part), body);
  }
});
