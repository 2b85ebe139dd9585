//! The storage as the rest of the host knows it, and the part of it that one service may use.

use crate::bindings::mutrapro::blobs::store::Error;
use crate::content::Content;
use crate::error::{OpenError, settled};
use crate::key::Key;
use crate::limits::BlobLimits;
use crate::metrics::{BlobMetrics, ServiceMetrics};
use crate::storage::Storage;
use crate::upload::Upload;
use mutrapro_manifest::ComponentId;
use object_store::ObjectStore;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The storage of an application. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Blobs {
    storage: Arc<Storage>,
    limits: Arc<BlobLimits>,
    metrics: BlobMetrics,
}

impl Blobs {
    /// Keeps blobs in the folder `path`, which no other host may be working on. Blocks: call it where that is allowed.
    ///
    /// # Errors
    /// When the folder cannot be made, read or written.
    pub fn in_directory(path: &Path, limits: BlobLimits, metrics: BlobMetrics) -> Result<Self, OpenError> {
        Ok(Self { storage: Arc::new(Storage::in_directory(path)?), limits: Arc::new(limits), metrics })
    }

    /// Keeps blobs in `store`.
    pub fn in_store(store: Arc<dyn ObjectStore>, limits: BlobLimits, metrics: BlobMetrics) -> Self {
        Self { storage: Arc::new(Storage::new(store)), limits: Arc::new(limits), metrics }
    }

    /// What `service` may use: its own blobs.
    pub fn of(&self, service: &ComponentId) -> Arc<ServiceBlobs> {
        Arc::new(ServiceBlobs {
            service: service.clone(),
            uploads: Arc::new(Semaphore::new(self.limits.uploads_max)),
            contents: Arc::new(Semaphore::new(self.limits.contents_max)),
            metrics: self.metrics.of(service),
            storage: Arc::clone(&self.storage),
            limits: Arc::clone(&self.limits),
        })
    }
}

/// The blobs of one service, shared by all its instances.
#[derive(Debug)]
pub struct ServiceBlobs {
    service: ComponentId,
    storage: Arc<Storage>,
    limits: Arc<BlobLimits>,
    uploads: Arc<Semaphore>,
    contents: Arc<Semaphore>,
    metrics: ServiceMetrics,
}

impl ServiceBlobs {
    /// Starts an upload of at most `limit_bytes`.
    ///
    /// # Errors
    /// As the contract has it.
    pub async fn create(&self, limit_bytes: u64) -> Result<Upload, Error> {
        let Ok(permit) = Arc::clone(&self.uploads).try_acquire_owned() else {
            return Err(Error::Overloaded);
        };
        let key = Key::generate();
        let creating = self.storage.create(&self.service, key);
        let writer = self.within("cannot start an upload", creating).await?;
        let limits = Arc::clone(&self.limits);
        Ok(Upload::new((key, writer), limit_bytes.min(limits.blob_bytes_max), limits, self.metrics.clone(), permit))
    }

    /// Opens `length` bytes from `offset`, or as many of them as there are.
    ///
    /// # Errors
    /// As the contract has it.
    pub async fn open(&self, key: &str, offset: u64, length: u64) -> Result<Content, Error> {
        let key = parse(key)?;
        let Ok(permit) = Arc::clone(&self.contents).try_acquire_owned() else {
            return Err(Error::Overloaded);
        };
        let opening = self.storage.open(&self.service, key);
        let reader = self.within("cannot open a blob", opening).await?;
        let end = offset.saturating_add(length).min(reader.size_bytes);
        let limits = Arc::clone(&self.limits);
        Ok(Content::new(reader, offset.min(end)..end, limits, self.metrics.clone(), permit))
    }

    /// Removes a blob; one that is not there is no error.
    ///
    /// # Errors
    /// As the contract has it.
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        let removing = self.storage.remove(&self.service, parse(key)?);
        match self.within("cannot remove a blob", removing).await {
            Err(Error::NotFound) => Ok(()),
            done => done,
        }
    }

    async fn within<T>(
        &self,
        what: &'static str,
        operation: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, Error> {
        settled(what, timeout(self.limits.operation_time, operation).await)
    }
}

fn parse(key: &str) -> Result<Key, Error> {
    Key::parse(key).ok_or_else(|| Error::Invalid("a key is what `upload.key` gave".to_owned()))
}
