//! An S3 server of a test's own, by moto.
//!
//! Promise: the rules of S3 for parts and names hold. *Deliberately absent:* data that outlives the server, and who may do what:
//! it lets everybody in, with any key.

use crate::client::Client;
use crate::process::{Process, installed, on_a_free_port};
use anyhow::Result;
use std::net::SocketAddr;
use std::process::Command;
use tempfile::TempDir;

const REQUIREMENTS: &str = include_str!("../../../tests/s3/requirements.txt");
const BUCKET: &str = "mutrapro";

/// A server in a process of its own, ended when this value is dropped.
pub struct S3Server {
    address: SocketAddr,
    _process: Process,
    _folder: TempDir,
}

impl S3Server {
    /// Starts a server with an empty bucket, at a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When moto is not installed, with the command that installs it; when it does not answer, with what it logged.
    pub async fn start() -> Result<Self> {
        Self::launch(&[]).await
    }

    /// As [`start`](Self::start), and a part of an upload may be small: S3 takes no less than 5 MiB, which is much for a test.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn with_small_parts() -> Result<Self> {
        Self::launch(&[("S3_UPLOAD_PART_MIN_SIZE", "1")]).await
    }

    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The bucket that is there.
    pub fn bucket(&self) -> &'static str {
        BUCKET
    }

    /// The environment variables that point a host at the server, or at `endpoint` in its place.
    pub fn settings(&self, endpoint: Option<SocketAddr>) -> Vec<(String, String)> {
        let endpoint = format!("http://{}", endpoint.unwrap_or(self.address));
        let credentials = [("AWS_ACCESS_KEY_ID", "of-a-test"), ("AWS_SECRET_ACCESS_KEY", "secret-of-a-test")];
        let server = [("AWS_ENDPOINT_URL", endpoint.as_str()), ("AWS_ALLOW_HTTP", "true"), ("AWS_REGION", "us-east-1")];
        credentials.into_iter().chain(server).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// How many uploads in parts have begun and are neither finished nor given up.
    ///
    /// # Errors
    /// When the server does not tell.
    pub async fn uploads_open(&self) -> Result<usize> {
        let answer = Client::new(self.address).get(&format!("/{BUCKET}?uploads")).await?.expect(200)?;
        Ok(answer.text().matches("<UploadId>").count())
    }

    async fn launch(environment: &[(&str, &str)]) -> Result<Self> {
        // Not by the script of the package, whose first line holds the path at which it was installed.
        let python = installed("s3-venv", "python", REQUIREMENTS)?;
        let folder = tempfile::Builder::new().prefix("s3-").tempdir()?;
        let (address, process) = on_a_free_port(async |address: SocketAddr| {
            let mut command = Command::new(&python);
            command.args(["-m", "moto.server", "-H", &address.ip().to_string(), "-p", &address.port().to_string()]);
            command.current_dir(folder.path()).envs(environment.iter().copied());
            let mut process = Process::spawn(command, &folder.path().join("log"), "KILL")?;
            let client = Client::new(address);
            process.answers(async || Ok(client.get("/moto-api/data.json").await.is_ok())).await?;
            client.request(reqwest::Method::PUT, &format!("/{BUCKET}")).send().await?.error_for_status()?;
            Ok((address, process))
        })
        .await?;
        Ok(Self { address, _process: process, _folder: folder })
    }
}
