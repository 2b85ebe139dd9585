//! Spin's lock file in the place of the manifest: what it becomes, and what it demands that this host has not.

use crate::fixture::{Fixture, MIGRATION};
use mutrapro_manifest::{App, LoadOptions, Manifest, Problem, Problems, Spot, Variables, file_path, load};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SECRET: &str = "s3cr3t-v4lue";

/// A folder with the manifest's migrations, and the lock file that Spin made elsewhere.
struct Locked {
    folder: TempDir,
    elsewhere: TempDir,
    lock: Value,
}

impl Locked {
    /// An application of one service with a database, as Spin 4.0 locks it.
    fn new() -> Self {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let migration = folder.path().join(MIGRATION.0);
        fs::create_dir_all(migration.parent().unwrap()).unwrap();
        fs::write(migration, MIGRATION.1).unwrap();
        let url = |name: &str| format!("file://{}/{name}", folder.path().display());
        let lock = json!({
            "spin_lock_version": 1,
            "must_understand": ["host_requirements", "component_host_requirements"],
            "metadata": {
                "name": "studio", "version": "0.1.0", "description": "a studio", "origin": url("spin.toml"),
                "trigger": { "type": "mutrapro" }, "triggers": { "mutrapro": { "generated_secrets": ["key"] } },
            },
            "host_requirements": { "local_service_chaining": "required", "telepathy": "optional" },
            "variables": { "key": { "secret": true }, "greeting": { "default": "hello", "description": "what to say" } },
            "triggers": [{
                "id": "accounts", "trigger_type": "mutrapro",
                "trigger_config": {
                    "component": "users", "route": "/api/users/...", "database": "user_db",
                    "migrations": "migrations/users", "tables": ["users"], "publishes": ["user.registered"],
                    "schedules": [{ "job": "sweep", "cron": "@daily" }], "blobs": true,
                    "limits": { "instances_max": 4 },
                },
            }],
            "components": [{
                "id": "users",
                "metadata": {
                    "description": "keeps users",
                    "allowed_outbound_hosts": ["http://users.spin.internal", "https://api.example.com"],
                    "build": { "command": ["cargo build", "cp a b"], "workdir": "users", "watch": ["src/**"] },
                },
                "source": { "content_type": "application/wasm", "source": url("users.wasm") },
                "config": { "text": "{{ greeting }}, {{ key }}" },
                "host_requirements": { "local_service_chaining": "required", "telepathy": "optional" },
            }],
        });
        Self { folder, elsewhere, lock }
    }

    /// With `value` at `pointer` (RFC 6901), whose parent is there.
    fn with(mut self, pointer: &str, value: Value) -> Self {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match self.lock.pointer_mut(parent).unwrap() {
            Value::Array(array) => array.push(value),
            parent => parent[key] = value,
        }
        self
    }

    fn path(&self) -> PathBuf {
        let path = self.elsewhere.path().join("spin.lock");
        fs::write(&path, serde_json::to_vec_pretty(&self.lock).unwrap()).unwrap();
        path
    }

    fn load(&self) -> Result<App, Problems> {
        let generated = BTreeMap::from([("key".to_owned(), SECRET.to_owned())]);
        load(&self.path(), &Variables::new([], |_| None, generated), LoadOptions { require_wasm: false })
    }

    /// Asserts that there is one problem, at this place of the manifest, and that its texts contain these.
    fn assert_refused(&self, entry: &str, message: &str, remedy: &str) {
        let problem = self.only_problem();
        assert_eq!(problem.place.spot, Spot::Entry(entry.into()), "{problem}");
        assert_eq!(&*problem.place.file, self.folder.path().join("spin.toml"), "{problem}");
        assert!(problem.message.contains(message), "{problem}");
        assert!(problem.remedy.contains(remedy), "{problem}");
    }

    /// Asserts that nothing is read but what is wrong with the lock itself.
    fn assert_unreadable(&self, message: &str, remedy: &str) {
        let problem = self.only_problem();
        assert!(problem.place.to_string().contains("spin.lock:"), "{problem}");
        assert!(problem.message.contains(message), "{problem}");
        assert!(problem.remedy.contains(remedy), "{problem}");
    }

    fn only_problem(&self) -> Problem {
        let problems = self.load().unwrap_err();
        assert_eq!(problems.as_slice().len(), 1, "{problems}");
        problems.as_slice().first().unwrap().clone()
    }
}

#[test]
fn lock_becomes_the_app_that_its_manifest_is() {
    let manifest = r#"
spin_manifest_version = 2
[application]
name = "studio"
version = "0.1.0"
[application.trigger.mutrapro]
generated_secrets = ["key"]
[variables]
key = { required = true, secret = true }
greeting = { default = "hello" }
[[trigger.mutrapro]]
id = "accounts"
component = "users"
route = "/api/users/..."
database = "user_db"
migrations = "migrations/users"
tables = ["users"]
publishes = ["user.registered"]
schedules = [{ job = "sweep", cron = "@daily" }]
blobs = true
limits = { instances_max = 4 }
[component.users]
source = "users.wasm"
allowed_outbound_hosts = ["http://users.spin.internal", "https://api.example.com"]
variables = { text = "{{ greeting }}, {{ key }}" }
build = { command = ["cargo build", "cp a b"], workdir = "users" }
"#;
    let generated = || Variables::new([], |_| None, BTreeMap::from([("key".to_owned(), SECRET.to_owned())]));
    let fixture = Fixture::new(manifest, &[MIGRATION]).with_variables(generated());
    let locked = Locked::new();
    let text = |app: App, folder: &Path| format!("{app:#?}").replace(folder.to_str().unwrap(), "…");
    let expected = text(fixture.load().unwrap(), fixture.path().parent().unwrap());
    let app = locked.load().unwrap();
    assert_eq!(app.services.values().next().unwrap().variables.get("text").unwrap().expose(), "hello, s3cr3t-v4lue");
    assert_eq!(text(app, locked.folder.path()), expected);
}

#[test]
fn generated_secrets_are_known_before_validation() {
    let read = Manifest::read(&Locked::new().path()).unwrap();
    assert_eq!(read.generated_secrets().collect::<Vec<_>>(), ["key"]);
}

#[test]
fn problems_of_our_entries_name_the_entry_in_the_manifest() {
    let entry = |key: &str, value: Value| Locked::new().with(&format!("/triggers/0/trigger_config/{key}"), value);
    let refused = |key: &str, value: Value, message: &str, remedy: &str| {
        entry(key, value).assert_refused("trigger \"accounts\"", message, remedy);
    };
    refused("rout", json!("/a"), "unknown key `rout` in [[trigger.mutrapro]]", "did you mean `route`?");
    refused("route", json!(5), "`route` in [[trigger.mutrapro]] is of type integer", "a text in quotes");
    refused("route", json!(1.5), "is of type float", "a text in quotes");
    refused("tables", json!(["users", "roles"]), "\"roles\" is declared", "CREATE TABLE");
    refused("subscribes", json!(["payment.completed"]), "nobody publishes \"payment.completed\"", "add \"payment");
    let settings = Locked::new().with("/metadata/triggers/mutrapro", json!({ "generated": [] }));
    settings.assert_refused("[application.trigger.mutrapro]", "unknown key `generated`", "did you mean");
    let locked = Locked::new().with("/triggers/0/trigger_config", json!([]));
    let problems = locked.load().unwrap_err().to_string();
    assert!(problems.contains("trigger \"accounts\": [[trigger.mutrapro]] is no table"), "{problems}");
}

#[test]
fn missing_variable_names_its_entry_and_the_ways_to_give_it() {
    let locked = Locked::new().with("/variables/other", json!({}));
    locked.assert_refused("variable \"other\"", "`other` is required and has no value", "SPIN_VARIABLE_OTHER");
}

#[test]
fn entry_given_twice_is_told_where_the_first_is() {
    let second = json!({ "id": "accounts", "trigger_type": "mutrapro", "trigger_config": { "component": "more" } });
    let component = json!({ "id": "more", "source": { "source": "more.wasm" } });
    let locked = Locked::new().with("/triggers/-", second).with("/components/-", component);
    locked.assert_refused("trigger \"accounts\"", "stands in two", "the first is trigger \"accounts\"");
}

#[test]
fn what_the_lock_demands_and_this_host_has_not_is_refused_by_name() {
    for (pointer, value, message, remedy) in [
        ("env", json!({ "A": SECRET }), "`environment` in [component.users]", "[component.<id>.variables]"),
        ("files", json!([{ "source": "file:///a", "path": "/" }]), "`files`", "static content"),
        ("metadata/key_value_stores", json!(["default"]), "`key_value_stores`", "`database`"),
        ("metadata/databases", json!(["default"]), "`sqlite_databases`", "`tables`"),
        ("metadata/ai_models", json!(["a"]), "`ai_models`", "over HTTP"),
        ("dependencies", json!({ "a:b/c": { "source": {} } }), "`dependencies`", "compose"),
        ("trigger_dependencies", json!({ "middleware": [] }), "`dependencies`", "compose"),
        ("host_requirements/middleware", json!("required"), "[component.users] requires `middleware`", "compose"),
        ("host_requirements/telepathy", json!("required"), "requires `telepathy` of its host", "use a host"),
    ] {
        let locked = Locked::new().with(&format!("/components/0/{pointer}"), value);
        locked.assert_refused("component \"users\"", message, remedy);
    }
    let locked = Locked::new().with("/host_requirements/telepathy", json!("required"));
    locked.assert_refused("[application]", "the application requires `telepathy`", "use a host");
    let locked = Locked::new().with("/triggers/0/trigger_dependencies", json!({ "middleware": [] }));
    locked.assert_refused("trigger \"accounts\"", "`dependencies` in [[trigger.mutrapro]]", "compose");
}

#[test]
fn what_has_to_be_understood_and_is_not_hides_everything_else() {
    let locked = Locked::new().with("/must_understand/-", json!("dreams")).with("/metadata/name", json!(7));
    locked.assert_unreadable("demands `dreams` to be understood", "newer host");
    let locked = Locked::new().with("/spin_lock_version", json!(2)).with("/triggers", json!("elsewhere"));
    locked.assert_unreadable("unsupported version of Spin's lock file: 2", "version 1");
    Locked::new().with("/spin_lock_version", json!(0)).load().unwrap();
    Locked::new().with("/news", json!({ "a": 1 })).load().unwrap();
}

#[test]
fn lock_in_another_form_is_refused_without_showing_it() {
    let locked = Locked::new().with("/variables/key", json!({ "default": [SECRET] }));
    locked.assert_unreadable("is not of the form of Spin's lock file", "`spin up`");
    assert!(!locked.load().unwrap_err().to_string().contains(SECRET));
    let path = locked.path();
    fs::write(&path, "{\n\"a\": oops").unwrap();
    let problems = Manifest::read(&path).unwrap_err();
    assert!(problems.to_string().contains("spin.lock:2: is not valid JSON"), "{problems}");
    fs::remove_file(&path).unwrap();
    assert!(Manifest::read(&path).unwrap_err().to_string().contains("cannot read Spin's lock file"));
}

#[test]
fn application_from_a_registry_is_refused() {
    for origin in [json!("vnd.fermyon.origin-oci://ghcr.io/a/b:1"), json!("/a/spin.toml"), Value::Null] {
        let locked = Locked::new().with("/metadata/origin", origin);
        locked.assert_unreadable("no manifest on this machine", "spin up --from spin.toml");
    }
}

#[test]
fn sources_are_urls_that_may_be_relative_and_percent_encoded() {
    let wasm = |source: &str| {
        let locked = Locked::new().with("/components/0/source/source", json!(source));
        let app = locked.load().unwrap_or_else(|problems| panic!("{problems}"));
        let wasm = app.services.values().next().unwrap().wasm.clone();
        (wasm, locked)
    };
    let (path, locked) = wasm("target/m%C3%BCsic%20of%20%25.wasm");
    assert_eq!(path, locked.folder.path().join("target/müsic of %.wasm"));
    let (path, locked) = wasm("./a.wasm");
    assert_eq!(path, locked.folder.path().join("a.wasm"));
    assert_eq!(wasm("file:///a%20b/c.wasm").0, Path::new("/a b/c.wasm"));
    assert_eq!(wasm("file://localhost/c.wasm").0, Path::new("/c.wasm"));

    for source in ["https://example.com/a.wasm", "file://elsewhere/a.wasm", "ftp:a.wasm"] {
        let locked = Locked::new().with("/components/0/source/source", json!(source));
        locked.assert_refused("component \"users\"", "`source` of [component.users] is no file on", "use a path");
    }
    for source in [json!({ "inline": "AGFzbQ==" }), json!({ "source": "a.wasm", "digest": "sha256:b" })] {
        let locked = Locked::new().with("/components/0/source", source);
        locked.assert_refused("component \"users\"", "is no file on this machine", "use a path");
    }
}

#[test]
fn migrations_are_found_in_a_folder_that_has_to_be_percent_encoded() {
    let locked = Locked::new();
    let moved = locked.folder.path().join("a b%20ü");
    fs::create_dir(&moved).unwrap();
    fs::rename(locked.folder.path().join("migrations"), moved.join("migrations")).unwrap();
    let origin = format!("file://{}/a%20b%2520%C3%BC/spin.toml", locked.folder.path().display());
    let locked = locked.with("/metadata/origin", json!(origin));
    let app = locked.load().unwrap_or_else(|problems| panic!("{problems}"));
    let database = app.services.values().next().unwrap().database.clone().unwrap();
    assert!(database.migrations.first().unwrap().path.starts_with(&moved), "{database:?}");
}

#[test]
fn missing_wasm_file_is_answered_with_the_build_command() {
    let locked = Locked::new();
    let variables = Variables::new([("key".to_owned(), SECRET.to_owned())], |_| None, BTreeMap::new());
    let problems = load(&locked.path(), &variables, LoadOptions::default()).unwrap_err().to_string();
    assert!(problems.contains("component \"users\": the WebAssembly file of `users` is missing"), "{problems}");
    assert!(problems.contains("build it: `cd 'users' && cargo build && cp a b`"), "{problems}");
}

/// A component that the host of the trigger `http` runs, and what it demands of that one.
fn with_a_page(locked: Locked) -> Locked {
    let trigger =
        json!({ "id": "page", "trigger_type": "http", "trigger_config": { "component": "page", "route": "/" } });
    let component = json!({
        "id": "page", "files": [{ "source": "file:///a", "path": "/" }], "source": { "source": "page.wasm" },
        "host_requirements": { "middleware": "required" },
    });
    locked.with("/triggers/-", trigger).with("/components/-", component)
}

#[test]
fn triggers_of_other_types_and_their_components_are_not_ours() {
    let locked = with_a_page(Locked::new()).with("/metadata/triggers/http", json!({ "base": "/" }));
    assert_eq!(locked.load().unwrap().services.len(), 1);
    let both = json!({ "id": "too", "trigger_type": "http", "trigger_config": { "component": "users" } });
    assert_eq!(Locked::new().with("/triggers/-", both).load().unwrap().services.len(), 1);

    let hosts = "/components/0/metadata/allowed_outbound_hosts/-";
    let calls = with_a_page(Locked::new().with(hosts, json!("http://page.spin.internal")));
    calls.assert_refused("component \"users\"", "the host of another trigger runs", "[[trigger.mutrapro]] entry");
    let lonely = Locked::new().with("/components/-", json!({ "id": "lonely", "source": { "source": "a.wasm" } }));
    lonely.assert_refused("component \"lonely\"", "has no trigger entry", "add [[trigger.mutrapro]]");
}

#[test]
fn only_file_urls_have_a_path() {
    assert_eq!(file_path("file:///tmp/spin%20up/spin.lock"), Some(PathBuf::from("/tmp/spin up/spin.lock")));
    for url in ["/tmp/spin.lock", "https://example.com/spin.lock", ""] {
        assert_eq!(file_path(url), None);
    }
}

#[test]
fn secrets_are_never_shown() {
    let locked = Locked::new().with("/variables/other", json!({ "default": SECRET, "secret": true }));
    let read = Manifest::read(&locked.path()).unwrap();
    assert!(!format!("{read:?} {}", locked.load().unwrap_err()).contains(SECRET));
    assert!(!format!("{:?}", Locked::new().load().unwrap()).contains(SECRET));
}
