//! The repository's own application as `spin up` starts it: the executable under the name that Spin calls, with the arguments
//! and the environment that Spin gives, and a lock file in the place of the manifest.

use anyhow::{Context, Result, bail, ensure};
use mutrapro_manifest::{LoadOptions, Variables, load};
use mutrapro_testkit::spin_lock::{file_url, lock};
use mutrapro_testkit::{Application, Client};
use mutrapro_tests::{ADMIN_EMAIL, ADMIN_PASSWORD, PASSWORD, admin, items, login, register, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// What Spin calls.
const EXECUTABLE: &str = "trigger-mutrapro";
/// How long a start may take: the first one compiles the components.
const START_PATIENCE: Duration = Duration::from_secs(180);
/// How long an end may take: what is in flight is finished.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
const SERVING: &str = "serving http://";

/// A process that serves, ended when this value is dropped.
struct Started {
    process: Child,
    /// Kept, so that a line that is written late finds somebody.
    _lines: Lines<BufReader<ChildStdout>>,
    api: Client,
}

/// Folders as Spin has them: one for itself, with the lock file in it, and one for the data.
struct Folders {
    spin: TempDir,
    data: TempDir,
}

impl Folders {
    fn new() -> Result<Self> {
        let folders = Self { spin: tempfile::tempdir()?, data: tempfile::tempdir()? };
        let lock = lock(Application::repository().manifest())?;
        std::fs::write(folders.lock(), serde_json::to_vec_pretty(&lock)?)?;
        std::os::unix::fs::symlink(host()?, folders.spin.path().join(EXECUTABLE))?;
        Ok(folders)
    }

    fn lock(&self) -> PathBuf {
        self.spin.path().join("spin.lock")
    }

    /// What `spin up ARGUMENTS` runs.
    fn command(&self) -> Result<Command> {
        let mut command = Command::new(self.spin.path().join(EXECUTABLE));
        command.current_dir(self.spin.path()).env("SPIN_LOCKED_URL", file_url(&self.lock()));
        command
            .env("SPIN_WORKING_DIR", self.spin.path())
            .env("SPIN_LOCAL_APP_DIR", root()?)
            .env("SPIN_VERSION", "4.0.2");
        // Spin takes --cache-dir for itself.
        command.env("MUTRAPRO_CACHE_DIR", target_folder()?.join("component-cache"));
        command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log", "warn"]);
        command.arg("--data-dir").arg(self.data.path());
        Ok(command)
    }
}

impl Started {
    /// Runs `command` until it serves.
    async fn new(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn()?;
        let output = process.stdout.take().context("there is no standard output")?;
        let mut lines = BufReader::new(output).lines();
        let serving = async {
            while let Some(line) = lines.next_line().await? {
                if let Some((api, _)) = line.strip_prefix(SERVING).and_then(|rest| rest.split_once(',')) {
                    return Ok(Client::new(api.parse()?));
                }
            }
            bail!("it ended before it served: {}", process.wait().await?)
        };
        let api = tokio::time::timeout(START_PATIENCE, serving).await.context("it does not serve")??;
        Ok(Self { process, _lines: lines, api })
    }

    /// Ends it as Spin does.
    async fn terminate(mut self) -> Result<ExitStatus> {
        let id = self.process.id().context("it has ended already")?.to_string();
        ensure!(Command::new("kill").args(["-TERM", &id]).status().await?.success(), "cannot send SIGTERM to {id}");
        let ended = tokio::time::timeout(STOP_PATIENCE, self.process.wait()).await;
        Ok(ended.context("it does not end")??)
    }
}

#[test]
fn lock_file_is_the_application_of_the_manifest() -> Result<()> {
    let folders = Folders::new()?;
    let read = |path: &Path| -> Result<String> {
        let variables = Variables::new([], |name| Some(format!("{name} for tests")), BTreeMap::new());
        let mut app = load(path, &variables, LoadOptions { require_wasm: true })?;
        // Spin follows links, for example of the target folder.
        for service in app.services.values_mut().chain(app.plugins.values_mut()) {
            let wasm = service.wasm.canonicalize()?;
            Arc::make_mut(service).wasm = wasm;
        }
        let values = app.services.values().chain(app.plugins.values()).flat_map(|service| &service.variables);
        let values: Vec<_> = values.map(|(name, value)| (name, value.expose())).collect();
        Ok(format!("{app:#?} {values:#?}"))
    };
    ensure!(read(&folders.lock())? == read(&root()?.join("spin.toml"))?, "they differ");
    Ok(())
}

#[tokio::test]
async fn people_register_and_log_in_and_sigterm_drains() -> Result<()> {
    let folders = Folders::new()?;
    let password = folders.spin.path().join("password");
    std::fs::write(&password, ADMIN_PASSWORD)?;
    let start = async || {
        let mut command = folders.command()?;
        command.arg("--variable").arg(format!("admin_password=@{}", password.display()));
        command.env("SPIN_VARIABLE_ADMIN_EMAIL", ADMIN_EMAIL);
        Started::new(command).await
    };
    let started = start().await?;
    let user = register(&started.api, "lan").await?.expect(201)?.json()?;
    let lan = login(&started.api, "lan@example.com", PASSWORD).await?.client;
    let me = lan.get("/api/v1/users/me").await?.expect(200)?.json()?;
    ensure!(text(&me, "id")? == text(&user, "id")?, "{me}");
    let found = admin(&started.api).await?.client.get("/api/v1/users?q=lan").await?.expect(200)?.json()?;
    ensure!(items(&found)?.len() == 1, "{found}");
    let status = started.terminate().await?;
    ensure!(status.success(), "it ended with {status}");

    // What was kept is there again: the data, and the secret that signed the token.
    let started = start().await?;
    lan.at(&started.api).get("/api/v1/users/me").await?.expect(200)?;
    ensure!(started.terminate().await?.success());
    Ok(())
}

#[tokio::test]
async fn triggers_of_other_types_beside_ours_are_left_to_others() -> Result<()> {
    let folders = Folders::new()?;
    let mut lock: Value = serde_json::from_slice(&std::fs::read(folders.lock())?)?;
    let page = serde_json::json!({
        "id": "page", "source": { "content_type": "application/wasm", "source": "file:///no/such.wasm" },
        "files": [{ "source": "file:///no/such", "path": "/" }],
    });
    let trigger = serde_json::json!({
        "id": "page-http-trigger", "trigger_type": "http", "trigger_config": { "component": "page", "route": "/..." },
    });
    for (key, entry) in [("components", page), ("triggers", trigger)] {
        lock.get_mut(key).and_then(Value::as_array_mut).context(key)?.push(entry);
    }
    std::fs::write(folders.lock(), lock.to_string())?;
    let started = Started::new(folders.command()?).await?;
    started.api.get("/api/v1/users/me").await?.problem(401)?;
    ensure!(started.terminate().await?.success());
    Ok(())
}

#[tokio::test]
async fn what_the_lock_requires_and_the_host_has_not_keeps_it_from_starting() -> Result<()> {
    let folders = Folders::new()?;
    let mut lock: Value = serde_json::from_slice(&std::fs::read(folders.lock())?)?;
    let requirements = lock.pointer_mut("/components/0/host_requirements").and_then(Value::as_object_mut);
    requirements.context("api-gateway calls others")?.insert("telepathy".to_owned(), "required".into());
    std::fs::write(folders.lock(), lock.to_string())?;
    let output = folders.command()?.output().await?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(output.status.code() == Some(1), "it ended with {}: {said}", output.status);
    ensure!(
        said.contains("spin.toml: component \"api-gateway\": [component.api-gateway] requires `telepathy`"),
        "{said}"
    );
    Ok(())
}

/// With the real one, where there is one: no machine has to.
#[tokio::test]
async fn spin_up_itself_starts_the_application() -> Result<()> {
    let version = Command::new("spin").arg("--version").output().await.map(|output| output.stdout).unwrap_or_default();
    // `spin 4.0.2 (…)`: others bear the name, too.
    if !version.starts_with(b"spin ") {
        println!("skipped: there is no `spin` on the PATH");
        return Ok(());
    }
    let folders = Folders::new()?;
    let plugins = folders.spin.path().join("plugins");
    let (own, manifests) = (plugins.join(EXECUTABLE), plugins.join("manifests"));
    std::fs::create_dir_all(&own)?;
    std::fs::create_dir_all(&manifests)?;
    std::os::unix::fs::symlink(host()?, own.join(EXECUTABLE))?;
    std::fs::write(manifests.join(format!("{EXECUTABLE}.json")), plugin_manifest()?)?;

    let mut command = Command::new("spin");
    command.arg("up").arg("--from").arg(root()?.join("spin.toml")).current_dir(folders.spin.path());
    command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--quiet"]);
    command.arg("--data-dir").arg(folders.data.path()).env("SPIN_DATA_DIR", folders.spin.path());
    command.env("MUTRAPRO_CACHE_DIR", target_folder()?.join("component-cache"));
    let started = Started::new(command).await?;
    register(&started.api, "lan").await?.expect(201)?;
    login(&started.api, "lan@example.com", PASSWORD).await?;
    ensure!(started.terminate().await?.success());
    Ok(())
}

/// What `make spin-plugin` makes of its template for this machine.
fn plugin_manifest() -> Result<String> {
    let template = std::fs::read_to_string(root()?.join("host/cli/src/spin/plugin.json"))?;
    let arch = if cfg!(target_arch = "aarch64") { "aarch64" } else { "amd64" };
    let os = if cfg!(target_os = "macos") { "macos" } else { "linux" };
    let values =
        [("@VERSION@", "0.1.0"), ("@OS@", os), ("@ARCH@", arch), ("@URL@", "file:///nowhere"), ("@SHA256@", "0")];
    Ok(values.iter().fold(template, |text, (name, value)| text.replace(name, value)))
}

#[test]
fn plugin_manifest_has_no_gaps() -> Result<()> {
    let manifest: Value = serde_json::from_str(&plugin_manifest()?)?;
    ensure!(text(&manifest, "name")? == EXECUTABLE && !manifest.to_string().contains('@'), "{manifest}");
    Ok(())
}

/// The repository's folder, as Spin names it.
fn root() -> Result<PathBuf> {
    let manifest = Application::repository().manifest().canonicalize()?;
    manifest.parent().map(Path::to_path_buf).context("a file is in a folder")
}

/// The executable under test.
fn host() -> Result<PathBuf> {
    let path = target_folder()?.join("debug/mutrapro");
    ensure!(path.exists(), "{} is not there: run `make test`, or `cargo build -p mutrapro` first", path.display());
    Ok(path)
}

/// Where cargo builds to: the test's own executable is `<target>/<profile>/deps/<test>`.
fn target_folder() -> Result<PathBuf> {
    let executable = std::env::current_exe()?;
    executable.ancestors().nth(3).map(PathBuf::from).context("the test is not in a target folder")
}
