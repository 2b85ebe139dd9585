// What is answered to whom.

import { tell } from './events.js';
import { document } from './openapi.js';
import { notFound, ofHost, Problem } from './problem.js';
import { GATEWAY, instant, newId, page, paging, requireRole, user, uuid, view, wantedStudio } from './rules.js';
import * as store from './store.js';

/** Answers a request of `mutrapro:http/types`. */
export function answer({ method, pathWithQuery, headers: fields, body }) {
  const decoder = new TextDecoder();
  const headers = Object.fromEntries(fields.map(({ name, value }) => [name, decoder.decode(value)]));
  const [path, query] = pathWithQuery.split('?');
  try {
    return route(method, path)({ headers, query, text: decoder.decode(body) });
  } catch (error) {
    return refused(error, headers);
  }
}

function route(method, path) {
  const [, first, second, ...others] = path.split('/');
  let methods;
  if (first === 'waiting-list' && second === undefined) {
    methods = { GET: list, HEAD: list, POST: join };
  } else if (first === 'waiting-list' && others.length === 0) {
    methods = { DELETE: (request) => leave(request, second) };
  } else if (path === '/internal/openapi.json') {
    methods = { GET: description, HEAD: description };
  } else {
    throw notFound('path');
  }
  if (!Object.hasOwn(methods, method)) {
    const headers = { allow: Object.keys(methods).join(', ') };
    throw new Problem(405, 'method_not_allowed', 'the path has no such method', { headers });
  }
  return methods[method];
}

/** A second request changes nothing, so it needs no `Idempotency-Key`. */
function join({ headers, text }) {
  const customer = user(headers);
  requireRole(customer, 'customer');
  const studioId = wantedStudio(headers, text);
  const now = Date.now();
  const entry = {
    id: newId(now, crypto.getRandomValues(new Uint8Array(16))),
    userId: customer.id,
    studioId,
    state: 'waiting',
    createdAt: instant(now),
    calledAt: null,
    leftAt: null,
  };
  store.transaction((tx) => {
    if (!store.insertEntry(tx, entry)) {
      throw new Problem(409, 'already_waiting', 'you wait for this studio already');
    }
    tell(tx, 'created', entry);
  });
  return json(201, view(entry));
}

function list({ headers, query }) {
  const { id } = user(headers);
  const { limit, after } = paging(query);
  return json(200, page(store.entriesOf(id, after, limit + 1), limit));
}

/** Leaving twice is leaving once. */
function leave({ headers }, text) {
  const { id: userId } = user(headers);
  const id = uuid(text);
  store.transaction((tx) => {
    if (id && store.leave(tx, userId, id, instant(Date.now()))) {
      tell(tx, 'left', store.entryOf(tx, userId, id));
      return;
    }
    const entry = id && store.entryOf(tx, userId, id);
    if (!entry) {
      throw notFound('waiting entry');
    }
    if (entry.state === 'called') {
      throw new Problem(409, 'already_called', 'you were called, so you wait no more');
    }
  });
  return { status: 204, headers: [], body: new Uint8Array() };
}

/** This service's part of the application's description, for the gateway alone. */
function description({ headers }) {
  if (headers['x-mutrapro-caller'] !== GATEWAY) {
    throw notFound('path');
  }
  return json(200, document);
}

function refused(error, headers) {
  const problem = error instanceof Problem ? error : ofHost(error);
  if (problem !== error) {
    // For operators; the client is not told.
    console.error(`${problem.code}: ${error.payload ? JSON.stringify(error.payload) : `${error}\n${error.stack}`}`);
  }
  return json(problem.status, problem.details(headers.traceparent), {
    'content-type': 'application/problem+json',
    ...problem.headers,
  });
}

function json(status, body, headers = { 'content-type': 'application/json' }) {
  const encode = (text) => new TextEncoder().encode(text);
  const fields = Object.entries(headers).map(([name, value]) => ({ name, value: encode(value) }));
  return { status, headers: fields, body: encode(JSON.stringify(body)) };
}
