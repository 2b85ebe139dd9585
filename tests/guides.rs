//! The guides and the README's walk-through: what they show is run as it stands, from a new component to its answers.
//!
//! Tools of other languages come from `target/languages-venv`, which `make examples` makes.

use anyhow::{Context, Result, bail, ensure};
use mutrapro_testkit::{Application, Client, System, answer, eventually, target_folder};
use mutrapro_tests::{Guest, GuestApplication, check_claims, repository_system, text};
use reqwest::Method;
use serde_json::json;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Command;

/// How long the README's walk-through may take.
const PATIENCE: Duration = Duration::from_secs(120);
const CONTRACTS: [&str; 4] = ["pricing", "payment-gateway", "notifier", "media-inspector"];

#[tokio::test]
async fn the_guide_for_rust_leads_to_a_plugin_and_a_service() -> Result<()> {
    let built = |name: &str| format!("target/wasm32-wasip2/release/{}.wasm", name.replace('-', "_"));
    Guide { language: "rust", build: "cargo build --quiet --release --target wasm32-wasip2", built }.holds().await
}

#[tokio::test]
async fn the_guide_for_javascript_leads_to_a_plugin_and_a_service() -> Result<()> {
    let built = |name: &str| format!("dist/{name}.wasm");
    // What the guide's plugin has installed serves the others.
    let build = "ln -s ../long-work/node_modules node_modules && npm run build";
    Guide { language: "javascript", build, built }.holds().await
}

#[tokio::test]
async fn the_guide_for_python_leads_to_a_plugin_and_a_service() -> Result<()> {
    let built = |name: &str| format!("dist/{name}.wasm");
    let build = "mkdir dist && componentize-py -d wit -w component componentize app -o dist/$(basename $PWD).wasm";
    Guide { language: "python", build, built }.holds().await
}

#[tokio::test]
async fn the_walk_through_of_the_readme_leads_from_a_request_to_a_project_under_way() -> Result<()> {
    let page = std::fs::read_to_string(root().join("README.md"))?;
    let (_, walk) = page.split_once("## Walk through it").context("README.md has no walk-through")?;
    let system = repository_system().env("MUTRAPRO_ADMIN_PASSWORD", "choose a long one").start().await?;
    let address = system.client().base().trim_start_matches("http://").to_owned();
    let commands = blocks(walk, "sh").concat().replace("127.0.0.1:3000", &address);
    // It waits for what happens by itself.
    let folder = tempfile::tempdir()?;
    let said = tokio::time::timeout(PATIENCE, shell(folder.path(), &commands)).await;
    let said = said.with_context(|| format!("the walk-through goes on after {PATIENCE:?}"))??;
    for part in [
        "\"status\":\"in_progress\"",
        "project.started",
        "Your project has started",
        "refresh_token_reused",
        "user.deactivated",
    ] {
        ensure!(said.contains(part), "no {part} in what the walk-through says:\n{said}");
    }
    system.no_dead_letters().await
}

/// One page of `docs/`, and what is the language's in what it leads to.
struct Guide {
    language: &'static str,
    /// Builds a plugin with what is there already.
    build: &'static str,
    /// Where the component of a name is, in its folder.
    built: fn(&str) -> String,
}

impl Guide {
    async fn holds(&self) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let page = root().join("docs").join(format!("{}.md", self.language));
        let page = std::fs::read_to_string(&page).with_context(|| page.display().to_string())?;
        let blocks = blocks(&page, "sh");
        let is_serving = |block: &&str| block.trim() == "mutrapro up";
        let is_asking = |block: &&str| block.contains("curl");
        ensure!(
            blocks.iter().filter(|block| is_serving(block) || is_asking(block)).count() == 2,
            "one service is asked"
        );
        for block in blocks.iter().filter(|block| !is_serving(block) && !is_asking(block)) {
            let started = Instant::now();
            shell(folder.path(), block).await?;
            println!("{}: {:?} for\n{block}", self.language, started.elapsed());
        }
        let asking = blocks.iter().find(|block| is_asking(block)).context("the service is asked")?;
        self.service_answers(folder.path(), asking).await?;
        self.plugins_answer(folder.path()).await
    }

    /// Serves the guide's service alone, and asks as the guide does.
    async fn service_answers(&self, folder: &Path, asking: &str) -> Result<()> {
        let application = Application::at(folder.join("tape-archive/spin.toml"));
        let mut system = System::of(application).start().await?;
        let client = system.client();
        let asking = asking.replace("127.0.0.1:3000", client.base().trim_start_matches("http://"));
        let said = shell(folder, &asking).await?;
        ensure!(said.matches("\"hello\"").count() == 2, "a note is made and listed: {said}");
        eventually("the event of the note is handled", async || {
            let notes = client.get("/tape-archive").await?.expect(200)?.json()?;
            Ok((notes.pointer("/0/handled") == Some(&json!(true))).then_some(()))
        })
        .await?;
        let failed = check_claims![client; mistakes_are_named, no_other_path_is_there];
        ensure!(failed.is_empty(), "{failed:?}");
        system.no_dead_letters().await?;
        ensure!(system.terminate().await?.success(), "the host ends well");
        Ok(())
    }

    /// Makes a plugin for every contract, and has a service ask each.
    async fn plugins_answer(&self, folder: &Path) -> Result<()> {
        let mut patron = Guest::new("patron", "patron").tables(&["patron_items"]).trigger("blobs = true");
        let named = CONTRACTS.map(|contract| format!("{contract} = \"a-{contract}\"")).join(", ");
        patron = patron.trigger(&format!("plugins = {{ {named} }}"));
        let mut application = GuestApplication::default().with(patron);
        for contract in CONTRACTS {
            let name = format!("a-{contract}");
            let new = format!("mutrapro new plugin {name} --language {} --contract {contract}", self.language);
            shell(folder, &new).await?;
            shell(&folder.join(&name), self.build).await?;
            let wasm = folder.join(&name).join((self.built)(&name));
            application = application.with(Guest::plugin(&name, "").file(&wasm));
        }
        let mut system = System::of(application.write()?).embedded().start().await?;
        for (path, part) in [
            ("/patron/pricing/a-pricing", "ok: []"),
            ("/patron/charge/a-payment-gateway", "invalid_voucher"),
            ("/patron/refund/a-payment-gateway", "refund-"),
            ("/patron/webhook/a-payment-gateway", "BadSignature"),
            ("/patron/notifier/a-notifier", "ok: Ok(())"),
            ("/patron/media/a-media-inspector", "ok: None"),
        ] {
            let said = answer(system.client().request(Method::POST, path).body("nothing")).await?.expect(200)?.text();
            ensure!(said.contains(part), "{path}: {said}");
        }
        ensure!(system.terminate().await?.success(), "the host ends well");
        Ok(())
    }
}

async fn mistakes_are_named(client: &Client) -> Result<()> {
    for (body, part) in [("", "text"), (r#"{"text": " "}"#, "0 characters")] {
        let refused = answer(client.request(Method::POST, "/tape-archive").body(body)).await?.expect(422)?.json()?;
        ensure!(text(&refused, "detail")?.contains(part), "{body}: {refused}");
    }
    Ok(())
}

async fn no_other_path_is_there(client: &Client) -> Result<()> {
    client.get("/tape-archive/other").await?.expect(404)?;
    answer(client.request(Method::DELETE, "/tape-archive")).await?.expect(405)?;
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The blocks of `page` in `language`, in their order, without their fences.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let begin = format!("```{language}\n");
    page.split(&begin).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// Runs commands as somebody at a terminal would, and gives what they said.
async fn shell(folder: &Path, commands: &str) -> Result<String> {
    let mut command = Command::new("bash");
    command.args(["-euo", "pipefail", "-c", commands]).current_dir(folder).env("PATH", path()?);
    // Somebody at a terminal has no settings of a test that cargo runs; the folder is one for all, to build libraries once.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_TARGET_DIR").env_remove("MAKEFLAGS");
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("{commands}\nfailed with {}:\n{said}{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(said)
}

/// With `mutrapro` and the tools of the languages first.
fn path() -> Result<OsString> {
    let tools = target_folder().join("languages-venv/bin");
    ensure!(tools.join("componentize-py").exists(), "{} lacks the tools: run `make examples` first", tools.display());
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let own = [target_folder().join("debug"), tools];
    Ok(std::env::join_paths(own.into_iter().chain(std::env::split_paths(&inherited)))?)
}
