//! What `spin up` makes of a manifest, written again: the lock file that it hands to a trigger.
//!
//! After Spin 4.0 (`crates/loader` of spinframework/spin, and what 4.0.2 wrote of an application like ours), as far as this
//! repository's manifests go: named components with a path as `source`, no profiles, no files and no dependencies.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::path::Path;
use toml::{Table, Value as Toml};

const INTERNAL_SUFFIX: &str = ".spin.internal";

/// The lock of `manifest`, with every key that Spin writes, and none that it leaves out.
///
/// # Errors
/// When the manifest is none, or a component's file is missing: Spin needs them as well.
pub fn lock(manifest: &Path) -> Result<Value> {
    let manifest = manifest.canonicalize().with_context(|| manifest.display().to_string())?;
    let folder = manifest.parent().context("a file is in a folder")?;
    let text = std::fs::read_to_string(&manifest)?;
    let root: Table = toml::from_str(&text)?;
    let components = entries(&root, "component").map(|(id, component)| locked_component(folder, id, component));
    let components: Vec<Value> = components.collect::<Result<_>>()?;
    let mut lock = Map::new();
    // The version says whether something has to be understood.
    let must_understand = components.iter().any(|component| component.get("host_requirements").is_some());
    lock.insert("spin_lock_version".to_owned(), json!(u8::from(must_understand)));
    if must_understand {
        lock.insert("must_understand".to_owned(), json!(["component_host_requirements"]));
    }
    lock.insert("metadata".to_owned(), metadata(&root, &manifest)?);
    let variables = entries(&root, "variables").map(|(name, variable)| (name.clone(), locked_variable(variable)));
    let variables: Map<_, _> = variables.collect();
    if !variables.is_empty() {
        lock.insert("variables".to_owned(), variables.into());
    }
    lock.insert("triggers".to_owned(), triggers(&root)?.into());
    lock.insert("components".to_owned(), components.into());
    Ok(lock.into())
}

/// The tables in the table `key` of `table`.
fn entries<'a>(table: &'a Table, key: &str) -> impl Iterator<Item = (&'a String, &'a Table)> {
    let entries = table.get(key).and_then(Toml::as_table).into_iter().flatten();
    entries.filter_map(|(name, entry)| Some((name, entry.as_table()?)))
}

/// Those of `keys` that are there, texts that are not empty.
fn texts(table: &Table, keys: &[&str]) -> Map<String, Value> {
    let text =
        |key: &&str| Some(((*key).to_owned(), json!(table.get(*key)?.as_str().filter(|text| !text.is_empty())?)));
    keys.iter().filter_map(text).collect()
}

fn metadata(root: &Table, manifest: &Path) -> Result<Value> {
    let application = root.get("application").and_then(Toml::as_table).context("[application] is missing")?;
    let mut metadata = texts(application, &["name", "version", "description"]);
    let settings: Map<_, _> =
        entries(application, "trigger").map(|(kind, table)| (kind.clone(), json!(table))).collect();
    // An application of one type of trigger has its settings a second time, with the type among them.
    let mut types = entries_of_triggers(root).map(|(kind, _)| kind);
    if let (Some(kind), None) = (types.next(), types.next()) {
        let mut only = settings.get(kind).and_then(Value::as_object).cloned().unwrap_or_default();
        only.insert("type".to_owned(), json!(kind));
        metadata.insert("trigger".to_owned(), only.into());
    }
    metadata.insert("triggers".to_owned(), settings.into());
    metadata.insert("origin".to_owned(), json!(file_url(manifest)));
    Ok(metadata.into())
}

fn entries_of_triggers(root: &Table) -> impl Iterator<Item = (&String, &Vec<Toml>)> {
    let types = root.get("trigger").and_then(Toml::as_table).into_iter().flatten();
    types.filter_map(|(kind, entries)| Some((kind, entries.as_array()?)))
}

/// A variable without a default is required; Spin refuses one that is neither, or both.
fn locked_variable(variable: &Table) -> Value {
    let mut locked = Map::new();
    for key in ["description", "default"] {
        locked.extend(variable.get(key).map(|text| (key.to_owned(), json!(text))));
    }
    if variable.get("secret").and_then(Toml::as_bool) == Some(true) {
        locked.insert("secret".to_owned(), json!(true));
    }
    locked.into()
}

/// The settings of each entry stay as they are, but for its id.
fn triggers(root: &Table) -> Result<Vec<Value>> {
    let entries = entries_of_triggers(root).flat_map(|(kind, entries)| entries.iter().map(move |entry| (kind, entry)));
    let locked = entries.map(|(kind, entry)| {
        let mut config = entry.as_table().context("a trigger entry is a table")?.clone();
        let component = config.get("component").and_then(Toml::as_str).unwrap_or_default();
        let generated = format!("{component}-{kind}-trigger");
        let id = config.remove("id").and_then(|id| id.as_str().map(str::to_owned)).unwrap_or(generated);
        Ok(json!({ "id": id, "trigger_type": kind, "trigger_config": config }))
    });
    locked.collect()
}

fn locked_component(folder: &Path, id: &str, component: &Table) -> Result<Value> {
    let mut metadata = texts(component, &["description"]);
    let hosts = component.get("allowed_outbound_hosts").and_then(Toml::as_array).filter(|hosts| !hosts.is_empty());
    metadata.extend(hosts.map(|hosts| ("allowed_outbound_hosts".to_owned(), json!(hosts))));
    metadata.extend(component.get("build").map(|build| ("build".to_owned(), json!(build))));
    let source = component.get("source").and_then(Toml::as_str).context("a component has a source")?;
    let wasm = folder.join(source).canonicalize().with_context(|| format!("{source} of {id} is not built"))?;
    let mut locked = Map::new();
    locked.insert("id".to_owned(), json!(id));
    locked.insert("metadata".to_owned(), metadata.into());
    locked.insert("source".to_owned(), json!({ "content_type": "application/wasm", "source": file_url(&wasm) }));
    // Templates stay as they are.
    locked.extend(component.get("variables").map(|variables| ("config".to_owned(), json!(variables))));
    let is_internal = |host: &Toml| host.as_str().is_some_and(|host| host.ends_with(INTERNAL_SUFFIX));
    if hosts.is_some_and(|hosts| hosts.iter().any(is_internal)) {
        locked.insert("host_requirements".to_owned(), json!({ "local_service_chaining": "required" }));
    }
    Ok(locked.into())
}

/// As an address, in which a path has no characters but these.
pub fn file_url(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let encode = |byte: &u8| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    format!("file://{}", path.as_os_str().as_encoded_bytes().iter().map(encode).collect::<String>())
}
