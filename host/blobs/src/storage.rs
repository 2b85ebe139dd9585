//! Where blobs lie: in an object store, as `<service>/<two digits>/<key>`.
//!
//! A blob has its name only once all of it is there: object stores publish an object and a multipart upload as a whole. In a
//! folder that is a file beside it, named `<key>#<number>`, which is synced and then renamed; what a host finds under such a
//! name when it starts is what an earlier one was cut off from. In S3 and the like it is an upload that nobody completes,
//! which a rule of the bucket has to expire: they can be listed by none of the rights that a host needs.

use crate::error::OpenError;
use crate::key::Key;
use mutrapro_manifest::ComponentId;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Location;
use object_store::{Error, MultipartUpload, ObjectStore, ObjectStoreExt, Result};
use std::fs::{self, DirBuilder, DirEntry};
use std::io;
use std::ops::Range;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::timeout;

/// What stands between a key and a number in the name of a file that is not finished; no name of a service or key has it.
const UNFINISHED_MARK: char = '#';
/// Where [`Storage::verify`] writes; no service has such a name.
const PROBES: &str = ".probe";
const PROBE: &[u8] = b"mutrapro";

/// An object store of our own.
pub(crate) struct Storage {
    /// For people: an address without secrets.
    name: String,
    store: Arc<dyn ObjectStore>,
}

/// A blob that grows. Dropping it leaves nothing behind.
pub(crate) struct Writer {
    store: Arc<dyn ObjectStore>,
    location: Location,
    /// Begun by the first part, so that a blob that needs none costs one request; none again once it is finished.
    upload: Option<Box<dyn MultipartUpload>>,
}

/// A finished blob.
pub(crate) struct Reader {
    store: Arc<dyn ObjectStore>,
    location: Location,
    pub(crate) size_bytes: u64,
}

impl Storage {
    pub(crate) fn new(name: String, store: Arc<dyn ObjectStore>) -> Self {
        Self { name, store }
    }

    /// Opens the folder `root`, made if it is not there, without what an earlier host left unfinished.
    pub(crate) fn in_directory(root: &Path) -> std::result::Result<Self, OpenError> {
        Self::in_swept_directory(root, None)
    }

    /// As [`in_directory`](Self::in_directory), beside other hosts, whose uploads are left alone for as long as something was
    /// added to them within `abandoned_after`.
    pub(crate) fn in_shared_directory(root: &Path, abandoned_after: Duration) -> std::result::Result<Self, OpenError> {
        Self::in_swept_directory(
            root,
            Some(SystemTime::now().checked_sub(abandoned_after).unwrap_or(SystemTime::UNIX_EPOCH)),
        )
    }

    fn in_swept_directory(root: &Path, untouched_since: Option<SystemTime>) -> std::result::Result<Self, OpenError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(root);
        match made.and_then(|()| sweep(root, untouched_since)) {
            Ok(0) => {}
            Ok(count) => tracing::info!("removed {count} upload(s) that an earlier host was cut off from"),
            Err(source) => return Err(OpenError::Directory { directory: root.to_owned(), source }),
        }
        let store = LocalFileSystem::new_with_prefix(root)
            .map_err(|error| OpenError::Directory { directory: root.to_owned(), source: io::Error::other(error) })?;
        Ok(Self::new(root.display().to_string(), Arc::new(store.with_fsync(true))))
    }

    pub(crate) fn create(&self, service: &ComponentId, key: Key) -> Writer {
        Writer { store: Arc::clone(&self.store), location: location(service.as_str(), key), upload: None }
    }

    pub(crate) async fn open(&self, service: &ComponentId, key: Key) -> Result<Reader> {
        let location = location(service.as_str(), key);
        let size_bytes = self.store.head(&location).await?.size;
        Ok(Reader { store: Arc::clone(&self.store), location, size_bytes })
    }

    pub(crate) async fn remove(&self, service: &ComponentId, key: Key) -> Result<()> {
        self.store.delete(&location(service.as_str(), key)).await
    }

    /// Does all that services will ask for, each within `step_time`.
    pub(crate) async fn verify(&self, step_time: Duration) -> std::result::Result<(), OpenError> {
        let probe = location(PROBES, Key::generate());
        let write = self.store.put(&probe, PROBE.into());
        self.step("write", step_time, async { write.await.map(drop) }).await?;
        let read = self.store.get_range(&probe, 0..1);
        self.step("read", step_time, async { read.await.map(drop) }).await?;
        self.step("remove", step_time, self.store.delete(&probe)).await?;
        // Who may not list is told that it is forbidden to look at what is not there, and services need the difference.
        let look = async {
            match self.store.head(&probe).await {
                Err(Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(error),
                Ok(_) => Err(Error::Generic { store: "blobs", source: "what was removed is still there".into() }),
            }
        };
        self.step("tell what is missing", step_time, look).await
    }

    async fn step(
        &self,
        step: &'static str,
        time: Duration,
        doing: impl Future<Output = Result<()>>,
    ) -> std::result::Result<(), OpenError> {
        let source = match timeout(time, doing).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.into(),
            Err(_) => format!("no answer within {time:?}").into(),
        };
        let remedy = "the folder has to be writable; a bucket has to exist where AWS_ENDPOINT_URL and AWS_REGION say, and the \
            credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to allow s3:PutObject, s3:GetObject, s3:DeleteObject, \
            s3:ListBucket and s3:AbortMultipartUpload";
        Err(OpenError::Storage { place: self.name.clone(), step, remedy, source })
    }
}

/// Without the store: what it shows is not ours to answer for.
impl std::fmt::Debug for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Storage").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Writer {
    /// Appends `part`. After one that failed or was given up nothing may follow.
    pub(crate) async fn write(&mut self, part: Vec<u8>) -> Result<()> {
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(self.store.put_multipart(&self.location).await?),
        };
        upload.put_part(part.into()).await
    }

    /// Appends `last`, gives the blob its name, and returns when all of it is durable.
    pub(crate) async fn finish(mut self, last: Vec<u8>) -> Result<()> {
        let Some(upload) = &mut self.upload else {
            return self.store.put(&self.location, last.into()).await.map(drop);
        };
        if !last.is_empty() {
            upload.put_part(last.into()).await?;
        }
        upload.complete().await?;
        self.upload = None;
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let Some(mut upload) = self.upload.take() else { return };
        // Without a runtime the host is ending; what is left then is what a start or a rule of the bucket removes.
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

fn location(owner: &str, key: Key) -> Location {
    Location::from_iter([owner, &key.shard(), &key.to_string()])
}

/// Removes unfinished files below `folder`, those alone that are `untouched_since` then if there is such a time; how many.
fn sweep(folder: &Path, untouched_since: Option<SystemTime>) -> io::Result<u64> {
    let mut count = 0_u64;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            count = count.saturating_add(sweep(&entry.path(), untouched_since)?);
        } else if entry.file_name().to_string_lossy().contains(UNFINISHED_MARK) {
            match remove_untouched(&entry, untouched_since) {
                Ok(true) => count = count.saturating_add(1),
                // Another host has finished or given up just now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                outcome => drop(outcome?),
            }
        }
    }
    Ok(count)
}

fn remove_untouched(file: &DirEntry, untouched_since: Option<SystemTime>) -> io::Result<bool> {
    if let Some(time) = untouched_since
        && file.metadata()?.modified()? > time
    {
        return Ok(false);
    }
    fs::remove_file(file.path()).map(|()| true)
}
