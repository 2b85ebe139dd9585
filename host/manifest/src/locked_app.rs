//! The lock file that `spin up` makes of a manifest into a [`RawApplication`]: the components as Spin resolved them, and our
//! trigger entries as they were written.
//!
//! Promise: whatever the lock demands of a host and this one has not is refused by name. What is merely unknown is passed
//! over, as Spin's own triggers do: `must_understand` names what may not be.
//!
//! Deliberately absent: triggers of other types and the components that only they use, which Spin gives to their own hosts;
//! applications from a registry, whose migrations stayed behind; lines of the manifest, which the lock does not have.

use crate::document::{Entries, Node, Table, Value, read_text};
use crate::limits::LOCK_BYTES_MAX;
use crate::problem::{Place, Problems, Report};
use crate::raw::{Located, RawApplication, RawComponent, RawSource, RawTemplate, RawTrigger, RawVariable};
use crate::tables::{
    SETTINGS_TABLE, TRIGGER_TABLE, TRIGGER_TYPE, build, generated_secrets, refuse_component_key, trigger,
};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;

/// The newest form of the lock that is known here. Spin writes a lower one where nothing demands the newest.
const LOCK_VERSION_MAX: u64 = 1;
/// What Spin may insist on being read, and is read here.
const UNDERSTOOD: [&str; 2] = ["host_requirements", "component_host_requirements"];
/// What Spin may require of a host, and this one has: calls between components, as `http://<component>.spin.internal`.
const REQUIREMENTS_MET: [&str; 1] = ["local_service_chaining"];
/// The value of a requirement that a host may ignore.
const OPTIONAL: &str = "optional";
/// Spin's own name of the requirement that middleware makes.
const MIDDLEWARE: &str = "middleware";

type Map<T> = BTreeMap<String, T>;

/// What has to be understood before anything else is read.
#[derive(Deserialize)]
struct Head {
    spin_lock_version: u64,
    #[serde(default)]
    must_understand: Vec<String>,
}

#[derive(Deserialize)]
struct Lock {
    metadata: Metadata,
    #[serde(default)]
    host_requirements: Map<Json>,
    #[serde(default)]
    variables: Map<Variable>,
    triggers: Vec<Trigger>,
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Metadata {
    name: Option<String>,
    version: Option<String>,
    /// The URL of the manifest.
    origin: Option<String>,
    /// `[application.trigger.<type>]` by type.
    #[serde(default)]
    triggers: Map<Json>,
}

#[derive(Deserialize)]
struct Variable {
    /// A variable without one is required.
    default: Option<String>,
    #[serde(default)]
    secret: bool,
}

#[derive(Deserialize)]
struct Trigger {
    id: String,
    trigger_type: String,
    trigger_config: Json,
    #[serde(default)]
    trigger_dependencies: Map<IgnoredAny>,
}

#[derive(Deserialize)]
struct Component {
    id: String,
    #[serde(default)]
    metadata: ComponentMetadata,
    source: Source,
    #[serde(default)]
    env: Map<IgnoredAny>,
    #[serde(default)]
    files: Vec<IgnoredAny>,
    /// The component's variables, templates unresolved.
    #[serde(default)]
    config: Map<String>,
    #[serde(default)]
    dependencies: Map<IgnoredAny>,
    #[serde(default)]
    trigger_dependencies: Map<IgnoredAny>,
    #[serde(default)]
    host_requirements: Map<Json>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ComponentMetadata {
    allowed_outbound_hosts: Vec<String>,
    key_value_stores: Vec<IgnoredAny>,
    databases: Vec<IgnoredAny>,
    ai_models: Vec<IgnoredAny>,
    build: Option<Json>,
}

#[derive(Deserialize)]
struct Source {
    /// A URL, relative to the manifest's.
    source: Option<String>,
    digest: Option<IgnoredAny>,
}

/// The path of a `file:` URL, its percent-encoding resolved; `None` for any other.
pub fn file_path(url: &str) -> Option<PathBuf> {
    path_of(&Url::parse(url).ok()?)
}

fn path_of(url: &Url) -> Option<PathBuf> {
    if url.scheme() == "file" { url.to_file_path().ok() } else { None }
}

/// Reads the lock file at `path`; what is wrong with our part of it is added to `report`.
///
/// # Errors
/// When it cannot be read, is no lock file, or demands to be understood by somebody else: then nothing else can be said of it.
pub(crate) fn read(path: &Path, report: &mut Report) -> Result<RawApplication, Problems> {
    let file: Arc<Path> = path.into();
    let start = Place::line(file.clone(), 1);
    let text = read_text(path, LOCK_BYTES_MAX).map_err(|error| {
        Report::single(&start, format!("cannot read Spin's lock file: {error}"), "start the application with `spin up`")
    })?;
    check_head(&parse(&file, &text)?, &start)?;
    let lock: Lock = parse(&file, &text)?;
    let origin = lock.metadata.origin.as_deref().and_then(|origin| Url::parse(origin).ok());
    let Some((origin, manifest)) = origin.and_then(|origin| path_of(&origin).map(|path| (origin, path))) else {
        return Err(Report::single(
            &start,
            "the application has no manifest on this machine, so its migrations are not here either",
            "run it from its folder: `spin up --from spin.toml`",
        ));
    };
    let folder = manifest.parent().unwrap_or(Path::new("")).to_owned();
    let places = Places { manifest: manifest.into(), origin };
    Ok(application(lock, folder, &places, report))
}

/// What is in the wrong form is placed but not shown: it may be a secret.
fn parse<T: DeserializeOwned>(file: &Arc<Path>, text: &str) -> Result<T, Problems> {
    serde_json::from_str(text).map_err(|error| {
        let message = if error.is_data() { "is not of the form of Spin's lock file" } else { "is not valid JSON" };
        let place = Place::line(file.clone(), error.line().max(1));
        Report::single(&place, message, "start the application with `spin up` of Spin 4")
    })
}

fn check_head(head: &Head, start: &Place) -> Result<(), Problems> {
    let mut report = Report::default();
    if head.spin_lock_version > LOCK_VERSION_MAX {
        let message = format!("unsupported version of Spin's lock file: {}", head.spin_lock_version);
        report.add(start, message, format!("use a Spin that writes version {LOCK_VERSION_MAX}, or a newer host"));
    }
    for name in head.must_understand.iter().filter(|name| !UNDERSTOOD.contains(&name.as_str())) {
        let message = format!("the application demands `{name}` to be understood, which this host does not");
        report.add(start, message, "remove from the manifest what demands it, or use a newer host");
    }
    report.finish()
}

/// Where things were written: in the manifest, as that is what can be changed.
struct Places {
    manifest: Arc<Path>,
    /// The manifest's URL, which that of a component's source may be relative to.
    origin: Url,
}

impl Places {
    fn entry(&self, name: impl Into<Arc<str>>) -> Place {
        Place::entry(self.manifest.clone(), name)
    }
}

fn application(lock: Lock, folder: PathBuf, places: &Places, report: &mut Report) -> RawApplication {
    let place = places.entry("[application]");
    if lock.metadata.name.is_none() {
        report.add(&place, "`name` is missing in [application]", "add `name = \"…\"`");
    }
    refuse_requirements(&lock.host_requirements, "the application", &place, report);
    let settings = lock.metadata.triggers.get(TRIGGER_TYPE);
    let settings = settings.map(|settings| node(settings, &places.entry(SETTINGS_TABLE)));
    let (own, foreign): (Vec<_>, Vec<_>) = lock.triggers.into_iter().partition(|t| t.trigger_type == TRIGGER_TYPE);
    let foreign_components: BTreeSet<_> = components_of(&foreign).difference(&components_of(&own)).cloned().collect();
    let components = lock.components.into_iter().filter(|component| !foreign_components.contains(&component.id));
    let located = |text: String| Located { place: place.clone(), value: text };
    RawApplication {
        folder,
        name: lock.metadata.name.map(located),
        version: lock.metadata.version.map(located),
        generated_secrets: settings
            .and_then(|settings| with_table(&settings, SETTINGS_TABLE, report, generated_secrets))
            .unwrap_or_default(),
        variables_place: places.entry("[variables]"),
        variables: lock.variables.into_iter().map(|(name, variable)| raw_variable(name, variable, places)).collect(),
        triggers: own.into_iter().filter_map(|entry| raw_trigger(entry, places, report)).collect(),
        components: components.map(|component| raw_component(component, places, report)).collect(),
        foreign_components,
        downloads: None,
    }
}

fn components_of(triggers: &[Trigger]) -> BTreeSet<String> {
    let components = triggers.iter().filter_map(|trigger| trigger.trigger_config.get("component")?.as_str());
    components.map(str::to_owned).collect()
}

fn raw_variable(name: String, variable: Variable, places: &Places) -> RawVariable {
    RawVariable {
        is_required: variable.default.is_none(),
        is_secret: variable.secret,
        default: variable.default,
        name: Located { place: places.entry(format!("variable \"{name}\"")), value: name },
    }
}

fn raw_trigger(entry: Trigger, places: &Places, report: &mut Report) -> Option<RawTrigger> {
    let place = places.entry(format!("trigger \"{}\"", entry.id));
    if !entry.trigger_dependencies.is_empty() {
        refuse_component_key("dependencies", TRIGGER_TABLE, &place, report);
    }
    let config = node(&entry.trigger_config, &place);
    let raw = with_table(&config, TRIGGER_TABLE, report, trigger)?;
    Some(RawTrigger { id: Some(Located { place, value: entry.id }), ..raw })
}

fn raw_component(component: Component, places: &Places, report: &mut Report) -> RawComponent {
    let Component { id, metadata, config, .. } = &component;
    let place = places.entry(format!("component \"{id}\""));
    let name = format!("[component.{id}]");
    let demands = [
        ("environment", component.env.is_empty()),
        ("files", component.files.is_empty()),
        ("key_value_stores", metadata.key_value_stores.is_empty()),
        ("sqlite_databases", metadata.databases.is_empty()),
        ("ai_models", metadata.ai_models.is_empty()),
        ("dependencies", component.dependencies.is_empty() && component.trigger_dependencies.is_empty()),
    ];
    for (key, _) in demands.into_iter().filter(|(_, is_empty)| !is_empty) {
        refuse_component_key(key, &name, &place, report);
    }
    refuse_requirements(&component.host_requirements, &name, &place, report);
    let located = |text: &String| Located { place: place.clone(), value: text.clone() };
    let build_node = metadata.build.as_ref().map(|build| node(build, &place));
    let templates = config.iter().map(|(name, text)| RawTemplate { name: located(name), text: located(text) });
    RawComponent {
        source: source(&component.source, &name, &place, &places.origin, report),
        build: build_node.and_then(|table| with_table(&table, &format!("{name} build"), report, build)?),
        outbound_hosts: metadata.allowed_outbound_hosts.iter().map(located).collect(),
        variables: templates.collect(),
        id: located(id),
    }
}

fn source(source: &Source, name: &str, place: &Place, origin: &Url, report: &mut Report) -> Option<Located<RawSource>> {
    let url = source.source.as_deref().and_then(|source| origin.join(source).ok());
    match url.as_ref().and_then(path_of) {
        Some(path) if source.digest.is_none() => Some(Located { place: place.clone(), value: RawSource::File(path) }),
        _ => {
            let message = format!("`source` of {name} is no file on this machine");
            report.add(place, message, "download the file and use a path: `source = \"….wasm\"`");
            None
        }
    }
}

fn refuse_requirements(requirements: &Map<Json>, name: &str, place: &Place, report: &mut Report) {
    let required = requirements.iter().filter(|(_, value)| value.as_str() != Some(OPTIONAL)).map(|(name, _)| name);
    for requirement in required.filter(|requirement| !REQUIREMENTS_MET.contains(&requirement.as_str())) {
        let remedy = if requirement == MIDDLEWARE {
            "remove `dependencies` from the trigger entry; compose the component when it is built"
        } else {
            "remove from the manifest what requires it, or use a host that has it"
        };
        report.add(place, format!("{name} requires `{requirement}` of its host, which this one does not have"), remedy);
    }
}

/// Calls `read` with `node` as a table called `name`, or reports that it is none.
fn with_table<T>(node: &Node, name: &str, report: &mut Report, read: fn(&Table<'_>, &mut Report) -> T) -> Option<T> {
    if let Value::Table(entries) = &node.value {
        return Some(read(&Table::new(name, node.place.clone(), entries), report));
    }
    report.add(&node.place, format!("{name} is no table"), "write it as a table");
    None
}

/// The tree of `json`, all of it at `place`.
fn node(json: &Json, place: &Place) -> Node {
    let value = match json {
        Json::Null => Value::Other("null"),
        Json::Bool(boolean) => Value::Boolean(*boolean),
        Json::Number(number) if number.is_f64() => Value::Other("float"),
        Json::Number(number) => number.as_i64().map_or(Value::Other("integer"), Value::Integer),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(array) => Value::Array(array.iter().map(|element| node(element, place)).collect()),
        Json::Object(object) => Value::Table(entries(object, place)),
    };
    Node { place: place.clone(), value }
}

fn entries(object: &serde_json::Map<String, Json>, place: &Place) -> Entries {
    object.iter().map(|(key, value)| (key.clone(), (place.clone(), node(value, place)))).collect()
}
