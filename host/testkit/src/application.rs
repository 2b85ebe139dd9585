//! Applications for tests: the real one, or one written into a folder for the test.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A manifest with what belongs to it.
pub struct Application {
    manifest: PathBuf,
    _folder: Option<TempDir>,
}

impl Application {
    /// The repository's own application.
    pub fn repository() -> Self {
        Self { manifest: repository_root().join("spin.toml"), _folder: None }
    }

    /// The application of this `spin.toml`, whose folder stays as long as the caller keeps it.
    pub fn at(manifest: PathBuf) -> Self {
        Self { manifest, _folder: None }
    }

    /// The repository's own application with a `spin.toml` that `change` made of its own. What the manifest names by paths is
    /// that of the repository.
    ///
    /// # Errors
    /// When the manifest cannot be read, or the folder not be written.
    pub fn extended(change: impl FnOnce(String) -> String) -> Result<Self> {
        let own = Self::repository().manifest;
        let manifest = std::fs::read_to_string(&own).with_context(|| format!("cannot read {}", own.display()))?;
        let application = Self::new(&change(manifest), &[])?;
        let folder = application.manifest.parent().context("a file is in a folder")?;
        let linked = ["migrations", "examples"].map(|name| (name, repository_root().join(name)));
        for (name, original) in linked.into_iter().chain([("target", target_folder())]) {
            // Absolute, since a link is read from where it lies.
            let original = original.canonicalize().with_context(|| format!("{} is not there", original.display()))?;
            std::os::unix::fs::symlink(&original, folder.join(name))?;
        }
        Ok(application)
    }

    /// An application whose `spin.toml` is `manifest`, with `files` (path below its folder, text) beside it. `{guests}` in the
    /// manifest stands for the folder of built components.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn new(manifest: &str, files: &[(&str, &str)]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let guests = guests_folder();
        write(folder.path(), "spin.toml", &manifest.replace("{guests}", &guests.display().to_string()))?;
        for (path, text) in files {
            write(folder.path(), path, text)?;
        }
        Ok(Self { manifest: folder.path().join("spin.toml"), _folder: Some(folder) })
    }

    /// The path of its `spin.toml`.
    pub fn manifest(&self) -> &Path {
        &self.manifest
    }
}

fn write(folder: &Path, path: &str, text: &str) -> Result<()> {
    let path = folder.join(path);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

pub(crate) fn repository_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where cargo builds to: beside the test's own executable, `<target>/<profile>/deps/<test>`.
pub fn target_folder() -> PathBuf {
    let executable = std::env::current_exe().unwrap_or_default();
    let found = executable.ancestors().nth(3).map(Path::to_path_buf);
    found.unwrap_or_else(|| repository_root().join("target"))
}

/// The file of the guest `wasm` (a file's stem).
pub fn guest(wasm: &str) -> PathBuf {
    guests_folder().join(format!("{wasm}.wasm"))
}

fn guests_folder() -> PathBuf {
    target_folder().join("wasm32-wasip2/guest")
}
