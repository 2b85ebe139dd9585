//! A blob on its way in.

use crate::bindings::mutrapro::blobs::store::{Blob, Error};
use crate::error::settled;
use crate::key::Key;
use crate::limits::BlobLimits;
use crate::metrics::ServiceMetrics;
use crate::storage::Writer;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

/// An upload that is open. Dropping it leaves nothing behind.
pub struct Upload {
    key: Key,
    /// None once it is finished.
    writer: Option<Writer>,
    /// What was written and has not gone to the storage yet: less than a part.
    gathered: Vec<u8>,
    hasher: Sha256,
    size_bytes: u64,
    limit_bytes: u64,
    is_stored: bool,
    /// Why nothing more is taken.
    failed: Option<Error>,
    limits: Arc<BlobLimits>,
    metrics: ServiceMetrics,
    _permit: OwnedSemaphorePermit,
}

impl Upload {
    pub(crate) fn new(
        (key, writer): (Key, Writer),
        limit_bytes: u64,
        limits: Arc<BlobLimits>,
        metrics: ServiceMetrics,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        metrics.uploads_open.inc();
        Self {
            key,
            writer: Some(writer),
            gathered: Vec::new(),
            hasher: Sha256::new(),
            size_bytes: 0,
            limit_bytes,
            is_stored: false,
            failed: None,
            limits,
            metrics,
            _permit: permit,
        }
    }

    /// The key that the blob will have.
    pub fn key(&self) -> String {
        self.key.to_string()
    }

    /// Appends a chunk.
    ///
    /// # Errors
    /// As the contract has it; from then on every call gives the same.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        // Set for as long as the outcome is open: a write that is given up half-way must not be followed by another.
        self.failed = Some(Error::Invalid("an earlier write was given up".to_owned()));
        let outcome = self.try_write(bytes).await;
        self.failed = outcome.clone().err();
        outcome
    }

    async fn try_write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if bytes.len() > self.limits.write_bytes_max {
            let text = format!("a chunk has at most {} bytes, this one {}", self.limits.write_bytes_max, bytes.len());
            return Err(Error::Invalid(text));
        }
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let size_bytes = self.size_bytes.saturating_add(length);
        if size_bytes > self.limit_bytes {
            return Err(Error::TooLarge(self.limit_bytes));
        }
        self.size_bytes = size_bytes;
        self.hasher.update(bytes);
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= self.limits.part_bytes {
            self.write_gathered().await?;
        }
        self.metrics.bytes_written.inc_by(length);
        Ok(())
    }

    async fn write_gathered(&mut self) -> Result<(), Error> {
        let part = std::mem::take(&mut self.gathered);
        let Some(writer) = &mut self.writer else {
            return Err(Error::Invalid("the upload is finished".to_owned()));
        };
        let written = timeout(self.limits.operation_time, writer.write(part)).await;
        stored(settled("cannot write a part of an upload", written))
    }

    /// Makes the blob durable and readable.
    ///
    /// # Errors
    /// As the contract has it.
    pub async fn finish(mut self) -> Result<Blob, Error> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let last = std::mem::take(&mut self.gathered);
        let Some(writer) = self.writer.take() else {
            return Err(Error::Invalid("the upload is finished".to_owned()));
        };
        let finished = timeout(self.limits.operation_time, writer.finish(last)).await;
        stored(settled("cannot finish an upload", finished))?;
        self.is_stored = true;
        Ok(Blob { size_bytes: self.size_bytes, sha256: hexadecimal(&self.hasher.finalize_reset()) })
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.metrics.uploads_open.dec();
        if self.is_stored {
            self.metrics.stored.inc()
        } else {
            self.metrics.dropped.inc()
        };
    }
}

/// A part that the storage has lost is no `not-found` of the guest.
fn stored(outcome: Result<(), Error>) -> Result<(), Error> {
    outcome.map_err(|error| match error {
        Error::NotFound => Error::Unavailable("the storage has lost an upload".to_owned()),
        error => error,
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
