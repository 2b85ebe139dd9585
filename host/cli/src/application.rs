//! The application that a command speaks of, with its variables.

use crate::data_directory::Secrets;
use crate::options::SourceOptions;
use anyhow::Result;
use mutrapro_manifest::{App, LoadOptions, Manifest, Variables};
use std::collections::BTreeMap;

/// What stands for a generated secret where nothing is started.
const PLACEHOLDER: &str = "generated at the first start";

/// Reads and validates the application; secrets that nobody gives come from `secrets`.
pub(crate) fn load(source: &SourceOptions, secrets: &Secrets, options: LoadOptions) -> Result<App> {
    assemble(Manifest::read(&source.manifest)?, source, secrets, options)
}

/// As [`load`], of a manifest that was read.
pub(crate) fn assemble(
    manifest: Manifest,
    source: &SourceOptions,
    secrets: &Secrets,
    options: LoadOptions,
) -> Result<App> {
    let given = variables(source, BTreeMap::new());
    let mut kept = BTreeMap::new();
    for name in manifest.generated_secrets().filter(|name| !given.gives(name)) {
        if let Some(secret) = secrets.get(name)? {
            kept.insert(name.to_owned(), secret);
        }
    }
    Ok(manifest.into_app(&variables(source, kept), options)?)
}

/// `mutrapro check`: validates without starting, making or changing anything.
pub(crate) fn check(source: &SourceOptions) -> Result<()> {
    let manifest = Manifest::read(&source.manifest)?;
    let generated = manifest.generated_secrets().map(|name| (name.to_owned(), PLACEHOLDER.to_owned())).collect();
    let app = manifest.into_app(&variables(source, generated), LoadOptions { require_wasm: true })?;
    println!("{} {}: {} services, no problems", app.name, app.version, app.services.len());
    Ok(())
}

fn variables(source: &SourceOptions, generated: BTreeMap<String, String>) -> Variables {
    Variables::new(source.variables.clone(), |name| std::env::var(name).ok(), generated)
}
