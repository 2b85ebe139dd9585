//! The host as Spin's trigger `mutrapro`: what `spin up` starts in the place of `mutrapro up`, with its lock file in the
//! place of `spin.toml`.
//!
//! Promise: the same options, the same validation and the same system, whoever starts it; what Spin's own triggers take and
//! this host cannot do is refused by name. Deliberately absent: anything of Spin's own runtime.

mod guest_lines;
mod launch;
mod variables;

pub(crate) use guest_lines::GuestLines;
pub(crate) use variables::VariableOptions;

use crate::options::Options;
use anyhow::Result;
use launch::Answer;
use std::ffi::OsStr;
use std::path::Path;

/// What Spin looks for in its folder of plugins.
const EXECUTABLE: &str = "trigger-mutrapro";
/// Where the lock file is, as a URL.
const LOCKED_URL: &str = "SPIN_LOCKED_URL";
/// The folder of the manifest, relative to the working folder; empty when it is that.
const APPLICATION_FOLDER: &str = "SPIN_LOCAL_APP_DIR";

/// Whether Spin started this process, rather than an operator who wants one of its commands.
pub(crate) fn is_launch() -> bool {
    let mut arguments = std::env::args_os();
    let program = arguments.next().unwrap_or_default();
    is_launch_of(&program, arguments.next().as_deref(), std::env::var_os(LOCKED_URL).is_some())
}

/// The options that Spin passed on; `None` when it only asked a question, which is answered by then.
pub(crate) fn options() -> Result<Option<Options>> {
    match launch::read(std::env::args_os(), &|name| std::env::var_os(name))? {
        Answer::Help(text) => print!("{text}"),
        // Spin reads this from standard error, where nothing else may be.
        Answer::Metadata(json) => eprintln!("{json}"),
        Answer::Up(options) => return Ok(Some(*options)),
    }
    Ok(None)
}

/// The trigger has no commands: `spin trigger-mutrapro migrate` runs one of the host's own.
fn is_launch_of(program: &OsStr, first: Option<&OsStr>, has_lock: bool) -> bool {
    let is_trigger = Path::new(program).file_name() == Some(OsStr::new(EXECUTABLE));
    has_lock || (is_trigger && first.is_none_or(|argument| argument.as_encoded_bytes().starts_with(b"-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spin_is_known_by_the_name_it_calls_or_by_its_lock_file() {
        let is_launch = |program: &str, first: Option<&str>, has_lock| {
            is_launch_of(OsStr::new(program), first.map(OsStr::new), has_lock)
        };
        assert!(is_launch("/plugins/trigger-mutrapro/trigger-mutrapro", None, false));
        assert!(is_launch("trigger-mutrapro", Some("--help-args-only"), false));
        assert!(is_launch("target/release/mutrapro", Some("--listen"), true));
        assert!(!is_launch("target/release/mutrapro", Some("up"), false));
        assert!(!is_launch("target/release/mutrapro", Some("--log"), false));
        assert!(!is_launch("trigger-mutrapro", Some("migrate"), false));
    }
}
