//! Content that is too large for a table: bytes under keys that belong to this service.
//!
//! A key is known before the first byte is written: commit a row with it, then write and finish, and no content is ever
//! there that no row tells of. Bytes come and go in chunks, so that no instance holds a whole file.

use crate::bindings::platform::mutrapro::blobs::store as wit;
use crate::problem::Problem;
use axum::body::Body;
use axum::http::StatusCode;
use bytes::Bytes;
use futures::stream;
use std::ops::Range;

/// The longest chunk that the host takes at once, in bytes.
const CHUNK_BYTES_MAX: usize = 1 << 20;

pub use crate::bindings::platform::mutrapro::blobs::store::Blob;

/// Why nothing was done, by what the caller does next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no blob of this key: the row that names it is out of date.
    #[error("there is no such blob")]
    NotFound,
    /// The upload has more bytes than it may: drop it.
    #[error("the content has more than {limit_bytes} bytes")]
    TooLarge {
        /// The limit that the upload was created with.
        limit_bytes: u64,
    },
    /// A mistake of this service.
    #[error("{0}")]
    Mistake(String),
    /// The storage is not there for the moment, or this service has too much open.
    #[error("the storage is not available: {0}")]
    Unavailable(String),
}

impl From<wit::Error> for Error {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::NotFound => Self::NotFound,
            wit::Error::TooLarge(limit_bytes) => Self::TooLarge { limit_bytes },
            wit::Error::Invalid(text) => Self::Mistake(text),
            wit::Error::Overloaded => Self::Unavailable("too many uploads or downloads are open".to_owned()),
            wit::Error::Unavailable(text) => Self::Unavailable(text),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match &error {
            Error::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error.to_string()),
            Error::Unavailable(_) => {
                Self::unavailable("storage_unavailable", "the storage is not available").because(error)
            }
            Error::NotFound | Error::Mistake(_) => Self::internal(error),
        }
    }
}

/// Content on its way in. Dropping it leaves nothing behind.
#[derive(Debug)]
pub struct Upload {
    handle: wit::Upload,
}

impl Upload {
    /// Starts an upload of at most `limit_bytes`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn create(limit_bytes: u64) -> Result<Self, Error> {
        Ok(Self { handle: wit::create(limit_bytes)? })
    }

    /// The key that the blob will have: to be recorded before [`finish`](Self::finish).
    pub fn key(&self) -> String {
        self.handle.key()
    }

    /// Appends bytes. After an error the upload can only be dropped.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Unavailable`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        bytes.chunks(CHUNK_BYTES_MAX).try_for_each(|chunk| Ok(self.handle.write(chunk)?))
    }

    /// Makes the blob durable and readable.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: then whether there is a blob is unknown, and its key is to be deleted.
    pub fn finish(self) -> Result<Blob, Error> {
        Ok(wit::Upload::finish(self.handle)?)
    }
}

/// A part of a blob on its way out.
#[derive(Debug)]
pub struct Content {
    handle: wit::Content,
}

impl Content {
    /// Opens the bytes in `range`, or as many of them as there are.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`].
    pub fn open(key: &str, range: Range<u64>) -> Result<Self, Error> {
        Ok(Self { handle: wit::open(key, range.start, range.end.saturating_sub(range.start))? })
    }

    /// The next chunk; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn read(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let chunk = self.handle.read()?;
        Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
    }

    /// The body of a response, on a route that is marked as [`streaming`](crate::streaming::streaming). A read that fails
    /// breaks it off.
    pub fn into_body(self) -> Body {
        Body::from_stream(stream::try_unfold(self, async |mut content| {
            Ok::<_, Error>(content.read()?.map(|chunk| (Bytes::from(chunk), content)))
        }))
    }
}

/// Removes a blob for good. Removing what is not there is no error.
///
/// # Errors
/// [`Error::Unavailable`]: try again.
pub fn delete(key: &str) -> Result<(), Error> {
    Ok(wit::delete(key)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_is_the_problem_that_a_client_can_act_on() {
        for (error, status, code) in [
            (wit::Error::TooLarge(5), 413, "too_large"),
            (wit::Error::Overloaded, 503, "storage_unavailable"),
            (wit::Error::Unavailable("x".into()), 503, "storage_unavailable"),
            (wit::Error::NotFound, 500, "internal_error"),
            (wit::Error::Invalid("x".into()), 500, "internal_error"),
        ] {
            let problem = Problem::from(Error::from(error));
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
        }
    }
}
