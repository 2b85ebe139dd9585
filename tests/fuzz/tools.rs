//! The tools that `make fuzz-venv` installs, and what they say.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;
use tokio::process::Command;

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The tools, and a folder for what they read and write.
pub(crate) struct Tools {
    installed: PathBuf,
    folder: TempDir,
}

/// A run of schemathesis.
pub(crate) struct Run<'a> {
    /// Where the document is.
    pub(crate) address: &'a str,
    /// Whose requests they are.
    pub(crate) token: Option<&'a str>,
    /// Which requests are made.
    pub(crate) seed: u64,
    /// How many of them for an operation are made by chance.
    pub(crate) examples_max: &'a str,
    /// What else is asked for.
    pub(crate) arguments: &'a [&'a str],
    /// As TOML.
    pub(crate) configuration: &'a str,
    /// What the configuration refers to.
    pub(crate) environment: &'a [(&'a str, &'a str)],
}

impl Tools {
    /// Finds the tools.
    ///
    /// # Errors
    /// When they are not there, or not those that `requirements.txt` wants, with the command that installs them.
    pub(crate) fn find() -> Result<Self> {
        let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fuzz-venv");
        let kept = std::fs::read_to_string(installed.join("requirements.txt")).unwrap_or_default();
        let place = installed.display();
        ensure!(kept == REQUIREMENTS, "{place} has not what tests/fuzz/requirements.txt wants: run `make fuzz-venv`");
        Ok(Self { installed, folder: tempfile::tempdir()? })
    }

    /// Makes sure that `document` is OpenAPI.
    ///
    /// # Errors
    /// When it is none, with what is wrong.
    pub(crate) async fn validate(&self, document: &[u8]) -> Result<()> {
        let path = self.folder.path().join("openapi.json");
        std::fs::write(&path, document)?;
        let output = self.command().args(["-m", "openapi_spec_validator"]).arg(&path).output().await?;
        ensure!(output.status.success(), "the document is no OpenAPI: {}", said(&output));
        Ok(())
    }

    /// Calls every operation with what its description allows and with what it does not, and gives those of which at least
    /// one call did what was asked.
    ///
    /// # Errors
    /// When an answer is none that the description allows, with the requests that show it.
    pub(crate) async fn run(&self, run: &Run<'_>) -> Result<BTreeSet<String>> {
        let [configuration, report] = ["schemathesis.toml", "report.json"].map(|name| self.folder.path().join(name));
        std::fs::write(&configuration, run.configuration)?;
        let mut command = self.command();
        // Not by its own first line, which holds the path at which it was installed.
        command.arg(self.installed.join("bin/schemathesis")).arg("--no-color").arg("--config-file").arg(&configuration);
        command.args(["run", run.address, "--seed", &run.seed.to_string(), "--max-examples", run.examples_max]);
        command.args(run.arguments);
        command.args(["--report", "json", "--report-json-path"]).arg(&report);
        if let Some(token) = run.token {
            command.args(["--header", &format!("Authorization: Bearer {token}")]);
        }
        let output = command.envs(run.environment.iter().copied()).output().await?;
        ensure!(output.status.success(), "{}", said(&output));
        accepted(&serde_json::from_slice(&std::fs::read(&report)?)?)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.installed.join("bin/python"));
        // Both tools leave files where they are called.
        command.current_dir(self.folder.path()).kill_on_drop(true);
        command
    }
}

/// The operations of a report that took at least one request.
fn accepted(report: &Value) -> Result<BTreeSet<String>> {
    let rates = report.get("valid_rates").and_then(Value::as_object).context("the report has no `valid_rates`")?;
    let took = |phases: &Value| {
        let mut phases = phases.as_object().into_iter().flat_map(|phases| phases.values());
        phases.any(|phase| phase.get("accepted").and_then(Value::as_u64) > Some(0))
    };
    Ok(rates.iter().filter(|(_, phases)| took(phases)).map(|(operation, _)| operation.clone()).collect())
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
