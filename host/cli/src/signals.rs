//! What asks the process to end.

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Knows whether the process was asked to end, and by what. Cheap to clone; all clones hear of it.
#[derive(Clone)]
pub(crate) struct Stop(watch::Receiver<Option<&'static str>>);

impl Stop {
    /// From here on SIGTERM and Ctrl-C end nothing by themselves.
    pub(crate) fn on_signals() -> Result<Self> {
        let catch = |kind| signal(kind).context("cannot catch signals");
        let (mut terminate, mut interrupt) = (catch(SignalKind::terminate())?, catch(SignalKind::interrupt())?);
        let (asked, stop) = watch::channel(None);
        tokio::spawn(async move {
            let by = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "interrupted",
            };
            asked.send_replace(Some(by));
            // As long as somebody listens: without a sender nobody could tell that there was none.
            asked.closed().await;
        });
        Ok(Self(stop))
    }

    /// Ready once the process was asked to end; says by what.
    pub(crate) async fn asked(&mut self) -> &'static str {
        let by = self.0.wait_for(Option::is_some).await;
        by.ok().and_then(|by| *by).unwrap_or("stopped")
    }
}
