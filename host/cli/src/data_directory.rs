//! The folder that holds everything the embedded back ends keep: databases, the bus, generated secrets.

use anyhow::{Context, Result, bail};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Bytes of a generated secret: 256 bits, twice what an attacker could search.
const SECRET_BYTES: usize = 32;

/// Its folder of secrets.
const SECRETS: &str = "secrets";

/// A data folder that exists.
pub(crate) struct DataDirectory {
    path: PathBuf,
}

impl DataDirectory {
    /// Takes `path`, making it with mode 0700 if it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(|| {
            format!("cannot make the data folder {}; choose another with --data-dir", path.display())
        })?;
        let path = path.canonicalize().with_context(|| format!("cannot resolve {}", path.display()))?;
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the embedded bus keeps its events.
    pub(crate) fn bus(&self) -> PathBuf {
        self.path.join("bus.sqlite")
    }

    /// Where content of files is kept.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.path.join("blobs")
    }

    /// Makes sure that no other host works on this folder for as long as the returned file lives.
    pub(crate) fn lock(&self) -> Result<File> {
        let path = self.path.join("host.lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => bail!(
                "another host is running on {}; stop it, or choose another folder with --data-dir",
                self.path.display()
            ),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
        }
    }

    /// The secrets kept in it; what is missing is generated.
    pub(crate) fn secrets(&self) -> Secrets {
        Secrets { folder: self.path.join(SECRETS), generate: true }
    }
}

/// Secrets that are kept in files.
pub(crate) struct Secrets {
    folder: PathBuf,
    /// Whether one that is missing is made.
    generate: bool,
}

impl Secrets {
    /// Those in the data folder `data`, if there is one. None is made: several hosts have to have the same.
    pub(crate) fn kept_in(data: &Path) -> Self {
        Self { folder: data.join(SECRETS), generate: false }
    }

    /// Where they are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The secret of this name; one that is generated is kept with mode 0600.
    pub(crate) fn get(&self, name: &str) -> Result<Option<String>> {
        let path = self.folder.join(name);
        let failed = || format!("cannot keep the secret {name} in {}", path.display());
        match fs::read_to_string(&path) {
            Ok(secret) if secret.len() < SECRET_BYTES => {
                bail!("{} holds no whole secret; remove it to have a new one generated", path.display())
            }
            Ok(secret) => Ok(Some(secret)),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error).with_context(failed),
            Err(_) if !self.generate => Ok(None),
            Err(_) => {
                let secret = generate_secret();
                match self.keep(&path, &secret) {
                    Ok(()) => {
                        tracing::info!("generated the secret {name} into {}", path.display());
                        Ok(Some(secret))
                    }
                    // Another process made it meanwhile.
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => self.get(name),
                    Err(error) => Err(error).with_context(failed),
                }
            }
        }
    }

    /// Writes `secret` to `path`, where it appears as a whole or not at all, and never in the place of another.
    fn keep(&self, path: &Path, secret: &str) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let half = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&half)?;
        file.write_all(secret.as_bytes()).and_then(|()| file.sync_all())?;
        let kept = fs::hard_link(&half, path);
        fs::remove_file(&half)?;
        kept
    }
}

/// Hexadecimal digits from the system's random source.
fn generate_secret() -> String {
    let bytes: [u8; SECRET_BYTES] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_is_generated_once_and_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDirectory::open(&folder.path().join("data")).unwrap();
        let kept = Secrets::kept_in(data.path());
        assert_eq!(kept.get("jwt_key").unwrap(), None);
        let secret = data.secrets().get("jwt_key").unwrap();
        assert_eq!(secret.as_ref().map(String::len), Some(64));
        assert_eq!(data.secrets().get("jwt_key").unwrap(), secret);
        assert_eq!(kept.get("jwt_key").unwrap(), secret);
        assert_ne!(data.secrets().get("other").unwrap(), secret);
        let mode = fs::metadata(data.path().join("secrets/jwt_key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_broken_secret_is_an_error_and_not_a_weak_key() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDirectory::open(folder.path()).unwrap();
        data.secrets().get("jwt_key").unwrap();
        fs::write(folder.path().join("secrets/jwt_key"), "short").unwrap();
        assert!(data.secrets().get("jwt_key").unwrap_err().to_string().contains("no whole secret"));
    }

    #[test]
    fn a_second_host_on_the_same_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDirectory::open(folder.path()).unwrap();
        let held = data.lock().unwrap();
        assert!(data.lock().unwrap_err().to_string().contains("another host is running"));
        drop(held);
        data.lock().unwrap();
    }
}
