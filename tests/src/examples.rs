//! The examples in the repository's own application, by the lines of their READMEs.

use crate::people::{ADMIN_EMAIL, ADMIN_PASSWORD};
use anyhow::{Context, Result, ensure};
use mutrapro_testkit::{Application, System, SystemBuilder};
use std::path::Path;

/// The repository's own application with a manifest that `change` made of its own, and a first administrator.
///
/// # Errors
/// When the application cannot be written.
pub fn extended_system(change: impl FnOnce(String) -> Result<String>) -> Result<SystemBuilder> {
    let mut outcome = Ok(());
    let application = Application::extended(|manifest| {
        change(manifest).unwrap_or_else(|error| {
            outcome = Err(error);
            String::new()
        })
    })?;
    outcome?;
    let builder = System::of(application);
    Ok(builder.env("MUTRAPRO_ADMIN_EMAIL", ADMIN_EMAIL).env("MUTRAPRO_ADMIN_PASSWORD", ADMIN_PASSWORD))
}

/// The lines that the README of `example` (a folder of `examples`) says to append to the manifest.
///
/// # Errors
/// When there is no README, or it has another number of blocks in TOML than one.
pub fn example_lines(example: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(example).join("README.md");
    let readme = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut blocks = readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let block = blocks.next().with_context(|| format!("{} has no lines for the manifest", path.display()))?;
    ensure!(blocks.next().is_none(), "{} has several blocks of lines for the manifest", path.display());
    Ok(format!("\n{block}"))
}

/// `text` with `by` in the place of `part`.
///
/// # Errors
/// When `part` is not in it, or more than once.
pub fn replaced(text: &str, part: &str, by: &str) -> Result<String> {
    let found = text.matches(part).count();
    ensure!(found == 1, "{part:?} is there {found} times, not once, in:\n{text}");
    Ok(text.replace(part, by))
}

/// `manifest` with `component` among those that api-gateway may call.
///
/// # Errors
/// When the gateway's list is not where it is expected.
pub fn behind_the_gateway(manifest: &str, component: &str) -> Result<String> {
    let last = "\"http://feedback-service.spin.internal\",\n]";
    replaced(manifest, last, &last.replace('\n', &format!(" \"http://{component}.spin.internal\",\n")))
}
