//! Small parts, joined.

use super::*;

fn part(service: &'static str, paths: Value, schemas: Value) -> Part {
    let components = json!({ "schemas": schemas, "securitySchemes": { "own": { "type": "apiKey" } } });
    Part { service, document: json!({ "openapi": "3.1.0", "paths": paths, "components": components }) }
}

fn operation(schema: &str) -> Value {
    let content = json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } } });
    json!({ "security": [{ "own": [] }], "responses": { "200": { "description": "It", "content": content } } })
}

fn refers(merged: &Value, path: &str) -> Value {
    merged["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].clone()
}

/// Every reference leads to a component that is there.
fn assert_closed(document: &Value) {
    for (kind, name) in references(document) {
        assert!(document["components"][&kind].get(&name).is_some(), "{kind}/{name} is not there");
    }
}

#[test]
fn paths_get_the_public_prefix() {
    let users = part("user-service", json!({ "/users/me": { "get": operation("User") } }), json!({ "User": {} }));
    let merged = merge(vec![users]);
    assert_eq!(merged.document["openapi"], "3.1.0");
    assert_eq!(refers(&merged.document, "/api/v1/users/me"), "#/components/schemas/User");
    assert!(merged.conflicts.is_empty());
    assert_closed(&merged.document);
}

#[test]
fn operations_need_a_token_unless_the_table_says_otherwise() {
    let paths = json!({ "/auth/login": { "post": operation("T") }, "/auth/logout": { "post": operation("T") } });
    let merged = merge(vec![part("auth-service", paths, json!({ "T": {} }))]).document;
    assert_eq!(merged["security"], json!([{ "bearer": [] }]));
    assert_eq!(merged["paths"]["/api/v1/auth/login"]["post"]["security"], json!([]));
    assert_eq!(merged["paths"]["/api/v1/auth/logout"]["post"].get("security"), None);
    let schemes: Vec<_> = merged["components"]["securitySchemes"].as_object().unwrap().keys().collect();
    assert_eq!(schemes, ["bearer"]);
}

#[test]
fn operations_of_the_same_name_are_told_apart() {
    let list = |schema| json!({ "get": { "operationId": "list", "responses": operation(schema)["responses"] } });
    let paths = json!({ "/users": list("T"), "/coordinators": list("T"), "/users/{id}/roles/{role}": list("T") });
    let merged = merge(vec![part("user-service", paths, json!({ "T": {} }))]).document;
    let ids: BTreeSet<_> = merged["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|item| item["get"]["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.contains("get_users_by_id_roles_by_role"), "{ids:?}");
}

#[test]
fn every_response_has_a_description() {
    let responses = json!({ "404": {}, "default": {}, "200": { "description": "It" } });
    let users = part("user-service", json!({ "/users": { "get": { "responses": responses } } }), json!({}));
    let merged = merge(vec![users]).document;
    let described = json!({
        "404": { "description": "Not Found" }, "default": { "description": "Response" }, "200": { "description": "It" },
    });
    assert_eq!(merged["paths"]["/api/v1/users"]["get"]["responses"], described);
}

#[test]
fn schemas_that_say_the_same_are_one() {
    let details = json!({ "Details": { "type": "object" } });
    let users = part("user-service", json!({ "/users/me": { "get": operation("Details") } }), details.clone());
    let auth = part("auth-service", json!({ "/auth/sessions": { "get": operation("Details") } }), details);
    let merged = merge(vec![users, auth]).document;
    assert_eq!(merged["components"]["schemas"], json!({ "Details": { "type": "object" } }));
    assert_eq!(refers(&merged, "/api/v1/auth/sessions"), "#/components/schemas/Details");
}

#[test]
fn schemas_that_differ_keep_apart_with_all_that_refers_to_them() {
    // The pages look alike; what is on them does not.
    let page = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Item" } });
    let schemas = |kind: &str| json!({ "Page": page, "Item": { "type": kind } });
    let users = part("user-service", json!({ "/users": { "get": operation("Page") } }), schemas("string"));
    let auth = part("auth-service", json!({ "/auth/sessions": { "get": operation("Page") } }), schemas("object"));
    let merged = merge(vec![users, auth]).document;
    let names: Vec<_> = merged["components"]["schemas"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["Item", "Page", "auth-service.Item", "auth-service.Page"]);
    assert_eq!(refers(&merged, "/api/v1/users"), "#/components/schemas/Page");
    assert_eq!(refers(&merged, "/api/v1/auth/sessions"), "#/components/schemas/auth-service.Page");
    let items = &merged["components"]["schemas"]["auth-service.Page"]["items"]["$ref"];
    assert_eq!(items, "#/components/schemas/auth-service.Item");
    assert_closed(&merged);
}

#[test]
fn schemas_may_refer_to_each_other() {
    let schema = |kind: &str| {
        json!({ "A": { "items": { "$ref": "#/components/schemas/B" } },
                "B": { "type": kind, "items": { "$ref": "#/components/schemas/A" } } })
    };
    let merged = merge(vec![
        part("user-service", json!({}), schema("array")),
        part("auth-service", json!({ "/auth/sessions": { "get": operation("A") } }), schema("object")),
    ]);
    assert_eq!(refers(&merged.document, "/api/v1/auth/sessions"), "#/components/schemas/auth-service.A");
    assert_closed(&merged.document);
}

#[test]
fn path_that_does_not_lead_to_its_publisher_is_left_out_and_told() {
    for path in ["/users/me", "/internal/sessions/{id}", "/nowhere"] {
        let merged = merge(vec![part("auth-service", json!({ path: { "get": operation("T") } }), json!({ "T": {} }))]);
        assert_eq!(merged.document["paths"], json!({}), "{path}");
        assert_eq!(merged.conflicts, [format!("auth-service publishes get {path}, which does not lead there")]);
    }
}

#[test]
fn part_without_anything_is_nothing() {
    let merged = merge(vec![Part { service: "user-service", document: json!({}) }]);
    assert_eq!((&merged.document["paths"], merged.conflicts.len()), (&json!({}), 0));
}
