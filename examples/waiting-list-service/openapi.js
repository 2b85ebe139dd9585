// This service's part of the application's OpenAPI document, which the gateway joins with the others'.

const uuid = { type: 'string', format: 'uuid' };
const instant = { type: 'string', format: 'date-time' };
const passed = { type: ['string', 'null'], format: 'date-time' };

const reference = (name) => ({ $ref: `#/components/schemas/${name}` });

const record = (properties) => ({ type: 'object', properties, required: Object.keys(properties) });

const content = (description, schema) => ({ description, content: { 'application/json': { schema } } });

const problems = (descriptions) =>
  Object.fromEntries(
    Object.entries(descriptions).map(([status, description]) => [
      status,
      { description, content: { 'application/problem+json': { schema: reference('Details') } } },
    ]),
  );

const list = {
  tags: ['waiting-list'],
  operationId: 'list_waiting_entries',
  summary: "One's own waits, the newest first",
  parameters: [
    { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 } },
    { name: 'cursor', in: 'query', schema: uuid, description: 'The `next_cursor` of the page before' },
  ],
  responses: {
    200: content('A page', reference('WaitingEntries')),
    ...problems({ 401: '`not_authenticated`', 422: '`invalid_fields`' }),
  },
};

const join = {
  tags: ['waiting-list'],
  operationId: 'join_waiting_list',
  summary: 'Wait for a studio; customers only',
  requestBody: { required: true, ...content('The studio', { ...record({ studio_id: uuid }), additionalProperties: false }) },
  responses: {
    201: content('The new wait', reference('WaitingEntry')),
    ...problems({
      400: '`bad_request`: the body is not JSON',
      401: '`not_authenticated`',
      403: '`role_required`',
      409: '`already_waiting`',
      415: '`unsupported_media_type`: the body is not said to be JSON',
      422: '`invalid_fields`',
    }),
  },
};

const leave = {
  tags: ['waiting-list'],
  operationId: 'leave_waiting_list',
  summary: 'Wait no more',
  parameters: [{ name: 'id', in: 'path', required: true, schema: uuid }],
  responses: {
    204: { description: 'One waits no more' },
    ...problems({ 401: '`not_authenticated`', 404: '`not_found`', 409: '`already_called`' }),
  },
};

/** The document. */
export const document = {
  openapi: '3.1.0',
  info: { title: 'waiting-list-service', version: '0.1.0' },
  paths: { '/waiting-list': { get: list, post: join }, '/waiting-list/{id}': { delete: leave } },
  components: {
    schemas: {
      WaitingEntry: record({
        id: uuid,
        studio_id: uuid,
        state: { type: 'string', enum: ['waiting', 'called', 'left'] },
        created_at: instant,
        called_at: passed,
        left_at: passed,
      }),
      WaitingEntries: record({
        items: { type: 'array', items: reference('WaitingEntry') },
        next_cursor: { type: ['string', 'null'] },
      }),
      // As the other services describe it (RFC 9457).
      Details: record({
        type: { type: 'string' },
        title: { type: 'string' },
        status: { type: 'integer', format: 'int32', minimum: 0 },
        code: { type: 'string' },
        detail: { type: 'string' },
      }),
    },
  },
};
