//! `mutrapro up --watch`: builds components whose sources change, and has the host run what was built, while it serves.
//!
//! Promise: what cannot be built or run is said by name and changes nothing else; one build runs at a time, and what changes
//! meanwhile leads to one more. Deliberately absent: the manifest and migrations. They decide what is linked to what and
//! which tables there are, which a start reads as a whole; that one is needed is said.

mod files;

use crate::build::{self, Ended};
use crate::signals::Stop;
use anyhow::{Context, Result};
use files::{Changes, Files, Meaning};
use mutrapro_manifest::{App, Build, Manifest, Service};
use mutrapro_runtime::Runtime;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

type Sha256Digest = [u8; 32];

/// The files of an application under watch.
pub(crate) struct Watch {
    files: Files,
    builds: BTreeMap<String, Build>,
    components: BTreeMap<String, Watched>,
}

/// A component of the running application.
struct Watched {
    service: Arc<Service>,
    /// Of what it runs, or of what it last refused to run.
    digest: Option<Sha256Digest>,
}

impl Watch {
    /// Watches the manifest at `path` and the sources of its components from here on.
    ///
    /// # Errors
    /// When they cannot be watched.
    pub(crate) fn of(path: &Path, manifest: &Manifest) -> Result<Self> {
        let mut files = Files::new()?;
        files.add_file(path, Meaning::Start)?;
        let builds: BTreeMap<_, _> =
            manifest.builds().into_iter().map(|build| (build.component.clone(), build)).collect();
        for build in builds.values() {
            for pattern in &build.sources {
                let added = files.add(pattern, Meaning::Source(build.component.clone()));
                added.with_context(|| format!("watching the sources of {}", build.component))?;
            }
        }
        Ok(Self { files, builds, components: BTreeMap::new() })
    }

    /// Builds what is out of date.
    ///
    /// # Errors
    /// The first build that fails.
    pub(crate) async fn build(&self, stop: &mut Stop) -> Result<Ended> {
        let builds: Vec<Build> = self.builds.values().cloned().collect();
        Ok(build::out_of_date(&builds, stop).await?.0)
    }

    /// Watches the files of the components of `app` and its migrations, too. What the host loads after that is what it runs.
    ///
    /// # Errors
    /// When they cannot be watched.
    pub(crate) fn application(&mut self, app: &App) -> Result<()> {
        let mut folders = BTreeSet::new();
        for service in app.services.values().chain(app.plugins.values()) {
            let id = service.id.to_string();
            self.files.add_file(&service.wasm, Meaning::Wasm(id.clone()))?;
            let migrations = service.database.iter().flat_map(|database| &database.migrations);
            folders.extend(migrations.filter_map(|migration| migration.path.parent().map(Path::to_owned)));
            let digest = std::fs::read(&service.wasm).ok().map(|wasm| digest(&wasm));
            self.components.insert(id, Watched { service: Arc::clone(service), digest });
        }
        for folder in folders {
            self.files.add_in(&folder, "*.sql", Meaning::Start)?;
        }
        Ok(())
    }

    /// Brings the components of `runtime` up to date with their sources until `stop`.
    pub(crate) async fn run(mut self, runtime: Arc<Runtime>, mut stop: Stop) {
        loop {
            let changes = tokio::select! {
                changes = self.files.changes() => changes,
                _ = stop.asked() => return,
            };
            let changes = match changes {
                Ok(changes) => changes,
                Err(error) => {
                    tracing::error!("--watch has ended, start again to go on: {error:#}");
                    return;
                }
            };
            if self.apply(changes, &runtime, &mut stop).await == Ended::Stopped {
                return;
            }
        }
    }

    async fn apply(&mut self, changes: Changes, runtime: &Runtime, stop: &mut Stop) -> Ended {
        for path in &changes.start {
            tracing::warn!("{} has changed: start again for it to take effect", path.display());
        }
        let mut wasm = changes.wasm;
        for (id, build) in &self.builds {
            let is_out_of_date =
                changes.sources.contains(id) || (changes.suspects.contains(id) && is_out_of_date(build));
            if !is_out_of_date || !self.components.contains_key(id) {
                continue;
            }
            tracing::info!("building {id}: {}", build.command);
            match build::make(build, stop).await {
                Ok(Ended::Made) => {
                    wasm.remove(id);
                    replace(self.components.get_mut(id), runtime).await;
                }
                Ok(Ended::Stopped) => return Ended::Stopped,
                Err(error) => tracing::error!("{id} goes on with what it ran: {error:#}"),
            }
        }
        for id in &wasm {
            replace(self.components.get_mut(id), runtime).await;
        }
        Ended::Made
    }
}

/// Has `component` run what is in its file, if that is another than before.
async fn replace(component: Option<&mut Watched>, runtime: &Runtime) {
    let Some(Watched { service, digest: known }) = component else { return };
    let (id, path) = (&service.id, &service.wasm);
    let wasm = match tokio::fs::read(path).await {
        Ok(wasm) => wasm,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            tracing::info!("{id} goes on with what it ran: {} is gone", path.display());
            return;
        }
        Err(error) => {
            tracing::error!("{id} goes on with what it ran: cannot read {}: {error}", path.display());
            return;
        }
    };
    let found = digest(&wasm);
    if known.replace(found) == Some(found) {
        return;
    }
    let started = Instant::now();
    match runtime.replace(id, wasm).await {
        Ok(()) => tracing::info!("{id} is replaced, after {:?}", started.elapsed()),
        Err(error) => tracing::error!("{id} goes on with what it ran: {error}"),
    }
}

/// Also where that cannot be told: the build says why.
fn is_out_of_date(build: &Build) -> bool {
    !build::is_up_to_date(build).unwrap_or(false)
}

fn digest(wasm: &[u8]) -> Sha256Digest {
    Sha256::digest(wasm).into()
}
