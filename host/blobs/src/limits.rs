//! Every limit of the blobs capability, in one place.

use std::time::Duration;

/// What services may ask of the storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobLimits {
    /// The largest blob, in bytes, whatever an upload asks for.
    pub blob_bytes_max: u64,
    /// The longest chunk that a guest may write at once, in bytes.
    pub write_bytes_max: usize,
    /// The longest chunk that a guest is given at once, in bytes.
    pub read_bytes_max: usize,
    /// What is gathered before it goes to the storage, in bytes: what an upload costs in memory. S3 and the like take no
    /// less than 5 MiB.
    pub part_bytes: usize,
    /// How many uploads of one service may be open at once.
    pub uploads_max: usize,
    /// How many contents of one service may be open at once.
    pub contents_max: usize,
    /// How long one operation of the storage may take.
    pub operation_time: Duration,
}

impl Default for BlobLimits {
    fn default() -> Self {
        Self {
            blob_bytes_max: 4 << 30,
            write_bytes_max: 1 << 20,
            read_bytes_max: 1 << 20,
            part_bytes: 1 << 20,
            uploads_max: 64,
            contents_max: 256,
            operation_time: Duration::from_secs(30),
        }
    }
}
