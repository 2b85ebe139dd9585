//! Where blobs lie: in an object store, as `<service>/<two digits>/<key>`.
//!
//! A blob has its name only once all of it is there: object stores publish a multipart upload as a whole. In a folder of
//! this machine that is a file beside it, named `<key>#<number>`, which is synced and then renamed; what a host finds under
//! such a name when it starts is what an earlier one was cut off from.

use crate::error::OpenError;
use crate::key::Key;
use mutrapro_manifest::ComponentId;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Location;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, Result};
use std::fs::{self, DirBuilder};
use std::io;
use std::ops::Range;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

/// What stands between a key and a number in the name of a file that is not finished; no name of a service or key has it.
const UNFINISHED_MARK: char = '#';

/// An object store of our own.
#[derive(Debug)]
pub(crate) struct Storage {
    store: Arc<dyn ObjectStore>,
}

/// A blob that grows. Dropping it leaves nothing behind.
pub(crate) struct Writer {
    /// None once it is finished.
    upload: Option<Box<dyn MultipartUpload>>,
}

/// A finished blob.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    store: Arc<dyn ObjectStore>,
    location: Location,
    pub(crate) size_bytes: u64,
}

impl Storage {
    pub(crate) fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store }
    }

    /// Opens the folder `root`, made if it is not there, without what an earlier host left unfinished.
    pub(crate) fn in_directory(root: &Path) -> std::result::Result<Self, OpenError> {
        let swept = DirBuilder::new().recursive(true).mode(0o700).create(root).and_then(|()| sweep(root));
        match swept {
            Ok(0) => {}
            Ok(count) => tracing::info!("removed {count} upload(s) that an earlier host was cut off from"),
            Err(source) => return Err(OpenError { directory: root.to_owned(), source }),
        }
        let store = LocalFileSystem::new_with_prefix(root)
            .map_err(|error| OpenError { directory: root.to_owned(), source: io::Error::other(error) })?;
        Ok(Self::new(Arc::new(store.with_fsync(true))))
    }

    pub(crate) async fn create(&self, service: &ComponentId, key: Key) -> Result<Writer> {
        Ok(Writer { upload: Some(self.store.put_multipart(&location(service, key)).await?) })
    }

    pub(crate) async fn open(&self, service: &ComponentId, key: Key) -> Result<Reader> {
        let location = location(service, key);
        let size_bytes = self.store.head(&location).await?.size;
        Ok(Reader { store: Arc::clone(&self.store), location, size_bytes })
    }

    pub(crate) async fn remove(&self, service: &ComponentId, key: Key) -> Result<()> {
        self.store.delete(&location(service, key)).await
    }
}

impl Writer {
    /// Appends `part`. After one that failed or was given up nothing may follow.
    pub(crate) async fn write(&mut self, part: Vec<u8>) -> Result<()> {
        match &mut self.upload {
            Some(upload) => upload.put_part(part.into()).await,
            None => Ok(()),
        }
    }

    /// Gives the blob its name, and returns when all of it is durable.
    pub(crate) async fn finish(mut self) -> Result<()> {
        if let Some(upload) = &mut self.upload {
            upload.complete().await?;
        }
        self.upload = None;
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let Some(mut upload) = self.upload.take() else { return };
        // Without a runtime the host is ending; a folder is swept at the next start, and stores out there have rules that
        // expire what is unfinished.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Err(error) = upload.abort().await {
                tracing::warn!("an upload that was given up is still in the storage: {error}");
            }
        });
    }
}

impl Reader {
    /// Exactly the bytes in `range`, which is not empty.
    pub(crate) async fn read(&self, range: Range<u64>) -> Result<Vec<u8>> {
        Ok(self.store.get_range(&self.location, range).await?.into())
    }
}

fn location(service: &ComponentId, key: Key) -> Location {
    Location::from_iter([service.as_str(), &key.shard(), &key.to_string()])
}

/// Removes unfinished files below `folder`; how many there were.
fn sweep(folder: &Path) -> io::Result<u64> {
    let mut count = 0_u64;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            count = count.saturating_add(sweep(&entry.path())?);
        } else if entry.file_name().to_string_lossy().contains(UNFINISHED_MARK) {
            fs::remove_file(entry.path())?;
            count = count.saturating_add(1);
        }
    }
    Ok(count)
}
