//! Events: telling what happened, and handling what others tell.
//!
//! An event is written in the transaction of the data that it speaks of, and in no other way.

use crate::bindings::consumer_service::exports::mutrapro::events::consumer as exported;
use crate::bindings::platform::mutrapro::events::outbox::{self, EmitError};
use crate::id::Uuid;
use crate::problem::{Origin, Problem};
use crate::sql::{self, Transaction};
use crate::time::Instant;
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

pub use mutrapro_contracts::Event;

impl Transaction<'_> {
    /// Writes an event that is published if and only if this transaction commits.
    ///
    /// # Errors
    /// [`sql::Error::Mistake`] when the manifest does not list the kind under `publishes`, or the payload is too large.
    pub fn emit<E: Event>(&self, event: &E) -> Result<(), sql::Error> {
        let mistake = |text: String| sql::Error::Mistake(format!("event {} was not emitted: {text}", E::KIND));
        let payload = serde_json::to_string(event).map_err(|error| mistake(error.to_string()))?;
        match outbox::emit(self.handle(), E::KIND, E::AGGREGATE, &event.aggregate_id(), &payload) {
            Ok(_id) => Ok(()),
            Err(EmitError::NotDeclared(text) | EmitError::InvalidPayload(text)) => Err(mistake(text)),
            Err(EmitError::PayloadTooLarge(limit)) => {
                Err(mistake(format!("{} bytes are more than {limit}", payload.len())))
            }
            Err(EmitError::Unavailable(text)) => Err(sql::Error::Unavailable(text)),
        }
    }
}

/// An event that reached this service, for the first time or again after a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The same at every delivery.
    pub id: Uuid,
    /// For example `user.registered`.
    pub kind: String,
    /// The kind of thing it happened to, for example `user`.
    pub aggregate_type: String,
    /// Which one.
    pub aggregate_id: String,
    /// The payload as its producer wrote it: a JSON object.
    pub payload: String,
    /// When it was emitted.
    pub occurred_at: Instant,
    /// The service that emitted it.
    pub producer: String,
    /// The trace that it belongs to.
    pub trace_id: Option<String>,
    /// Ties together all that one outside request led to.
    pub correlation_id: Option<String>,
}

impl Incoming {
    /// The payload as what its producer documents.
    ///
    /// # Errors
    /// Rejects an event of another kind, and a payload that is not what `T` expects.
    pub fn parse<T: Event + DeserializeOwned>(&self) -> Result<T, Refusal> {
        if self.kind != T::KIND {
            return Err(Refusal::Reject(format!("{} was taken for {}", self.kind, T::KIND)));
        }
        serde_json::from_str(&self.payload)
            .map_err(|error| Refusal::Reject(format!("payload of {}: {error}", self.kind)))
    }

    /// The refusal of a kind that the service subscribes to but does not know.
    pub fn unknown(&self) -> Refusal {
        Refusal::Reject(format!("there is no handler for {}", self.kind))
    }
}

impl TryFrom<exported::Event> for Incoming {
    type Error = Refusal;

    fn try_from(event: exported::Event) -> Result<Self, Refusal> {
        let malformed = |what: &str| Refusal::Reject(format!("event {} has a malformed {what}", event.id));
        Ok(Self {
            id: event.id.parse().map_err(|_| malformed("id"))?,
            occurred_at: event.occurred_at.parse().map_err(|_| malformed("time"))?,
            kind: event.kind,
            aggregate_type: event.aggregate_type,
            aggregate_id: event.aggregate_id,
            payload: event.payload,
            producer: event.producer,
            trace_id: event.trace_id,
            correlation_id: event.correlation_id,
        })
    }
}

/// Why an event was not handled; what was written for it is undone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not now: deliver it again after a while. Later events of the same aggregate wait for it.
    #[error("not now: {0}")]
    Retry(String),
    /// Never: put it with the dead letters, from where an operator can replay it.
    #[error("never: {0}")]
    Reject(String),
}

impl From<sql::Error> for Refusal {
    fn from(error: sql::Error) -> Self {
        match error {
            sql::Error::Conflict | sql::Error::Unavailable(_) | sql::Error::OutcomeUnknown(_) => {
                Self::Retry(error.to_string())
            }
            // The same event would fail in the same way, and hold back its aggregate meanwhile.
            sql::Error::Constraint(_) | sql::Error::Mistake(_) => Self::Reject(error.to_string()),
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let may_pass = *problem.origin() == Origin::Conflict || problem.status() == StatusCode::SERVICE_UNAVAILABLE;
        if may_pass { Self::Retry(problem.to_string()) } else { Self::Reject(problem.to_string()) }
    }
}

/// What `service!` exports for an event handler.
#[doc(hidden)]
pub fn handle(
    handler: fn(&Incoming, &Transaction<'_>) -> Result<(), Refusal>,
    event: exported::Event,
    transaction: &exported::Transaction,
) -> Result<(), exported::Refusal> {
    Incoming::try_from(event).and_then(|event| handler(&event, &Transaction::lent(transaction))).map_err(|refusal| {
        match refusal {
            Refusal::Retry(text) => exported::Refusal::Retry(text),
            Refusal::Reject(text) => exported::Refusal::Reject(text),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_contracts::user::{UserDeactivated, UserUpdated};

    fn event(payload: &str) -> exported::Event {
        exported::Event {
            id: "0190f3a0-0000-7000-8000-000000000001".into(),
            kind: "user.deactivated".into(),
            aggregate_type: "user".into(),
            aggregate_id: "0190f3a0-0000-7000-8000-000000000002".into(),
            payload: payload.into(),
            occurred_at: "2026-01-31T09:30:00.000000Z".into(),
            producer: "user-service".into(),
            trace_id: None,
            correlation_id: None,
        }
    }

    #[test]
    fn payload_becomes_what_its_producer_documents() {
        let payload = r#"{"user_id":"0190f3a0-0000-7000-8000-000000000002","deactivated_by":null}"#;
        let incoming = Incoming::try_from(event(payload)).unwrap();
        let parsed: UserDeactivated = incoming.parse().unwrap();
        assert_eq!(parsed.user_id.to_string(), incoming.aggregate_id);
    }

    #[test]
    fn malformed_payload_is_rejected_for_good() {
        let incoming = Incoming::try_from(event("{}")).unwrap();
        assert!(matches!(incoming.parse::<UserDeactivated>(), Err(Refusal::Reject(_))));
    }

    #[test]
    fn event_of_another_kind_is_rejected_for_good() {
        let incoming = Incoming::try_from(event("{}")).unwrap();
        let refusal = incoming.parse::<UserUpdated>().unwrap_err();
        assert_eq!(refusal, Refusal::Reject("user.deactivated was taken for user.updated".into()));
    }

    #[test]
    fn malformed_envelope_is_rejected_for_good() {
        let late = exported::Event { occurred_at: "soon".into(), ..event("{}") };
        assert!(matches!(Incoming::try_from(late), Err(Refusal::Reject(_))));
    }

    #[test]
    fn what_may_pass_is_retried_and_what_may_not_is_rejected() {
        for error in [sql::Error::Conflict, sql::Error::Unavailable("x".into())] {
            assert!(matches!(Refusal::from(error.clone()), Refusal::Retry(_)));
            assert!(matches!(Refusal::from(Problem::from(error)), Refusal::Retry(_)));
        }
        for error in [sql::Error::Constraint("c".into()), sql::Error::Mistake("x".into())] {
            assert!(matches!(Refusal::from(error.clone()), Refusal::Reject(_)));
            assert!(matches!(Refusal::from(Problem::from(error)), Refusal::Reject(_)));
        }
    }
}
