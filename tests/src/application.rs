//! Applications made of guests.

use anyhow::{Result, ensure};
use mutrapro_testkit::Application;
use std::fmt::Write;
use std::path::Path;

const HEAD: &str = "spin_manifest_version = 2\n\n[application]\nname = \"guests\"\nversion = \"0.1.0\"\n";

/// A component of a test's application with what its manifest entry grants. Its route is `/<name>/...`.
pub struct Guest {
    name: String,
    /// The value of `source`.
    source: String,
    tables: Vec<String>,
    /// `None` for a plugin, which has no entry.
    trigger: Option<String>,
    component: String,
    outbound: Vec<String>,
}

impl Guest {
    /// The guest `wasm` (a file's stem) under `name`, with a route and nothing else.
    pub fn new(name: &str, wasm: &str) -> Self {
        let trigger = format!("route = \"/{name}/...\"\n");
        Self { trigger: Some(trigger), ..Self::plugin(name, wasm) }
    }

    /// The guest `wasm` under `name`, for a service to name as its plugin.
    pub fn plugin(name: &str, wasm: &str) -> Self {
        Self {
            name: name.to_owned(),
            source: format!("\"{{guests}}/{}.wasm\"", wasm.replace('-', "_")),
            tables: Vec::new(),
            trigger: None,
            component: String::new(),
            outbound: Vec::new(),
        }
    }

    /// The service whose requests must not notice what its neighbours do.
    pub fn bystander() -> Self {
        Self::new("bystander", "bystander")
            .tables(&["bystander_items", "bystander_seen"])
            .trigger("publishes = [\"item.created\"]")
            .trigger("subscribes = [\"item.created\"]")
    }

    /// The guest that tries everything, under `name`, with every grant that its imports need: the table `<name>_items`,
    /// events `<name>.*`, and calls to the bystander.
    pub fn hostile(name: &str) -> Self {
        let table = format!("{}_items", name.replace('-', "_"));
        Self::new(name, "hostile")
            .tables(&[&table])
            .trigger(&format!("publishes = [\"{}.*\"]", name.replace('-', "_")))
            .outbound("http://bystander.spin.internal")
    }

    /// The guest that tries what it may not, in `language` (a folder of `tests/languages`): with two tables of its own, events
    /// `sly.*`, and a call to the bystander, whose events it is told as well as its own.
    ///
    /// # Errors
    /// When it was not built.
    pub fn sly(language: &str) -> Result<Self> {
        let wasm = Path::new(env!("CARGO_MANIFEST_DIR")).join("languages").join(language).join("dist/sly.wasm");
        ensure!(wasm.exists(), "{} is not there: run `make examples` first", wasm.display());
        let guest = Self::new("sly", "").file(&wasm);
        let guest = guest.tables(&["sly_items", "sly_seen"]).outbound("http://bystander.spin.internal");
        Ok(guest.trigger("publishes = [\"sly.*\"]").trigger("subscribes = [\"item.created\", \"sly.created\"]"))
    }

    /// Adds tables to its database, each with the columns `id`, `aggregate_id` and `note`.
    #[must_use]
    pub fn tables(mut self, tables: &[&str]) -> Self {
        self.tables.extend(tables.iter().map(|table| (*table).to_owned()));
        self
    }

    /// Adds a line to its `[[trigger.mutrapro]]` entry.
    #[must_use]
    pub fn trigger(mut self, line: &str) -> Self {
        let trigger = self.trigger.get_or_insert_default();
        trigger.push_str(line);
        trigger.push('\n');
        self
    }

    /// Takes the component in `path`, absolute or relative to the manifest, instead of one that was built with the tests.
    #[must_use]
    pub fn file(self, path: impl AsRef<Path>) -> Self {
        Self { source: format!("\"{}\"", path.as_ref().display()), ..self }
    }

    /// Has its file fetched from `url`, if its SHA-256 is `digest` in hexadecimal digits.
    #[must_use]
    pub fn fetched(self, url: &str, digest: &str) -> Self {
        Self { source: format!("{{ url = \"{url}\", digest = \"sha256:{digest}\" }}"), ..self }
    }

    /// Adds a line to its `[component]` entry.
    #[must_use]
    pub fn component(mut self, line: &str) -> Self {
        self.component.push_str(line);
        self.component.push('\n');
        self
    }

    /// Allows calls to `host`.
    #[must_use]
    pub fn outbound(mut self, host: &str) -> Self {
        self.outbound.push(host.to_owned());
        self
    }

    fn manifest(&self) -> String {
        let Self { name, source, tables, trigger, component, outbound } = self;
        let entry = |lines| format!("\n[[trigger.mutrapro]]\nid = \"{name}\"\ncomponent = \"{name}\"\n{lines}");
        let mut text = trigger.as_ref().map(entry).unwrap_or_default();
        if !tables.is_empty() {
            let database = name.replace('-', "_");
            text += &format!("database = \"{database}_db\"\nmigrations = \"migrations/{name}\"\ntables = {tables:?}\n");
        }
        text += &format!("\n[component.{name}]\nsource = {source}\n");
        text += &format!("allowed_outbound_hosts = {outbound:?}\n{component}");
        text
    }

    fn migration(&self) -> String {
        self.tables.iter().fold(String::new(), |mut text, table| {
            let columns = match table.as_str() {
                "bystander_seen" => "(event_id TEXT NOT NULL PRIMARY KEY)",
                // Without a key, so that a delivery which was doubled would be a second row.
                "sly_seen" => "(event_id TEXT NOT NULL, aggregate_id TEXT NOT NULL)",
                _ => "(id TEXT NOT NULL PRIMARY KEY, aggregate_id TEXT, note TEXT)",
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "CREATE TABLE {table} {columns};");
            text
        })
    }
}

/// An application in the making.
#[derive(Default)]
pub struct GuestApplication {
    guests: Vec<Guest>,
}

impl GuestApplication {
    /// Adds a component.
    #[must_use]
    pub fn with(mut self, guest: Guest) -> Self {
        self.guests.push(guest);
        self
    }

    /// Writes it into a folder of its own.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self) -> Result<Application> {
        let manifest = self.guests.iter().fold(HEAD.to_owned(), |text, guest| text + &guest.manifest());
        let migrations: Vec<(String, String)> = self
            .guests
            .iter()
            .filter(|guest| !guest.tables.is_empty())
            .map(|guest| (format!("migrations/{}/0001_create_tables.sql", guest.name), guest.migration()))
            .collect();
        let files: Vec<(&str, &str)> = migrations.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        Application::new(&manifest, &files)
    }
}
