//! `mutrapro build`: runs the build commands of components whose sources changed since they were built.

use crate::signals::Stop;
use anyhow::{Context, Result, bail};
use mutrapro_manifest::{Build, Manifest};
use rustix::process::{Pid, Signal, kill_process_group};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};
use tokio::process::{Child, Command};

/// How long a command that was asked to end may take before it is made to.
const END_PATIENCE: Duration = Duration::from_secs(2);

/// How a build came to its end, if it did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Everything is built.
    Made,
    /// The process was asked to end, and so was the command at work.
    Stopped,
}

/// Builds what is out of date in the application at `manifest`, one component after the other, up to the first that fails.
pub(crate) async fn run(manifest: &Path) -> Result<()> {
    let mut stop = Stop::on_signals()?;
    let builds = Manifest::read(manifest)?.builds();
    match out_of_date(&builds, &mut stop).await? {
        (Ended::Made, count) => println!("{count} of {} components built", builds.len()),
        (Ended::Stopped, _) => bail!("stopped before everything was built"),
    }
    Ok(())
}

/// As [`run`], of these `builds`; also how many it took. What it says goes to standard error.
pub(crate) async fn out_of_date(builds: &[Build], stop: &mut Stop) -> Result<(Ended, usize)> {
    let mut count = 0;
    for build in builds {
        if is_up_to_date(build)? {
            eprintln!("{} is up to date", build.component);
            continue;
        }
        eprintln!("building {}: {}", build.component, build.command);
        if make(build, stop).await? == Ended::Stopped {
            return Ok((Ended::Stopped, count));
        }
        count += 1;
    }
    Ok((Ended::Made, count))
}

/// Runs the command of `build`, whose output goes to standard error.
///
/// # Errors
/// When it fails, or does not make what the manifest says.
pub(crate) async fn make(build: &Build, stop: &mut Stop) -> Result<Ended> {
    let Build { component, command, folder, wasm, .. } = build;
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).stdin(Stdio::null()).stdout(std::io::stderr());
    if !folder.as_os_str().is_empty() {
        shell.current_dir(folder);
    }
    let mut group = Group::start(shell).with_context(|| format!("cannot run a shell to build {component}"))?;
    let status = tokio::select! {
        status = group.shell.wait() => status,
        _ = stop.asked() => {
            group.end().await;
            return Ok(Ended::Stopped);
        }
    };
    group.is_over = true;
    let status = status.with_context(|| format!("cannot wait for the build of {component}"))?;
    if !status.success() {
        bail!("building {component} failed: `{command}` ended with {status}");
    }
    if let Some(wasm) = wasm.as_ref().filter(|wasm| !wasm.is_file()) {
        bail!("building {component} made no {}: correct `source`, or the command", wasm.display());
    }
    Ok(Ended::Made)
}

/// A shell and all that it starts. Dropping it before it is over ends them at once.
struct Group {
    shell: Child,
    id: Option<Pid>,
    is_over: bool,
}

impl Group {
    fn start(mut shell: Command) -> std::io::Result<Self> {
        // A group of its own, so that a signal reaches what the shell started as well.
        let shell = shell.process_group(0).spawn()?;
        let id = shell.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Ok(Self { shell, id, is_over: false })
    }

    /// Asks it to end, and leaves what does not to the drop.
    async fn end(&mut self) {
        self.signal(Signal::TERM);
        let ended = tokio::time::timeout(END_PATIENCE, self.shell.wait()).await;
        if ended.is_err() {
            tracing::warn!("the build did not end within {END_PATIENCE:?}: it is killed");
        }
    }

    fn signal(&self, signal: Signal) {
        // It fails where nobody is left in the group.
        if let Some(Err(error)) = self.id.map(|id| kill_process_group(id, signal)) {
            tracing::debug!("cannot signal the build: {error}");
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.is_over {
            self.signal(Signal::KILL);
        }
    }
}

/// Whether the component's file is there and no source is newer. Without sources in the manifest that is for the command to
/// find out.
pub(crate) fn is_up_to_date(build: &Build) -> Result<bool> {
    let Some(built) = build.wasm.as_deref().and_then(changed_at) else {
        return Ok(false);
    };
    let mut newest = None;
    for pattern in &build.sources {
        let text = pattern.to_str().with_context(|| format!("{} is no text", pattern.display()))?;
        let paths = glob::glob(text).with_context(|| format!("{}: {text:?} is no pattern", build.component))?;
        for path in paths {
            newest = newest.max(changed_at(&path?));
        }
    }
    Ok(newest.is_some_and(|newest| newest <= built))
}

/// When a file was changed; `None` when it is not there.
fn changed_at(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Duration;
    use tempfile::TempDir;

    /// An application of one component, whose build counts how often it ran.
    fn application(build: &str) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let manifest = format!(
            "spin_manifest_version = 2\n[application]\nname = \"a\"\n[component.a]\nsource = \"a.wasm\"\n[component.a.build]\n{build}\n"
        );
        fs::write(folder.path().join("spin.toml"), manifest).unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/a.txt"), "").unwrap();
        folder
    }

    async fn build(folder: &TempDir) -> Result<usize> {
        run(&folder.path().join("spin.toml")).await?;
        Ok(fs::read_to_string(folder.path().join("a.wasm"))?.len())
    }

    /// Makes the source a minute newer than the component's file.
    fn change(folder: &TempDir) {
        let built = changed_at(&folder.path().join("a.wasm")).unwrap();
        let source = fs::File::options().write(true).open(folder.path().join("src/a.txt")).unwrap();
        source.set_modified(built + Duration::from_secs(60)).unwrap();
    }

    #[tokio::test]
    async fn component_is_built_when_it_is_missing_or_older_than_a_source() {
        let folder = application("command = \"printf x >>a.wasm\"\nwatch = [\"src/**/*.txt\"]");
        assert_eq!((build(&folder).await.unwrap(), build(&folder).await.unwrap()), (1, 1));
        change(&folder);
        assert_eq!(build(&folder).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn patterns_begin_in_the_folder_in_which_the_command_runs() {
        let folder = application("command = \"printf x >>../a.wasm\"\nworkdir = \"src\"\nwatch = [\"*.txt\"]");
        assert_eq!((build(&folder).await.unwrap(), build(&folder).await.unwrap()), (1, 1));
        change(&folder);
        assert_eq!(build(&folder).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn command_without_sources_is_always_run() {
        let folder = application("command = [\"true\", \"printf x >>a.wasm\"]");
        assert_eq!((build(&folder).await.unwrap(), build(&folder).await.unwrap()), (1, 2));
    }

    #[tokio::test]
    async fn failed_build_is_named_with_its_command() {
        for (command, part) in [("exit 3", "`exit 3` ended with exit status: 3"), ("true", "made no ")] {
            let error = build(&application(&format!("command = \"{command}\""))).await.unwrap_err().to_string();
            assert!(error.contains("building a") && error.contains(part), "{error}");
        }
    }
}
