//! Capability `mutrapro:events`: the transactional outbox, and everything that carries events on from there.
//!
//! Promise: an event is published if and only if the transaction it was emitted in commits; every service that
//! subscribes to it handles it with effect exactly once, in the order of its aggregate; what cannot be published or
//! handled becomes a dead letter that an operator sees, replays or drops, and is never lost silently.
//!
//! The way of an event: [`EventsCapability`] writes it into the service's [`Outbox`]; a [`Publisher`] takes it to the
//! [`Bus`]; a [`Consumer`] fetches it there and calls the component's exported handler. [`Events`] starts and stops all
//! of these; [`DeadLetters`] is for operators and needs no running host. [`EmbeddedBus`] serves one host, [`NatsBus`] any
//! number of them.
//!
//! Deliberately absent: any way to publish outside a transaction, and events that are only in memory.

mod backoff;
mod bindings;
mod bus;
mod clock;
mod consumed;
mod consumer;
mod dead_letter;
mod dead_letters;
mod embedded;
mod error;
mod event;
mod handler;
mod horizon;
mod host;
mod limits;
mod metrics;
mod nats;
mod outbox;
mod publisher;
mod start;

pub use backoff::Backoff;
pub use bus::{Bus, ConsumerCounts, Delivery, DeliveryToken, PublishOutcome, Settlement, Subscription};
pub use clock::{Clock, SystemClock};
pub use consumer::{Consumer, ConsumerParts, Failure, Handler, HandlerSource};
pub use dead_letter::{Attempt, DeadLetter, DeadLetterId, NoDeadLetterId, Stage};
pub use dead_letters::DeadLetters;
pub use embedded::{EmbeddedBus, EmbeddedBusOptions};
pub use error::EventsError;
pub use event::{Event, EventId};
pub use host::{EventsCapability, INTERFACES};
pub use limits::{EventLimits, NatsLimits};
pub use metrics::{ConsumedResult, EventMetrics};
pub use nats::{NatsBus, NatsConfig, NatsCredentials, NatsStorage, NatsTls};
pub use outbox::{DueEvents, Outbox, OutboxCounts, PendingEvent, PurgePage, RefusedEvent};
pub use publisher::{Progress, Publisher, PublisherParts};
pub use start::{EventGauges, Events, purge};
