//! A document as a tree with places, whatever it is written in, and its tables read key by key: every unknown key and wrong
//! type is reported, not only the first.
//!
//! Deliberately absent: `Debug`. A text may be a secret that should not have been written there.

use crate::names::suggestion;
use crate::problem::{Place, Report};
use crate::raw::Located;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The text of a file of at most `bytes_max` bytes.
///
/// # Errors
/// When it cannot be read, is no UTF-8, or is longer.
pub(crate) fn read_text(path: &Path, bytes_max: u64) -> io::Result<String> {
    let mut text = String::new();
    // One byte more than allowed tells a file at the limit from one above it.
    File::open(path)?.take(bytes_max + 1).read_to_string(&mut text)?;
    if text.len() as u64 > bytes_max {
        return Err(io::Error::other(format!("the file is longer than {bytes_max} bytes")));
    }
    Ok(text)
}

/// A value and where it was written.
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Boolean(bool),
    Array(Vec<Node>),
    Table(Entries),
    /// What no key of ours takes, by the name of its type.
    Other(&'static str),
}

/// The values of a table, each with the place of its key.
pub(crate) type Entries = BTreeMap<String, (Place, Node)>;

impl Value {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Integer(_) => "integer",
            Self::Boolean(_) => "boolean",
            Self::Array(_) => "array",
            Self::Table(_) => "table",
            Self::Other(name) => name,
        }
    }
}

/// A table with its name for messages.
pub(crate) struct Table<'a> {
    /// For example `[component.user-service]`.
    pub(crate) name: String,
    pub(crate) place: Place,
    entries: &'a Entries,
}

impl<'a> Table<'a> {
    pub(crate) fn new(name: impl Into<String>, place: Place, entries: &'a Entries) -> Self {
        Self { name: name.into(), place, entries }
    }

    /// Reports every key that is not in `known`.
    pub(crate) fn refuse_unknown_keys(&self, known: &[&str], report: &mut Report) {
        for (key, (place, _)) in self.entries.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
            let remedy = suggestion(key, known.iter().copied(), format!("known are {}", listed(known)));
            report.add(place, format!("unknown key `{key}` in {}", self.name), remedy);
        }
    }

    /// Reports that a required key is absent. An absent one is told from a malformed one, which is reported elsewhere.
    pub(crate) fn require(&self, key: &str, example: &str, report: &mut Report) {
        if !self.entries.contains_key(key) {
            report.add(&self.place, format!("`{key}` is missing in {}", self.name), format!("add `{key} = {example}`"));
        }
    }

    /// The keys, each with its place.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Located<String>> + use<'_, 'a> {
        self.entries.iter().map(|(key, (place, _))| Located { place: place.clone(), value: key.clone() })
    }

    pub(crate) fn place_of(&self, key: &str) -> Option<Place> {
        self.entries.get(key).map(|(place, _)| place.clone())
    }

    /// Whether the value of `key` is a table.
    pub(crate) fn has_table(&self, key: &str) -> bool {
        self.value(key).is_some_and(|node| matches!(node.value, Value::Table(_)))
    }

    /// Whether the value of `key` is an array.
    pub(crate) fn has_array(&self, key: &str) -> bool {
        self.value(key).is_some_and(|node| matches!(node.value, Value::Array(_)))
    }

    pub(crate) fn string(&self, key: &str, report: &mut Report) -> Option<Located<String>> {
        self.as_string(key, self.value(key)?, report)
    }

    pub(crate) fn boolean(&self, key: &str, report: &mut Report) -> Option<bool> {
        let node = self.value(key)?;
        if let Value::Boolean(boolean) = node.value {
            return Some(boolean);
        }
        self.wrong_type(key, node, "true or false", report);
        None
    }

    pub(crate) fn integer(&self, key: &str, report: &mut Report) -> Option<Located<i64>> {
        let node = self.value(key)?;
        if let Value::Integer(integer) = node.value {
            return Some(Located { place: node.place.clone(), value: integer });
        }
        self.wrong_type(key, node, "a whole number", report);
        None
    }

    /// The texts of an array; an absent one is `None`.
    pub(crate) fn strings(&self, key: &str, report: &mut Report) -> Option<Located<Vec<Located<String>>>> {
        let node = self.value(key)?;
        let Value::Array(array) = &node.value else {
            self.wrong_type(key, node, "an array of texts", report);
            return None;
        };
        let texts = array.iter().filter_map(|text| self.as_string(key, text, report)).collect();
        Some(Located { place: node.place.clone(), value: texts })
    }

    pub(crate) fn table(&self, key: &str, name: impl Into<String>, report: &mut Report) -> Option<Table<'a>> {
        let (place, node) = self.entries.get(key)?;
        if let Value::Table(entries) = &node.value {
            // The key's place, since the span of a table made of dotted keys is not its first line.
            return Some(Table::new(name, place.clone(), entries));
        }
        self.wrong_type(key, node, "a table", report);
        None
    }

    /// The tables of an array of tables.
    pub(crate) fn tables(&self, key: &str, name: &str, report: &mut Report) -> Vec<Table<'a>> {
        let Some(node) = self.value(key) else {
            return Vec::new();
        };
        let as_table = |element: &'a Node| match &element.value {
            Value::Table(entries) => Some(Table::new(name, element.place.clone(), entries)),
            _ => None,
        };
        let tables = match &node.value {
            Value::Array(array) => array.iter().map(as_table).collect(),
            _ => None,
        };
        tables.unwrap_or_else(|| {
            self.wrong_type(key, node, "an array of tables", report);
            Vec::new()
        })
    }

    fn value(&self, key: &str) -> Option<&'a Node> {
        self.entries.get(key).map(|(_, node)| node)
    }

    fn as_string(&self, key: &str, node: &Node, report: &mut Report) -> Option<Located<String>> {
        if let Value::Text(text) = &node.value {
            return Some(Located { place: node.place.clone(), value: text.clone() });
        }
        self.wrong_type(key, node, "a text in quotes", report);
        None
    }

    fn wrong_type(&self, key: &str, node: &Node, wanted: &str, report: &mut Report) {
        let message = format!("`{key}` in {} is of type {}", self.name, node.value.type_name());
        report.add(&node.place, message, format!("give {wanted}"));
    }
}

/// `a`, `b` and the like, for remedies.
pub(crate) fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
