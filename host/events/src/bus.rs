//! What a bus promises, whichever one it is.
//!
//! Promise: an event that was accepted is kept until each consumer that subscribed to its kind has acknowledged it or
//! given it up; a consumer gets the events of an aggregate in the order in which they were accepted; one that waits for
//! its next attempt holds back the later ones of its aggregate and no other.
//!
//! Deliberately absent: exactly once. An event may come again after a crash; the consumer's mark, written in the
//! transaction of its effect, recognises it.

use crate::dead_letter::DeadLetter;
use crate::error::EventsError;
use crate::event::{Event, EventId};
use async_trait::async_trait;
use jiff::Timestamp;
use mutrapro_manifest::{ComponentId, KindPattern};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Carries events from publishers to consumers, durably.
///
/// Every operation may be repeated: [`EventsError::Unavailable`] leaves open whether it happened.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Makes these the subscriptions. A consumer that is new gets what is accepted from now on. One that is no longer
    /// among them gets nothing more, but what waits for it is kept in case it comes back.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    async fn subscribe(&self, subscriptions: &[Subscription]) -> Result<(), EventsError>;

    /// Accepts events in this order and answers one outcome for each, once what it accepted is durable. An event with an
    /// id that was accepted before is accepted without effect.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`]: none, some or all were accepted; publish them again.
    async fn publish(&self, events: &[Event]) -> Result<Vec<PublishOutcome>, EventsError>;

    /// At most `max` deliveries that are due, in the order in which they were accepted, waiting up to `patience` until
    /// there is one. They are the caller's until it settles them, the host restarts, or another host takes over: of several
    /// hosts one at a time gets the deliveries of a consumer.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    async fn fetch(&self, consumer: &ComponentId, max: u16, patience: Duration) -> Result<Vec<Delivery>, EventsError>;

    /// Says what became of deliveries. Those that are settled already, or are the caller's no longer, are passed over.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`]: settle them again.
    async fn settle(
        &self,
        consumer: &ComponentId,
        settlements: &[(DeliveryToken, Settlement)],
    ) -> Result<(), EventsError>;

    /// At most `max` dead letters, of `consumer` or of all, the oldest first.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    async fn dead_letters(&self, consumer: Option<&ComponentId>, max: u32) -> Result<Vec<DeadLetter>, EventsError>;

    /// The dead letter that `event` is for `consumer`, if it is one.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    async fn dead_letter(&self, consumer: &ComponentId, event: EventId) -> Result<Option<DeadLetter>, EventsError>;

    /// Delivers a dead letter again: its attempts count from 1, its history is kept. It comes before the later events of
    /// its aggregate that have not been handled yet. Answers whether there was such a dead letter.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    async fn replay(&self, consumer: &ComponentId, event: EventId) -> Result<bool, EventsError>;

    /// Forgets a dead letter; answers whether there was one.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    async fn discard(&self, consumer: &ComponentId, event: EventId) -> Result<bool, EventsError>;

    /// What waits and what is dead, per consumer.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    async fn counts(&self) -> Result<Vec<ConsumerCounts>, EventsError>;

    /// Removes what is kept for nobody any more, and answers how many events; called now and then.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`]; what was removed before stays removed.
    async fn purge(&self) -> Result<u64, EventsError>;

    /// Attends the outbox of a producer, and tells from now on whether this host is the one to publish it: of several hosts
    /// one is. While it is, the `Notify` is notified when another one [`call`](Self::call)s.
    fn attend(&self, _producer: &ComponentId, _wake: Arc<Notify>) -> watch::Receiver<bool> {
        // A bus that only one host has.
        watch::channel(true).1
    }

    /// Tells the host that publishes the outbox of a producer that there is something new in it. Nothing hangs on it: that
    /// host looks now and then anyway.
    async fn call(&self, _producer: &ComponentId) {}

    /// Gives up whatever this host has that another one could take over. Called when nothing is in hand any more.
    async fn stop(&self) {}
}

/// What a consumer wants to get.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// The service that handles the events.
    pub consumer: ComponentId,
    /// The kinds that it handles.
    pub patterns: Vec<KindPattern>,
}

/// What became of one event of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishOutcome {
    /// It is kept until every subscriber has it.
    Accepted,
    /// The bus will not have this event as it is, for the reason given; others may pass.
    Refused(String),
    /// An earlier event of its aggregate in the batch was refused, so this one was not looked at.
    Withheld,
}

/// An event at a consumer's door.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// What to handle.
    pub event: Event,
    /// Which attempt this is, from 1. Deliveries that were returned do not count.
    pub attempt: u32,
    /// What to settle it with.
    pub token: DeliveryToken,
}

/// Stands for a delivery when it is settled; means something to the bus alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryToken(pub u64);

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Handled: it is never delivered again.
    Acknowledge,
    /// Not touched: deliver it again as soon as its turn comes, uncounted.
    Return,
    /// Failed: deliver it again `after` this long; later events of its aggregate wait for it.
    Retry {
        /// How long to wait.
        after: Duration,
        /// Why it failed, for the history.
        error: String,
    },
    /// Given up: it becomes a dead letter, and no longer holds back its aggregate.
    Bury {
        /// Why it failed last.
        error: String,
    },
}

/// What waits for a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerCounts {
    /// Whom it waits for.
    pub consumer: ComponentId,
    /// How many deliveries are not settled for good.
    pub pending: u64,
    /// When the oldest of them was accepted.
    pub oldest_pending_since: Option<Timestamp>,
    /// How many dead letters it has.
    pub dead: u64,
}
