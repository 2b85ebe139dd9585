//! The storage as the rest of the host knows it, and the part of it that one service may use.

use crate::bindings::mutrapro::blobs::store::Error;
use crate::content::Content;
use crate::error::{OpenError, settled};
use crate::key::Key;
use crate::limits::BlobLimits;
use crate::metrics::{BlobMetrics, ServiceMetrics};
use crate::place::Place;
use crate::s3::{self, Settings};
use crate::storage::Storage;
use crate::upload::Upload;
use mutrapro_manifest::ComponentId;
use object_store::ObjectStore;
use object_store::prefix::PrefixStore;
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

    /// Keeps blobs at `address`, which every host of the application may work on: `s3://BUCKET/PREFIX`, with credentials,
    /// region and endpoint from the environment variables `AWS_*`, or `file:///FOLDER`, a folder that every host sees.
    /// Blocks: call it where that is allowed. Whether a bucket is there is what [`verify`](Self::verify) tells.
    ///
    /// # Errors
    /// When the address or a variable is not what it has to be; or as [`in_directory`](Self::in_directory).
    pub fn at(address: &str, limits: BlobLimits, metrics: BlobMetrics) -> Result<Self, OpenError> {
        let place = Place::parse(address)?;
        let settings = s3::settings_of_environment(&place)?;
        Self::at_place(&place, settings, limits, metrics)
    }

    /// As [`at`](Self::at), with these names and values instead of the environment variables of this process.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub fn at_with(
        address: &str,
        settings: impl IntoIterator<Item = (String, String)>,
        limits: BlobLimits,
        metrics: BlobMetrics,
    ) -> Result<Self, OpenError> {
        Self::at_place(&Place::parse(address)?, settings.into_iter().collect(), limits, metrics)
    }

    fn at_place(
        place: &Place,
        settings: Settings,
        limits: BlobLimits,
        metrics: BlobMetrics,
    ) -> Result<Self, OpenError> {
        let (storage, part_bytes) = match place {
            Place::Folder(path) => (Storage::in_shared_directory(path, limits.abandoned_after)?, limits.part_bytes),
            Place::Bucket { bucket, prefix } => {
                let client = s3::client(place, bucket, settings, &limits)?;
                let store = Arc::new(PrefixStore::new(client, prefix.clone()));
                (Storage::new(place.to_string(), store), limits.remote_part_bytes)
            }
        };
        let limits = BlobLimits { part_bytes, ..limits };
        Ok(Self { storage: Arc::new(storage), limits: Arc::new(limits), metrics })
    }

    /// Keeps blobs in `store`.
    pub fn in_store(store: Arc<dyn ObjectStore>, limits: BlobLimits, metrics: BlobMetrics) -> Self {
        let storage = Storage::new(store.to_string(), store);
        Self { storage: Arc::new(storage), limits: Arc::new(limits), metrics }
    }

    /// Writes, reads and removes a blob that belongs to no service, so that a storage that cannot be used is found out when
    /// the host starts.
    ///
    /// # Errors
    /// At the first of them that fails, with what to look at.
    pub async fn verify(&self) -> Result<(), OpenError> {
        self.storage.verify(self.limits.operation_time).await
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
    pub fn create(&self, limit_bytes: u64) -> Result<Upload, Error> {
        let Ok(permit) = Arc::clone(&self.uploads).try_acquire_owned() else {
            return Err(Error::Overloaded);
        };
        let key = Key::generate();
        let writer = self.storage.create(&self.service, key);
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

    /// How long a blob is.
    ///
    /// # Errors
    /// As the contract has it.
    pub async fn size_bytes(&self, key: &str) -> Result<u64, Error> {
        let opening = self.storage.open(&self.service, parse(key)?);
        Ok(self.within("cannot look at a blob", opening).await?.size_bytes)
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
