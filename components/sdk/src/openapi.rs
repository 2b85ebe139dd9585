//! A service's part of the application's OpenAPI document.
//!
//! Each service answers `GET /internal/openapi.json` with what it publishes; the gateway joins the parts. The document is
//! made when it is asked for and not kept. What is so because of the SDK stands in no service: problems have their own
//! media type, and [`Json`](crate::json::Json) refuses some bodies before a handler sees them.

use crate::identity::GATEWAY;
use crate::identity::internal;
use crate::json::BODY_BYTES_MAX;
use crate::problem::{Details, MEDIA_TYPE, Problem, Result};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{OpenApi, RefOr};

/// Where the gateway finds it.
pub const PATH: &str = "/internal/openapi.json";

const JSON: &str = "application/json";
/// How the body of a problem is referred to.
const DETAILS: &str = "#/components/schemas/Details";

type Object = Map<String, Value>;

/// The body of a problem and what is in it.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(Details)))]
struct Problems;

/// The route that answers a service's part, to the gateway alone.
///
/// `document` is a type that derives [`utoipa::OpenApi`].
pub fn routes<D: utoipa::OpenApi + 'static>() -> Router {
    internal(Router::new().route(PATH, get(async || document(D::openapi()).map(Json))), &[GATEWAY])
}

/// The document of a service, with what the SDK answers by itself.
fn document(mut own: OpenApi) -> Result<Value> {
    own.merge(<Problems as utoipa::OpenApi>::openapi());
    let mut document = serde_json::to_value(own).map_err(Problem::internal)?;
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flat_map(Object::values_mut).filter_map(Value::as_object_mut);
    for operation in items.flat_map(Object::values_mut).filter_map(Value::as_object_mut) {
        complete(operation);
    }
    Ok(document)
}

fn complete(operation: &mut Object) {
    let reads_json = operation.get("requestBody").and_then(|body| body.get("content")?.get(JSON)).is_some();
    let Some(Value::Object(responses)) = operation.get_mut("responses") else {
        return;
    };
    // An operation that says itself how large a body may be reads it in its own way.
    if reads_json && !responses.contains_key("413") {
        for (status, description) in refusals_of_bodies() {
            responses.entry(status).or_insert_with(|| problem(&description));
        }
    }
    for content in responses.values_mut().filter_map(|response| response.get_mut("content")?.as_object_mut()) {
        let is_problem = content.get(JSON).is_some_and(|json| json.pointer("/schema/$ref") == Some(&json!(DETAILS)));
        if is_problem && let Some(problem) = content.remove(JSON) {
            content.insert(MEDIA_TYPE.to_owned(), problem);
        }
    }
}

/// What `Json` refuses but for fields, which are for each body to say.
fn refusals_of_bodies() -> [(&'static str, String); 3] {
    [
        ("400", "`bad_request`: the body is not JSON".to_owned()),
        ("413", format!("`body_too_large`: more than {BODY_BYTES_MAX} bytes")),
        ("415", "`unsupported_media_type`: the body is not said to be JSON".to_owned()),
    ]
}

fn problem(description: &str) -> Value {
    json!({ "description": description, "content": { MEDIA_TYPE: { "schema": { "$ref": DETAILS } } } })
}

/// How ids look in OpenAPI.
pub fn uuid_schema() -> RefOr<Schema> {
    let format = Some(SchemaFormat::Custom("uuid".to_owned()));
    ObjectBuilder::new().schema_type(Type::String).format(format).into()
}

/// How enumerations look in OpenAPI.
pub fn enum_schema(values: &'static [&'static str]) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values.iter().copied())).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::OpenApi as _;

    #[utoipa::path(post, path = "/songs", request_body = String,
        responses((status = 201), (status = 400, description = "own"), (status = 409, body = Details)))]
    #[expect(dead_code, reason = "only described")]
    fn with_text() {}

    #[utoipa::path(put, path = "/songs", request_body(content = Details), responses((status = 400, description = "own")))]
    #[expect(dead_code, reason = "only described")]
    fn with_json() {}

    #[utoipa::path(patch, path = "/songs", request_body(content = Details), responses((status = 413)))]
    #[expect(dead_code, reason = "only described")]
    fn with_a_limit_of_its_own() {}

    #[derive(utoipa::OpenApi)]
    #[openapi(paths(with_text, with_json, with_a_limit_of_its_own))]
    struct Songs;

    fn responses(method: &str) -> Value {
        document(Songs::openapi()).unwrap()["paths"]["/songs"][method]["responses"].clone()
    }

    fn statuses(method: &str) -> Vec<String> {
        responses(method).as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn operations_that_read_json_tell_which_bodies_are_refused() {
        assert_eq!(statuses("put"), ["400", "413", "415"]);
        assert_eq!(responses("put")["400"]["description"], "own");
        let refusal = &responses("put")["413"];
        assert_eq!(refusal["content"][MEDIA_TYPE]["schema"]["$ref"], DETAILS);
        assert!(refusal["description"].as_str().unwrap().contains(&BODY_BYTES_MAX.to_string()), "{refusal}");
    }

    #[test]
    fn operations_that_read_something_else_or_in_their_own_way_do_not() {
        assert_eq!(statuses("post"), ["201", "400", "409"]);
        assert_eq!(statuses("patch"), ["413"]);
    }

    #[test]
    fn problems_have_their_own_media_type_and_are_described() {
        assert_eq!(responses("post")["409"]["content"], json!({ MEDIA_TYPE: { "schema": { "$ref": DETAILS } } }));
        let schemas = document(Songs::openapi()).unwrap()["components"]["schemas"].clone();
        assert!(schemas["Details"].is_object() && schemas["FieldError"].is_object(), "{schemas}");
    }
}
