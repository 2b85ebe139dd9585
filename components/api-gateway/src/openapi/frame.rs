//! What the document says of the application as a whole: how to get in, what the gateway itself answers, and the order in
//! which a reader meets things.

use crate::routes::Access;
use mutrapro_sdk::problem::Details;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

/// The tags of operations, in the order of the business; each is the first segment of paths, but for those that are shown
/// with another.
const TAGS: [(&str, &str); 23] = [
    ("auth", "Registration, sign-in and sessions"),
    ("users", "Accounts, their roles, and the profiles of customers"),
    ("coordinators", "Who looks after customers' requests"),
    ("specialists", "Who transcribes, arranges, plays and mixes: profiles, demos, load and ratings"),
    ("skills", "What specialists can be good at"),
    ("skill-categories", "How skills are grouped"),
    ("requests", "What customers ask for"),
    ("quotations", "What it costs, version by version, and what has to be paid when"),
    ("pricing", "What the studio asks for each kind of work"),
    ("projects", "Work on approved quotations, from the deposit to the last payment"),
    ("tasks", "Who does what until when"),
    ("studios", "Rooms to record in, and when they are free"),
    ("equipment", "Microphones, instruments and the like"),
    ("equipment-categories", "How equipment is grouped"),
    ("studio-equipment", "What stands in which studio, in which condition, and what it costs to use"),
    ("bookings", "Sessions in the studio"),
    ("payments", "Payments and refunds"),
    ("files", "Recordings, sheet music and whatever else belongs to the work"),
    ("revisions", "What customers want changed"),
    ("packages", "What is delivered to customers"),
    ("notifications", "What users were told"),
    ("feedback", "What customers say of finished requests"),
    ("activity", "What happened in the whole application"),
];

/// For readers, in CommonMark.
const DESCRIPTION: &str = "\
The back office of a music transcription and production studio: requests, quotations, projects, tasks, the studio, \
payments, files, revisions and deliveries.

**Getting in.** `POST /api/v1/auth/login` answers an access token, which is sent as `Authorization: Bearer …` and counts \
for 15 minutes; `POST /api/v1/auth/refresh` answers the next one. What needs no token is marked so.

**Errors** are problem details (RFC 9457) with a stable `code`. Beside the codes that an operation lists, the gateway \
answers:

| status | `code` | what it means |
|---|---|---|
| 401 | `not_authenticated`, `invalid_token` | log in |
| 401 | `token_expired` | refresh the token |
| 401 | `session_revoked` | the session has ended: log in |
| 413 | `body_too_large` | the request, or the answer to it, is too large |
| 429 | `rate_limited` | wait for as many seconds as `Retry-After` says |
| 502 | `service_failed` | the service broke off: unless the operation only reads, it may or may not have been done |
| 503 | `overloaded`, `authentication_unavailable` | nothing was done: try again after `Retry-After` |
| 503 | `dependency_unavailable` | what the service needs is not there for the moment: try again after `Retry-After` |
| 504 | `timed_out`, `dependency_timed_out` | it took too long, and may or may not have been done |

What may or may not have been done is safe to send again with the same `Idempotency-Key`, where an operation takes one.

**Lists** are `{items, next_cursor}`: pass `next_cursor` on as `cursor` for the next page, until it is null; `limit` is 1 to \
100. **Updates** are PATCH with the members that change. **Instants** are RFC 3339, in UTC. **Money** is a whole number of \
the currency's minor units, percentages are basis points, durations minutes.";

/// A response of the gateway itself: status, name, what is said of it, whether it says when to come back.
struct Answer {
    status: &'static str,
    name: &'static str,
    description: &'static str,
    says_when: bool,
}

const UNAUTHENTICATED: Answer = Answer {
    status: "401",
    name: "Unauthenticated",
    description: "`not_authenticated`, `invalid_token`, `token_expired`, `session_revoked`",
    says_when: false,
};

/// What any operation may be answered.
const ANSWERS: [Answer; 4] = [
    Answer { status: "429", name: "RateLimited", description: "`rate_limited`", says_when: true },
    Answer { status: "502", name: "ServiceFailed", description: "`service_failed`", says_when: false },
    Answer {
        status: "503",
        name: "Unavailable",
        description: "`overloaded`, `authentication_unavailable`, `dependency_unavailable`",
        says_when: true,
    },
    Answer { status: "504", name: "TimedOut", description: "`timed_out`, `dependency_timed_out`", says_when: false },
];

/// Problem details, and what is in them.
#[derive(OpenApi)]
#[openapi(components(schemas(Details)))]
struct Problems;

/// The components that every operation may refer to.
pub(super) fn components() -> Value {
    let mut components = json!(Problems::openapi().components);
    let answers: Map<String, Value> =
        ANSWERS.iter().chain([&UNAUTHENTICATED]).map(|answer| (answer.name.to_owned(), response(answer))).collect();
    if let Value::Object(kinds) = &mut components {
        kinds.insert("responses".to_owned(), Value::Object(answers));
        kinds.insert(
            "securitySchemes".to_owned(),
            json!({ "bearer": {
                "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                "description": "The access token that POST /api/v1/auth/login answers",
            }}),
        );
    }
    components
}

fn response(answer: &Answer) -> Value {
    let schema = json!({ "$ref": "#/components/schemas/Details" });
    let mut response = json!({
        "description": answer.description,
        "content": { mutrapro_sdk::problem::MEDIA_TYPE: { "schema": schema } },
    });
    if answer.says_when
        && let Value::Object(response) = &mut response
    {
        let seconds = json!({ "type": "integer", "minimum": 0 });
        let header = json!({ "description": "In how many seconds to try again", "schema": seconds });
        response.insert("headers".to_owned(), json!({ "Retry-After": header }));
    }
    response
}

/// Adds to an operation who may take it, under which heading it stands, and what the gateway may answer in its stead.
pub(super) fn complete(operation: &mut Map<String, Value>, access: Access, path: &str) {
    let needs_token = access == Access::Authenticated;
    operation.remove("security");
    if !needs_token {
        // Instead of the document's own requirement.
        operation.insert("security".to_owned(), json!([]));
    }
    if let Value::Object(responses) = operation.entry("responses").or_insert_with(|| json!({})) {
        for Answer { status, name, .. } in ANSWERS.iter().chain(needs_token.then_some(&UNAUTHENTICATED)) {
            let reference = || json!({ "$ref": format!("#/components/responses/{name}") });
            responses.entry(*status).or_insert_with(reference);
        }
    }
    let published = operation.get("tags").and_then(|tags| tags.get(0)).and_then(Value::as_str);
    let tag = published.filter(|tag| is_tag(tag)).or_else(|| path.split('/').nth(1)).unwrap_or_default().to_owned();
    operation.insert("tags".to_owned(), json!([tag]));
}

fn is_tag(name: &str) -> bool {
    TAGS.iter().any(|(own, _)| *own == name)
}

/// The document of these paths and components.
pub(super) fn document(paths: Map<String, Value>, components: Map<String, Value>) -> Value {
    let is_used = |name: &str| {
        let mut operations = paths.values().filter_map(Value::as_object).flat_map(Map::values);
        operations.any(|operation| operation.pointer("/tags/0").and_then(Value::as_str) == Some(name))
    };
    let tags = TAGS.iter().filter(|(name, _)| is_used(name));
    let tags: Vec<_> = tags.map(|(name, text)| json!({ "name": name, "description": text })).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "MuTraPro",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "Where this document comes from" }],
        "security": [{ "bearer": [] }],
        "tags": tags,
        "paths": paths,
        "components": components,
    })
}
