//! The file itself: syntax, keys, types, and what Spin has and this host has not.

use crate::fixture::{COMPONENT, Fixture, HEAD, MIGRATION, accepted, refused, stateless, users};
use mutrapro_manifest::{ComponentId, LoadOptions, Manifest, Problems, RemoteSource, Spot, Variables};
use std::collections::BTreeMap;

fn lines(problems: &Problems) -> Vec<u32> {
    let line = |spot: &Spot| match spot {
        Spot::Line(line) => *line,
        Spot::Entry(name) => panic!("{name} has no line"),
    };
    problems.as_slice().iter().map(|problem| line(&problem.place.spot)).collect()
}

#[test]
fn complete_manifest_becomes_an_app() {
    let manifest = r#"
spin_manifest_version = 2
[application]
name = "studio"
version = "0.1.0"
description = "a studio"
authors = ["somebody"]
[application.trigger.mutrapro]
generated_secrets = []
[variables]
greeting = { default = "hello", description = "what to say" }
[[trigger.mutrapro]]
id = "users"
component = "users"
route = "/api/users/..."
database = "user_db"
migrations = "migrations/users"
tables = ["users"]
publishes = ["user.registered"]
subscribes = ["user.*", "*"]
schedules = [{ job = "expire-users", cron = "0 * * * * *" }, { job = "expire-users", cron = "@reboot" }]
blobs = true
limits = { memory_bytes_max = 33_554_432, instances_max = 4, request_ms_max = 1000, body_bytes_max = 0x100 }
[component.users]
source = "users.wasm"
description = "keeps users"
allowed_outbound_hosts = ["http://users.spin.internal", "https://api.example.com"]
variables = { text = "{{ greeting }}, world" }
[component.users.build]
command = ["cargo build", "cp a b"]
workdir = "components/it's"
watch = ["src/**"]
[component.users.tool.other]
anything = 1
"#;
    let fixture = Fixture::new(manifest, &[MIGRATION]);
    let app = fixture.load().unwrap();
    let service = app.services.values().next().unwrap();
    assert_eq!((app.name.as_str(), app.version.as_str(), app.services.len()), ("studio", "0.1.0", 1));
    assert_eq!(service.wasm, fixture.path().parent().unwrap().join("users.wasm"));
    assert_eq!(service.route.as_ref().map(|route| (route.path.as_str(), route.wildcard)), Some(("/api/users", true)));
    assert_eq!(service.database.as_ref().unwrap().migrations.first().unwrap().name, "users");
    assert_eq!(app.owner_of("users"), Some(&service.id));
    assert_eq!(service.schedules.len(), 2);
    assert!(service.blobs);
    assert_eq!(service.limits.body_bytes_max, Some(256));
    assert_eq!(service.outbound.components.len(), 1);
    assert_eq!(service.outbound.hosts.first().unwrap().port, Some(443));
    assert_eq!(service.variables.get("text").unwrap().expose(), "hello, world");
    assert_eq!(service.build_command.as_deref(), Some(r"cd 'components/it'\''s' && cargo build && cp a b"));
}

#[test]
fn entry_without_route_is_reached_by_components_only() {
    assert_eq!(accepted(&stateless(""), &[]).services.values().next().unwrap().route, None);
}

#[test]
fn missing_file_is_named() {
    let fixture = Fixture::new("", &[]);
    std::fs::remove_file(fixture.path()).unwrap();
    let problems = Manifest::read(&fixture.path()).unwrap_err();
    assert!(problems.to_string().contains("spin.toml:1: cannot read the manifest"), "{problems}");
}

#[test]
fn syntax_error_has_its_line() {
    refused(&format!("{HEAD}oops ! # <-\n"), &[], "not valid TOML", "correct the syntax");
}

#[test]
fn component_given_twice_is_a_syntax_error_beside_others() {
    let manifest = format!("{}{COMPONENT}oops !\n", stateless(""));
    let problems = Fixture::new(&manifest, &[]).load().unwrap_err();
    assert_eq!(lines(&problems), [10, 11, 12], "{problems}");
    assert!(problems.to_string().contains("spin.toml:10: not valid TOML: duplicate key: `users`"), "{problems}");
}

#[test]
fn oversized_manifest_is_refused() {
    refused(&"#".repeat((1 << 20) + 1), &[], "longer than 1048576 bytes", "readable spin.toml");
}

#[test]
fn other_manifest_version_is_refused() {
    let manifest = users("").replace("spin_manifest_version = 2", "spin_manifest_version = 1 # <-");
    refused(&manifest, &[MIGRATION], "unsupported manifest version: 1", "spin_manifest_version = 2");
}

#[test]
fn missing_manifest_version_is_refused() {
    let manifest = users("").replace("spin_manifest_version = 2", "# <-");
    refused(&manifest, &[MIGRATION], "`spin_manifest_version` is missing", "add `spin_manifest_version = 2`");
}

#[test]
fn missing_and_malformed_application_names_are_refused() {
    let manifest = users("").replace("[application]\nname = \"studio\"", "[application] # <-");
    refused(&manifest, &[MIGRATION], "`name` is missing in [application]", "add `name =");
    let manifest = users("").replace("name = \"studio\"", "name = \"My Studio\" # <-");
    refused(&manifest, &[MIGRATION], "\"My Studio\" is no name for an application", "like-this");
}

#[test]
fn unknown_keys_are_reported_with_the_nearest_known_one() {
    refused(
        &stateless("rout = \"/a\" # <-"),
        &[],
        "unknown key `rout` in [[trigger.mutrapro]]",
        "did you mean `route`?",
    );
    refused(&stateless("xyzzy = 1 # <-"), &[], "unknown key `xyzzy`", "known are `id`, `component`");
    refused(&stateless("limits = { memory_max = 1 } # <-"), &[], "unknown key `memory_max`", "`memory_bytes_max`");
    let manifest = format!("{}sauce = \"x\" # <-\n", stateless(""));
    refused(&manifest, &[], "unknown key `sauce` in [component.users]", "did you mean `source`?");
    let manifest = format!("{}[variable] # <-\n", stateless(""));
    refused(&manifest, &[], "unknown key `variable` in the manifest", "did you mean `variables`?");
}

#[test]
fn wrong_types_are_reported() {
    refused(
        &stateless("route = 5 # <-"),
        &[],
        "`route` in [[trigger.mutrapro]] is of type integer",
        "a text in quotes",
    );
    refused(&stateless("tables = \"users\" # <-"), &[], "`tables` in", "an array of texts");
    refused(&stateless("schedules = 1 # <-"), &[], "`schedules` in", "an array of tables");
    refused(
        &stateless("limits = { instances_max = \"4\" } # <-"),
        &[],
        "`instances_max` in `limits`",
        "a whole number",
    );
    let manifest = format!("{}[variables]\na = {{ default = \"\", secret = 1 }} # <-\n", stateless(""));
    refused(&manifest, &[], "`secret` in variable `a` is of type integer", "true or false");
    let manifest = format!("{}[variables]\na = \"b\" # <-\n", stateless(""));
    refused(&manifest, &[], "`a` in [variables] is of type string", "a table");
}

#[test]
fn what_spin_gives_and_this_host_does_not_is_refused_by_name() {
    for (key, remedy) in [
        ("files = [\"a\"]", "static content"),
        ("exclude_files = [\"a\"]", "static content"),
        ("key_value_stores = [\"default\"]", "`database`"),
        ("sqlite_databases = [\"default\"]", "`tables`"),
        ("ai_models = [\"a\"]", "over HTTP"),
        ("environment = { A = \"b\" }", "variables"),
        ("allowed_http_hosts = [\"a\"]", "allowed_outbound_hosts"),
        ("dependencies = {}", "compose"),
        ("dependencies_inherit_configuration = true", "compose"),
        ("targets = [\"a\"]", "start-up"),
        ("profile = {}", "build command"),
    ] {
        let name = key.split(' ').next().unwrap();
        let message = format!("`{name}` in [component.users] is not supported by this host");
        refused(&format!("{}{key} # <-\n", stateless("")), &[], &message, remedy);
    }
}

#[test]
fn source_elsewhere_is_known_by_its_digest() {
    let digest = "0123456789abcdef".repeat(4);
    let with = |source: &str| stateless("").replace("\"users.wasm\"", source);
    let good = format!("{{ url = \"https://example.com/users.wasm\", digest = \"sha256:{digest}\" }}");
    let fixture = Fixture::new(&with(&good), &[]).with_wasm_required();
    let read = || Manifest::read(&fixture.path()).unwrap();
    let sources: Vec<_> = read().remote_sources().cloned().collect();
    let url = "https://example.com/users.wasm".to_owned();
    assert_eq!(sources, [RemoteSource { component: "users".to_owned(), url, sha256: digest.clone() }]);
    let load =
        |manifest: Manifest| manifest.into_app(&Variables::new([], |_| None, BTreeMap::new()), LoadOptions::default());
    load(read()).unwrap();
    let downloads = tempfile::tempdir().unwrap();
    let fetched = || {
        let mut manifest = read();
        manifest.fetched_to(downloads.path());
        load(manifest)
    };
    assert!(fetched().unwrap_err().to_string().contains("the WebAssembly file of `users` is missing"));
    let path = downloads.path().join(format!("{digest}.wasm"));
    std::fs::write(&path, "").unwrap();
    assert_eq!(fetched().unwrap().services[&ComponentId::new("users")].wasm, path);
    for (source, message, remedy) in [
        ("{ url = \"https://a/b\", digest = \"sha256:b\" }", "\"sha256:b\" is no digest", "sha256sum"),
        ("{ url = \"https://a/b\" }", "`digest` is missing", "sha256:"),
        (good.replace("https", "ftp").as_str(), "is no URL of a file", "https://"),
        (good.replace("url", "registry").as_str(), "unknown key `registry`", "`url`"),
    ] {
        let problems = Fixture::new(&with(source), &[]).load().unwrap_err().to_string();
        assert!(problems.contains(message) && problems.contains(remedy), "{problems}");
    }
}

#[test]
fn inline_component_is_not_supported() {
    let manifest = format!("{HEAD}[[trigger.mutrapro]]\ncomponent = {{ source = \"a.wasm\" }} # <-\n");
    refused(&manifest, &[], "written inside its trigger entry is not supported", "[component.<id>]");
}

#[test]
fn missing_keys_are_reported_at_their_table() {
    let manifest = stateless("").replace("[component.users]\nsource = \"users.wasm\"", "[component.users] # <-");
    refused(&manifest, &[], "`source` is missing in [component.users]", "add `source =");
    let manifest = format!("{}[component.users.build] # <-\n", stateless(""));
    refused(&manifest, &[], "`command` is missing in [component.users] build", "add `command =");
    refused(&users("schedules = [{ job = \"a\" }] # <-"), &[MIGRATION], "`cron` is missing", "add `cron =");
    let fixture = Fixture::new(&format!("{HEAD}[[trigger.mutrapro]]\nroute = \"/a\"\n{COMPONENT}"), &[]);
    let problems = fixture.load().unwrap_err().to_string();
    assert!(problems.contains("spin.toml:5: `component` is missing in [[trigger.mutrapro]]"), "{problems}");
}

#[test]
fn other_trigger_types_are_refused_by_name() {
    let manifest = format!("{}[[trigger.http]] # <-\nroute = \"/\"\n", stateless(""));
    refused(&manifest, &[], "trigger type `http` is not one that this host runs", "[[trigger.mutrapro]]");
    let manifest = stateless("").replace("version = \"0.1.0\"", "[application.trigger.redis] # <-\naddress = \"x\"");
    refused(&manifest, &[], "trigger type `redis`", "[[trigger.mutrapro]]");
}

#[test]
fn every_problem_is_reported_at_once_sorted_by_place() {
    let manifest = r#"spin_manifest_version = 2
[application]
name = "studio"
nmae = "studio"
[variables]
jwt_key = { required = true, secret = true }
[[trigger.mutrapro]]
component = "users"
route = "users"
database = "user_db"
migrations = "migrations/users"
tables = ["users", "roles"]
subscribes = ["payment.completed"]
schedules = [{ job = "sweep", cron = "every day" }]
[[trigger.mutrapro]]
component = "userz"
[component.users]
source = "users.wasm"
allowed_outbound_hosts = ["http://nobody.spin.internal"]
files = []
[component.lonely]
source = "lonely.wasm"
variables = { key = "{{ jwt_kye }}" }
"#;
    let problems = Fixture::new(manifest, &[MIGRATION]).load().unwrap_err();
    assert_eq!(lines(&problems), [4, 6, 9, 12, 13, 14, 16, 19, 20, 21, 23], "{problems}");
    assert_eq!(problems.to_string().matches("remedy: ").count(), 11);
}
