//! Reads the events of one consumer from the stream, as soon as they are there.
//!
//! Promise: every event in order, none left out: whatever may have been lost on the way ends the reading with an error, and
//! it begins anew after what had arrived. A request stands at the server, so nothing is polled. *Deliberately absent:*
//! acknowledgements; where a consumer stands is kept elsewhere.

use crate::error::EventsError;
use crate::nats::broker::{Broker, INACTIVE_CONSUMER_TIME, Stored, read, unsigned};
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::pull::{self, MessagesError, Stream};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use futures::{FutureExt, StreamExt};
use std::sync::Arc;
use tokio::sync::watch;

/// How many heartbeats a request at the server lasts, if nothing comes.
const HEARTBEATS: u32 = 30;

/// One reading, from a place in the stream on.
pub(super) struct Reader {
    broker: Arc<Broker>,
    messages: Stream,
    /// How many messages of this reading have arrived.
    arrived: u64,
    /// Whether there was anything to read when it began, or behind the last message that arrived.
    has_more: bool,
    /// How often a connection had been made when it began.
    connects: u64,
    connections: watch::Receiver<()>,
}

impl Reader {
    /// Begins to read what matches `filters` after sequence `after`.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub(super) async fn open(broker: &Arc<Broker>, filters: Vec<String>, after: i64) -> Result<Self, EventsError> {
        let (mut connections, connects) = (broker.connections(), broker.connects());
        connections.mark_unchanged();
        let limits = &broker.limits;
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: unsigned(after.saturating_add(1)) },
            ack_policy: AckPolicy::None,
            filter_subjects: filters,
            inactive_threshold: INACTIVE_CONSUMER_TIME,
            num_replicas: 1,
            memory_storage: true,
            ..pull::Config::default()
        };
        let consumer = broker.streams.events.create_consumer(config).await;
        let consumer = consumer.map_err(|error| EventsError::unavailable("beginning to read events", &error))?;
        let messages = consumer
            .stream()
            .max_messages_per_batch(usize::from(limits.read_ahead_max))
            .max_bytes_per_batch(limits.read_ahead_bytes_max.max(broker.client.max_payload()))
            .heartbeat(limits.heartbeat)
            .expires(limits.heartbeat.saturating_mul(HEARTBEATS))
            .messages()
            .await
            .map_err(|error| EventsError::unavailable("beginning to read events", &error))?;
        let has_more = consumer.cached_info().num_pending > 0;
        Ok(Self { broker: Arc::clone(broker), messages, arrived: 0, has_more, connects, connections })
    }

    /// Whether there was anything to read when it began, or behind the last message that arrived.
    pub(super) fn has_more(&self) -> bool {
        self.has_more
    }

    /// The next message, as soon as it is there. May be dropped while it waits.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`] when something may have been lost: read on with a new reader.
    pub(super) async fn next(&mut self) -> Result<Stored, EventsError> {
        loop {
            tokio::select! {
                message = self.messages.next() => return self.take(message),
                _ = self.connections.changed() => self.check_connection()?,
            }
        }
    }

    /// The next message, if it has arrived already.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub(super) fn arrived(&mut self) -> Option<Result<Stored, EventsError>> {
        let message = self.messages.next().now_or_never()?;
        Some(self.take(message))
    }

    fn take(&mut self, message: Option<Result<Message, MessagesError>>) -> Result<Stored, EventsError> {
        let message = match message {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(EventsError::unavailable("reading events", &error)),
            None => return Err(broken("the server ended it")),
        };
        self.check_connection()?;
        let (stored, number, following) = read(&message)?;
        if number != self.arrived.saturating_add(1) {
            return Err(broken("a message was lost on the way"));
        }
        self.arrived = number;
        self.has_more = following > 0;
        Ok(stored)
    }

    /// What was on its way over a connection that broke counts as delivered at the server.
    fn check_connection(&self) -> Result<(), EventsError> {
        if self.broker.connects() == self.connects { Ok(()) } else { Err(broken("the connection was lost")) }
    }
}

fn broken(why: &str) -> EventsError {
    EventsError::Unavailable(format!("reading events broke off: {why}"))
}
