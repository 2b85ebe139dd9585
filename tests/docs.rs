//! The generated pages of `docs/` say what the manifest, the contracts and the running services say.
//!
//! `make docs` writes them anew: it runs these tests with `MUTRAPRO_WRITE_DOCS=1`. Without it they compare.

#[path = "docs/events.rs"]
mod events;
#[path = "docs/services.rs"]
mod services;
#[path = "docs/source.rs"]
mod source;
#[path = "docs/testing.rs"]
mod testing;
#[path = "docs/wit.rs"]
mod wit;

use anyhow::{Context, Result, bail, ensure};
use mutrapro_tests::{repository_app, repository_system};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Writes `page` as `docs/<name>`, or makes sure that it is there already.
fn settle(name: &str, page: &str) -> Result<()> {
    let path = root().join("docs").join(name);
    if std::env::var_os("MUTRAPRO_WRITE_DOCS").is_some() {
        return std::fs::write(&path, page).with_context(|| path.display().to_string());
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let Some(line) = first_difference(&kept, page) else { return Ok(()) };
    bail!("docs/{name} is out of date from line {line} on: run `make docs`, and commit what it wrote")
}

/// The first line, from 1, in which the texts differ.
fn first_difference(one: &str, other: &str) -> Option<usize> {
    let (ones, others) = (one.lines().map(Some), other.lines().map(Some));
    let longest = one.lines().count().max(other.lines().count());
    let pairs = ones.chain(std::iter::repeat(None)).zip(others.chain(std::iter::repeat(None)));
    pairs.take(longest).position(|(one, other)| one != other).map(|index| index + 1)
}

#[test]
fn page_of_events_is_what_contracts_and_manifest_say() -> Result<()> {
    settle("events.md", &events::page(&repository_app()?, &source::events(&root())?)?)
}

#[tokio::test]
async fn page_of_services_is_what_manifest_and_services_say() -> Result<()> {
    let system = repository_system().start().await?;
    let document = system.client().get("/api/v1/openapi.json").await?.expect(200)?.json()?;
    settle("services.md", &services::page(&repository_app()?, &source::events(&root())?, &document)?)
}

/// By the sources, since a metric is not shown before it has counted something.
#[test]
fn metrics_of_the_page_for_operators_are_there() -> Result<()> {
    let mut sources = String::new();
    for entry in std::fs::read_dir(root().join("host"))? {
        sources += &std::fs::read_to_string(entry?.path().join("src/metrics.rs")).unwrap_or_default();
    }
    let page = std::fs::read_to_string(root().join("docs/operations.md"))?;
    let words = page.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names: BTreeSet<&str> = words.filter_map(|word| word.strip_prefix("mutrapro_")).collect();
    // A role, and no metric.
    let names: Vec<&str> = names.into_iter().filter(|name| *name != "host").collect();
    ensure!(names.len() >= 5, "the page names its metrics: {names:?}");
    let is_registered = |name: &&str| {
        let name = name.trim_end_matches("_total");
        let own = ["", "events_", "schedule_"].iter().filter_map(|prefix| name.strip_prefix(prefix));
        own.into_iter().any(|own| sources.contains(&format!("(\"{own}\"")) || sources.contains(&format!(" \"{own}\",")))
    };
    let unknown: Vec<_> = names.iter().filter(|name| !is_registered(name)).collect();
    ensure!(unknown.is_empty(), "docs/operations.md names what /metrics does not have: {unknown:?}");
    Ok(())
}

#[test]
fn reference_of_contracts_is_what_the_wit_says() -> Result<()> {
    settle("wit.md", &wit::page(&root().join("wit/worlds"))?)
}

#[test]
fn page_of_tests_is_what_the_sources_hold() -> Result<()> {
    settle("testing.md", &testing::page(&root())?)
}

#[test]
fn every_event_is_told_by_its_producer_and_known_to_who_subscribes() -> Result<()> {
    events::check(&root(), &repository_app()?, &source::events(&root())?)
}

#[test]
fn differences_are_found_and_placed() {
    assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
    assert_eq!(first_difference("a\n", "a\nc\n"), Some(2));
    assert_eq!(first_difference("", "a\n"), Some(1));
}
