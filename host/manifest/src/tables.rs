//! The tables that mean the same in `spin.toml` and in Spin's lock file: our trigger entries, our settings of the
//! application, a component's build, and what of a component this host refuses.
//!
//! Deliberately absent: whether what is written makes sense. That is asked of every source alike, later.

use crate::document::Table;
use crate::limits::LIMIT_KEYS;
use crate::problem::{Place, Report};
use crate::raw::{Located, RawBuild, RawLimit, RawPlugins, RawSchedule, RawTrigger};

/// Our type of trigger: `[[trigger.mutrapro]]`.
pub(crate) const TRIGGER_TYPE: &str = "mutrapro";
/// What a trigger entry is called in messages.
pub(crate) const TRIGGER_TABLE: &str = "[[trigger.mutrapro]]";
/// What our settings of the application are called in messages.
pub(crate) const SETTINGS_TABLE: &str = "[application.trigger.mutrapro]";

const TRIGGER_KEYS: [&str; 12] = [
    "id",
    "component",
    "plugins",
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

/// Reports `key` of the component's table `name`, if it is one that Spin knows and this host refuses; whether it is.
pub(crate) fn refuse_component_key(key: &str, name: &str, place: &Place, report: &mut Report) -> bool {
    let refused = REFUSED_COMPONENT_KEYS.iter().find(|(refused, _)| *refused == key);
    if let Some((key, remedy)) = refused {
        report.add(place, format!("`{key}` in {name} is not supported by this host"), *remedy);
    }
    refused.is_some()
}

/// What `[application.trigger.mutrapro]` says.
pub(crate) fn generated_secrets(settings: &Table<'_>, report: &mut Report) -> Vec<Located<String>> {
    settings.refuse_unknown_keys(&["generated_secrets"], report);
    settings.strings("generated_secrets", report).map(|names| names.value).unwrap_or_default()
}

/// What a `[[trigger.mutrapro]]` entry says.
pub(crate) fn trigger(entry: &Table<'_>, report: &mut Report) -> RawTrigger {
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
        plugins: plugins(entry, report),
    }
}

/// The plugins for each contract, one by one or in lists.
fn plugins(entry: &Table<'_>, report: &mut Report) -> Vec<RawPlugins> {
    let Some(table) = entry.table("plugins", "`plugins`", report) else {
        return Vec::new();
    };
    let contracts: Vec<_> = table.keys().collect();
    let plugins = |contract: Located<String>| {
        let components = if table.has_array(&contract.value) {
            table.strings(&contract.value, report)?.value
        } else {
            vec![table.string(&contract.value, report)?]
        };
        Some(RawPlugins { contract, components })
    };
    contracts.into_iter().filter_map(plugins).collect()
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

/// A component's build. Its command is one for a shell in the manifest's folder: Spin's `workdir` becomes a `cd`, its list of
/// commands a chain that stops at the first failure.
pub(crate) fn build(build: &Table<'_>, report: &mut Report) -> Option<RawBuild> {
    build.require("command", "\"cargo build …\"", report);
    let watch = build.strings("watch", report).map(|patterns| patterns.value).unwrap_or_default();
    let workdir = build.string("workdir", report);
    let commands = if build.has_array("command") {
        build.strings("command", report)?.value
    } else {
        vec![build.string("command", report)?]
    };
    let change_folder = workdir.as_ref().map(|folder| format!("cd '{}'", folder.value.replace('\'', r"'\''")));
    let steps: Vec<_> = change_folder.into_iter().chain(commands.into_iter().map(|command| command.value)).collect();
    Some(RawBuild {
        command: steps.join(" && "),
        watch: watch.into_iter().map(|pattern| pattern.value).collect(),
        workdir: workdir.map(|folder| folder.value.into()).unwrap_or_default(),
    })
}
