//! Every limit of events, in one place.

use crate::backoff::Backoff;
use std::time::Duration;

/// What publishing and consuming may use, and how long what is done is kept.
#[derive(Debug, Clone)]
pub struct EventLimits {
    /// The longest payload of an event, in bytes.
    pub payload_bytes_max: usize,
    /// The longest kind or aggregate type, in bytes.
    pub kind_bytes_max: usize,
    /// The longest aggregate id, in bytes.
    pub aggregate_id_bytes_max: usize,
    /// How many events the publisher hands to the bus at once.
    pub publish_batch_max: u16,
    /// How soon the publisher looks again after it looked: under load events share the bus's transactions, and an event that
    /// comes alone waits for nothing.
    pub publish_interval: Duration,
    /// How often the publisher and a waiting consumer look again although nothing woke them.
    pub poll: Duration,
    /// How many published events are marked in one transaction.
    pub mark_batch_max: u16,
    /// How long a published event may wait for its mark, so that marks share transactions.
    pub mark_delay: Duration,
    /// How many events a consumer handles in one transaction.
    pub consume_batch_max: u16,
    /// After how long a consumer commits although its batch has more events, so that requests get at the writer.
    pub consume_batch_time: Duration,
    /// How often an event is delivered, or published, before it is a dead letter.
    pub attempts_max: u32,
    /// How long to wait before the next attempt.
    pub backoff: Backoff,
    /// The longest error that is kept of a failed attempt, in bytes.
    pub error_bytes_max: usize,
    /// How long published events stay in the outbox.
    pub published_retention: Duration,
    /// How long the marks of consumed events stay: an event that comes again later would be handled again.
    pub consumed_retention: Duration,
    /// How often what is past its retention is removed.
    pub purge_interval: Duration,
    /// How many rows are removed in one transaction.
    pub purge_batch_max: u16,
    /// How often the bus removes what is kept for nobody.
    pub bus_purge_interval: Duration,
}

impl Default for EventLimits {
    fn default() -> Self {
        Self {
            payload_bytes_max: 256 << 10,
            kind_bytes_max: 128,
            aggregate_id_bytes_max: 128,
            publish_batch_max: 100,
            publish_interval: Duration::from_millis(20),
            poll: Duration::from_secs(5),
            mark_batch_max: 250,
            mark_delay: Duration::from_millis(50),
            consume_batch_max: 32,
            consume_batch_time: Duration::from_millis(20),
            attempts_max: 10,
            backoff: Backoff::default(),
            error_bytes_max: 1_000,
            published_retention: Duration::from_secs(7 * 24 * 3600),
            consumed_retention: Duration::from_secs(30 * 24 * 3600),
            purge_interval: Duration::from_secs(3600),
            purge_batch_max: 500,
            bus_purge_interval: Duration::from_secs(60),
        }
    }
}

/// What the bus over NATS may use, and how long it waits.
#[derive(Debug, Clone)]
pub struct NatsLimits {
    /// How long connecting to a server may take.
    pub connect_time: Duration,
    /// How long the broker may take to answer.
    pub request_time: Duration,
    /// How often an idle connection is tried; after two without an answer it counts as lost.
    pub ping_interval: Duration,
    /// The longest wait between two attempts to connect again.
    pub reconnect_wait_max: Duration,
    /// The longest event (payload, kind and ids together) that is accepted, in bytes. What the server takes may be less.
    pub event_bytes_max: usize,
    /// How long the broker recognises an event that is published again. Later on the consumers' marks do.
    pub deduplication_window: Duration,
    /// How many events the broker may send ahead to one consumer.
    pub read_ahead_max: u16,
    /// How many bytes of them, but always one event.
    pub read_ahead_bytes_max: usize,
    /// How often the broker shows that it still has nothing; without two of these signs reading begins anew.
    pub heartbeat: Duration,
    /// How many events a consumer may have read and not settled: what fails, what waits behind it, and what is next. Once
    /// there are so many, only these are delivered.
    pub unsettled_max: usize,
    /// How many bytes of these stay in memory; the others are read again when it is their turn.
    pub unsettled_bytes_max: usize,
    /// The longest document that tells where a consumer stands, in bytes: the broker's messages end at 1 MiB.
    pub document_bytes_max: usize,
    /// How many attempts a history keeps: two rounds of the default limit and some. The oldest go first.
    pub history_max: usize,
    /// The longest history that a dead letter carries, in bytes. Events are so much shorter than what the server takes.
    pub history_bytes_max: usize,
    /// How often a host looks whether others changed where a consumer stands, as operators do who replay a dead letter.
    pub poll: Duration,
    /// How long to wait before reading or taking over is tried again.
    pub retry: Backoff,
    /// How many events are read one by one at the same time.
    pub requests_max: usize,
    /// How long an event stays although nobody needs it: longer than replicas of the stream may differ.
    pub purge_delay: Duration,
    /// How long the last requests may take when the bus stops.
    pub stop_time: Duration,
}

impl Default for NatsLimits {
    fn default() -> Self {
        Self {
            connect_time: Duration::from_secs(5),
            request_time: Duration::from_secs(5),
            ping_interval: Duration::from_secs(10),
            reconnect_wait_max: Duration::from_secs(1),
            event_bytes_max: 1 << 20,
            deduplication_window: Duration::from_secs(600),
            read_ahead_max: 128,
            read_ahead_bytes_max: 2 << 20,
            heartbeat: Duration::from_secs(1),
            unsettled_max: 1_000,
            unsettled_bytes_max: 8 << 20,
            document_bytes_max: 768 << 10,
            history_max: 24,
            history_bytes_max: 32 << 10,
            poll: Duration::from_secs(5),
            retry: Backoff { first: Duration::from_millis(100), cap: Duration::from_secs(2) },
            requests_max: 16,
            purge_delay: Duration::from_secs(30),
            stop_time: Duration::from_secs(1),
        }
    }
}

impl EventLimits {
    /// `error`, no longer than what is kept of one, cut between two characters.
    pub(crate) fn clip(&self, error: &str) -> String {
        error.get(..error.floor_char_boundary(self.error_bytes_max)).unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipped_error_ends_between_two_characters() {
        let limits = EventLimits { error_bytes_max: 4, ..EventLimits::default() };
        assert_eq!(limits.clip("größe"), "grö");
        assert_eq!(limits.clip("no"), "no");
    }
}
