//! Tables of a TOML file, read key by key: every unknown key and wrong type is reported, not only the first.

use crate::limits::FILE_BYTES_MAX;
use crate::names::suggestion;
use crate::problem::{Place, Report};
use crate::raw::Located;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The text of a file of at most [`FILE_BYTES_MAX`] bytes.
///
/// # Errors
/// When it cannot be read, is no UTF-8, or is longer.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    // One byte more than allowed tells a file at the limit from one above it.
    File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(io::Error::other(format!("the file is longer than {FILE_BYTES_MAX} bytes")));
    }
    Ok(text)
}

/// Where each line of a text begins.
#[derive(Debug)]
pub(crate) struct Lines {
    file: Arc<Path>,
    breaks: Vec<usize>,
}

impl Lines {
    pub(crate) fn new(file: Arc<Path>, text: &str) -> Self {
        Self { file, breaks: text.match_indices('\n').map(|(offset, _)| offset).collect() }
    }

    /// The place of the byte at `offset`.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let line = self.breaks.partition_point(|line_break| *line_break < offset) + 1;
        Place { file: self.file.clone(), line: u32::try_from(line).unwrap_or(u32::MAX) }
    }
}

/// A table with its name for messages.
pub(crate) struct Table<'a> {
    lines: &'a Lines,
    /// For example `[component.user-service]`.
    pub(crate) name: String,
    pub(crate) place: Place,
    entries: &'a DeTable<'a>,
}

impl<'a> Table<'a> {
    pub(crate) fn root(lines: &'a Lines, entries: &'a DeTable<'a>) -> Self {
        Self { lines, name: "the manifest".to_owned(), place: lines.place(0), entries }
    }

    /// Reports every key that is not in `known`.
    pub(crate) fn refuse_unknown_keys(&self, known: &[&str], report: &mut Report) {
        for (key, _) in self.entries.iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref())) {
            let remedy = suggestion(key.get_ref(), known.iter().copied(), format!("known are {}", listed(known)));
            let message = format!("unknown key `{}` in {}", key.get_ref(), self.name);
            report.add(&self.lines.place(key.span().start), message, remedy);
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
        self.entries
            .keys()
            .map(|key| Located { place: self.lines.place(key.span().start), value: key.get_ref().clone().into_owned() })
    }

    pub(crate) fn place_of(&self, key: &str) -> Option<Place> {
        self.entries.get_key_value(key).map(|(key, _)| self.lines.place(key.span().start))
    }

    /// Whether the value of `key` is a table.
    pub(crate) fn has_table(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|value| value.get_ref().is_table())
    }

    /// Whether the value of `key` is an array.
    pub(crate) fn has_array(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|value| value.get_ref().is_array())
    }

    pub(crate) fn string(&self, key: &str, report: &mut Report) -> Option<Located<String>> {
        let value = self.entries.get(key)?;
        self.as_string(key, value, report)
    }

    pub(crate) fn boolean(&self, key: &str, report: &mut Report) -> Option<bool> {
        let value = self.entries.get(key)?;
        let boolean = value.get_ref().as_bool();
        if boolean.is_none() {
            self.wrong_type(key, value, "true or false", report);
        }
        boolean
    }

    pub(crate) fn integer(&self, key: &str, report: &mut Report) -> Option<Located<i64>> {
        let value = self.entries.get(key)?;
        let digits = value.get_ref().as_integer();
        let integer = digits.and_then(|digits| i64::from_str_radix(digits.as_str(), digits.radix()).ok());
        if integer.is_none() {
            self.wrong_type(key, value, "a whole number", report);
        }
        integer.map(|integer| Located { place: self.place_at(value), value: integer })
    }

    /// The texts of an array; an absent one is `None`.
    pub(crate) fn strings(&self, key: &str, report: &mut Report) -> Option<Located<Vec<Located<String>>>> {
        let value = self.entries.get(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "an array of texts", report);
            return None;
        };
        let texts = array.iter().filter_map(|text| self.as_string(key, text, report)).collect();
        Some(Located { place: self.place_at(value), value: texts })
    }

    pub(crate) fn table(&self, key: &str, name: impl Into<String>, report: &mut Report) -> Option<Table<'a>> {
        let (own_key, value) = self.entries.get_key_value(key)?;
        // The key's place, since the span of a table made of dotted keys is not its first line.
        let place = self.lines.place(own_key.span().start);
        let table = self.as_table(value, name.into(), place);
        if table.is_none() {
            self.wrong_type(key, value, "a table", report);
        }
        table
    }

    /// The tables of an array of tables.
    pub(crate) fn tables(&self, key: &str, name: &str, report: &mut Report) -> Vec<Table<'a>> {
        let Some(value) = self.entries.get(key) else {
            return Vec::new();
        };
        let as_table = |element| self.as_table(element, name.to_owned(), self.place_at(element));
        let tables = value.get_ref().as_array().and_then(|array| array.iter().map(as_table).collect());
        tables.unwrap_or_else(|| {
            self.wrong_type(key, value, "an array of tables", report);
            Vec::new()
        })
    }

    fn as_string(&self, key: &str, value: &Spanned<DeValue<'_>>, report: &mut Report) -> Option<Located<String>> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(key, value, "a text in quotes", report);
        }
        text.map(|text| Located { place: self.place_at(value), value: text.to_owned() })
    }

    fn as_table(&self, value: &'a Spanned<DeValue<'a>>, name: String, place: Place) -> Option<Table<'a>> {
        let entries = value.get_ref().as_table()?;
        Some(Table { lines: self.lines, name, place, entries })
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str, report: &mut Report) {
        let message = format!("`{key}` in {} is of type {}", self.name, value.get_ref().type_str());
        report.add(&self.place_at(value), message, format!("give {wanted}"));
    }

    fn place_at(&self, value: &Spanned<DeValue<'_>>) -> Place {
        self.lines.place(value.span().start)
    }
}

/// `a`, `b` and the like, for remedies.
pub(crate) fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
