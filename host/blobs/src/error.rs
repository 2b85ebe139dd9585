//! Why the storage does not start. What a running one answers is the contract's own
//! [`Error`](crate::bindings::mutrapro::blobs::store::Error).

use crate::bindings::mutrapro::blobs::store::Error;
use std::io;
use std::path::PathBuf;
use tokio::time::error::Elapsed;

/// Why the storage could not be opened. None of them tells a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder cannot be used.
    #[error("cannot keep blobs in {directory}: make it a folder that this user may write", directory = .directory.display())]
    Directory {
        /// The folder.
        directory: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The address is none.
    #[error("the address of the storage of blobs {0}: give s3://BUCKET/PREFIX or file:///FOLDER")]
    Address(&'static str),
    /// An environment variable does not say what it has to.
    #[error("cannot keep blobs at {place}: {setting} {reason}")]
    Setting {
        /// The storage.
        place: String,
        /// The variable.
        setting: String,
        /// What is wrong and what would be right.
        reason: &'static str,
    },
    /// The settings do not go together.
    #[error("cannot keep blobs at {place}: the environment variables AWS_* do not make a client of S3")]
    Client {
        /// The storage.
        place: String,
        /// What is wrong.
        source: object_store::Error,
    },
    /// The storage refused, or did not answer.
    #[error("cannot {step} at {place}: {remedy}")]
    Storage {
        /// The storage.
        place: String,
        /// What was tried.
        step: &'static str,
        /// What to look at.
        remedy: &'static str,
        /// What the storage said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
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
