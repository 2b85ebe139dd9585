//! Applications made of guests.

use anyhow::Result;
use mutrapro_testkit::Application;
use std::fmt::Write;

const HEAD: &str = "spin_manifest_version = 2\n\n[application]\nname = \"guests\"\nversion = \"0.1.0\"\n";

/// A component of a test's application with what its manifest entry grants. Its route is `/<name>/...`.
pub struct Guest {
    name: String,
    wasm: String,
    tables: Vec<String>,
    trigger: String,
    outbound: Vec<String>,
}

impl Guest {
    /// The guest `wasm` (a file's stem) under `name`, with a route and nothing else.
    pub fn new(name: &str, wasm: &str) -> Self {
        let trigger = format!("route = \"/{name}/...\"\n");
        Self { name: name.to_owned(), wasm: wasm.to_owned(), tables: Vec::new(), trigger, outbound: Vec::new() }
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

    /// Adds tables to its database, each with the columns `id`, `aggregate_id` and `note`.
    #[must_use]
    pub fn tables(mut self, tables: &[&str]) -> Self {
        self.tables.extend(tables.iter().map(|table| (*table).to_owned()));
        self
    }

    /// Adds a line to its `[[trigger.mutrapro]]` entry.
    #[must_use]
    pub fn trigger(mut self, line: &str) -> Self {
        self.trigger.push_str(line);
        self.trigger.push('\n');
        self
    }

    /// Allows calls to `host`.
    #[must_use]
    pub fn outbound(mut self, host: &str) -> Self {
        self.outbound.push(host.to_owned());
        self
    }

    fn manifest(&self) -> String {
        let Self { name, wasm, tables, trigger, outbound } = self;
        let mut text = format!("\n[[trigger.mutrapro]]\nid = \"{name}\"\ncomponent = \"{name}\"\n{trigger}");
        if !tables.is_empty() {
            let database = name.replace('-', "_");
            text += &format!("database = \"{database}_db\"\nmigrations = \"migrations/{name}\"\ntables = {tables:?}\n");
        }
        text += &format!("\n[component.{name}]\nsource = \"{{guests}}/{}.wasm\"\n", wasm.replace('-', "_"));
        text += &format!("allowed_outbound_hosts = {outbound:?}\n");
        text
    }

    fn migration(&self) -> String {
        self.tables.iter().fold(String::new(), |mut text, table| {
            let columns = "(event_id TEXT NOT NULL PRIMARY KEY)";
            let columns = if table == "bystander_seen" {
                columns
            } else {
                "(id TEXT NOT NULL PRIMARY KEY, aggregate_id TEXT, note TEXT)"
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
