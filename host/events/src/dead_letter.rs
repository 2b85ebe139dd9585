//! An event that was given up, and how it is named.

use crate::event::{Event, EventId};
use jiff::Timestamp;
use mutrapro_manifest::ComponentId;
use std::fmt;
use std::str::FromStr;

/// Where an event was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// On its way out: the bus refused it. It waits in its producer's outbox.
    Publish,
    /// On its way in: a consumer refused it. It waits in the bus.
    Deliver,
}

impl Stage {
    /// Its name in ids and listings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Deliver => "deliver",
        }
    }
}

/// Names a dead letter: `deliver:notification-service:0199f3c2-…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeadLetterId {
    /// Where it was given up.
    pub stage: Stage,
    /// The producer at [`Stage::Publish`], the consumer at [`Stage::Deliver`].
    pub service: ComponentId,
    /// Which event.
    pub event: EventId,
}

impl fmt::Display for DeadLetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.stage.as_str(), self.service, self.event)
    }
}

/// A text is no id of a dead letter.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no dead letter: write <publish or deliver>:<service>:<event id>, as listed")]
pub struct NoDeadLetterId(String);

impl FromStr for DeadLetterId {
    type Err = NoDeadLetterId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || NoDeadLetterId(text.to_owned());
        let mut parts = text.splitn(3, ':');
        let stage = match parts.next() {
            Some("publish") => Stage::Publish,
            Some("deliver") => Stage::Deliver,
            _ => return Err(malformed()),
        };
        let service = parts.next().filter(|service| !service.is_empty()).ok_or_else(malformed)?;
        let event = parts.next().and_then(|event| event.parse().ok()).ok_or_else(malformed)?;
        Ok(Self { stage, service: ComponentId::new(service), event })
    }
}

/// An event that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its name.
    pub id: DeadLetterId,
    /// The event itself.
    pub event: Event,
    /// How many attempts failed since it was emitted or last replayed.
    pub attempts: u32,
    /// Why the last one failed.
    pub error: String,
    /// When it was given up.
    pub died_at: Timestamp,
    /// The failed attempts, the oldest first, as far as they are kept; at [`Stage::Publish`] only the last one is.
    pub history: Vec<Attempt>,
}

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub error: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_survives_a_round_trip() {
        let id = DeadLetterId {
            stage: Stage::Deliver,
            service: ComponentId::new("notification-service"),
            event: EventId::generate(),
        };
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn malformed_ids_are_refused_with_the_form_they_should_have() {
        for bad in
            ["", "deliver", "deliver:x", "deliver::0199f3c2-0000-7000-8000-000000000000", "lost:x:y", "deliver:x:y"]
        {
            let refused = bad.parse::<DeadLetterId>().unwrap_err();
            assert!(refused.to_string().contains("<publish or deliver>:<service>:<event id>"), "{refused}");
        }
    }
}
