//! What the stream still has for consumers, and removing what it has for none.

use crate::bus::ConsumerCounts;
use crate::error::EventsError;
use crate::nats::broker::{Broker, Look, Stored, signed, unsigned};
use crate::nats::document::Document;
use async_nats::jetstream::consumer::DeliverPolicy;
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use mutrapro_manifest::ComponentId;
use std::collections::HashMap;

/// What comes after a place in the stream, for one consumer.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// How many events.
    pub(super) count: u64,
    /// The first of them.
    pub(super) first: Option<Stored>,
}

impl Broker {
    /// The last sequence of the stream of events, and when the stream was created, in ms since 1970.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub(super) async fn stream_end(&self) -> Result<(i64, i64), EventsError> {
        let info = self.streams.events.get_info().await;
        let info = info.map_err(|error| EventsError::unavailable("asking how far the events go", &error))?;
        let created_ms = super::broker::milliseconds(info.created.unix_timestamp_nanos());
        Ok((signed(info.state.last_sequence), created_ms))
    }

    /// What comes after sequence `after` for the consumer of `document`.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub(super) async fn ahead(&self, document: &Document, mut after: i64) -> Result<Ahead, EventsError> {
        let mut ahead = Ahead::default();
        loop {
            let (patterns, end) = document.section_after(after);
            let filters = self.names.filters(patterns);
            if !filters.is_empty() {
                let found = self.look(&self.streams.events, from(filters.clone(), after, 1)).await?;
                // An ended section is what comes after its beginning, but not after its end.
                let behind = match end {
                    Some(end) => self.look(&self.streams.events, from(filters, end, 0)).await?.count,
                    None => 0,
                };
                let in_section = |stored: &Stored| end.is_none_or(|end| stored.sequence <= end);
                ahead.count = ahead.count.saturating_add(found.count.saturating_sub(behind));
                ahead.first = ahead.first.or_else(|| found.messages.into_iter().next().filter(in_section));
            }
            match end {
                Some(end) => after = end,
                None => return Ok(ahead),
            }
        }
    }

    /// What waits and what is dead, per consumer.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub(super) async fn counts(&self) -> Result<Vec<ConsumerCounts>, EventsError> {
        let (documents, dead) = tokio::try_join!(self.documents(), self.dead_counts())?;
        let count = |(consumer, document): (ComponentId, Document)| {
            let dead = dead.get(consumer.as_str()).copied().unwrap_or(0);
            async move {
                let ahead = self.ahead(&document, document.cursor).await?;
                let outstanding = u64::try_from(document.outstanding.len()).unwrap_or(u64::MAX);
                let listed = document.outstanding.values().map(|entry| entry.accepted_ms);
                let oldest_ms = listed.chain(ahead.first.map(|first| first.accepted_ms)).min();
                Ok(ConsumerCounts {
                    consumer,
                    pending: outstanding.saturating_add(ahead.count),
                    oldest_pending_since: oldest_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
                    dead,
                })
            }
        };
        futures::stream::iter(documents).map(count).buffered(self.limits.requests_max).try_collect().await
    }

    /// Removes the events that no consumer needs any more, of those up to sequence `to`; answers how many.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub(super) async fn purge_to(&self, to: i64) -> Result<u64, EventsError> {
        let needed = |(_, document): (ComponentId, Document)| async move {
            // What was replayed is kept among the dead letters.
            let listed = document.outstanding.iter().find(|(_, entry)| !entry.replayed).map(|(sequence, _)| *sequence);
            let ahead = self.ahead(&document, document.cursor).await?;
            Ok::<_, EventsError>(listed.into_iter().chain(ahead.first.map(|first| first.sequence)).min())
        };
        let documents = futures::stream::iter(self.documents().await?);
        let needed: Vec<Option<i64>> = documents.map(needed).buffered(self.limits.requests_max).try_collect().await?;
        let keep_from = needed.into_iter().flatten().chain([to.saturating_add(1)]).min().unwrap_or(to);
        // Zero would mean all of them.
        if keep_from <= 1 {
            return Ok(0);
        }
        let purged = self.streams.events.purge().sequence(unsigned(keep_from)).await;
        purged
            .map(|purged| purged.purged)
            .map_err(|error| EventsError::unavailable("removing events that nobody needs", &error))
    }

    /// How many dead letters each consumer has.
    async fn dead_counts(&self) -> Result<HashMap<String, u64>, EventsError> {
        let failed = |error| EventsError::unavailable("counting dead letters", &error);
        let subjects = self.streams.dead_letters.info_builder().subjects(self.names.dead_letters(None));
        let mut subjects = subjects.fetch().await.map_err(failed)?;
        let mut counts = HashMap::new();
        while let Some(counted) = subjects.next().await {
            let (subject, _) = counted.map_err(failed)?;
            if let Some(consumer) = self.names.consumer_of(&subject) {
                *counts.entry(consumer.to_owned()).or_default() += 1;
            }
        }
        Ok(counts)
    }
}

fn from(filters: Vec<String>, after: i64, max: usize) -> Look {
    let start_sequence = unsigned(after.saturating_add(1)).max(1);
    Look { filters, from: DeliverPolicy::ByStartSequence { start_sequence }, max }
}
