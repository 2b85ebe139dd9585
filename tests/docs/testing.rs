//! `docs/testing.md`: what is tested where, and how many tests there are of each kind.

use anyhow::{Context, Result};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use syn::{Attribute, Item};

const HEAD: &str = "# Tests

`make test` runs everything, with what it needs installed first; CI runs the same. Counts are made by `make docs` from the
sources, and a test compares them. A property test tries many cases and counts as one; a suite counts once and runs on each
back end; a whole-system test may check many claims on one system, which are counted beside it.

";

const TAIL: &str = "
## How they work

- **Rules** (`domain` modules) are pure and run natively, without a host: every state machine against every illegal transition,
  every number at its bounds, prices and bills as properties.
- **Capabilities** have a suite of their contract that is written once and run on each back end.
- **Whole systems** are the real host in a process of its own with the real components, on free ports and a data folder of its own
  (`host/testkit`). Hostile guests (`tests/guests`) try what the host must refuse, beside a bystander whose requests must not
  notice. Nothing sleeps: tests wait for conditions, and a time is told to whatever depends on it.
- **Both back ends.** `make test` runs them on what a data folder holds, and then again with each system on a PostgreSQL and a NATS
  of its own (`MUTRAPRO_TEST_BACK_ENDS=shared`). On one only: `docs`, `tidy` and `startup`, which end before a back end could
  matter; `contracts`, `guides` and `spin`, which are about components, pages and the way in; `hosts` and `migrate`, which are
  about servers; and within `sessions` the search of the data folder for passwords.
- **Random runs** print their seed, and `MUTRAPRO_SEED` replays them: the kills and the fuzzing.
- **`tests/rights.rs`** has a row for every endpoint and a column for every kind of person, and fails when the application has an
  endpoint that it does not.
- **`tests/fuzz.rs`** sends what schemathesis makes of the application's own OpenAPI description, as everyone who may call it; no
  answer may be a 5xx or another than the description says.
- **`tests/kill.rs` and `tests/kill_story.rs`** end the host with `SIGKILL` at random moments under load and then look into every
  database for what was lost, what was doubled, and what was handled out of order.
- **`tests/hosts.rs`** does so on two hosts, where one is killed, the broker is away for half a minute, the database is restarted,
  connections are cut at any moment, the network is slow, or one host alone has no way to the broker.
";

/// What is counted together, where it is, and which files that means.
type Kind = (&'static str, &'static str, fn(&Path) -> bool);

const KINDS: [Kind; 6] = [
    ("rules, routes and views of the services", "components/<service>/src", |path| {
        path.starts_with("components")
            && !path.starts_with("components/sdk")
            && !path.starts_with("components/contracts")
    }),
    ("the SDK and the contracts", "components/sdk, components/contracts", |path| {
        path.starts_with("components/sdk") || path.starts_with("components/contracts")
    }),
    ("units of the host", "host/<crate>/src", |path| path.starts_with("host") && has_part(path, "src")),
    ("suites of the capabilities", "host/<crate>/tests", |path| path.starts_with("host") && has_part(path, "tests")),
    ("whole systems", "tests", |path| path.starts_with("tests")),
    ("demo and benchmarks", "demo, bench", |path| path.starts_with("demo") || path.starts_with("bench")),
];

/// What a file, or a kind of file, tests.
#[derive(Default)]
struct Count {
    tests: usize,
    properties: usize,
    claims: usize,
}

/// The page.
pub(crate) fn page(root: &Path) -> Result<String> {
    let mut page = HEAD.to_owned();
    page.push_str("| kind | where | tests | of them properties | claims |\n|---|---|---|---|---|\n");
    let files = sources(root)?;
    let mut all = Count::default();
    for (kind, place, belongs) in KINDS {
        let mut own = Count::default();
        for path in files.iter().filter(|path| belongs(path)) {
            own.add(&count(&root.join(path)).with_context(|| path.display().to_string())?);
        }
        row(&mut page, &format!("{kind} | `{place}`"), &own)?;
        all.add(&own);
    }
    row(&mut page, "all |", &all)?;
    page.push_str("\nThe whole-system tests, one by one:\n\n| file | tests | claims | |\n|---|---|---|---|\n");
    for path in files.iter().filter(|path| path.parent() == Some(Path::new("tests"))) {
        let text = std::fs::read_to_string(root.join(path))?;
        let lines = text.lines().map_while(|line| line.strip_prefix("//! ").or(line.strip_prefix("//!")));
        let first: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
        let own = count(&root.join(path))?;
        let first = first.join(" ");
        let summary = first.split_once(". ").map_or(first.as_str(), |(sentence, _)| sentence).trim_end_matches('.');
        writeln!(page, "| `{}` | {} | {} | {summary} |", path.display(), own.tests, own.claims)?;
    }
    page.push_str(TAIL);
    Ok(page)
}

fn row(page: &mut String, head: &str, count: &Count) -> Result<()> {
    Ok(writeln!(page, "| {head} | {} | {} | {} |", count.tests, count.properties, count.claims)?)
}

fn has_part(path: &Path, name: &str) -> bool {
    path.components().any(|part| part.as_os_str() == name)
}

/// Every Rust source of the workspace, relative to `root`, in order.
fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders: Vec<_> = ["components", "host", "tests", "demo", "bench"].map(PathBuf::from).into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn count(path: &Path) -> Result<Count> {
    let text = std::fs::read_to_string(path)?;
    let mut own = Count::default();
    own.items(&syn::parse_file(&text)?.items);
    own.claims = text.split("check_claims!").skip(1).map(claims).sum();
    Ok(own)
}

/// How many names stand between a semicolon and the bracket that closes the list.
fn claims(rest: &str) -> usize {
    let list = rest.split_once([']', ')']).and_then(|(list, _)| list.split_once(';')).map_or("", |(_, names)| names);
    list.split(',').filter(|name| !name.trim().is_empty()).count()
}

impl Count {
    fn add(&mut self, other: &Self) {
        self.tests += other.tests;
        self.properties += other.properties;
        self.claims += other.claims;
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Fn(function) if function.attrs.iter().any(is_test) => self.tests += 1,
                Item::Mod(module) => self.items(module.content.as_ref().map_or(&[], |(_, items)| items.as_slice())),
                Item::Macro(item) if item.mac.path.is_ident("proptest") => {
                    let properties = item.mac.tokens.to_string().matches("# [test]").count();
                    self.tests += properties;
                    self.properties += properties;
                }
                // A suite: the names of its tests, to be run on each back end.
                Item::Macro(item) if item.mac.path.is_ident("contract") => {
                    self.tests += item.mac.tokens.to_string().split(',').filter(|name| !name.trim().is_empty()).count();
                }
                _ => {}
            }
        }
    }
}

/// `#[test]` or `#[tokio::test]`.
fn is_test(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == "test")
}
