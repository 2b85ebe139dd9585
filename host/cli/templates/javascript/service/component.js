// The component: keeps notes, says so with an event, and handles that event.

import { emit } from 'mutrapro:events/outbox@0.1.0';
import { begin, query, Transaction } from 'mutrapro:sql/database@0.1.0';
import { readNote, Refused } from './rules.js';

// What drops a resource, which the garbage collector does late.
const dispose = Symbol.dispose ?? Symbol.for('dispose');

export const exchange = {
  handle({ method, pathWithQuery, body }) {
    try {
      const [status, content] = route(method, pathWithQuery.split('?')[0], new TextDecoder().decode(body));
      return response(status, 'application/json', content);
    } catch (error) {
      const { status, message } = refused(error);
      // Problem details, RFC 9457.
      return response(status, 'application/problem+json', { status, detail: message });
    }
  },
};

export const consumer = {
  /** Committed together with the mark that the event was handled: its effect is there exactly once. */
  handle(event, tx) {
    let changed;
    try {
      changed = tx.execute('UPDATE sample_name_notes SET handled = TRUE WHERE id = $1', [text(event.aggregateId)]);
    } catch (error) {
      // What is thrown as a payload becomes the error of the contract's `result`.
      throw { payload: { tag: 'retry', val: error.payload?.tag ?? String(error) } };
    }
    if (changed !== 1n) {
      throw { payload: { tag: 'reject', val: `there is no note ${event.aggregateId}` } };
    }
  },
};

function route(method, path, body) {
  if (path !== '/sample-name') {
    throw new Refused(404, 'there is nothing at this path');
  }
  switch (method) {
    case 'GET':
      return [200, list()];
    case 'POST':
      return [201, create(readNote(body))];
    default:
      throw new Refused(405, 'send GET or POST');
  }
}

function create(note) {
  const id = crypto.randomUUID();
  const tx = begin();
  try {
    tx.execute('INSERT INTO sample_name_notes (id, text, handled) VALUES ($1, $2, FALSE)', [text(id), text(note)]);
    emit(tx, 'sample_name.created', 'sample_name', id, JSON.stringify({ id }));
  } catch (error) {
    tx[dispose]();
    throw error;
  }
  Transaction.commit(tx);
  return { id, text: note, handled: false };
}

function list() {
  const { rows } = query('SELECT id, text, handled FROM sample_name_notes ORDER BY id LIMIT 100', []);
  return rows.map(([id, note, handled]) => ({ id: id.val, text: note.val, handled: handled.val }));
}

/** What goes wrong, as a client is told. Anything unknown is thrown on: a trap, which costs this request alone. */
function refused(error) {
  if (error instanceof Refused) {
    return error;
  }
  if (['conflict', 'unavailable'].includes(error.payload?.tag)) {
    return new Refused(503, 'the database is busy: try again');
  }
  throw error;
}

function response(status, contentType, content) {
  const encoder = new TextEncoder();
  const headers = [{ name: 'content-type', value: encoder.encode(contentType) }];
  return { status, headers, body: encoder.encode(JSON.stringify(content)) };
}

function text(val) {
  return { tag: 'text', val };
}
