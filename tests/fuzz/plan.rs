//! The configuration of schemathesis: `schemathesis.toml`, and the ids that each operation is called with.

use crate::things::Things;
use anyhow::{Context, Result};
use serde_json::Value;
use std::fmt::Write as _;

const CONFIGURATION: &str = include_str!("schemathesis.toml");
const PREFIX: &str = "/api/v1";
/// How often the id of a thing is one that there is.
const PROBABILITY: f64 = 0.9;

/// The configuration for the operations of `document` and these things, as TOML.
///
/// # Errors
/// When `document` has no paths.
pub(crate) fn configuration(document: &Value, things: &Things) -> Result<String> {
    let mut text = CONFIGURATION.to_owned();
    for (name, ids) in &things.lists {
        dictionary(&mut text, name, ids)?;
    }
    for operation in operations(document)? {
        let own: Vec<_> = things.own.iter().filter(|own| operation == public(own.operation)).collect();
        let mut parameters: Vec<(String, String, f64)> = Vec::new();
        for (name, list) in path_parameters(&operation) {
            let parameter = format!("path.{name}");
            let is_known = things.lists.contains_key(list) && !own.iter().any(|own| own.parameter == parameter);
            parameters.extend(is_known.then(|| (parameter, list.to_owned(), PROBABILITY)));
        }
        for own in own {
            // Operations are no names of dictionaries; letters and digits are.
            let name: String =
                format!("{operation}{}", own.parameter).chars().filter(char::is_ascii_alphanumeric).collect();
            dictionary(&mut text, &name, std::slice::from_ref(&own.id))?;
            parameters.push((own.parameter.to_owned(), name, 1.0));
        }
        if parameters.is_empty() {
            continue;
        }
        writeln!(text, "\n[[operations]]\ninclude-name = {operation:?}\n[operations.parameters]")?;
        for (parameter, dictionary, probability) in parameters {
            writeln!(text, "{parameter:?} = {{ dictionary = {dictionary:?}, probability = {probability:?} }}")?;
        }
    }
    Ok(text)
}

/// The operations of `document`, as schemathesis names them: `GET /api/v1/users/me`.
///
/// # Errors
/// When it has no paths.
pub(crate) fn operations(document: &Value) -> Result<Vec<String>> {
    let paths = document.get("paths").and_then(Value::as_object).context("the document has no paths")?;
    let items = paths.iter().filter_map(|(path, item)| Some((path, item.as_object()?)));
    Ok(items
        .flat_map(|(path, item)| item.keys().map(move |method| format!("{} {path}", method.to_uppercase())))
        .collect())
}

/// The name of an operation that is written without the prefix of all: `GET /users/me`.
pub(crate) fn public(operation: &str) -> String {
    operation.replacen(" /", &format!(" {PREFIX}/"), 1)
}

/// The parameters in a path, each with the segment before it, which is the list that it picks from.
fn path_parameters(operation: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = operation.split('/').zip(operation.split('/').skip(1));
    pairs.filter_map(|(list, segment)| Some((segment.strip_prefix('{')?.strip_suffix('}')?, list)))
}

fn dictionary(text: &mut String, name: &str, ids: &[String]) -> Result<()> {
    // A list of texts looks the same in TOML.
    Ok(writeln!(text, "\n[dictionaries.{name}]\nvalues = {ids:?}")?)
}
