//! Joining OpenAPI documents.

use crate::routes::{self, Access, PREFIX};
use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

type Object = Map<String, Value>;

/// What begins a reference to a component.
const COMPONENTS: &str = "#/components/";
/// The members of a path item that are operations (OpenAPI 3.1, section 4.8.9).
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// What one service publishes, its paths as the gateway forwards them.
pub(super) struct Part {
    pub(super) service: &'static str,
    pub(super) document: Value,
}

/// The whole.
pub(super) struct Merged {
    pub(super) document: Value,
    /// What was left out, and why.
    pub(super) conflicts: Vec<String>,
}

/// A component's kind and name: `("schemas", "User")`.
type Name = (String, String);

/// Joins the parts in their order.
pub(super) fn merge(parts: Vec<Part>) -> Merged {
    let mut components: BTreeMap<Name, Value> = BTreeMap::new();
    let mut paths = Object::new();
    let mut conflicts = Vec::new();
    for Part { service, mut document } in parts {
        let mut own = take_components(&mut document);
        let renamed = names_to_change(&own, &components);
        let rename =
            |(kind, name): &Name| renamed.contains(&(kind.clone(), name.clone())).then(|| format!("{service}.{name}"));
        own.values_mut().chain([&mut document]).for_each(|value| rename_references(value, &rename));
        for (name, value) in own {
            let public = rename(&name).unwrap_or_else(|| name.1.clone());
            components.insert((name.0, public), value);
        }
        if let Some(Value::Object(own)) = document.get_mut("paths").map(Value::take) {
            for (path, item) in own {
                conflicts.extend(add_path(&mut paths, service, &path, item));
            }
        }
    }
    Merged { document: whole(paths, components), conflicts }
}

fn whole(paths: Object, components: BTreeMap<Name, Value>) -> Value {
    let mut kinds = json!({ "securitySchemes": { "bearer": {
        "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
        "description": "The access token that POST /api/v1/auth/login answers",
    }}});
    for ((kind, name), value) in components {
        if let Value::Object(kinds) = &mut kinds
            && let Value::Object(named) = kinds.entry(kind).or_insert_with(|| json!({}))
        {
            named.insert(name, value);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "MuTraPro",
            "description": "The back office of a music transcription and production studio",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": kinds,
    })
}

/// Takes the components out of a part, but for security schemes: those are the gateway's.
fn take_components(document: &mut Value) -> BTreeMap<Name, Value> {
    let mut taken = BTreeMap::new();
    let Some(Value::Object(kinds)) = document.get_mut("components").map(Value::take) else {
        return taken;
    };
    for (kind, named) in kinds.into_iter().filter(|(kind, _)| kind != "securitySchemes") {
        if let Value::Object(named) = named {
            taken.extend(named.into_iter().map(|(name, value)| ((kind.clone(), name), value)));
        }
    }
    taken
}

/// The components of a part that are called as others are which say something else, themselves or by what they refer to.
fn names_to_change(own: &BTreeMap<Name, Value>, others: &BTreeMap<Name, Value>) -> BTreeSet<Name> {
    let is_taken = |name: &Name| others.contains_key(name);
    let differs = |(name, value): &(&Name, &Value)| others.get(*name).is_some_and(|other| other != *value);
    let mut changed: BTreeSet<Name> = own.iter().filter(differs).map(|(name, _)| name.clone()).collect();
    loop {
        let refers = |value: &Value| references(value).iter().any(|name| changed.contains(name));
        let more: Vec<Name> = own
            .iter()
            .filter(|(name, value)| is_taken(name) && !changed.contains(*name) && refers(value))
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            return changed;
        }
        changed.extend(more);
    }
}

fn parse_reference(text: &str) -> Option<Name> {
    let (kind, name) = text.strip_prefix(COMPONENTS)?.split_once('/')?;
    Some((kind.to_owned(), name.to_owned()))
}

fn references(value: &Value) -> Vec<Name> {
    match value {
        // Besides `$ref`, the mapping of a discriminator refers, by the same text.
        Value::String(text) => parse_reference(text).into_iter().collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Object(members) => members.values().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

fn rename_references(value: &mut Value, rename: &impl Fn(&Name) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(name) = parse_reference(text)
                && let Some(renamed) = rename(&name)
            {
                *text = format!("{COMPONENTS}{}/{renamed}", name.0);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename_references(item, rename)),
        Value::Object(members) => members.values_mut().for_each(|member| rename_references(member, rename)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Adds what a part says of a path; answers what does not lead there.
fn add_path(paths: &mut Object, service: &str, path: &str, item: Value) -> Vec<String> {
    let Value::Object(members) = item else {
        return vec![format!("{service} publishes {path}, which is no path item")];
    };
    let mut conflicts = Vec::new();
    let mut added = Object::new();
    for (name, mut member) in members {
        if METHODS.contains(&name.as_str()) {
            let route = name.to_ascii_uppercase().parse::<Method>().ok().and_then(|method| routes::find(&method, path));
            let Some(route) = route.filter(|route| route.service == service) else {
                conflicts.push(format!("{service} publishes {name} {path}, which does not lead there"));
                continue;
            };
            if let Value::Object(operation) = &mut member {
                // A service names operations after its functions, which others may call alike; here each has to be unique.
                operation.insert("operationId".to_owned(), json!(operation_id(&name, path)));
                describe_responses(operation);
                operation.remove("security");
                if route.access == Access::SignIn {
                    operation.insert("security".to_owned(), json!([]));
                }
            }
        }
        added.insert(name, member);
    }
    // What nothing leads to is not there.
    if added.keys().any(|name| METHODS.contains(&name.as_str()))
        && let Value::Object(known) = paths.entry(format!("{PREFIX}{path}")).or_insert_with(|| json!({}))
    {
        // Two services may share a path; a method leads to one of them.
        known.extend(added);
    }
    conflicts
}

/// Gives a response that has no description, which OpenAPI demands, the words of its status.
fn describe_responses(operation: &mut Object) {
    let Some(Value::Object(responses)) = operation.get_mut("responses") else {
        return;
    };
    for (status, response) in responses {
        if let Value::Object(response) = response
            && !response.contains_key("$ref")
        {
            let words = status.parse().ok().and_then(|status: StatusCode| status.canonical_reason());
            response.entry("description").or_insert_with(|| json!(words.unwrap_or("Response")));
        }
    }
}

/// `get_users_by_id` for GET `/users/{id}`.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split('/').filter(|segment| !segment.is_empty()).map(|segment| {
        let parameter = segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}'));
        parameter.map_or_else(|| segment.replace('-', "_"), |parameter| format!("by_{parameter}"))
    });
    std::iter::once(method.to_owned()).chain(words).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests;
