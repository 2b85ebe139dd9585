// A service in JavaScript that tries what it may not, and counts what it is told: `tests/languages.rs` is its audience.
//
// What the host says to it comes back as `{"case": …, "text": …}` with the status 200, so that a test sees the very error
// that a guest gets; the case is `ok` where the host let it pass.

import { begin, query, Transaction } from 'mutrapro:sql/database@0.1.0';
import { emit } from 'mutrapro:events/outbox@0.1.0';
import { send } from 'mutrapro:http/client@0.1.0';

const FLOOD_BYTES = 64 << 20;
const CHUNK_BYTES = 1 << 20;
const dispose = Symbol.dispose ?? Symbol.for('dispose');

// What is put here outlives its request.
const kept = [];

const routes = {
  'POST /sly/items': create,
  'GET /sly/items': () => answer(200, { count: Number(query('SELECT count(*) FROM sly_items', []).rows[0][0].val) }),
  'POST /sly/query': (statement) => attempt(() => JSON.stringify(query(statement, []).rows.map((row) => row.map(plain)))),
  'POST /sly/emit': (kind) => attempt(() => transaction((tx) => emit(tx, kind, 'sly', 'nobody', '{}'))),
  'POST /sly/call': (component) => attempt(() => String(send(component, get('/')).status)),
  'POST /sly/loop': loop,
  'POST /sly/trap': trap,
  'POST /sly/hoard': hoard,
  'POST /sly/flood': () => ({ status: 200, headers: [], body: new Uint8Array(FLOOD_BYTES) }),
  'POST /sly/leave-open': leaveOpen,
};

export const exchange = {
  handle({ method, pathWithQuery, body }) {
    const route = routes[`${method} ${pathWithQuery.split('?')[0]}`];
    return route ? route(new TextDecoder().decode(body)) : answer(404, { path: pathWithQuery });
  },
};

export const consumer = {
  handle(event, tx) {
    // Written first: with a refusal it has to be undone.
    try {
      const values = [event.id, event.aggregateId].map(text);
      tx.execute('INSERT INTO sly_seen (event_id, aggregate_id) VALUES ($1, $2)', values);
    } catch (error) {
      throw { payload: { tag: 'retry', val: JSON.stringify(described(error)) } };
    }
    if (event.aggregateId.includes('poison')) {
      throw { payload: { tag: 'reject', val: `${event.aggregateId} is poison` } };
    }
  },
};

/** Writes a row and emits an event that tells of it. */
function create(note) {
  const id = crypto.randomUUID();
  transaction((tx) => {
    insert(tx, id, note);
    emit(tx, 'sly.created', 'sly', id, JSON.stringify({ id }));
  });
  return answer(201, { id });
}

function loop() {
  for (let count = 0; ; count += 1);
}

function trap() {
  throw new Error('on purpose');
}

function hoard() {
  for (;;) {
    kept.push(new Uint8Array(CHUNK_BYTES).fill(1));
  }
}

function leaveOpen(note) {
  const tx = begin();
  insert(tx, crypto.randomUUID(), note);
  kept.push(tx);
  return { status: 204, headers: [], body: new Uint8Array() };
}

function insert(tx, id, note) {
  tx.execute('INSERT INTO sly_items (id, note) VALUES ($1, $2)', [id, note].map(text));
}

/** Commits what `work` did, or drops it when `work` throws. */
function transaction(work) {
  const tx = begin();
  let result;
  try {
    result = work(tx);
  } catch (error) {
    tx[dispose]();
    throw error;
  }
  Transaction.commit(tx);
  return result;
}

function attempt(act) {
  try {
    return answer(200, { case: 'ok', text: act() });
  } catch (error) {
    return answer(200, described(error));
  }
}

/** The case of the host's error, as WIT names it, and its text. */
function described(error) {
  if (error.payload === undefined) {
    throw error;
  }
  return { case: error.payload.tag, text: String(error.payload.val ?? '') };
}

function get(pathWithQuery) {
  return { method: 'GET', pathWithQuery, headers: [], body: new Uint8Array() };
}

function text(val) {
  return { tag: 'text', val };
}

function plain({ tag, val }) {
  return tag === 'integer' ? Number(val) : val;
}

function answer(status, body) {
  const headers = [{ name: 'content-type', value: new TextEncoder().encode('application/json') }];
  return { status, headers, body: new TextEncoder().encode(JSON.stringify(body)) };
}
