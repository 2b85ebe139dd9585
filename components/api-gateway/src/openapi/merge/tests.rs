//! Small parts, joined.

use super::*;

fn merge(parts: Vec<Part>) -> Merged {
    super::merge(&Routes::default(), parts)
}

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

/// The schemas that services bring, beside the gateway's own.
fn schemas(document: &Value) -> BTreeMap<String, Value> {
    let all = document["components"]["schemas"].as_object().unwrap().clone();
    all.into_iter().filter(|(name, _)| !matches!(name.as_str(), "Details" | "FieldError")).collect()
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
    let auth = json!({ "/auth/login": { "post": operation("T") }, "/auth/logout": { "post": operation("T") } });
    let quotation = json!({ "/pricing": { "get": operation("T"), "post": operation("T") } });
    let merged = merge(vec![
        part("auth-service", auth, json!({ "T": {} })),
        part("quotation-service", quotation, json!({ "T": {} })),
    ])
    .document;
    assert_eq!(merged["security"], json!([{ "bearer": [] }]));
    for (path, method, is_open) in [
        ("auth/login", "post", true),
        ("auth/logout", "post", false),
        ("pricing", "get", true),
        ("pricing", "post", false),
    ] {
        let operation = &merged["paths"][format!("/api/v1/{path}")][method];
        assert_eq!(operation.get("security"), is_open.then(|| json!([])).as_ref(), "{method} {path}");
        assert_eq!(operation["responses"].get("401").is_none(), is_open, "{method} {path}");
    }
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
    let described = &merged["paths"]["/api/v1/users"]["get"]["responses"];
    for (status, description) in [("404", "Not Found"), ("default", "Response"), ("200", "It")] {
        assert_eq!(described[status], json!({ "description": description }));
    }
}

#[test]
fn what_the_gateway_answers_is_told_unless_the_service_tells_it() {
    let own = json!({ "503": { "description": "The price list is being read" } });
    let users = part("user-service", json!({ "/users": { "get": { "responses": own } } }), json!({}));
    let merged = merge(vec![users]).document;
    let responses = &merged["paths"]["/api/v1/users"]["get"]["responses"];
    assert_eq!(responses["503"]["description"], "The price list is being read");
    for (status, name) in
        [("401", "Unauthenticated"), ("429", "RateLimited"), ("502", "ServiceFailed"), ("504", "TimedOut")]
    {
        assert_eq!(responses[status], json!({ "$ref": format!("#/components/responses/{name}") }));
    }
    let response = &merged["components"]["responses"]["RateLimited"];
    assert!(response["headers"]["Retry-After"].is_object());
    assert_eq!(response["content"]["application/problem+json"]["schema"]["$ref"], "#/components/schemas/Details");
    assert_closed(&merged);
}

#[test]
fn operations_stand_under_known_tags_in_the_order_of_the_business() {
    let tagged = |tag: &str| json!({ "get": { "tags": [tag, "more"], "responses": {} } });
    let merged = merge(vec![
        part("feedback-service", json!({ "/activity": tagged("activity") }), json!({})),
        part("quotation-service", json!({ "/milestones/{id}": tagged("quotations") }), json!({})),
        part("auth-service", json!({ "/auth/sessions": tagged("routes") }), json!({})),
    ])
    .document;
    let names: Vec<_> = merged["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["auth", "quotations", "activity"]);
    assert!(merged["tags"].as_array().unwrap().iter().all(|tag| !tag["description"].as_str().unwrap().is_empty()));
    for (path, tag) in [("auth/sessions", "auth"), ("milestones/{id}", "quotations"), ("activity", "activity")] {
        assert_eq!(merged["paths"][format!("/api/v1/{path}")]["get"]["tags"], json!([tag]), "{path}");
    }
}

#[test]
fn operations_that_would_have_one_name_are_told() {
    let operation = json!({ "get": { "responses": {} } });
    let paths = json!({ "/equipment/categories": operation, "/equipment-categories": operation });
    let merged = merge(vec![part("studio-service", paths, json!({}))]);
    assert_eq!(merged.document["paths"].as_object().unwrap().len(), 1);
    let [conflict] = merged.conflicts.as_slice() else { panic!("{:?}", merged.conflicts) };
    assert!(conflict.contains("get_equipment_categories"), "{conflict}");
}

#[test]
fn reference_to_what_a_part_lacks_is_told() {
    let merged = merge(vec![part("user-service", json!({ "/users": { "get": operation("User") } }), json!({}))]);
    assert_eq!(merged.conflicts, ["user-service does not publish its schemas/User"]);
}

#[test]
fn document_says_where_it_is_from_and_whose_it_is() {
    let document = merge(vec![]).document;
    assert_eq!(document["servers"][0]["url"], "/");
    assert_eq!(document["info"]["license"]["identifier"], "Apache-2.0");
    let description = document["info"]["description"].as_str().unwrap();
    for code in ["service_failed", "overloaded", "timed_out", "rate_limited", "Idempotency-Key"] {
        assert!(description.contains(code), "{code}");
    }
}

#[test]
fn schemas_that_say_the_same_are_one() {
    let paging = json!({ "Paging": { "type": "object" } });
    let users = part("user-service", json!({ "/users/me": { "get": operation("Paging") } }), paging.clone());
    let auth = part("auth-service", json!({ "/auth/sessions": { "get": operation("Paging") } }), paging);
    let merged = merge(vec![users, auth]).document;
    assert_eq!(json!(schemas(&merged)), json!({ "Paging": { "type": "object" } }));
    assert_eq!(refers(&merged, "/api/v1/auth/sessions"), "#/components/schemas/Paging");
}

#[test]
fn schemas_that_differ_keep_apart_with_all_that_refers_to_them() {
    // The pages look alike; what is on them does not.
    let page = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Item" } });
    let page_of = |kind: &str| json!({ "Page": page, "Item": { "type": kind } });
    let users = part("user-service", json!({ "/users": { "get": operation("Page") } }), page_of("string"));
    let auth = part("auth-service", json!({ "/auth/sessions": { "get": operation("Page") } }), page_of("object"));
    let merged = merge(vec![users, auth]).document;
    let kept: Vec<_> = schemas(&merged).into_iter().map(|(name, schema)| (name, schema["type"].clone())).collect();
    let expected =
        [("Item", "string"), ("Page", "array"), ("auth-service.Item", "object"), ("auth-service.Page", "array")];
    assert_eq!(kept, expected.map(|(name, kind)| (name.to_owned(), json!(kind))));
    assert_eq!(refers(&merged, "/api/v1/users"), "#/components/schemas/Page");
    assert_eq!(refers(&merged, "/api/v1/auth/sessions"), "#/components/schemas/auth-service.Page");
    let items = &merged["components"]["schemas"]["auth-service.Page"]["items"]["$ref"];
    assert_eq!(items, "#/components/schemas/auth-service.Item");
    assert_closed(&merged);
}

#[test]
fn schema_called_as_one_of_the_gateway_does_not_take_its_place() {
    let own = json!({ "Details": { "type": "string" } });
    let merged = merge(vec![part("user-service", json!({ "/users": { "get": operation("Details") } }), own)]).document;
    assert_eq!(refers(&merged, "/api/v1/users"), "#/components/schemas/user-service.Details");
    assert_eq!(merged["components"]["schemas"]["user-service.Details"], json!({ "type": "string" }));
    assert_eq!(merged["components"]["schemas"]["Details"]["type"], "object");
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

#[test]
fn an_added_service_publishes_what_leads_to_it() {
    let routes = Routes::with("loyalty=loyalty-service", |entry, reason| panic!("{entry}: {reason}"));
    let own =
        part("loyalty-service", json!({ "/loyalty/me": { "get": operation("Account") } }), json!({ "Account": {} }));
    let whole = super::merge(&routes, vec![own]);
    assert_eq!(whole.conflicts, Vec::<String>::new());
    assert_eq!(whole.document["paths"]["/api/v1/loyalty/me"]["get"]["x-service"], "loyalty-service");
}
