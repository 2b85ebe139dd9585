//! Components that seem to be built against other contracts.

use anyhow::{Context, Result, ensure};

/// What the names of our contracts begin with.
const PREFIX: &[u8] = b"mutrapro:";

/// The component with the version in the names of our contracts changed to one that is as long.
///
/// # Errors
/// When the lengths differ, or the component names no contract at `from`.
pub fn at_version(wasm: &[u8], from: &str, to: &str) -> Result<Vec<u8>> {
    ensure!(from.len() == to.len(), "the names have to stay as long as they are");
    let version = format!("@{from}");
    let (mut changed, mut count) = (wasm.to_vec(), 0);
    for (start, _) in wasm.windows(PREFIX.len()).enumerate().filter(|(_, window)| *window == PREFIX) {
        let name: Vec<u8> =
            wasm.iter().skip(start + PREFIX.len()).copied().take_while(|byte| is_of_name(*byte)).collect();
        let end = start + PREFIX.len() + name.len();
        if name.ends_with(version.as_bytes()) {
            let place = changed.get_mut(end - to.len()..end).context("a name is in the component")?;
            place.copy_from_slice(to.as_bytes());
            count += 1;
        }
    }
    ensure!(count > 0, "there is no contract at {from}");
    Ok(changed)
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/' | b'@' | b'.')
}
