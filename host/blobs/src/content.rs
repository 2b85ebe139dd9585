//! A part of a blob on its way out.

use crate::bindings::mutrapro::blobs::store::Error;
use crate::error::settled;
use crate::limits::BlobLimits;
use crate::metrics::ServiceMetrics;
use crate::storage::Reader;
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

/// A part of a blob that is open, with its place in it.
pub struct Content {
    reader: Reader,
    /// What is still to be read.
    left: Range<u64>,
    limits: Arc<BlobLimits>,
    metrics: ServiceMetrics,
    _permit: OwnedSemaphorePermit,
}

impl Content {
    pub(crate) fn new(
        reader: Reader,
        range: Range<u64>,
        limits: Arc<BlobLimits>,
        metrics: ServiceMetrics,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        metrics.contents_open.inc();
        Self { reader, left: range, limits, metrics, _permit: permit }
    }

    /// The next chunk; empty at the end. One that fails or is given up is the next one again.
    ///
    /// # Errors
    /// As the contract has it.
    pub async fn read(&mut self) -> Result<Vec<u8>, Error> {
        let chunk_max = u64::try_from(self.limits.read_bytes_max).unwrap_or(u64::MAX);
        let end = self.left.start.saturating_add(chunk_max).min(self.left.end);
        if self.left.start == end {
            return Ok(Vec::new());
        }
        let read = timeout(self.limits.operation_time, self.reader.read(self.left.start..end)).await;
        let chunk = settled("cannot read a blob", read)?;
        self.left.start = end;
        self.metrics.bytes_read.inc_by(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        Ok(chunk)
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        self.metrics.contents_open.dec();
    }
}
