//! `mutrapro`: runs an application of WASI components, and helps its operators.
//!
//! Promise: whatever fails says what, where and what to do, and exits with a status other than zero. This is the only
//! crate that chooses back ends.

mod application;
mod back_ends;
mod build;
mod data_directory;
mod dead_letters;
mod inspect;
mod logging;
mod migrate;
mod new;
mod options;
mod output;
mod signals;
mod sources;
mod spin;
mod system;
mod watch;

use anyhow::Result;
use clap::Parser;
use options::{Command, Options};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let outcome = if spin::is_launch() {
        spin::options().and_then(|options| options.map_or(Ok(()), run))
    } else {
        run(Options::parse())
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<()> {
    logging::init(&options.log)?;
    // Every TLS in this process is rustls on ring. It fails only where a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match options.command {
            Command::Up(up) => Box::pin(system::up(&up)).await,
            Command::Check(source) => application::check(&source),
            Command::Build { manifest } => build::run(&manifest).await,
            Command::New(command) => new::run(&command),
            Command::Inspect { file } => inspect::run(&file),
            Command::Migrate(migrate) => Box::pin(migrate::run(&migrate)).await,
            Command::DeadLetters(command) => Box::pin(dead_letters::run(command)).await,
        }
    })
}
