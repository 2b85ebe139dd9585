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
pub(crate) fn target_folder() -> PathBuf {
    let executable = std::env::current_exe().unwrap_or_default();
    let found = executable.ancestors().nth(3).map(Path::to_path_buf);
    found.unwrap_or_else(|| repository_root().join("target"))
}

fn guests_folder() -> PathBuf {
    target_folder().join("wasm32-wasip2/guest")
}
