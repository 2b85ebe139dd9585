//! Dead letters of consumers: a stream with one message each.
//!
//! A dead letter that is delivered again is copied under another subject, because the stream of events may have forgotten
//! its event long ago. Nobody removes the copy at once, since it may be replayed a second time right then; purging does,
//! once it was seen to be needless twice.

use crate::dead_letter::DeadLetter;
use crate::error::EventsError;
use crate::event::{Event, EventId};
use crate::nats::broker::{Broker, Look, Stored, unsigned};
use crate::nats::document::Entry;
use crate::nats::documents::Written;
use crate::nats::message;
use async_nats::jetstream::consumer::DeliverPolicy;
use mutrapro_manifest::ComponentId;
use std::collections::HashSet;

/// How many copies one purge looks at.
const COPIES_MAX: usize = 1_000;

impl Broker {
    /// Keeps `event`, which `consumer` gave up, as a dead letter. Telling it twice makes one.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub(super) async fn bury(
        &self,
        consumer: &ComponentId,
        event: &Event,
        entry: (i64, &Entry),
    ) -> Result<(), EventsError> {
        let headers = message::dead_letter_headers(event, consumer, entry, self.limits.history_bytes_max);
        let subject = self.names.dead_letter(consumer, event.id);
        let kept = self.publish(subject, headers, event.payload.clone().into()).await;
        kept.map_err(|error| EventsError::unavailable(format_args!("keeping a dead letter of {consumer}"), &error))
    }

    /// At most `max` dead letters, of `consumer` or of all, the oldest first.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub(super) async fn dead_letters(
        &self,
        consumer: Option<&ComponentId>,
        max: u32,
    ) -> Result<Vec<DeadLetter>, EventsError> {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        let look = Look { filters: vec![self.names.dead_letters(consumer)], from: DeliverPolicy::All, max };
        let found = self.look(&self.streams.dead_letters, look).await?;
        let mut letters: Vec<DeadLetter> =
            found.messages.iter().map(|stored| Ok(read(stored)?.0)).collect::<Result<_, EventsError>>()?;
        letters.sort_by_key(|letter| letter.died_at);
        Ok(letters)
    }

    /// The dead letter that `event` is for `consumer`, if it is one.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub(super) async fn dead_letter(
        &self,
        consumer: &ComponentId,
        event: EventId,
    ) -> Result<Option<DeadLetter>, EventsError> {
        let subject = self.names.dead_letter(consumer, event);
        let stored = self.last_message(&self.streams.dead_letters, &subject).await?;
        stored.map(|stored| Ok(read(&stored)?.0)).transpose()
    }

    /// Makes a dead letter outstanding again, due at once, and answers whether there was one. After an error it may be both
    /// for a while; replaying it again mends that.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub(super) async fn replay(&self, consumer: &ComponentId, event: EventId) -> Result<bool, EventsError> {
        let subject = self.names.dead_letter(consumer, event);
        let Some(stored) = self.last_message(&self.streams.dead_letters, &subject).await? else { return Ok(false) };
        let (letter, sequence, entry) = read(&stored)?;
        let mut copy = message::headers(&letter.event);
        // The server would take it for the event that it is a copy of, or for an earlier copy.
        copy.insert(async_nats::header::NATS_MESSAGE_ID, uuid::Uuid::now_v7().to_string());
        let kept = self.publish(self.names.replayed(consumer, event), copy, stored.payload.clone()).await;
        kept.map_err(|error| EventsError::unavailable("keeping an event that is replayed", &error))?;
        loop {
            let Some((mut document, revision)) = self.document(consumer).await? else {
                return Err(EventsError::Unavailable(format!("nothing is known of where {consumer} stands")));
            };
            document.replay(sequence, entry.clone());
            if let Written::As(_) = self.write_document(consumer, &document, revision).await? {
                break;
            }
        }
        self.discard(consumer, event).await
    }

    /// Forgets a dead letter; answers whether there was one.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub(super) async fn discard(&self, consumer: &ComponentId, event: EventId) -> Result<bool, EventsError> {
        self.remove(self.names.dead_letter(consumer, event)).await.map(|removed| removed > 0)
    }

    /// The event of a dead letter that is delivered again.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub(super) async fn replayed(&self, consumer: &ComponentId, event: EventId) -> Result<Option<Stored>, EventsError> {
        self.last_message(&self.streams.dead_letters, &self.names.replayed(consumer, event)).await
    }

    /// The copies of events that are delivered again, by sequence, without those that some document has outstanding.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub(super) async fn needless_copies(&self) -> Result<HashSet<i64>, EventsError> {
        let look = Look { filters: vec![self.names.all_replayed()], from: DeliverPolicy::All, max: COPIES_MAX };
        let found = self.look(&self.streams.dead_letters, look).await?;
        if found.messages.is_empty() {
            return Ok(HashSet::new());
        }
        let documents = self.documents().await?;
        let needed = documents.iter().flat_map(|(consumer, document)| {
            let replayed = document.outstanding.values().filter(|entry| entry.replayed);
            replayed.map(|entry| self.names.replayed(consumer, entry.event))
        });
        let needed: HashSet<String> = needed.collect();
        let needless = found.messages.iter().filter(|stored| !needed.contains(&stored.subject));
        Ok(needless.map(|stored| stored.sequence).collect())
    }

    /// Removes copies of events that were delivered again.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`]; what was removed before stays removed.
    pub(super) async fn remove_copies(&self, sequences: impl Iterator<Item = i64>) -> Result<(), EventsError> {
        for sequence in sequences {
            let removed = self.streams.dead_letters.delete_message(unsigned(sequence)).await;
            removed.map_err(|error| EventsError::unavailable("removing a copy of a replayed event", &error))?;
        }
        Ok(())
    }

    async fn remove(&self, subject: String) -> Result<u64, EventsError> {
        let purged = self.streams.dead_letters.purge().filter(subject).await;
        purged.map(|purged| purged.purged).map_err(|error| EventsError::unavailable("removing a dead letter", &error))
    }
}

fn read(stored: &Stored) -> Result<(DeadLetter, i64, Entry), EventsError> {
    message::dead_letter(stored).map_err(|why| {
        let subject = &stored.subject;
        EventsError::Unavailable(format!("the message {subject} is no dead letter: {why}; remove it from its stream"))
    })
}
