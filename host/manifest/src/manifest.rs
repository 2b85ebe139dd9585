//! The two steps of loading: read what the manifest says, then make an application of it.

use crate::app::App;
use crate::assembly::{LoadOptions, assemble};
use crate::problem::{Problems, Report};
use crate::raw::{RawApplication, RawComponent, RawSource};
use crate::sources::RemoteSource;
use crate::variables::Variables;
use crate::{locked_app, spin_toml};
use std::fmt;
use std::path::{Path, PathBuf};

/// Reads and validates the application at `path`, a `spin.toml` or Spin's lock file of one.
///
/// # Errors
/// Every problem that the application has.
pub fn load(path: &Path, variables: &Variables, options: LoadOptions) -> Result<App, Problems> {
    Manifest::read(path)?.into_app(variables, options)
}

/// How one component is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The component.
    pub component: String,
    /// For a shell in `folder`.
    pub command: String,
    /// The manifest's folder; may be empty, which is the working folder.
    pub folder: PathBuf,
    /// What it makes; `None` when the file is elsewhere.
    pub wasm: Option<PathBuf>,
    /// Its sources, as patterns (`*`, `**`, `?`); empty when the manifest names none.
    pub sources: Vec<PathBuf>,
}

/// A manifest that was read but not validated: enough to know which secrets have to be generated first.
pub struct Manifest {
    raw: RawApplication,
    report: Report,
}

impl Manifest {
    /// Reads `path` and nothing else: the lock file that `spin up` makes of a manifest if its name ends in `.lock`, as Spin's
    /// does, and a `spin.toml` otherwise.
    ///
    /// # Errors
    /// When the file cannot be read, is not what its name says, or demands what this host does not know. Any other problem
    /// waits for [`into_app`](Self::into_app).
    pub fn read(path: &Path) -> Result<Self, Problems> {
        let mut report = Report::default();
        let is_locked = path.extension().is_some_and(|ending| ending == "lock");
        let raw = if is_locked { locked_app::read(path, &mut report) } else { spin_toml::read(path, &mut report) }?;
        Ok(Self { raw, report })
    }

    /// The variables that the host generates once and keeps when nobody gives them a value:
    /// `[application.trigger.mutrapro] generated_secrets`.
    pub fn generated_secrets(&self) -> impl Iterator<Item = &str> {
        self.raw.generated_secrets.iter().map(|name| name.value.as_str())
    }

    /// The names of the application's components.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.raw.components.iter().map(|component| component.id.value.as_str())
    }

    /// How components are built, for those that say so.
    pub fn builds(&self) -> Vec<Build> {
        let folder = &self.raw.folder;
        let build = |component: &RawComponent| {
            let build = component.build.as_ref()?;
            let wasm = match component.source.as_ref().map(|source| &source.value) {
                Some(RawSource::File(path)) => Some(folder.join(path)),
                Some(RawSource::Remote(_)) | None => None,
            };
            let sources = build.watch.iter().map(|pattern| folder.join(&build.workdir).join(pattern));
            Some(Build {
                component: component.id.value.clone(),
                command: build.command.clone(),
                folder: folder.clone(),
                wasm,
                sources: sources.collect(),
            })
        };
        self.raw.components.iter().filter_map(build).collect()
    }

    /// The files of components that are elsewhere.
    pub fn remote_sources(&self) -> impl Iterator<Item = &RemoteSource> {
        let sources = self.raw.components.iter().filter_map(|component| component.source.as_ref());
        sources.filter_map(|source| match &source.value {
            RawSource::Remote(remote) => Some(remote),
            RawSource::File(_) => None,
        })
    }

    /// Says that these files are in the folder `downloads` now.
    pub fn fetched_to(&mut self, downloads: &Path) {
        self.raw.downloads = Some(downloads.to_owned());
    }

    /// Reads the migrations, resolves the variables and validates everything.
    ///
    /// # Errors
    /// Every problem that the application has.
    pub fn into_app(self, variables: &Variables, options: LoadOptions) -> Result<App, Problems> {
        assemble(&self.raw, variables, options, self.report)
    }
}

/// The name alone: what else was read may contain a secret that should not have been written there.
impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.raw.name.as_ref().map(|name| &name.value);
        f.debug_struct("Manifest").field("name", &name).finish_non_exhaustive()
    }
}
