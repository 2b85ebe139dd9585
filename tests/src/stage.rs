//! A system with a bystander under load, and somebody who misbehaves beside it.

use crate::application::{Guest, GuestApplication};
use crate::load::{Load, LoadReport};
use crate::memory::{peak_memory_bytes, reset_peak_memory};
use anyhow::{Context, Result, ensure};
use mutrapro_testkit::{Answer, Client, System, answer, eventually};
use reqwest::Method;

/// A running system whose bystander is under load.
pub struct Stage {
    /// The system.
    pub system: System,
    /// A client of its public listener.
    pub client: Client,
    /// The load on the bystander.
    pub load: Load,
}

impl Stage {
    /// Starts the bystander and `guests`, and the load.
    ///
    /// # Errors
    /// When the system does not start.
    pub async fn set(guests: impl IntoIterator<Item = Guest>) -> Result<Self> {
        let application = GuestApplication::default().with(Guest::bystander());
        let application = guests.into_iter().fold(application, GuestApplication::with).write()?;
        let system = System::of(application).start().await?;
        let client = system.client();
        let load = Load::start(&client);
        Ok(Self { system, client, load })
    }

    /// Sends `body` to `path`, and makes sure that the bystander answers afterwards.
    ///
    /// # Errors
    /// When there is no answer, or the bystander gives none.
    pub async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Result<Answer> {
        let outcome = answer(self.client.request(Method::POST, path).body(body)).await;
        let outcome = outcome.with_context(|| format!("no answer from {path}"))?;
        self.client.get("/bystander").await?.expect(200).context("the bystander suffered")?;
        Ok(outcome)
    }

    /// What the host says to the hostile guest at `path`, as `<case>: <text>`.
    ///
    /// # Errors
    /// As [`post`](Self::post), and when the guest could not answer.
    pub async fn misdeed(&self, path: &str, body: &str) -> Result<String> {
        Ok(self.post(path, body.to_owned()).await?.expect(200)?.text())
    }

    /// Checks that the host says `case` and everything in `texts` to the hostile guest at `path`.
    ///
    /// # Errors
    /// When it says something else.
    pub async fn refuses(&self, path: &str, body: &str, case: &str, texts: &[&str]) -> Result<()> {
        let said = self.misdeed(path, body).await?;
        let fits = said.starts_with(&format!("{case}: ")) && texts.iter().all(|text| said.contains(text));
        ensure!(fits, "{path} {body:?}: expected {case} with {texts:?}, the host said {said:?}");
        Ok(())
    }

    /// How much more memory the host had resident at the peak of `act` than before it, in bytes.
    ///
    /// # Errors
    /// When `act` fails or the process has ended.
    pub async fn memory_of(&self, act: impl Future<Output = Result<()>>) -> Result<u64> {
        let process_id = self.system.process_id().context("the host has ended")?;
        let before = reset_peak_memory(process_id)?;
        act.await?;
        Ok(peak_memory_bytes(process_id)?.saturating_sub(before))
    }

    /// Ends the load and the system.
    ///
    /// # Errors
    /// When a request of the load failed, an event got lost, or the process did not end well.
    pub async fn strike(mut self) -> Result<LoadReport> {
        let report = self.load.stop().await.context("the bystander was disturbed")?;
        ensure!(report.requests > 0 && report.writes > 0, "there was no load: {report:?}");
        every_event_is_seen_once(&self.client, report.writes).await?;
        let status = self.system.terminate().await?;
        ensure!(status.success(), "the host ended with {status}");
        Ok(report)
    }
}

async fn every_event_is_seen_once(client: &Client, writes: u64) -> Result<()> {
    eventually("the bystander has seen each of its events", async || {
        let seen: u64 = client.get("/bystander/seen").await?.expect(200)?.text().parse()?;
        ensure!(seen <= writes, "{seen} events seen of {writes}");
        Ok((seen == writes).then_some(()))
    })
    .await
}
