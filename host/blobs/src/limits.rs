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
    /// What is gathered before it goes to a folder, in bytes: what an upload costs in memory. A blob that is smaller is
    /// written at once.
    pub part_bytes: usize,
    /// As [`part_bytes`](Self::part_bytes), for S3 and the like. They take no less than 5 MiB, but for the last part, and no
    /// more than 10,000 parts: 5 MiB are 100 requests for a file of 500 MB, and enough for a blob of 48 GiB.
    pub remote_part_bytes: usize,
    /// How many uploads of one service may be open at once.
    pub uploads_max: usize,
    /// How many contents of one service may be open at once.
    pub contents_max: usize,
    /// How long one operation of the storage may take, all attempts together.
    pub operation_time: Duration,
    /// How long nothing may be added to an unfinished upload in a folder of several hosts until one that starts takes it for
    /// abandoned.
    pub abandoned_after: Duration,
}

impl Default for BlobLimits {
    fn default() -> Self {
        Self {
            blob_bytes_max: 4 << 30,
            write_bytes_max: 1 << 20,
            read_bytes_max: 1 << 20,
            part_bytes: 1 << 20,
            remote_part_bytes: 5 << 20,
            uploads_max: 64,
            contents_max: 256,
            operation_time: Duration::from_secs(30),
            abandoned_after: Duration::from_secs(24 * 60 * 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_blob_fits_into_the_parts_that_s3_takes() {
        let limits = BlobLimits::default();
        assert!(limits.remote_part_bytes >= 5 << 20);
        let part_bytes = u64::try_from(limits.remote_part_bytes).unwrap();
        assert!(limits.blob_bytes_max.div_ceil(part_bytes) <= 10_000);
        // An upload gathers up to a part and at most one more chunk, and S3 takes 5 GiB in one.
        assert!(limits.remote_part_bytes + limits.write_bytes_max < 5 << 30);
    }
}
