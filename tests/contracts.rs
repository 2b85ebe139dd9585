//! Components that were built against released contracts go on running, and the contracts go on fitting them.
//!
//! `tests/contracts/<version>/` keeps of every release its `wit/` and components that use all of it but rate limits.

use anyhow::{Context, Result, ensure};
use mutrapro_testkit::{Client, System, answer, eventually};
use mutrapro_tests::{Guest, GuestApplication, at_version};
use reqwest::Method;
use std::path::{Path, PathBuf};
use wit_component::semver_check;
use wit_parser::{Resolve, Span};

const WORLDS: [&str; 5] =
    ["service", "pricing-plugin", "payment-gateway-plugin", "notifier-plugin", "media-inspector-plugin"];
/// A version that no contract has, for those that a released one is compared with.
const RELEASED: &str = "0.0.1";

#[tokio::test]
async fn components_of_every_release_run() -> Result<()> {
    for folder in releases()? {
        run(&folder).await.with_context(|| folder.display().to_string())?;
    }
    Ok(())
}

/// What a later release of the same line will look like to this host.
#[tokio::test]
async fn components_of_a_later_patch_run_as_long_as_they_use_what_is_known() -> Result<()> {
    let later = tempfile::tempdir()?;
    for component in ["bystander", "hostile", "patron", "hostile_plugin"] {
        let name = format!("{component}.wasm");
        let wasm = std::fs::read(release("0.1.0").join(&name))?;
        std::fs::write(later.path().join(&name), at_version(&wasm, "0.1.0", "0.1.9")?)?;
    }
    run(later.path()).await
}

#[test]
fn what_was_released_fits_what_is_there() -> Result<()> {
    for folder in releases()? {
        fits(&folder.join("wit"), &root().join("wit")).with_context(|| folder.display().to_string())?;
    }
    Ok(())
}

/// The policy of `docs/contracts.md`, and that the comparison notices.
#[test]
fn a_change_within_a_line_adds_to_what_is_imported_and_to_nothing_else() -> Result<()> {
    let begin = "  begin: func() -> result<transaction, error>;";
    let adjust = "  adjust: func(basis: basis) -> result<list<line>, string>;";
    let more = |line: &str| format!("{line}\n  other: func() -> u32;");
    for (file, from, to, is_allowed) in [
        ("sql/database.wit", begin, more(begin), true),
        ("sql/database.wit", begin, String::new(), false),
        ("sql/database.wit", begin, "  begin: func(wait: bool) -> result<transaction, error>;".to_owned(), false),
        ("sql/database.wit", "    conflict,", "    conflict,\n    busy,".to_owned(), false),
        ("plugins/pricing.wit", adjust, more(adjust), false),
        (
            "plugins/pricing.wit",
            "    currency: string,",
            "    currency: string,\n    country: string,".to_owned(),
            false,
        ),
    ] {
        let changed = tempfile::tempdir()?;
        copy_wit(&root().join("wit"), changed.path(), |name, text| {
            if name == Path::new(file) { text.replacen(from, &to, 1) } else { text }
        })?;
        let text = std::fs::read_to_string(changed.path().join(file))?;
        ensure!(!text.contains(from) || to.contains(from), "{file} has no {from:?}");
        let outcome = fits(&root().join("wit"), changed.path());
        ensure!(outcome.is_ok() == is_allowed, "{file}: {from:?} to {to:?}: {outcome:?}");
    }
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn release(version: &str) -> PathBuf {
    root().join("tests/contracts").join(version)
}

fn releases() -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(root().join("tests/contracts"))?;
    let folders = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    ensure!(!folders.is_empty(), "no release is kept");
    Ok(folders)
}

/// Runs the components in `folder`, and uses every contract that they do.
async fn run(folder: &Path) -> Result<()> {
    let file = |name: &str| folder.join(format!("{name}.wasm"));
    let hostile = Guest::hostile("hostile").tables(&["hostile_runs"]).trigger("subscribes = [\"hostile.done\"]");
    let hostile = hostile.trigger("schedules = [{ job = \"hostile-runs\", cron = \"@reboot\" }]");
    let patron = Guest::new("patron", "patron").tables(&["patron_items"]).trigger("blobs = true");
    let contracts = ["pricing", "payment-gateway", "notifier", "media-inspector"];
    let plugins = contracts.map(|contract| format!("{contract} = \"plugin\"")).join(", ");
    let patron = patron.trigger(&format!("plugins = {{ {plugins} }}"));
    let plugin = Guest::plugin("plugin", "").component("variables = { own = \"value\" }");
    let application = GuestApplication::default()
        .with(Guest::bystander().file(file("bystander")))
        .with(hostile.file(file("hostile")))
        .with(patron.file(file("patron")))
        .with(plugin.file(file("hostile_plugin")));
    let mut system = System::of(application.write()?).embedded().start().await?;
    services_answer(&system.client()).await?;
    plugins_answer(&system.client()).await?;
    ensure!(system.terminate().await?.success(), "the host ends well");
    Ok(())
}

async fn services_answer(client: &Client) -> Result<()> {
    said(client, "/bystander", "note").await?;
    let called = said(client, "/hostile/call/send", r#"{"to":"bystander","path":"/bystander"}"#).await?;
    ensure!(called == "ok: 200 1", "{called}");
    let event =
        r#"{"kind":"hostile.done","aggregate_id":"7","payload":"{\"act\":\"record\",\"table\":\"hostile_items\"}"}"#;
    let emitted = said(client, "/hostile/emit", event).await?;
    ensure!(emitted.starts_with("ok: "), "{emitted}");
    for (path, statement, what) in [
        ("/hostile/sql/query", "SELECT id FROM hostile_runs", "the job ran"),
        ("/hostile/sql/query", "SELECT note FROM hostile_items WHERE note = 'recorded'", "the event was handled"),
    ] {
        eventually(what, async || {
            let rows = said(client, path, statement).await?;
            Ok((rows.contains("ran") || rows.contains("recorded")).then_some(()))
        })
        .await?;
    }
    Ok(())
}

async fn plugins_answer(client: &Client) -> Result<()> {
    for (path, part) in [
        ("/patron/pricing/plugin", "label: \"nothing\""),
        ("/patron/charge/plugin", "Succeeded"),
        ("/patron/refund/plugin", "transaction-id: \"nothing\""),
        ("/patron/webhook/plugin", "CannotSay"),
        ("/patron/notifier/plugin", "Ok(())"),
        ("/patron/media/plugin", "None"),
    ] {
        let said = said(client, path, "nothing").await?;
        ensure!(said.contains(part), "{path}: {said}");
    }
    Ok(())
}

async fn said(client: &Client, path: &str, body: &str) -> Result<String> {
    let answered = answer(client.request(Method::POST, path).body(body.to_owned())).await?;
    ensure!(matches!(answered.status, 200..=299), "{path}: {}", answered.status);
    Ok(answered.text())
}

/// Whether a component for any world of `old` is one for the same world of `new`.
fn fits(old: &Path, new: &Path) -> Result<()> {
    let renamed = tempfile::tempdir()?;
    copy_wit(old, renamed.path(), |_, text| text.replace("@0.1.0", &format!("@{RELEASED}")))?;
    let (old, new) = (renamed.path().join("worlds"), new.join("worlds"));
    for name in WORLDS {
        let (mut resolve, mut released) = (Resolve::default(), Resolve::default());
        let (package, _) = resolve.push_path(&new)?;
        let new_world = resolve.select_world(&[package], Some(name))?;
        let (package, _) = released.push_path(&old)?;
        let old_world = released.select_world(&[package], Some(name))?;
        let remap = resolve.merge(released)?;
        let old_world = remap.map_world(old_world, Span::default())?;
        semver_check(resolve, old_world, new_world).with_context(|| format!("world {name}"))?;
    }
    Ok(())
}

/// Copies `wit/` with every text changed, in the layout that parsers want.
fn copy_wit(from: &Path, to: &Path, change: impl Fn(&Path, String) -> String) -> Result<()> {
    for package in std::fs::read_dir(from)? {
        let package = package?.path();
        let name = package.file_name().context("a folder has a name")?;
        std::fs::create_dir_all(to.join(name))?;
        for file in std::fs::read_dir(&package)? {
            let file = file?.path();
            if file.is_file() {
                let relative = file.strip_prefix(from)?;
                std::fs::write(to.join(relative), change(relative, std::fs::read_to_string(&file)?))?;
            }
        }
        if name != "worlds" {
            let dependencies = to.join("worlds/deps");
            std::fs::create_dir_all(&dependencies)?;
            std::os::unix::fs::symlink(to.join(name), dependencies.join(name))?;
        }
    }
    Ok(())
}
