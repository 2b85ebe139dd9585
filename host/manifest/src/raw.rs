//! The application as its source says it, before anybody asks whether that makes sense.
//!
//! Every source produces this form, and one validation follows. A source reports what it alone can see: syntax, unknown
//! keys, wrong types and missing keys. So `None` stands for absent where a key is optional; where it is required, the
//! source has reported it already.
//!
//! Deliberately absent: `Debug`. A default may be a secret that should not have been written there.

use crate::problem::Place;
use crate::sources::RemoteSource;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A value and where it was written.
pub(crate) struct Located<T> {
    pub(crate) place: Place,
    pub(crate) value: T,
}

pub(crate) struct RawApplication {
    /// Relative paths start here. May be empty, which is the working folder.
    pub(crate) folder: PathBuf,
    pub(crate) name: Option<Located<String>>,
    pub(crate) version: Option<Located<String>>,
    /// Names of variables that the host may generate itself.
    pub(crate) generated_secrets: Vec<Located<String>>,
    /// Where variables are declared, or would be.
    pub(crate) variables_place: Place,
    pub(crate) variables: Vec<RawVariable>,
    pub(crate) triggers: Vec<RawTrigger>,
    pub(crate) components: Vec<RawComponent>,
    /// Names of components that the hosts of other triggers run.
    pub(crate) foreign_components: BTreeSet<String>,
    /// Where files are kept that were elsewhere, once they are fetched.
    pub(crate) downloads: Option<PathBuf>,
}

pub(crate) struct RawVariable {
    pub(crate) name: Located<String>,
    pub(crate) is_required: bool,
    pub(crate) is_secret: bool,
    pub(crate) default: Option<String>,
}

pub(crate) struct RawTrigger {
    pub(crate) id: Option<Located<String>>,
    pub(crate) component: Option<Located<String>>,
    pub(crate) route: Option<Located<String>>,
    pub(crate) database: Option<Located<String>>,
    pub(crate) migrations: Option<Located<String>>,
    pub(crate) tables: Option<Located<Vec<Located<String>>>>,
    pub(crate) publishes: Vec<Located<String>>,
    pub(crate) subscribes: Vec<Located<String>>,
    pub(crate) schedules: Vec<RawSchedule>,
    pub(crate) blobs: bool,
    pub(crate) limits: Vec<RawLimit>,
    pub(crate) plugins: Vec<RawPlugins>,
}

/// One entry of `plugins`: the plugins for one contract.
pub(crate) struct RawPlugins {
    pub(crate) contract: Located<String>,
    pub(crate) components: Vec<Located<String>>,
}

pub(crate) struct RawSchedule {
    pub(crate) job: Located<String>,
    pub(crate) cron: Located<String>,
}

/// One entry of `limits`, its key known.
pub(crate) struct RawLimit {
    pub(crate) key: &'static str,
    pub(crate) value: Located<i64>,
}

/// How a component is built.
pub(crate) struct RawBuild {
    /// Runs in the manifest's folder through a shell.
    pub(crate) command: String,
    /// The sources, as patterns of paths; relative to `workdir`.
    pub(crate) watch: Vec<String>,
    /// Relative to the manifest.
    pub(crate) workdir: PathBuf,
}

/// Where a component's WebAssembly file is.
pub(crate) enum RawSource {
    /// Here, relative to the manifest.
    File(PathBuf),
    /// Elsewhere, known by its content.
    Remote(RemoteSource),
}

pub(crate) struct RawComponent {
    pub(crate) id: Located<String>,
    pub(crate) source: Option<Located<RawSource>>,
    pub(crate) build: Option<RawBuild>,
    pub(crate) outbound_hosts: Vec<Located<String>>,
    pub(crate) variables: Vec<RawTemplate>,
}

/// A component's variable: its name and a text with `{{ name }}` in it.
pub(crate) struct RawTemplate {
    pub(crate) name: Located<String>,
    pub(crate) text: Located<String>,
}
