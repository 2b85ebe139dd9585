//! The rules of files. Nothing here calls the host.

pub(crate) mod audio;
pub(crate) mod content;
pub(crate) mod download;
pub(crate) mod file;
pub(crate) mod rights;
