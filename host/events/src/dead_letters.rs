//! Events that were given up, at either stage, for an operator to look at, replay or drop.
//!
//! Deliberately absent: a running host. Everything here works on the databases and the bus alone; a host that runs beside
//! it finds what was replayed at its next poll.

use crate::bus::Bus;
use crate::dead_letter::{DeadLetter, DeadLetterId, Stage};
use crate::error::EventsError;
use crate::outbox::Outbox;
use mutrapro_manifest::ComponentId;
use mutrapro_sql::Databases;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every dead letter of an application.
pub struct DeadLetters {
    bus: Arc<dyn Bus>,
    outboxes: BTreeMap<ComponentId, Outbox>,
}

impl DeadLetters {
    /// Looks into `bus` and the outboxes of `databases`.
    pub fn new(bus: Arc<dyn Bus>, databases: &Databases) -> Self {
        let outbox = |(id, database): (&ComponentId, &Arc<_>)| {
            let database = databases.host_side(id).unwrap_or(database);
            (id.clone(), Outbox::new(id.clone(), Arc::clone(database)))
        };
        Self { bus, outboxes: databases.iter().map(outbox).collect() }
    }

    /// At most `max` of each stage, of `service` or of all, the oldest first.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub async fn list(&self, service: Option<&ComponentId>, max: u32) -> Result<Vec<DeadLetter>, EventsError> {
        let mut letters = self.bus.dead_letters(service, max).await?;
        let mut unpublished = Vec::new();
        for (id, outbox) in &self.outboxes {
            if service.is_none_or(|service| service == id) {
                unpublished.extend(outbox.dead_letters(max).await?);
            }
        }
        unpublished.sort_by_key(|letter| letter.died_at);
        unpublished.truncate(usize::try_from(max).unwrap_or(usize::MAX));
        letters.extend(unpublished);
        letters.sort_by_key(|letter| letter.died_at);
        Ok(letters)
    }

    /// The dead letter of this name, with its payload and history.
    ///
    /// # Errors
    /// [`EventsError::NoSuchDeadLetter`], [`EventsError::Unavailable`].
    pub async fn show(&self, id: &DeadLetterId) -> Result<DeadLetter, EventsError> {
        let letter = match (id.stage, self.outboxes.get(&id.service)) {
            (Stage::Deliver, _) => self.bus.dead_letter(&id.service, id.event).await?,
            (Stage::Publish, Some(outbox)) => outbox.dead_letter(id.event).await?,
            (Stage::Publish, None) => None,
        };
        letter.ok_or_else(|| EventsError::NoSuchDeadLetter(id.clone()))
    }

    /// Publishes or delivers it again, with its attempts counted anew.
    ///
    /// # Errors
    /// [`EventsError::NoSuchDeadLetter`], [`EventsError::Unavailable`].
    pub async fn replay(&self, id: &DeadLetterId) -> Result<(), EventsError> {
        let replayed = match (id.stage, self.outboxes.get(&id.service)) {
            (Stage::Deliver, _) => self.bus.replay(&id.service, id.event).await?,
            (Stage::Publish, Some(outbox)) => outbox.replay(id.event).await?,
            (Stage::Publish, None) => false,
        };
        existed(replayed, id)
    }

    /// Forgets it for good.
    ///
    /// # Errors
    /// [`EventsError::NoSuchDeadLetter`], [`EventsError::Unavailable`].
    pub async fn discard(&self, id: &DeadLetterId) -> Result<(), EventsError> {
        let discarded = match (id.stage, self.outboxes.get(&id.service)) {
            (Stage::Deliver, _) => self.bus.discard(&id.service, id.event).await?,
            (Stage::Publish, Some(outbox)) => outbox.discard(id.event).await?,
            (Stage::Publish, None) => false,
        };
        existed(discarded, id)
    }
}

fn existed(existed: bool, id: &DeadLetterId) -> Result<(), EventsError> {
    if existed { Ok(()) } else { Err(EventsError::NoSuchDeadLetter(id.clone())) }
}
