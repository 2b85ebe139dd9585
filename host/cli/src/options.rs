//! The command line.

use crate::new::NewCommand;
use crate::spin::{GuestLines, VariableOptions};
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
    /// The lines of which components.
    #[arg(skip)]
    pub(crate) guests: GuestLines,
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
    /// Build the components whose sources changed since, with the commands in the manifest.
    Build {
        /// The application's manifest.
        #[arg(long = "from", short = 'f', default_value = "spin.toml", env = "MUTRAPRO_FROM")]
        manifest: PathBuf,
    },
    /// Write a new component into a folder of its own: one that builds, with tests, and the lines for spin.toml.
    #[command(subcommand)]
    New(NewCommand),
    /// Say what a component file exports and imports, what it can be, and what it would have to be granted.
    Inspect {
        /// A WebAssembly component.
        file: PathBuf,
    },
    /// Bring every database up to date; on PostgreSQL also make databases, roles and their rights.
    Migrate(MigrateOptions),
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
    #[command(flatten)]
    pub(crate) variables: VariableOptions,
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
    #[command(flatten)]
    pub(crate) shared: SharedOptions,
}

/// Back ends that any number of hosts share, instead of those in the data folder. Values with a password are better given
/// in the environment, where no list of processes shows them.
#[derive(Clone, Args)]
#[command(next_help_heading = "Back ends shared by several hosts")]
pub(crate) struct SharedOptions {
    /// The PostgreSQL server, as `postgres://HOST:PORT/?sslmode=verify-full`. A host signs in as each service's own role;
    /// `migrate` needs an account here that may create roles and databases.
    #[arg(long, value_name = "URL", env = "MUTRAPRO_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// What the passwords of those roles are derived from, at least 32 bytes: the same for every host. `migrate` generates it
    /// into the data folder when it is not given.
    #[arg(long, value_name = "KEY", env = "MUTRAPRO_DATABASE_KEY", hide_env_values = true)]
    pub(crate) database_key: Option<String>,
    /// The NATS servers with JetStream, as `nats://HOST:PORT`, separated by commas; `tls://` demands TLS.
    #[arg(long, value_name = "URLS", env = "MUTRAPRO_NATS_URL", hide_env_values = true)]
    pub(crate) nats_url: Option<String>,
    /// A file with the credentials of a NATS user (JWT and seed).
    #[arg(long, value_name = "FILE", env = "MUTRAPRO_NATS_CREDENTIALS")]
    pub(crate) nats_credentials: Option<PathBuf>,
    /// The certificate of the authority that signed the NATS servers', in PEM; by default the system's.
    #[arg(long, value_name = "FILE", env = "MUTRAPRO_NATS_ROOT_CA")]
    pub(crate) nats_root_ca: Option<PathBuf>,
    /// The certificate that this host shows to NATS, in PEM.
    #[arg(long, value_name = "FILE", env = "MUTRAPRO_NATS_CLIENT_CERT", requires = "nats_client_key")]
    pub(crate) nats_client_cert: Option<PathBuf>,
    /// The key of that certificate, in PEM.
    #[arg(long, value_name = "FILE", env = "MUTRAPRO_NATS_CLIENT_KEY", requires = "nats_client_cert")]
    pub(crate) nats_client_key: Option<PathBuf>,
    /// How many NATS servers keep each event: 1, 3 or 5.
    #[arg(long, value_name = "COUNT", default_value_t = 1, env = "MUTRAPRO_NATS_REPLICAS")]
    pub(crate) nats_replicas: usize,
    /// Where NATS keeps events.
    #[arg(long, value_enum, default_value_t = NatsStorageOption::File, env = "MUTRAPRO_NATS_STORAGE")]
    pub(crate) nats_storage: NatsStorageOption,
    /// How many bytes of events NATS keeps at most; beyond it events wait in their outboxes. Unlimited by default.
    #[arg(long, value_name = "BYTES", env = "MUTRAPRO_NATS_MAX_BYTES")]
    pub(crate) nats_max_bytes: Option<u64>,
    /// What the names of streams, buckets and subjects begin with: applications that share NATS servers need one each.
    #[arg(long, value_name = "NAME", default_value = "mutrapro", env = "MUTRAPRO_NATS_PREFIX")]
    pub(crate) nats_prefix: String,
    /// Where content of files is kept: `s3://BUCKET/PREFIX`, with AWS_* in the environment, or `file:///FOLDER` that all hosts
    /// mount.
    #[arg(long, value_name = "URL", env = "MUTRAPRO_BLOBS_URL")]
    pub(crate) blobs_url: Option<String>,
}

/// Names alone: the values may hold passwords.
impl std::fmt::Debug for SharedOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedOptions").field("nats_prefix", &self.nats_prefix).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum NatsStorageOption {
    File,
    Memory,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct MigrateOptions {
    #[command(flatten)]
    pub(crate) store: StoreOptions,
    /// Print the SQL for psql instead of running it: roles, databases, migrations and rights.
    #[arg(long, requires = "database_url")]
    pub(crate) print_sql: bool,
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
    /// For development: build what is out of date, then go on building and replacing components as their files change, without
    /// dropping a request.
    #[arg(long)]
    pub(crate) watch: bool,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Options::command().debug_assert();
    }
}
