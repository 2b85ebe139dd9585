//! Components that do not fit their manifest entry: the host does not start, and says why.

use anyhow::{Context, Result, ensure};
use mutrapro_testkit::guest;
use mutrapro_tests::{Guest, GuestApplication, OutsideServer, at_version};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// How long a start that fails may take: the components are compiled first.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test]
async fn a_component_that_imports_what_it_is_not_granted_does_not_start_and_every_grant_is_named() -> Result<()> {
    let said = start_fails(GuestApplication::default().with(Guest::new("greedy", "hostile"))).await?;
    let expected = [
        "greedy imports mutrapro:sql/database@0.1.0, which it is not granted: write `database = \"…\"` and `tables`",
        "greedy imports mutrapro:events/outbox@0.1.0, which it is not granted: write `publishes = ",
        "greedy imports mutrapro:http/client@0.1.0, which it is not granted: write `allowed_outbound_hosts = ",
    ];
    names_all(&said, &expected)
}

#[tokio::test]
async fn a_subscriber_without_a_consumer_does_not_start() -> Result<()> {
    let deaf = Guest::new("deaf", "plain_p3").tables(&["deaf_items"]).trigger("subscribes = [\"item.created\"]");
    let said = start_fails(GuestApplication::default().with(Guest::bystander()).with(deaf)).await?;
    names_all(&said, &["deaf subscribes to events, but does not export mutrapro:events/consumer"])
}

#[tokio::test]
async fn a_service_with_schedules_but_no_jobs_does_not_start() -> Result<()> {
    let idle = Guest::new("idle", "plain_p3").tables(&["idle_items"]);
    let idle = idle.trigger("schedules = [{ job = \"sweep\", cron = \"0 * * * * *\" }]");
    let said = start_fails(GuestApplication::default().with(idle)).await?;
    names_all(&said, &["idle has schedules, but does not export mutrapro:schedule/job"])
}

#[tokio::test]
async fn a_component_for_other_contracts_does_not_start_and_the_version_is_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bystander.wasm");
    std::fs::write(&path, at_version(&std::fs::read(guest("bystander"))?, "0.1.0", "0.2.0")?)?;
    let said = start_fails(GuestApplication::default().with(Guest::bystander().file(&path))).await?;
    let expected = [
        "bystander imports mutrapro:sql/database@0.2.0, but this host serves 0.1.x: build it against",
        "bystander subscribes to events, but does not export mutrapro:events/consumer@0.1.x",
    ];
    names_all(&said, &expected)
}

#[tokio::test]
async fn a_table_that_two_services_claim_keeps_the_host_from_starting() -> Result<()> {
    let thief = Guest::hostile("thief").tables(&["bystander_items"]);
    let said = start_fails(GuestApplication::default().with(Guest::bystander()).with(thief)).await?;
    names_all(&said, &["bystander_items", "bystander", "thief"])
}

#[tokio::test]
async fn every_problem_of_every_component_is_reported_at_once() -> Result<()> {
    let application = GuestApplication::default()
        .with(Guest::new("greedy", "hostile"))
        .with(Guest::bystander())
        .with(Guest::new("deaf", "plain_p3").tables(&["deaf_items"]).trigger("subscribes = [\"item.created\"]"));
    names_all(&start_fails(application).await?, &["greedy imports mutrapro:sql/database", "deaf subscribes to events"])
}

#[tokio::test]
async fn a_plugin_that_asks_for_more_than_it_is_granted_does_not_start() -> Result<()> {
    let patron = Guest::new("patron", "patron").tables(&["patron_items"]).trigger("blobs = true");
    let patron = patron.trigger("plugins = { pricing = [\"greedy\", \"deaf\", \"patient\"] }");
    let application = GuestApplication::default()
        .with(patron)
        .with(Guest::plugin("greedy", "hostile"))
        .with(Guest::plugin("deaf", "plain_p3"))
        .with(Guest::plugin("patient", "patron"));
    let expected = [
        "greedy imports mutrapro:sql/database@0.1.0, which it is not granted",
        "greedy imports mutrapro:events/outbox@0.1.0, which it is not granted",
        "greedy imports mutrapro:http/client@0.1.0, which it is not granted",
        "deaf is named as a plugin for pricing, but does not export mutrapro:plugins/pricing@0.1.x",
        "patient imports mutrapro:plugins/pricing-plugins@0.1.0, which it is not granted",
    ];
    names_all(&start_fails(application).await?, &expected)
}

#[tokio::test]
async fn a_component_that_is_not_what_its_digest_says_does_not_start() -> Result<()> {
    let elsewhere = OutsideServer::start().await?;
    let url = format!("http://{}/users.wasm", elsewhere.address());
    let digest = "0".repeat(64);
    let said = start_fails(GuestApplication::default().with(Guest::new("users", "").fetched(&url, &digest))).await?;
    // What `printf outside | sha256sum` prints.
    let found = "sha256:31207a2065f46a5b948fce6fe5c13e85abaf5631e2f894b47dcd4fce14f6c57b";
    names_all(&said, &[&url, "`users`", found, &format!("not sha256:{digest}"), "correct `digest`"])
}

#[tokio::test]
async fn a_component_that_cannot_be_fetched_does_not_start() -> Result<()> {
    let url = "http://127.0.0.1:9/users.wasm";
    let users = Guest::new("users", "").fetched(url, &"0".repeat(64));
    let said = start_fails(GuestApplication::default().with(users)).await?;
    names_all(&said, &[&format!("cannot fetch {url} for `users`")])
}

/// Starts `application`, which has to fail, and gives what was said on standard error.
async fn start_fails(application: GuestApplication) -> Result<String> {
    let (application, data) = (application.write()?, tempfile::tempdir()?);
    let mut command = Command::new(target_folder()?.join("debug/mutrapro"));
    command.arg("up").arg("--from").arg(application.manifest()).arg("--data-dir").arg(data.path());
    command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    command.arg("--cache-dir").arg(target_folder()?.join("component-cache"));
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output
        .context("it has started, or takes too long to fail")?
        .context("build it with `cargo build -p mutrapro`")?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(output.status.code() == Some(1), "it ended with {}: {said}", output.status);
    Ok(said)
}

fn names_all(said: &str, expected: &[&str]) -> Result<()> {
    let missing: Vec<&&str> = expected.iter().filter(|text| !said.contains(**text)).collect();
    ensure!(missing.is_empty(), "the error does not say {missing:?}: {said}");
    Ok(())
}

/// Where cargo builds to: the test's own executable is `<target>/<profile>/deps/<test>`.
fn target_folder() -> Result<PathBuf> {
    let executable = std::env::current_exe()?;
    executable.ancestors().nth(3).map(PathBuf::from).context("the test is not in a target folder")
}
