//! The application as the host runs it: what every other crate knows of the manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A validated application: every service, and nothing that is not in its manifest.
#[derive(Debug, Clone, Default)]
pub struct App {
    /// The application's name, from `[application] name`.
    pub name: String,
    /// The application's version, from `[application] version`; empty when there is none.
    pub version: String,
    /// The services by the name of their component.
    pub services: BTreeMap<ComponentId, Arc<Service>>,
    /// The components that services use as plugins, by their name; none of them is a service.
    pub plugins: BTreeMap<ComponentId, Arc<Service>>,
}

impl App {
    /// The service that owns `table`, if any does.
    pub fn owner_of(&self, table: &str) -> Option<&ComponentId> {
        self.services
            .values()
            .find(|service| service.database.as_ref().is_some_and(|database| database.tables.contains(table)))
            .map(|service| &service.id)
    }
}

/// The name of a component, as in `[component.<name>]`: what callers, metrics, logs and consumers call it.
///
/// Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentId(Arc<str>);

impl ComponentId {
    /// Takes a name as it stands; whether such a component exists is for validation to say.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ComponentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One component together with its `[[trigger.mutrapro]]` entry: what it is, owns, says and may do. A plugin is one that has
/// no entry, and so owns and says nothing.
#[derive(Debug, Clone)]
pub struct Service {
    /// The component's name.
    pub id: ComponentId,
    /// The component's WebAssembly file, absolute.
    pub wasm: PathBuf,
    /// Where outside requests reach it; without one only other components do.
    pub route: Option<Route>,
    /// Its database, if it owns tables.
    pub database: Option<Database>,
    /// The kinds of event that it may emit.
    pub publishes: Vec<KindPattern>,
    /// The kinds of event that it handles.
    pub subscribes: Vec<KindPattern>,
    /// Its jobs and when they run.
    pub schedules: Vec<Schedule>,
    /// Whether it may keep content of files.
    pub blobs: bool,
    /// Whom it may call.
    pub outbound: Outbound,
    /// Its configuration, templates resolved.
    pub variables: BTreeMap<String, VariableValue>,
    /// Its plugins, in the order in which they are asked.
    pub plugins: BTreeMap<PluginContract, Vec<ComponentId>>,
    /// What it is a plugin for; empty for a service.
    pub implements: BTreeSet<PluginContract>,
    /// What it may use, where its manifest entry differs from the host's defaults.
    pub limits: Limits,
    /// The command that builds its WebAssembly file, if the manifest has one: for a shell in the manifest's folder.
    pub build_command: Option<String>,
}

impl Service {
    /// The component `id` in the file `wasm`, which owns nothing and may do nothing.
    pub fn new(id: ComponentId, wasm: impl Into<PathBuf>) -> Self {
        Self {
            id,
            wasm: wasm.into(),
            route: None,
            database: None,
            publishes: Vec::new(),
            subscribes: Vec::new(),
            schedules: Vec::new(),
            blobs: false,
            outbound: Outbound::default(),
            variables: BTreeMap::new(),
            plugins: BTreeMap::new(),
            implements: BTreeSet::new(),
            limits: Limits::default(),
            build_command: None,
        }
    }
}

/// A point at which a service can be extended: an interface of `mutrapro:plugins` that plugins export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PluginContract {
    /// Adjusts computed prices.
    Pricing,
    /// Moves money.
    PaymentGateway,
    /// Brings notifications to people.
    Notifier,
    /// Knows kinds of files.
    MediaInspector,
}

impl PluginContract {
    /// Every contract.
    pub const ALL: [Self; 4] = [Self::Pricing, Self::PaymentGateway, Self::Notifier, Self::MediaInspector];

    /// Its name, as in the manifest and in `wit/plugins`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pricing => "pricing",
            Self::PaymentGateway => "payment-gateway",
            Self::Notifier => "notifier",
            Self::MediaInspector => "media-inspector",
        }
    }

    /// The contract of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|contract| contract.as_str() == name)
    }
}

impl fmt::Display for PluginContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A path that outside requests come in by: `/health` exactly, or `/api/...` with everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The path without the trailing `/...`, for example `/api`; empty for the root wildcard.
    pub path: String,
    /// Whether everything below the path belongs to the route too.
    pub wildcard: bool,
}

/// A service's own database.
#[derive(Debug, Clone)]
pub struct Database {
    /// For example `quotation_db`: the SQLite file's stem, or the PostgreSQL database.
    pub name: String,
    /// The tables that the service alone owns, in lower case, without the host's own.
    pub tables: BTreeSet<String>,
    /// Its migrations by ascending version.
    pub migrations: Vec<Migration>,
}

/// A forward-only step of a database's schema: one file `NNNN_<change>.sql`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The number that the file's name begins with, from 1.
    pub version: u32,
    /// The file's name without number and ending, for example `create_users`.
    pub name: String,
    /// The file's text: portable SQL, statements separated by semicolons.
    pub sql: String,
    /// Where it was read, for messages.
    pub path: PathBuf,
}

/// A kind of event (`user.registered`), every fact of an aggregate (`user.*`), or every kind (`*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindPattern(String);

impl KindPattern {
    /// Takes a pattern as it stands; whether it is well formed is for validation to say.
    pub fn new(pattern: &str) -> Self {
        Self(pattern.to_owned())
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an event of `kind` is meant: a trailing `.*` stands for any fact, however many dots it has.
    pub fn matches(&self, kind: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => kind.len() > prefix.len() && kind.starts_with(prefix),
            None => self.0 == kind,
        }
    }

    /// Whether some kind of event is meant by both.
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self.0.strip_suffix('*'), other.0.strip_suffix('*')) {
            (Some(own), Some(others)) => own.starts_with(others) || others.starts_with(own),
            (Some(_), None) => self.matches(&other.0),
            (None, _) => other.matches(&self.0),
        }
    }
}

/// A job and when it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The name that the component's exported `job.run` gets.
    pub job: String,
    /// Six fields with seconds first, or five; in UTC. `@reboot` runs the job once at each start of the host.
    pub cron: String,
}

/// Whom a component may call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outbound {
    /// The components it may call as `http://<component>.spin.internal`.
    pub components: BTreeSet<ComponentId>,
    /// The outside hosts it may call.
    pub hosts: Vec<HostPattern>,
}

/// An outside host as `allowed_outbound_hosts` names it: `https://api.example.com`, `http://localhost:8080`,
/// `https://*.example.com`, `*://db.example.com:*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    /// `http` or `https`; `None` for any.
    pub scheme: Option<String>,
    /// The host's name in lower case. A leading `*.` stands for any subdomain, `*` alone for any host.
    pub host: String,
    /// The port; `None` for any.
    pub port: Option<u16>,
}

impl HostPattern {
    /// Whether a request to `scheme://host:port` is meant.
    pub fn matches(&self, scheme: &str, host: &str, port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        let host_fits = match self.host.strip_prefix('*') {
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            None => self.host == host,
        };
        host_fits && self.scheme.as_deref().is_none_or(|own| own == scheme) && self.port.is_none_or(|own| own == port)
    }
}

/// A configuration value, which may be a secret: its `Debug` form never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct VariableValue(String);

impl VariableValue {
    /// Wraps a value.
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// The value itself, for the component alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for VariableValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VariableValue(…)")
    }
}

/// What a service may use, where it differs from the host's defaults; from its manifest entry's `limits` table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// The largest linear memory of an instance, in bytes.
    pub memory_bytes_max: Option<u64>,
    /// How many instances may run at once.
    pub instances_max: Option<u32>,
    /// How long a request may take, in milliseconds.
    pub request_ms_max: Option<u64>,
    /// The largest request body that its route accepts, in bytes.
    pub body_bytes_max: Option<u64>,
}
