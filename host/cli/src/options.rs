//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use mutrapro_sql::Synchronous;
use std::path::PathBuf;

/// Runs microservices as WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "mutrapro", version)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) log: LogOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
pub(crate) struct LogOptions {
    /// How log lines look.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Plain, env = "MUTRAPRO_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
    /// What is logged: a level, or directives such as `info,mutrapro_sql=debug,guest=warn`.
    #[arg(long, global = true, default_value = "info", env = "MUTRAPRO_LOG")]
    pub(crate) log: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    Plain,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the application and serve until SIGTERM or Ctrl-C.
    Up(UpOptions),
    /// Validate the application without starting anything; every problem is reported.
    Check(SourceOptions),
    /// Bring every database up to date.
    Migrate(StoreOptions),
    /// Look at events that were given up, and replay or drop them.
    #[command(subcommand)]
    DeadLetters(DeadLettersCommand),
}

/// Which application, and with which variables.
#[derive(Debug, Clone, Args)]
pub(crate) struct SourceOptions {
    /// The application's manifest.
    #[arg(long = "from", short = 'f', default_value = "spin.toml", env = "MUTRAPRO_FROM")]
    pub(crate) manifest: PathBuf,
    /// A variable of the application, as `name=value`; may be given several times. Values of secrets are better given as
    /// `SPIN_VARIABLE_<NAME>` or `MUTRAPRO_<NAME>` in the environment.
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = parse_variable)]
    pub(crate) variables: Vec<(String, String)>,
}

/// An application with its data.
#[derive(Debug, Clone, Args)]
pub(crate) struct StoreOptions {
    #[command(flatten)]
    pub(crate) source: SourceOptions,
    /// Where databases, the event bus and generated secrets live.
    #[arg(long, default_value = "data", env = "MUTRAPRO_DATA_DIR")]
    pub(crate) data_dir: PathBuf,
    /// When a commit counts as durable: `full` survives a power failure, `normal` the end of the process only.
    #[arg(long, value_enum, default_value_t = SynchronousOption::Full, env = "MUTRAPRO_SQLITE_SYNCHRONOUS")]
    pub(crate) sqlite_synchronous: SynchronousOption,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SynchronousOption {
    Full,
    Normal,
}

impl From<SynchronousOption> for Synchronous {
    fn from(option: SynchronousOption) -> Self {
        match option {
            SynchronousOption::Full => Self::Full,
            SynchronousOption::Normal => Self::Normal,
        }
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct UpOptions {
    #[command(flatten)]
    pub(crate) store: StoreOptions,
    /// Where outside requests come in.
    #[arg(long, default_value = "127.0.0.1:3000", env = "MUTRAPRO_LISTEN")]
    pub(crate) listen: String,
    /// Where operators ask for health and metrics. Never expose it.
    #[arg(long, default_value = "127.0.0.1:3001", env = "MUTRAPRO_ADMIN")]
    pub(crate) admin: String,
    /// Where compiled components are kept; by default in the user's cache folder.
    #[arg(long, env = "MUTRAPRO_CACHE_DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersCommand {
    /// List dead letters, the oldest first.
    List {
        #[command(flatten)]
        store: StoreOptions,
        /// Of this service only.
        #[arg(long)]
        service: Option<String>,
        /// At most so many of each stage.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Show one with its payload and the history of its attempts.
    Show(OneDeadLetter),
    /// Publish or deliver it again, with its attempts counted anew.
    Replay(OneDeadLetter),
    /// Forget it for good.
    Drop(OneDeadLetter),
}

#[derive(Debug, Args)]
pub(crate) struct OneDeadLetter {
    #[command(flatten)]
    pub(crate) store: StoreOptions,
    /// The id that `list` prints.
    pub(crate) id: String,
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected name=value")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Options::command().debug_assert();
    }

    #[test]
    fn a_variable_needs_its_name_and_may_contain_equals_signs() {
        assert_eq!(parse_variable("key=a=b"), Ok(("key".to_owned(), "a=b".to_owned())));
        assert!(parse_variable("key").is_err());
    }
}
