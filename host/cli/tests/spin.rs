//! The executable as Spin calls it: by its name, with its arguments and environment, up to the point where a system would
//! start. What follows is in `tests/spin.rs` of the repository.

#![expect(clippy::unwrap_used, reason = "a test that finds something else than it expects has to fail")]

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A component without imports and exports.
const EMPTY_COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// A folder with an application, its lock file, and the executable under the name that Spin calls.
struct Launch {
    folder: TempDir,
    lock: Value,
}

impl Launch {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        symlink(env!("CARGO_BIN_EXE_mutrapro"), folder.path().join("trigger-mutrapro")).unwrap();
        fs::write(folder.path().join("users.wasm"), EMPTY_COMPONENT).unwrap();
        let url = |name: &str| format!("file://{}/{name}", folder.path().display());
        let lock = json!({
            "spin_lock_version": 0,
            "metadata": { "name": "studio", "origin": url("spin.toml") },
            "triggers": [{ "id": "users", "trigger_type": "mutrapro", "trigger_config": { "component": "users" } }],
            "components": [{ "id": "users", "source": { "source": url("users.wasm") } }],
        });
        Self { folder, lock }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.folder.path().join("trigger-mutrapro"));
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    /// What `spin up` runs in `folder`, below that of the application.
    fn up(&self, folder: &str, arguments: &[&str]) -> Command {
        let path = self.folder.path().join("spin.lock");
        fs::write(&path, self.lock.to_string()).unwrap();
        let mut command = self.command(arguments);
        command.current_dir(self.folder.path().join(folder));
        command.env("SPIN_LOCKED_URL", format!("file://{}", path.display()));
        command.env("SPIN_LOCAL_APP_DIR", folder.split_terminator('/').map(|_| "../").collect::<String>());
        command
    }

    /// Starts it as `spin up` does, which has to fail; gives what it said.
    fn fails(&self, arguments: &[&str]) -> String {
        failed(&self.up("", arguments).output().unwrap())
    }

    /// Starts it as `spin up` does until it serves, and ends it as Spin does.
    fn serves(&self, folder: &str, arguments: &[&str]) {
        let mut command = self.up(folder, arguments);
        command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        command.arg("--cache-dir").arg(self.folder.path().join("cache"));
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let sent = Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();
        let status = process.wait().unwrap();
        assert!(line.starts_with("serving http://") && sent.success() && status.success(), "{status}: {line}");
    }
}

fn failed(output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(!output.status.success(), "{said}");
    said
}

fn contains_all(said: &str, expected: &[&str]) {
    let missing: Vec<_> = expected.iter().filter(|text| !said.contains(**text)).collect();
    assert!(missing.is_empty(), "{missing:?} is missing in: {said}");
}

#[test]
fn spin_up_help_shows_the_options_that_spin_passes_on() {
    let output = Launch::new().command(&["--help-args-only"]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    contains_all(
        &shown,
        &["--listen", "--data-dir", "--variable", "--database-url", "--nats-url", "--follow", "--quiet"],
    );
    for hidden in ["--from", "--cache-dir", "--watch", "--log-dir", "--help-args-only", "Usage"] {
        assert!(!shown.contains(hidden), "{hidden} in: {shown}");
    }
}

#[test]
fn spin_is_told_which_options_are_ours() {
    let output = Launch::new().command(&["--launch-metadata-only"]).output().unwrap();
    assert!(output.status.success());
    let told: Value = serde_json::from_slice(&output.stderr).unwrap();
    let flags = told["all_flags"].as_array().unwrap();
    let names: BTreeSet<_> =
        flags.iter().flat_map(|flag| [&flag["short"], &flag["long"]]).flat_map(Value::as_str).collect();
    for ours in ["--listen", "--data-dir", "--state-dir", "--variable", "--follow", "--quiet", "-q", "--shush", "--log"]
    {
        assert!(names.contains(ours), "{ours} is missing in {names:?}");
    }
    for other in
        ["--from", "-f", "--cache-dir", "--watch", "--runtime-config-file", "--launch-metadata-only", "--sqlite"]
    {
        assert!(!names.contains(other), "{other} is in {names:?}");
    }
}

#[test]
fn without_a_lock_file_the_two_ways_to_start_are_named() {
    let said = failed(&Launch::new().command(&[]).output().unwrap());
    contains_all(&said, &["SPIN_LOCKED_URL is not set", "`spin up`", "`mutrapro up`"]);
    for url in ["/tmp/spin.lock", "https://example.com/spin.lock", "file:///tmp/spin.toml"] {
        let said = failed(&Launch::new().command(&[]).env("SPIN_LOCKED_URL", url).output().unwrap());
        contains_all(&said, &["SPIN_LOCKED_URL is no URL of a lock file", url]);
    }
}

#[test]
fn commands_of_the_host_are_there_under_the_name_of_the_trigger() {
    let output = Launch::new().command(&["check", "--from", "elsewhere.toml"]).output().unwrap();
    contains_all(&failed(&output), &["elsewhere.toml:1: cannot read the manifest"]);
}

#[test]
fn options_of_other_triggers_are_refused_by_name_all_at_once() {
    let said = Launch::new().fails(&["--log-dir", "logs", "--sqlite", "SELECT 1", "--truncate-logs", "--listen", "x"]);
    contains_all(&said, &["--log-dir is not for this host", "--sqlite is not for this host", "--truncate-logs is not"]);
    contains_all(&Launch::new().fails(&["-L", "logs"]), &["--log-dir is not for this host: lines of components"]);
    contains_all(&Launch::new().fails(&["--from", "spin.toml"]), &["--from is for `spin up`"]);
    contains_all(&Launch::new().fails(&["--watch"]), &["--watch is for `mutrapro up`", "`spin watch`"]);
    contains_all(&Launch::new().fails(&["--no-such-option"]), &["unexpected argument '--no-such-option'"]);
    contains_all(&Launch::new().fails(&["up"]), &["unexpected argument 'up'"]);
    contains_all(&Launch::new().fails(&["--quiet", "--follow", "users"]), &["cannot be used with"]);
    contains_all(&Launch::new().fails(&["--follow", "user"]), &["--follow user: there is no such component", "users"]);
}

#[test]
fn an_option_in_the_environment_is_named_but_may_be_meant_for_another_trigger() {
    let launch = Launch::new();
    let mut command = launch.command(&[]);
    let said = failed(&command.env("RUNTIME_CONFIG_FILE", "runtime.toml").output().unwrap());
    contains_all(&said, &["warning: RUNTIME_CONFIG_FILE is not for this host", "--database-url"]);
}

#[test]
fn a_good_lock_is_served_until_sigterm() {
    Launch::new().serves("", &["--quiet"]);
    Launch::new().serves("", &["--follow", "users", "--log", "warn"]);
}

#[test]
fn every_problem_of_a_lock_is_named_with_its_entry() {
    let mut launch = Launch::new();
    launch.lock["triggers"][0]["trigger_config"]["rout"] = json!("/");
    launch.lock["components"][0]["env"] = json!({ "A": "b" });
    launch.lock["variables"] = json!({ "key": { "secret": true } });
    let other = json!({ "id": "page", "trigger_type": "http", "trigger_config": { "component": "page" } });
    launch.lock["triggers"].as_array_mut().unwrap().push(other);
    contains_all(
        &launch.fails(&[]),
        &[
            "spin.toml: trigger \"users\": unknown key `rout`",
            "spin.toml: component \"users\": `environment` in [component.users] is not supported",
            "spin.toml: variable \"key\": variable `key` is required and has no value",
            "--variable key=…`, or set SPIN_VARIABLE_KEY or MUTRAPRO_KEY in the environment",
        ],
    );
}

#[test]
fn an_unknown_requirement_is_refused_by_name() {
    let mut launch = Launch::new();
    launch.lock["must_understand"] = json!(["component_host_requirements"]);
    launch.lock["components"][0]["host_requirements"] = json!({ "telepathy": "required" });
    contains_all(&launch.fails(&[]), &["[component.users] requires `telepathy` of its host"]);
    launch.lock["must_understand"] = json!(["dreams"]);
    contains_all(&launch.fails(&[]), &["spin.lock:1: the application demands `dreams` to be understood"]);
    launch.lock["spin_lock_version"] = json!(2);
    contains_all(&launch.fails(&[]), &["unsupported version of Spin's lock file: 2"]);
}

#[test]
fn variables_come_from_spins_options_and_environment() {
    let mut launch = Launch::new();
    launch.lock["variables"] = json!({ "one": {}, "two": {}, "three": {} });
    fs::write(launch.folder.path().join("one"), "1").unwrap();
    fs::write(launch.folder.path().join("more.toml"), "two = \"2\"").unwrap();
    let said = launch.fails(&["--variable", "one=@one", "--variable", "@more.toml"]);
    assert!(said.contains("`three` is required") && !said.contains("`one`") && !said.contains("`two`"), "{said}");
    let said = launch.fails(&["--variable", "four=4"]);
    contains_all(&said, &["spin.toml: [variables]: `--variable four=…` sets a variable that"]);
}

#[test]
fn data_is_kept_beside_the_manifest_wherever_spin_was_called() {
    let launch = Launch::new();
    let exists = |name: &str| launch.folder.path().join(name).is_dir();
    fs::create_dir_all(launch.folder.path().join("components/users")).unwrap();
    launch.serves("components/users", &[]);
    assert!(exists("data") && !exists("components/users/data"));
    launch.serves("components/users", &["--state-dir", "state"]);
    assert!(exists("components/users/state"));
}
