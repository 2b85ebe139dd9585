//! `spin.toml` into a [`RawApplication`]: Spin manifest version 2 with triggers of type `mutrapro`.
//!
//! Deliberately absent: whether what is written makes sense. That is asked of every source alike, later.

use crate::limits::LIMIT_KEYS;
use crate::names::suggestion;
use crate::problem::{Place, Problems, Report};
use crate::raw::{Located, RawApplication, RawComponent, RawLimit, RawSchedule, RawTemplate, RawTrigger, RawVariable};
use crate::toml_table::{Lines, Table, listed, read_text};
use std::path::Path;
use std::sync::Arc;
use toml::de::DeTable;

const TRIGGER_TYPE: &str = "mutrapro";
/// What the parser says of a key, or a table, that is given twice.
const DUPLICATE_KEY: &str = "duplicate key";
const MANIFEST_VERSION: i64 = 2;

const TRIGGER_KEYS: [&str; 11] = [
    "id",
    "component",
    "route",
    "database",
    "migrations",
    "tables",
    "publishes",
    "subscribes",
    "schedules",
    "blobs",
    "limits",
];
const COMPONENT_KEYS: [&str; 6] = ["source", "description", "allowed_outbound_hosts", "variables", "build", "tool"];

/// What Spin gives a component and this host does not, each with what to do instead.
const REFUSED_COMPONENT_KEYS: [(&str, &str); 11] = [
    ("files", "remove it; build static content into the component"),
    ("exclude_files", "remove it; build static content into the component"),
    ("key_value_stores", "remove it; keep the data in a table of the service's own `database`"),
    ("sqlite_databases", "remove it; name the service's `database` and `tables` in its [[trigger.mutrapro]] entry"),
    ("ai_models", "remove it; call a model over HTTP, with its host in `allowed_outbound_hosts`"),
    ("environment", "remove it; give the values in [component.<id>.variables]"),
    ("allowed_http_hosts", "use `allowed_outbound_hosts`"),
    ("dependencies", "remove it; compose the component when it is built"),
    ("dependencies_inherit_configuration", "remove it; compose the component when it is built"),
    ("targets", "remove it; the host checks imports against grants at start-up"),
    ("profile", "remove it; let the build command choose the profile"),
];

/// Reads the manifest; what is wrong with its keys and types is added to `report`.
///
/// # Errors
/// When the file cannot be read or is not TOML: then nothing else can be said of it.
pub(crate) fn read(path: &Path, report: &mut Report) -> Result<RawApplication, Problems> {
    let file: Arc<Path> = path.into();
    let text = match read_text(path) {
        Ok(text) => text,
        Err(error) => {
            let place = Place { file, line: 1 };
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
    let root = Table::root(&lines, document.get_ref());
    Ok(application(&root, path.parent().unwrap_or(Path::new("")), report))
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
        generated_secrets: details.map(|details| generated_secrets(&details, report)).unwrap_or_default(),
        variables_place: root.place_of("variables").unwrap_or_else(|| root.place.clone()),
        variables: variables(root, report),
        triggers: triggers(root, report),
        components: components(root, report),
    }
}

fn generated_secrets(details: &Table<'_>, report: &mut Report) -> Vec<Located<String>> {
    let Some(settings) = own_trigger_type(details, "[application.trigger]", report)
        .and_then(|triggers| triggers.table(TRIGGER_TYPE, "[application.trigger.mutrapro]", report))
    else {
        return Vec::new();
    };
    settings.refuse_unknown_keys(&["generated_secrets"], report);
    settings.strings("generated_secrets", report).map(|names| names.value).unwrap_or_default()
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
    let entries = triggers.tables(TRIGGER_TYPE, "[[trigger.mutrapro]]", report);
    entries.iter().map(|entry| trigger(entry, report)).collect()
}

fn trigger(entry: &Table<'_>, report: &mut Report) -> RawTrigger {
    entry.refuse_unknown_keys(&TRIGGER_KEYS, report);
    entry.require("component", "\"…\"", report);
    let mut texts = |key: &str| entry.strings(key, report).map(|texts| texts.value).unwrap_or_default();
    let (publishes, subscribes) = (texts("publishes"), texts("subscribes"));
    let component = if entry.has_table("component") {
        let place = entry.place_of("component").unwrap_or_else(|| entry.place.clone());
        report.add(
            &place,
            "a component written inside its trigger entry is not supported by this host",
            "move it to [component.<id>] and write `component = \"<id>\"`",
        );
        None
    } else {
        entry.string("component", report)
    };
    RawTrigger {
        id: entry.string("id", report),
        component,
        route: entry.string("route", report),
        database: entry.string("database", report),
        migrations: entry.string("migrations", report),
        tables: entry.strings("tables", report),
        publishes,
        subscribes,
        schedules: entry
            .tables("schedules", "`schedules`", report)
            .iter()
            .filter_map(|s| schedule(s, report))
            .collect(),
        blobs: entry.boolean("blobs", report).unwrap_or(false),
        limits: limits(entry, report),
    }
}

fn schedule(entry: &Table<'_>, report: &mut Report) -> Option<RawSchedule> {
    entry.refuse_unknown_keys(&["job", "cron"], report);
    entry.require("job", "\"…\"", report);
    entry.require("cron", "\"0 * * * * *\"", report);
    let (job, cron) = (entry.string("job", report), entry.string("cron", report));
    Some(RawSchedule { job: job?, cron: cron? })
}

fn limits(entry: &Table<'_>, report: &mut Report) -> Vec<RawLimit> {
    let Some(limits) = entry.table("limits", "`limits`", report) else {
        return Vec::new();
    };
    limits.refuse_unknown_keys(&LIMIT_KEYS, report);
    let values = LIMIT_KEYS.into_iter().filter_map(|key| Some(RawLimit { key, value: limits.integer(key, report)? }));
    values.collect()
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
        source: source(&entry, report),
        build_command: build_command(&entry, report),
        outbound_hosts,
        variables: templates(&entry, report),
        id,
    })
}

fn refuse_unknown_component_keys(entry: &Table<'_>, report: &mut Report) {
    for key in entry.keys().filter(|key| !COMPONENT_KEYS.contains(&key.value.as_str())) {
        let refused = REFUSED_COMPONENT_KEYS.iter().find(|(name, _)| *name == key.value);
        let (message, remedy) = match refused {
            Some((name, remedy)) => {
                (format!("`{name}` in {} is not supported by this host", entry.name), (*remedy).to_owned())
            }
            None => (
                format!("unknown key `{}` in {}", key.value, entry.name),
                suggestion(&key.value, COMPONENT_KEYS, format!("known are {}", listed(&COMPONENT_KEYS))),
            ),
        };
        report.add(&key.place, message, remedy);
    }
}

fn source(entry: &Table<'_>, report: &mut Report) -> Option<Located<String>> {
    if !entry.has_table("source") {
        return entry.string("source", report);
    }
    let place = entry.place_of("source").unwrap_or_else(|| entry.place.clone());
    let message = format!("`source` of {} as a URL is not supported yet by this host", entry.name);
    report.add(&place, message, "download the file and use a path: `source = \"….wasm\"`");
    None
}

/// The build as one command for a shell in the manifest's folder: Spin's `workdir` becomes a `cd`, its list of commands
/// a chain that stops at the first failure.
fn build_command(entry: &Table<'_>, report: &mut Report) -> Option<String> {
    let build = entry.table("build", format!("{} build", entry.name), report)?;
    build.refuse_unknown_keys(&["command", "workdir", "watch"], report);
    build.require("command", "\"cargo build …\"", report);
    build.strings("watch", report);
    let workdir = build.string("workdir", report);
    let commands = if build.has_array("command") {
        build.strings("command", report)?.value
    } else {
        vec![build.string("command", report)?]
    };
    let change_folder = workdir.map(|folder| format!("cd '{}'", folder.value.replace('\'', r"'\''")));
    let steps: Vec<_> = change_folder.into_iter().chain(commands.into_iter().map(|command| command.value)).collect();
    Some(steps.join(" && "))
}

fn templates(entry: &Table<'_>, report: &mut Report) -> Vec<RawTemplate> {
    let Some(table) = entry.table("variables", format!("{} variables", entry.name), report) else {
        return Vec::new();
    };
    let names: Vec<_> = table.keys().collect();
    let read = |name: Located<String>| Some(RawTemplate { text: table.string(&name.value, report)?, name });
    names.into_iter().filter_map(read).collect()
}
