//! Where log lines go: standard error, plain or as JSON.

use crate::options::{LogFormat, LogOptions};
use anyhow::{Context, Result};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Wasmtime, hyper and others are quiet unless someone asks for them.
const QUIET: &str = "wasmtime=warn,wasmtime_internal_cache=warn,cranelift_codegen=warn,regalloc2=warn,sqlparser=warn,wasmtime_wasi_http=error,sqlx=warn,hyper=warn,h2=warn,notify=error";

pub(crate) fn init(options: &LogOptions) -> Result<()> {
    let directives = format!("{QUIET},{}", options.log);
    let filter = EnvFilter::try_new(&directives)
        .with_context(|| format!("--log {:?} is neither a level nor a list of directives", options.log))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match options.log_format {
        LogFormat::Plain => {
            lines.with_ansi(std::io::stderr().is_terminal()).finish().with(options.guests.clone()).init();
        }
        LogFormat::Json => lines.json().finish().with(options.guests.clone()).init(),
    }
    Ok(())
}
