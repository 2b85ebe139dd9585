//! The application that a command speaks of, with its variables.

use crate::data_directory::DataDirectory;
use crate::options::SourceOptions;
use anyhow::Result;
use mutrapro_manifest::{App, LoadOptions, Manifest, Variables};
use std::collections::BTreeMap;

/// What stands for a generated secret where nothing is started.
const PLACEHOLDER: &str = "generated at the first start";

/// Reads and validates the application for a host that works in `data`; secrets that nobody gives are generated there.
pub(crate) fn load(source: &SourceOptions, data: &DataDirectory, options: LoadOptions) -> Result<App> {
    let manifest = Manifest::read(&source.manifest)?;
    let given = variables(source, BTreeMap::new());
    let mut generated = BTreeMap::new();
    for name in manifest.generated_secrets().filter(|name| !given.gives(name)) {
        generated.insert(name.to_owned(), data.secret(name)?);
    }
    Ok(manifest.into_app(&variables(source, generated), options)?)
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
