// The service's own table: all SQL, one function a statement.

import { begin, query, Transaction } from 'mutrapro:sql/database@0.1.0';
import { outcomeUnknown } from './problem.js';

/** How often a unit of work runs before a conflict is given up on. */
const ATTEMPTS_MAX = 3;
/** What keeps a customer from waiting twice for a studio. */
const ONE_WAIT = 'waiting_entries_user_id_studio_id_key';
const COLUMNS = 'id, user_id, studio_id, state, created_at, called_at, left_at';
// The engine has no `using` yet, and its bindings bring a symbol of their own for that.
const dispose = Symbol.dispose ?? Symbol.for('dispose');

/** Commits what `work` did, or nothing when it throws. When another transaction won, it runs again in a new one. */
export function transaction(work) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return attemptOnce(work);
    } catch (error) {
      if (error.payload?.tag !== 'conflict' || attempt === ATTEMPTS_MAX) {
        throw error;
      }
    }
  }
}

function attemptOnce(work) {
  const tx = begin();
  let result;
  try {
    result = work(tx);
  } catch (error) {
    tx[dispose]();
    throw error;
  }
  try {
    Transaction.commit(tx);
  } catch (error) {
    throw error.payload?.tag === 'unavailable' ? outcomeUnknown() : error;
  }
  return result;
}

/** Whether the entry was written: not when its user waits for that studio already. */
export function insertEntry(tx, { id, userId, studioId, state, createdAt }) {
  try {
    tx.execute(
      'INSERT INTO waiting_entries (id, user_id, studio_id, state, created_at) VALUES ($1, $2, $3, $4, $5)',
      [id, userId, studioId, state, createdAt].map(text),
    );
    return true;
  } catch (error) {
    if (error.payload?.tag === 'constraint-violated' && error.payload.val === ONE_WAIT) {
      return false;
    }
    throw error;
  }
}

/** A user's entries, the newest first, beginning behind the one of the id `after`. */
export function entriesOf(userId, after, rows) {
  const [before, values] = after ? ['AND id < $3 ', [text(after)]] : ['', []];
  return entries(
    query(
      `SELECT ${COLUMNS} FROM waiting_entries WHERE user_id = $1 ${before}ORDER BY id DESC LIMIT $2`,
      [text(userId), { tag: 'integer', val: BigInt(rows) }, ...values],
    ),
  );
}

/** A user's entry; undefined when there is none of this id, or it is another's. */
export function entryOf(tx, userId, id) {
  return entries(
    tx.query(`SELECT ${COLUMNS} FROM waiting_entries WHERE id = $1 AND user_id = $2`, [id, userId].map(text)),
  )[0];
}

/** Who has waited longest for a studio; undefined when nobody does. */
export function longestWaiting(tx, studioId) {
  return entries(
    tx.query(
      `SELECT ${COLUMNS} FROM waiting_entries WHERE studio_id = $1 AND state = 'waiting' ORDER BY created_at, id LIMIT 1`,
      [text(studioId)],
    ),
  )[0];
}

/** Whether the entry was still waiting, and is called now. */
export function call(tx, id, calledAt) {
  const changed = tx.execute(
    "UPDATE waiting_entries SET state = 'called', called_at = $2 WHERE id = $1 AND state = 'waiting'",
    [id, calledAt].map(text),
  );
  return changed === 1n;
}

/** Whether the entry was the user's and still waiting, and is left now. */
export function leave(tx, userId, id, leftAt) {
  const changed = tx.execute(
    "UPDATE waiting_entries SET state = 'left', left_at = $3 WHERE id = $1 AND user_id = $2 AND state = 'waiting'",
    [id, userId, leftAt].map(text),
  );
  return changed === 1n;
}

function entries({ rows }) {
  return rows.map((row) => {
    const [id, userId, studioId, state, createdAt, calledAt, leftAt] = row.map(({ val }) => val ?? null);
    return { id, userId, studioId, state, createdAt, calledAt, leftAt };
  });
}

function text(val) {
  return { tag: 'text', val };
}
