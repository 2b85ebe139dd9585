//! Joining OpenAPI documents.

use super::frame;
use crate::routes::{PREFIX, Routes};
use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

type Object = Map<String, Value>;

/// What begins a reference to a component.
const COMPONENTS: &str = "#/components/";
/// The kind of component that no part brings.
const SECURITY_SCHEMES: &str = "securitySchemes";
/// The members of a path item that are operations (OpenAPI 3.1, section 4.8.9).
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Where an operation names the service that answers it, for whoever operates or documents the system.
const SERVICE_FIELD: &str = "x-service";

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

/// Joins the parts in their order, as far as `routes` lead to them.
pub(super) fn merge(routes: &Routes, parts: Vec<Part>) -> Merged {
    let mut components = by_name(frame::components());
    let mut whole = Paths::of(routes);
    for Part { service, mut document } in parts {
        let mut own = by_name(document.get_mut("components").map(Value::take).unwrap_or_default());
        // Who may take what is the gateway's to say.
        own.retain(|(kind, _), _| kind != SECURITY_SCHEMES);
        let missing = own.values().chain([&document]).flat_map(references).filter(|name| !own.contains_key(name));
        let missing: BTreeSet<_> = missing.collect();
        whole
            .conflicts
            .extend(missing.iter().map(|(kind, name)| format!("{service} does not publish its {kind}/{name}")));
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
                whole.add(service, &path, item);
            }
        }
    }
    let Paths { paths, conflicts, .. } = whole;
    Merged { document: frame::document(paths, by_kind(components)), conflicts }
}

fn by_name(components: Value) -> BTreeMap<Name, Value> {
    let mut named = BTreeMap::new();
    let Value::Object(kinds) = components else {
        return named;
    };
    for (kind, members) in kinds {
        if let Value::Object(members) = members {
            named.extend(members.into_iter().map(|(name, value)| ((kind.clone(), name), value)));
        }
    }
    named
}

fn by_kind(components: BTreeMap<Name, Value>) -> Object {
    let mut kinds = Object::new();
    for ((kind, name), value) in components {
        if let Value::Object(named) = kinds.entry(kind).or_insert_with(|| json!({})) {
            named.insert(name, value);
        }
    }
    kinds
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

/// What is joined so far.
struct Paths<'a> {
    routes: &'a Routes,
    paths: Object,
    operation_ids: BTreeSet<String>,
    conflicts: Vec<String>,
}

impl<'a> Paths<'a> {
    fn of(routes: &'a Routes) -> Self {
        Self { routes, paths: Object::new(), operation_ids: BTreeSet::new(), conflicts: Vec::new() }
    }

    /// Adds what a part says of a path, but for what does not lead there.
    fn add(&mut self, service: &str, path: &str, item: Value) {
        let Value::Object(members) = item else {
            return self.conflicts.push(format!("{service} publishes {path}, which is no path item"));
        };
        let mut added = Object::new();
        for (name, mut member) in members {
            if METHODS.contains(&name.as_str())
                && let Err(conflict) = self.complete(service, &name, path, &mut member)
            {
                self.conflicts.push(conflict);
                continue;
            }
            added.insert(name, member);
        }
        // What nothing leads to is not there.
        if added.keys().any(|name| METHODS.contains(&name.as_str()))
            && let Value::Object(known) = self.paths.entry(format!("{PREFIX}{path}")).or_insert_with(|| json!({}))
        {
            // Two services may share a path; a method leads to one of them.
            known.extend(added);
        }
    }

    /// Makes an operation of a part one of the whole, or says why it is none.
    fn complete(&mut self, service: &str, method: &str, path: &str, operation: &mut Value) -> Result<(), String> {
        let parsed = method.to_ascii_uppercase().parse::<Method>().ok();
        let route = parsed.and_then(|method| self.routes.find(&method, path));
        let route = route.filter(|route| route.service == service);
        let route = route.ok_or_else(|| format!("{service} publishes {method} {path}, which does not lead there"))?;
        let Value::Object(operation) = operation else {
            return Err(format!("{service} publishes {method} {path}, which is no operation"));
        };
        // A service names operations after its functions, which others may call alike; here each has to be unique.
        let id = operation_id(method, path);
        if !self.operation_ids.insert(id.clone()) {
            return Err(format!("{service} publishes {method} {path}, whose name {id} another operation has"));
        }
        operation.insert("operationId".to_owned(), json!(id));
        operation.insert(SERVICE_FIELD.to_owned(), json!(service));
        frame::complete(operation, route.access, path);
        describe_responses(operation);
        Ok(())
    }
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
