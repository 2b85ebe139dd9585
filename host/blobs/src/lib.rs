//! Capability `mutrapro:blobs`: content that is too large for a database, under keys that belong to one service.
//!
//! Promise: a blob is there as a whole or not at all, and durably so before its upload is answered; an upload that is cut
//! short leaves nothing behind, whatever becomes of the guest or the host; no service reads or deletes another's blob;
//! and however large blobs are, a stream costs the host a few chunks of memory, or a part of the storage's size. They lie in
//! a folder of one host, in one that several hosts share, or in S3 and the like.
//!
//! Deliberately absent: names, owners, types and versions, which are rows of the service; listing, since a service that
//! records a key before the blob is finished never has to look for one; and changing a blob.

pub mod bindings;
mod blobs;
mod capability;
mod content;
mod error;
mod host;
mod key;
mod limits;
mod metrics;
mod place;
mod s3;
mod storage;
mod upload;

pub use bindings::mutrapro::blobs::store::{Blob, Error};
pub use blobs::{Blobs, ServiceBlobs};
pub use capability::{BlobsCapability, INTERFACES};
pub use content::Content;
pub use error::OpenError;
pub use limits::BlobLimits;
pub use metrics::BlobMetrics;
pub use upload::Upload;
