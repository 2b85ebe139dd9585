// Errors as clients see them: problem details (RFC 9457) with a stable code, as the other services give them. Pure: no bindings.

const titles = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Entity',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** Why a request is not answered as asked. */
export class Problem extends Error {
  /** `errors` says what is wrong field by field, `headers` are names and values that the response has besides. */
  constructor(status, code, detail, { errors, headers } = {}) {
    super(detail);
    Object.assign(this, { status, code, errors, headers: headers ?? {} });
  }

  /** The body; `traceparent` is the request's header. */
  details(traceparent) {
    const { status, code, message: detail, errors } = this;
    return { type: 'about:blank', title: titles[status], status, code, detail, errors, trace_id: traceId(traceparent) };
  }
}

export function notFound(what) {
  return new Problem(404, 'not_found', `there is no such ${what}`);
}

/** `code` is `required`, `unknown` or `invalid`. */
export function invalidField(field, code, message) {
  return new Problem(422, 'invalid_fields', `${field}: ${message}`, { errors: [{ field, code, message }] });
}

/** What the host says of the database, as the client may know it. What it says otherwise is a mistake of this service. */
export function ofHost(error) {
  switch (error?.payload?.tag) {
    case 'conflict':
      return unavailable('busy', 'others changed the same things at the same time');
    case 'unavailable':
      return unavailable('database_unavailable', 'the database did not answer; nothing was done');
    default:
      return new Problem(500, 'internal_error', 'the service made a mistake');
  }
}

/** After a commit without an answer. */
export function outcomeUnknown() {
  return unavailable('outcome_unknown', 'it may or may not have been done: look before you repeat it');
}

function unavailable(code, detail) {
  return new Problem(503, code, detail, { headers: { 'retry-after': '1' } });
}

/** The trace in a `traceparent` (W3C Trace Context): version, trace, parent and flags. */
function traceId(traceparent) {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent ?? '')?.[1];
}
