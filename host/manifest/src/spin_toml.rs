//! `spin.toml` into a [`RawApplication`]: Spin manifest version 2 with triggers of type `mutrapro`.
//!
//! Deliberately absent: whether what is written makes sense. That is asked of every source alike, later.

use crate::document::{Entries, Node, Table, Value, listed, read_text};
use crate::limits::FILE_BYTES_MAX;
use crate::names::suggestion;
use crate::problem::{Place, Problems, Report};
use crate::raw::{Located, RawApplication, RawBuild, RawComponent, RawSource, RawTemplate, RawTrigger, RawVariable};
use crate::sources::remote;
use crate::tables::{
    SETTINGS_TABLE, TRIGGER_TABLE, TRIGGER_TYPE, build, generated_secrets, refuse_component_key, trigger,
};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What the parser says of a key, or a table, that is given twice.
const DUPLICATE_KEY: &str = "duplicate key";
const MANIFEST_VERSION: i64 = 2;

const COMPONENT_KEYS: [&str; 6] = ["source", "description", "allowed_outbound_hosts", "variables", "build", "tool"];

/// Reads the manifest; what is wrong with its keys and types is added to `report`.
///
/// # Errors
/// When the file cannot be read or is not TOML: then nothing else can be said of it.
pub(crate) fn read(path: &Path, report: &mut Report) -> Result<RawApplication, Problems> {
    let file: Arc<Path> = path.into();
    let text = match read_text(path, FILE_BYTES_MAX) {
        Ok(text) => text,
        Err(error) => {
            let place = Place::line(file, 1);
            let remedy = "give the path of a readable spin.toml";
            return Err(Report::single(&place, format!("cannot read the manifest: {error}"), remedy));
        }
    };
    let lines = Lines::new(file, &text);
    let (document, errors) = DeTable::parse_recoverable(&text);
    let mut syntax = Report::default();
    for error in errors {
        let span = error.span().unwrap_or_default();
        // The key is named where there is one; other text of a broken line may be a secret.
        let key =
            Some(error.message()).filter(|message| *message == DUPLICATE_KEY).and_then(|_| text.get(span.clone()));
        let key = key.map(|key| format!(": `{key}`")).unwrap_or_default();
        let message = format!("not valid TOML: {}{key}", error.message());
        syntax.add(&lines.place(span.start), message, "correct the syntax (TOML 1.1); a key is given once");
    }
    syntax.finish()?;
    let entries = lines.entries(document.get_ref());
    let root = Table::new("the manifest", lines.place(0), &entries);
    Ok(application(&root, path.parent().unwrap_or(Path::new("")), report))
}

/// Where each line of a text begins.
struct Lines {
    file: Arc<Path>,
    breaks: Vec<usize>,
}

impl Lines {
    fn new(file: Arc<Path>, text: &str) -> Self {
        Self { file, breaks: text.match_indices('\n').map(|(offset, _)| offset).collect() }
    }

    /// The place of the byte at `offset`.
    fn place(&self, offset: usize) -> Place {
        Place::line(self.file.clone(), self.breaks.partition_point(|line_break| *line_break < offset) + 1)
    }

    fn entries(&self, table: &DeTable<'_>) -> Entries {
        let entries = table.iter().map(|(key, value)| {
            let place = self.place(key.span().start);
            (key.get_ref().to_string(), (place, self.node(value)))
        });
        entries.collect()
    }

    fn node(&self, value: &Spanned<DeValue<'_>>) -> Node {
        let plain = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(boolean) => Value::Boolean(*boolean),
            DeValue::Integer(digits) => {
                i64::from_str_radix(digits.as_str(), digits.radix()).map_or(Value::Other("integer"), Value::Integer)
            }
            DeValue::Array(array) => Value::Array(array.iter().map(|element| self.node(element)).collect()),
            DeValue::Table(table) => Value::Table(self.entries(table)),
            other => Value::Other(other.type_str()),
        };
        Node { place: self.place(value.span().start), value: plain }
    }
}

fn application(root: &Table<'_>, folder: &Path, report: &mut Report) -> RawApplication {
    root.refuse_unknown_keys(&["spin_manifest_version", "application", "variables", "trigger", "component"], report);
    root.require("spin_manifest_version", "2", report);
    if let Some(version) = root.integer("spin_manifest_version", report).filter(|v| v.value != MANIFEST_VERSION) {
        let message = format!("unsupported manifest version: {}", version.value);
        report.add(&version.place, message, "write `spin_manifest_version = 2`");
    }
    root.require("application", "{ name = \"…\" }", report);
    let details = root.table("application", "[application]", report);
    let name = details.as_ref().and_then(|details| {
        details.refuse_unknown_keys(&["name", "version", "description", "authors", "trigger", "tool"], report);
        details.require("name", "\"…\"", report);
        details.string("description", report);
        details.strings("authors", report);
        details.string("name", report)
    });
    RawApplication {
        folder: folder.to_owned(),
        name,
        version: details.as_ref().and_then(|details| details.string("version", report)),
        generated_secrets: details.map(|details| settings(&details, report)).unwrap_or_default(),
        variables_place: root.place_of("variables").unwrap_or_else(|| root.place.clone()),
        variables: variables(root, report),
        triggers: triggers(root, report),
        components: components(root, report),
        foreign_components: BTreeSet::new(),
        downloads: None,
    }
}

fn settings(details: &Table<'_>, report: &mut Report) -> Vec<Located<String>> {
    let settings = own_trigger_type(details, "[application.trigger]", report)
        .and_then(|triggers| triggers.table(TRIGGER_TYPE, SETTINGS_TABLE, report));
    settings.map(|settings| generated_secrets(&settings, report)).unwrap_or_default()
}

/// The table `trigger` of `parent`, once every type in it but ours is reported.
fn own_trigger_type<'a>(parent: &Table<'a>, name: &str, report: &mut Report) -> Option<Table<'a>> {
    let triggers = parent.table("trigger", name, report)?;
    for other in triggers.keys().filter(|key| key.value != TRIGGER_TYPE) {
        let message = format!("trigger type `{}` is not one that this host runs", other.value);
        report.add(&other.place, message, "use [[trigger.mutrapro]], or run this trigger with its own host");
    }
    Some(triggers)
}

fn variables(root: &Table<'_>, report: &mut Report) -> Vec<RawVariable> {
    let Some(table) = root.table("variables", "[variables]", report) else {
        return Vec::new();
    };
    let names: Vec<_> = table.keys().collect();
    names.into_iter().filter_map(|name| variable(&table, name, report)).collect()
}

fn variable(table: &Table<'_>, name: Located<String>, report: &mut Report) -> Option<RawVariable> {
    let entry = table.table(&name.value, format!("variable `{}`", name.value), report)?;
    entry.refuse_unknown_keys(&["required", "default", "secret", "description"], report);
    entry.string("description", report);
    Some(RawVariable {
        name,
        is_required: entry.boolean("required", report).unwrap_or(false),
        is_secret: entry.boolean("secret", report).unwrap_or(false),
        default: entry.string("default", report).map(|default| default.value),
    })
}

fn triggers(root: &Table<'_>, report: &mut Report) -> Vec<RawTrigger> {
    let Some(triggers) = own_trigger_type(root, "[trigger]", report) else {
        return Vec::new();
    };
    let entries = triggers.tables(TRIGGER_TYPE, TRIGGER_TABLE, report);
    entries.iter().map(|entry| trigger(entry, report)).collect()
}

fn components(root: &Table<'_>, report: &mut Report) -> Vec<RawComponent> {
    let Some(table) = root.table("component", "[component]", report) else {
        return Vec::new();
    };
    let ids: Vec<_> = table.keys().collect();
    ids.into_iter().filter_map(|id| component(&table, id, report)).collect()
}

fn component(table: &Table<'_>, id: Located<String>, report: &mut Report) -> Option<RawComponent> {
    let entry = table.table(&id.value, format!("[component.{}]", id.value), report)?;
    refuse_unknown_component_keys(&entry, report);
    entry.require("source", "\"target/wasm32-wasip2/guest/….wasm\"", report);
    entry.string("description", report);
    let outbound_hosts = entry.strings("allowed_outbound_hosts", report).map(|hosts| hosts.value).unwrap_or_default();
    Some(RawComponent {
        source: source(&entry, &id.value, report),
        build: build_of(&entry, report),
        outbound_hosts,
        variables: templates(&entry, report),
        id,
    })
}

fn refuse_unknown_component_keys(entry: &Table<'_>, report: &mut Report) {
    for key in entry.keys().filter(|key| !COMPONENT_KEYS.contains(&key.value.as_str())) {
        if !refuse_component_key(&key.value, &entry.name, &key.place, report) {
            let message = format!("unknown key `{}` in {}", key.value, entry.name);
            let remedy = suggestion(&key.value, COMPONENT_KEYS, format!("known are {}", listed(&COMPONENT_KEYS)));
            report.add(&key.place, message, remedy);
        }
    }
}

fn source(entry: &Table<'_>, id: &str, report: &mut Report) -> Option<Located<RawSource>> {
    if entry.has_table("source") {
        let source = entry.table("source", format!("`source` of {}", entry.name), report)?;
        return remote(&source, id, report);
    }
    let path = entry.string("source", report)?;
    Some(Located { place: path.place, value: RawSource::File(path.value.into()) })
}

fn build_of(entry: &Table<'_>, report: &mut Report) -> Option<RawBuild> {
    let table = entry.table("build", format!("{} build", entry.name), report)?;
    table.refuse_unknown_keys(&["command", "workdir", "watch"], report);
    build(&table, report)
}

fn templates(entry: &Table<'_>, report: &mut Report) -> Vec<RawTemplate> {
    let Some(table) = entry.table("variables", format!("{} variables", entry.name), report) else {
        return Vec::new();
    };
    let names: Vec<_> = table.keys().collect();
    let read = |name: Located<String>| Some(RawTemplate { text: table.string(&name.value, report)?, name });
    names.into_iter().filter_map(read).collect()
}
