//! What `spin up` passes on, into the options of `mutrapro up`.
//!
//! Spin calls a trigger without a subcommand, with every argument that it does not know itself. Two questions are answered
//! before anything starts: which options there are for a reader, and which for Spin, that gives each trigger of an application
//! its own.

use super::guest_lines::{GuestLines, TARGET};
use super::{APPLICATION_FOLDER, LOCKED_URL};
use crate::options::{Command, LogOptions, Options, UpOptions};
use anyhow::{Context, Result, bail};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches, Parser};
use mutrapro_manifest::{Manifest, file_path};
use serde_json::json;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Options of `mutrapro up` that Spin takes for itself, by the names of their fields.
const SPINS_OWN: [&str; 3] = ["manifest", "cache_dir", "watch"];

/// An option of Spin's own triggers, its short form, the environment variable that stands for it, and what to do instead.
type Refused = (&'static str, Option<char>, Option<&'static str>, &'static str);

/// Options of Spin's own triggers that this host does not have.
const REFUSED: [Refused; 15] = [
    ("log-dir", Some('L'), Some("SPIN_LOG_DIR"), "lines of components are logged to standard error: redirect that"),
    ("truncate-logs", None, None, "there are no log files: lines of components are logged to standard error"),
    ("cache", None, Some("WASMTIME_CACHE_FILE"), "MUTRAPRO_CACHE_DIR names the folder of compiled components"),
    ("disable-cache", None, Some("DISABLE_WASMTIME_CACHE"), "give MUTRAPRO_CACHE_DIR an empty folder to compile anew"),
    ("disable-pooling", None, None, "instances always come from a pool, which keeps them within their limits"),
    ("debug-info", None, None, "a component that traps is logged with its stack"),
    (
        "runtime-config-file",
        None,
        Some("RUNTIME_CONFIG_FILE"),
        "give variables as --variable or SPIN_VARIABLE_<NAME>, and back ends as --database-url, --nats-url and --blobs-url",
    ),
    (
        "allow-transient-write",
        None,
        None,
        "components see no files; `blobs = true` gives a service storage for content",
    ),
    ("experimental-wasi-otel", None, None, "the host has metrics of every component, at /metrics of --admin"),
    ("key-value", None, None, "keep the data in a table of the service's own `database`"),
    ("sqlite", None, None, "write a migration, in the folder that the entry's `migrations` names"),
    (
        "max-instance-memory",
        None,
        Some("SPIN_MAX_INSTANCE_MEMORY"),
        "write `limits = { memory_bytes_max = … }` in the service's [[trigger.mutrapro]] entry",
    ),
    ("tls-cert", None, None, "let a proxy in front of the host speak TLS"),
    ("tls-key", None, None, "let a proxy in front of the host speak TLS"),
    ("find-free-port", None, None, "give `--listen 127.0.0.1:0`: the host says which port it took"),
];

/// What Spin gets.
#[derive(Debug)]
pub(super) enum Answer {
    /// The options, for a reader: `spin up --help` prints them.
    Help(String),
    /// The options, for Spin, as JSON.
    Metadata(String),
    /// The application is to be started.
    Up(Box<Options>),
}

/// The options of a trigger.
#[derive(Debug, Parser)]
#[command(
    name = "trigger-mutrapro",
    version,
    override_usage = "spin up [OPTIONS]",
    next_help_heading = "Options of the trigger mutrapro"
)]
struct TriggerOptions {
    #[command(flatten)]
    up: UpOptions,
    /// Log what this component writes and no other; may be given several times. The host's own lines are logged in any case.
    #[arg(long, value_name = "COMPONENT", conflicts_with = "quiet")]
    follow: Vec<String>,
    /// Log nothing that components write.
    #[arg(long, short, aliases = ["sh", "shush"])]
    quiet: bool,
    #[command(flatten)]
    log: LogOptions,
    /// Print the options for `spin up --help`.
    #[arg(long, hide = true)]
    help_args_only: bool,
    /// Print the options for Spin.
    #[arg(long, hide = true)]
    launch_metadata_only: bool,
}

/// Finds an environment variable by its name.
type Environment<'a> = dyn Fn(&str) -> Option<OsString> + 'a;

/// Reads what Spin passed on.
///
/// # Errors
/// When it asks for what this host does not have, or names no lock file that can be read. Anything else that is wrong with the
/// command line ends the process, as everywhere.
pub(super) fn read(arguments: impl Iterator<Item = OsString>, environment: &Environment<'_>) -> Result<Answer> {
    let matches = with_refused_options(command()).get_matches_from(arguments);
    let options = TriggerOptions::from_arg_matches(&matches)?;
    if options.help_args_only {
        let mut command = command().disable_help_flag(true).disable_version_flag(true).help_template("{all-args}\n");
        return Ok(Answer::Help(command.render_long_help().to_string()));
    }
    if options.launch_metadata_only {
        return Ok(Answer::Metadata(metadata()));
    }
    refuse_options(&matches)?;
    warn_of_environment(environment);
    let is_default = matches.value_source("data_dir") == Some(ValueSource::DefaultValue);
    let folder = environment(APPLICATION_FOLDER).map(PathBuf::from).filter(|_| is_default);
    Ok(Answer::Up(Box::new(up(options, &lock_file(environment)?, folder.as_deref())?)))
}

/// `mutrapro up` on the lock file, with what is relative to the manifest's `folder`.
fn up(options: TriggerOptions, lock: &Path, folder: Option<&Path>) -> Result<Options> {
    let TriggerOptions { mut up, mut log, follow, quiet, .. } = options;
    // Spin finds a manifest in the folders above, too, and there is one data folder for all of them.
    if let Some(folder) = folder {
        up.store.data_dir = folder.join(&up.store.data_dir);
    }
    if quiet {
        log.log = format!("{},{TARGET}=off", log.log);
    }
    if !follow.is_empty() {
        check_components(&follow, &Manifest::read(lock)?)?;
        log.guests = GuestLines::of(follow);
    }
    up.store.source.manifest = lock.to_owned();
    Ok(Options { log, command: Command::Up(up) })
}

fn lock_file(environment: &Environment<'_>) -> Result<PathBuf> {
    let url = environment(LOCKED_URL).with_context(|| {
        format!("{LOCKED_URL} is not set: start the trigger with `spin up`, or the application with `mutrapro up`")
    })?;
    let path = url.to_str().and_then(file_path).filter(|path| path.extension().is_some_and(|ending| ending == "lock"));
    path.with_context(|| format!("{LOCKED_URL} is no URL of a lock file, file:///….lock: {}", url.display()))
}

fn check_components(followed: &[String], manifest: &Manifest) -> Result<()> {
    let known: Vec<&str> = manifest.components().collect();
    match followed.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => bail!("--follow {name}: there is no such component; there are {}", known.join(", ")),
        None => Ok(()),
    }
}

/// Our options alone, as they are shown and told.
fn command() -> clap::Command {
    let command = SPINS_OWN
        .iter()
        .fold(TriggerOptions::command(), |command, name| command.mut_arg(name, |argument| argument.hide(true)));
    // As Spin calls the folder of what an application keeps.
    command.mut_arg("data_dir", |argument| argument.visible_alias("state-dir"))
}

/// Those too that are only there to be refused.
fn with_refused_options(command: clap::Command) -> clap::Command {
    REFUSED.iter().fold(command, |command, (name, short, _, _)| {
        let argument = Arg::new(*name).long(*name).num_args(0..=1).hide(true);
        command.arg(match short {
            Some(short) => argument.short(*short),
            None => argument,
        })
    })
}

fn refuse_options(matches: &ArgMatches) -> Result<()> {
    let is_given = |name| matches.value_source(name) == Some(ValueSource::CommandLine);
    if is_given("manifest") {
        bail!("--from is for `spin up`, which has locked the application already");
    }
    if is_given("watch") {
        bail!("--watch is for `mutrapro up`; with Spin it is `spin watch`");
    }
    let given = REFUSED.iter().filter(|(name, ..)| is_given(name));
    let refused: Vec<_> =
        given.map(|(name, _, _, remedy)| format!("--{name} is not for this host: {remedy}")).collect();
    if refused.is_empty() { Ok(()) } else { bail!("{}", refused.join("\n")) }
}

/// Says which variables are set in vain. They are not refused: another trigger of the application may be meant.
fn warn_of_environment(environment: &Environment<'_>) {
    for (_, _, variable, remedy) in &REFUSED {
        if let Some(variable) = variable.filter(|variable| environment(variable).is_some()) {
            eprintln!("warning: {variable} is not for this host: {remedy}");
        }
    }
}

/// The options that Spin may pass on, in the form of its `LaunchMetadata`.
fn metadata() -> String {
    let command = command();
    let arguments = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let flags: Vec<_> = arguments
        .flat_map(|argument| {
            let short = argument.get_short().map(|short| json!({ "short": format!("-{short}") }));
            let aliases = argument.get_all_aliases().unwrap_or_default();
            let long =
                argument.get_long().into_iter().chain(aliases).map(|long| json!({ "long": format!("--{long}") }));
            short.into_iter().chain(long.collect::<Vec<_>>())
        })
        .collect();
    json!({ "all_flags": flags }).to_string()
}
