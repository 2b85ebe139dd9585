//! What can go wrong with events, by what the caller does next.

use crate::dead_letter::DeadLetterId;

/// An error of events.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// The bus or a database did not answer, or not as it should: whether the operation happened is unknown, and it may
    /// be tried again, since every operation may be repeated.
    #[error("{0}")]
    Unavailable(String),
    /// The application cannot start: its manifest or a component has to change.
    #[error("{0}")]
    Misconfigured(String),
    /// There is no such dead letter, or no longer: list them again.
    #[error("there is no dead letter {0}: it was replayed or dropped, or never was")]
    NoSuchDeadLetter(DeadLetterId),
}

impl EventsError {
    /// `what` failed because of `error`, which is told with its causes.
    pub(crate) fn unavailable(what: impl std::fmt::Display, error: &dyn std::error::Error) -> Self {
        let mut message = format!("{what}: {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // Libraries often repeat their cause in their own message.
            if !message.ends_with(&cause_text) {
                message = format!("{message}: {cause_text}");
            }
            source = cause.source();
        }
        Self::Unavailable(message)
    }
}
