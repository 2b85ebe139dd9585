//! What a command answers.

use std::io::{ErrorKind, Write};

/// Writes to the standard output; a reader that has read enough, as `head` has, is no error.
///
/// # Errors
/// Whatever else keeps it from being written.
pub(crate) fn print(text: &str) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}
