//! Publishing in the order of aggregates, and which host does it.
//!
//! Promise: an event is sent only when the one before it of its aggregate was acknowledged, and the server drops what it has
//! already. So two hosts that publish the same outbox, or one that tries again, cannot turn an aggregate's order around,
//! whatever becomes of their connections. One host at a time publishing an outbox saves the work of doing it twice; nothing
//! else hangs on it.

use crate::bus::PublishOutcome;
use crate::error::EventsError;
use crate::event::Event;
use crate::nats::broker::{Broker, stream_name};
use crate::nats::leases::{LeaseState, Leases};
use crate::nats::message;
use async_nats::jetstream;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use futures::StreamExt;
use futures::future::try_join_all;
use mutrapro_manifest::ComponentId;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::{Notify, watch};

impl Broker {
    /// As [`Bus::publish`](crate::bus::Bus::publish). The events go out in waves: the first of each aggregate, in their order,
    /// and once they are all acknowledged the second of each, and so on.
    pub(super) async fn publish_events(&self, events: &[Event]) -> Result<Vec<PublishOutcome>, EventsError> {
        let aggregates: Vec<String> = events.iter().map(Event::aggregate_key).collect();
        let mut depths: HashMap<&str, usize> = HashMap::new();
        let mut waves: Vec<Vec<usize>> = Vec::new();
        for (place, aggregate) in aggregates.iter().enumerate() {
            let depth = depths.entry(aggregate).or_default();
            match waves.get_mut(*depth) {
                Some(wave) => wave.push(place),
                None => waves.push(vec![place]),
            }
            *depth += 1;
        }
        let mut outcomes = vec![PublishOutcome::Withheld; events.len()];
        let mut refused: HashSet<&str> = HashSet::new();
        for wave in waves {
            let parts = wave.into_iter().filter_map(|place| Some((place, events.get(place)?, aggregates.get(place)?)));
            let sent = parts.filter(|(_, _, aggregate)| !refused.contains(aggregate.as_str()));
            let sent = sent.map(|(place, event, aggregate)| async move {
                Ok::<_, EventsError>((place, aggregate, self.publish_event(event).await?))
            });
            for (place, aggregate, outcome) in try_join_all(sent).await? {
                if outcome != PublishOutcome::Accepted {
                    refused.insert(aggregate);
                }
                if let Some(told) = outcomes.get_mut(place) {
                    *told = outcome;
                }
            }
        }
        Ok(outcomes)
    }

    async fn publish_event(&self, event: &Event) -> Result<PublishOutcome, EventsError> {
        let headers = message::headers(event);
        if let Some(reason) = self.refusal(event, message::bytes(&headers, &event.payload)) {
            return Ok(PublishOutcome::Refused(reason));
        }
        match self.publish(self.names.events(&event.kind), headers, event.payload.clone().into()).await {
            Ok(()) => Ok(PublishOutcome::Accepted),
            Err(error) if is_about_the_message(&error) => Ok(PublishOutcome::Refused(error.to_string())),
            Err(error) => {
                let stream = stream_name(&self.streams.events);
                Err(EventsError::unavailable(format_args!("publishing to the stream {stream}{}", hint(&error)), &error))
            }
        }
    }

    /// Why the bus will not have `event`, whose message has `message_bytes`.
    fn refusal(&self, event: &Event, message_bytes: usize) -> Option<String> {
        let bytes = event.payload.len() + event.kind.len() + event.aggregate_type.len() + event.aggregate_id.len();
        let bytes_max = self.limits.event_bytes_max;
        if bytes > bytes_max {
            return Some(format!("event is {bytes} bytes long, the bus takes at most {bytes_max}"));
        }
        // It may become a dead letter, which tells more.
        let room = self.limits.history_bytes_max.saturating_add(message::DEAD_LETTER_BYTES);
        let message_bytes_max = self.client.max_payload().saturating_sub(room);
        if message_bytes > message_bytes_max {
            return Some(format!(
                "event takes {message_bytes} bytes, at most {message_bytes_max} are left of what the NATS server takes: \
                 raise its max_payload"
            ));
        }
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic() && !b"*>".contains(&b));
        let is_subject = event.kind.split('.').all(is_word);
        (!is_subject).then(|| format!("kind {:?} cannot be part of a subject", event.kind))
    }
}

/// Whether another message could pass.
fn is_about_the_message(error: &PublishError) -> bool {
    error.kind() == PublishErrorKind::MaxPayloadExceeded
        || matches!(
            code(error),
            Some(ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM | ErrorCode::STREAM_HEADER_EXCEEDS_MAXIMUM)
        )
}

/// What an operator can do about it.
fn hint(error: &PublishError) -> &'static str {
    match code(error) {
        Some(
            ErrorCode::STREAM_STORE_FAILED | ErrorCode::INSUFFICIENT_RESOURCES | ErrorCode::STORAGE_RESOURCES_EXCEEDED,
        ) => " (it is full: see which consumer is behind, or give it more bytes)",
        _ => "",
    }
}

/// The server's own code.
fn code(error: &PublishError) -> Option<ErrorCode> {
    let source = std::error::Error::source(error)?;
    source.downcast_ref::<jetstream::Error>().map(jetstream::Error::error_code)
}

/// Attends the outbox of one service without end: takes and gives away its lease, tells `leads` whether this host has it, and
/// notifies `wake` when another host calls meanwhile.
pub(super) async fn attend(
    broker: Arc<Broker>,
    leases: Leases,
    producer: ComponentId,
    (leads, wake): (watch::Sender<bool>, Arc<Notify>),
) {
    let name = format!("publisher.{producer}");
    let mut lease = leases.attend(&name);
    loop {
        let mut calls = match broker.client.subscribe(broker.names.call(&producer)).await {
            Ok(calls) => calls,
            Err(error) => {
                tracing::warn!(%producer, %error, "calls of other hosts are not heard yet");
                tokio::time::sleep(broker.limits.retry.cap).await;
                continue;
            }
        };
        loop {
            let state = *lease.borrow_and_update();
            if state == LeaseState::Wanted {
                // A publisher at work does no harm beside another one.
                leases.release(&name).await;
            }
            let has_it = state == LeaseState::Held;
            leads.send_if_modified(|leads| std::mem::replace(leads, has_it) != has_it);
            tokio::select! {
                changed = lease.changed() => if changed.is_err() { return },
                call = calls.next() => match call {
                    Some(_) if *leads.borrow() => wake.notify_one(),
                    Some(_) => {}
                    None => break,
                },
            }
        }
    }
}
