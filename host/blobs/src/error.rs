//! Why the storage does not start. What a running one answers is the contract's own
//! [`Error`](crate::bindings::mutrapro::blobs::store::Error).

use crate::bindings::mutrapro::blobs::store::Error;
use std::io;
use std::path::PathBuf;
use tokio::time::error::Elapsed;

/// Why the storage could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep blobs in {directory}: make it a folder that this user may write", directory = .directory.display())]
pub struct OpenError {
    /// The folder.
    pub(crate) directory: PathBuf,
    /// What the operating system said.
    pub(crate) source: io::Error,
}

/// What a guest is told of an operation of the storage that had a limited time; of a failure the log has the whole.
pub(crate) fn settled<T>(what: &'static str, outcome: Result<object_store::Result<T>, Elapsed>) -> Result<T, Error> {
    match outcome {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(object_store::Error::NotFound { .. })) => Err(Error::NotFound),
        Ok(Err(error)) => {
            tracing::error!(error = &error as &dyn std::error::Error, "{what}");
            Err(Error::Unavailable(what.to_owned()))
        }
        Err(_) => {
            tracing::error!("{what}: the storage did not answer in time");
            Err(Error::Unavailable(what.to_owned()))
        }
    }
}
