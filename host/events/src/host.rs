//! `mutrapro:events/outbox` as services import it.

use crate::bindings::outbox::{self, EmitError};
use crate::bindings::types;
use crate::event::{Event, EventId};
use crate::limits::EventLimits;
use crate::metrics::EventMetrics;
use crate::outbox::Outbox;
use jiff::Timestamp;
use mutrapro_manifest::{KindPattern, Service};
use mutrapro_runtime::{Capability, Interface, State};
use mutrapro_sql::{Error, TransactionResource, canonical_instant, transaction_mut};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Notify;
use wasmtime::component::{HasData, Linker, Resource};
use wasmtime::format_err;

const OUTBOX: Interface = Interface {
    name: "mutrapro:events/outbox",
    grant: "`publishes = [\"<aggregate>.<fact>\"]` and `database` in its [[trigger.mutrapro]] entry",
};

const TYPES: Interface =
    Interface { name: "mutrapro:events/types", grant: "`database` in its [[trigger.mutrapro]] entry" };

/// What it gives, each with what grants it.
pub const INTERFACES: [Interface; 2] = [OUTBOX, TYPES];

/// Gives services their outbox. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct EventsCapability {
    limits: EventLimits,
    metrics: EventMetrics,
    wakes: Arc<HashMap<String, Arc<Notify>>>,
}

impl EventsCapability {
    /// The capability for `services`, with a wake for the publisher of each.
    pub fn new<'a>(
        services: impl IntoIterator<Item = &'a Arc<Service>>,
        limits: EventLimits,
        metrics: EventMetrics,
    ) -> Self {
        let wake = |service: &Arc<Service>| (service.id.as_str().to_owned(), Arc::default());
        Self { limits, metrics, wakes: Arc::new(services.into_iter().map(wake).collect()) }
    }

    /// What the publisher of `service` waits for: notified after each commit with an event in it.
    pub(crate) fn wake(&self, service: &Service) -> Arc<Notify> {
        self.wakes.get(service.id.as_str()).map(Arc::clone).unwrap_or_default()
    }

    pub(crate) fn limits(&self) -> &EventLimits {
        &self.limits
    }

    pub(crate) fn metrics(&self) -> &EventMetrics {
        &self.metrics
    }
}

impl Capability for EventsCapability {
    fn interfaces(&self) -> &'static [Interface] {
        &INTERFACES
    }

    fn is_granted(&self, interface: &Interface, service: &Service) -> bool {
        service.database.is_some() && (*interface == TYPES || !service.publishes.is_empty())
    }

    fn add_to_linker(&self, interface: &Interface, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        if *interface == TYPES {
            return types::add_to_linker::<State, HasEvents>(linker, |state| EventsHost { state });
        }
        outbox::add_to_linker::<State, HasEvents>(linker, |state| EventsHost { state })
    }

    fn prepare(&self, service: &Arc<Service>, state: &mut State) -> wasmtime::Result<()> {
        state.insert(Emitter {
            service: Arc::clone(service),
            wake: self.wake(service),
            limits: self.limits.clone(),
            metrics: self.metrics.clone(),
        });
        Ok(())
    }
}

/// An instance's part: what it may emit, and whom to wake.
struct Emitter {
    service: Arc<Service>,
    wake: Arc<Notify>,
    limits: EventLimits,
    metrics: EventMetrics,
}

struct HasEvents;

impl HasData for HasEvents {
    type Data<'a> = EventsHost<'a>;
}

/// A view of the instance's state for the generated traits.
struct EventsHost<'a> {
    state: &'a mut State,
}

impl types::Host for EventsHost<'_> {}

impl outbox::Host for EventsHost<'_> {
    async fn emit(
        &mut self,
        tx: Resource<TransactionResource>,
        kind: String,
        aggregate_type: String,
        aggregate_id: String,
        payload: String,
    ) -> wasmtime::Result<Result<String, EmitError>> {
        let call = self.state.call();
        let (trace_id, correlation_id) = (call.trace.trace_id(), call.correlation_id.to_string());
        let emitter = self.state.part::<Emitter>()?;
        let event = Event {
            id: EventId::generate(),
            kind,
            aggregate_type,
            aggregate_id,
            payload,
            occurred_at: canonical_instant(Timestamp::now()),
            producer: emitter.service.id.clone(),
            trace_id: Some(trace_id),
            correlation_id: Some(correlation_id),
        };
        if let Err(refused) = check(&event, &emitter.service.publishes, &emitter.limits) {
            return Ok(Err(refused));
        }
        let (wake, metrics) = (Arc::clone(&emitter.wake), emitter.metrics.clone());
        let Some(transaction) = transaction_mut(self.state, &tx)? else {
            return Ok(Err(EmitError::Unavailable("the transaction has ended".to_owned())));
        };
        match Outbox::insert(transaction, &event).await {
            Ok(()) => {
                transaction.notify_on_commit(&wake);
                metrics.emitted(&event.producer);
                Ok(Ok(event.id.to_string()))
            }
            Err(Error::Unavailable(reason)) => Ok(Err(EmitError::Unavailable(reason))),
            Err(Error::Conflict) => Ok(Err(EmitError::Unavailable("another transaction won".to_owned()))),
            Err(error) => Err(format_err!("outbox of {} refused a checked event: {error:?}", event.producer)),
        }
    }
}

/// Whether a service that publishes `patterns` may emit `event`.
fn check(event: &Event, patterns: &[KindPattern], limits: &EventLimits) -> Result<(), EmitError> {
    let kind = &event.kind;
    check_kind(kind, limits)?;
    if !patterns.iter().any(|pattern| pattern.matches(kind)) {
        return Err(EmitError::NotDeclared(kind.clone()));
    }
    if !is_name(&event.aggregate_type) || event.aggregate_type.len() > limits.kind_bytes_max {
        return Err(EmitError::InvalidPayload(format!(
            "aggregate type {:?} is not 1 to {} lower-case letters, digits and underscores",
            shortened(&event.aggregate_type),
            limits.kind_bytes_max
        )));
    }
    if event.aggregate_id.is_empty() || event.aggregate_id.len() > limits.aggregate_id_bytes_max {
        let (length, max) = (event.aggregate_id.len(), limits.aggregate_id_bytes_max);
        return Err(EmitError::InvalidPayload(format!("aggregate id is {length} bytes long, not 1 to {max}")));
    }
    if event.payload.len() > limits.payload_bytes_max {
        return Err(EmitError::PayloadTooLarge(u32::try_from(limits.payload_bytes_max).unwrap_or(u32::MAX)));
    }
    let is_object = serde_json::from_str::<JsonObject>(&event.payload);
    is_object.map(drop).map_err(|error| EmitError::InvalidPayload(format!("payload is no JSON object: {error}")))
}

/// Any JSON object: what is in it is between producer and consumers, so nothing of it is kept.
struct JsonObject;

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self)
    }
}

impl<'de> Visitor<'de> for JsonObject {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self)
    }
}

/// `<aggregate>.<fact…>` in lower-case letters, digits and underscores.
fn check_kind(kind: &str, limits: &EventLimits) -> Result<(), EmitError> {
    let well_formed = kind.len() <= limits.kind_bytes_max && kind.contains('.') && kind.split('.').all(is_name);
    if well_formed {
        return Ok(());
    }
    Err(EmitError::InvalidPayload(format!(
        "kind {:?} is not <aggregate>.<fact> in at most {} lower-case letters, digits, underscores and dots",
        shortened(kind),
        limits.kind_bytes_max
    )))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// Enough of a wrong name to recognise it.
fn shortened(text: &str) -> &str {
    text.get(..text.floor_char_boundary(64)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_manifest::ComponentId;

    fn event() -> Event {
        Event {
            id: EventId::generate(),
            kind: "user.registered".to_owned(),
            aggregate_type: "user".to_owned(),
            aggregate_id: "0199f3c2".to_owned(),
            payload: r#"{"user_id":"0199f3c2","roles":["customer"]}"#.to_owned(),
            occurred_at: "2026-01-31T09:30:00.000000Z".to_owned(),
            producer: ComponentId::new("user-service"),
            trace_id: None,
            correlation_id: None,
        }
    }

    fn check_with(change: impl FnOnce(&mut Event)) -> Result<(), EmitError> {
        let mut event = event();
        change(&mut event);
        check(&event, &[KindPattern::new("user.*")], &EventLimits::default())
    }

    #[test]
    fn declared_event_passes() {
        assert!(check_with(|_| {}).is_ok());
        assert!(check_with(|event| event.kind = "user.demo.published_2".to_owned()).is_ok());
    }

    #[test]
    fn undeclared_kind_is_named() {
        let refused = check_with(|event| event.kind = "payment.completed".to_owned());
        assert!(matches!(refused, Err(EmitError::NotDeclared(kind)) if kind == "payment.completed"));
    }

    #[test]
    fn malformed_kinds_are_refused() {
        for kind in ["", "user", "user.", ".user", "user..x", "User.x", "user.x y", "user.é", "user.*"] {
            let refused = check_with(|event| event.kind = kind.to_owned());
            assert!(matches!(refused, Err(EmitError::InvalidPayload(_))), "{kind}: {refused:?}");
        }
        let refused = check_with(|event| event.kind = format!("user.{}", "x".repeat(1 << 20)));
        assert!(matches!(refused, Err(EmitError::InvalidPayload(why)) if why.len() < 300));
    }

    #[test]
    fn malformed_aggregates_are_refused() {
        for (aggregate_type, aggregate_id) in [("", "1"), ("a/b", "1"), ("User", "1"), ("user", "")] {
            let refused = check_with(|event| {
                event.aggregate_type = aggregate_type.to_owned();
                event.aggregate_id = aggregate_id.to_owned();
            });
            assert!(matches!(refused, Err(EmitError::InvalidPayload(_))), "{aggregate_type} {aggregate_id}");
        }
        assert!(check_with(|event| event.aggregate_id = "x".repeat(128)).is_ok());
        assert!(check_with(|event| event.aggregate_id = "x".repeat(129)).is_err());
    }

    #[test]
    fn payload_that_is_no_object_is_refused() {
        for payload in ["", "null", "1", "[]", "\"{}\"", "{", "{} {}", "{'a':1}", "{\"a\":}"] {
            let refused = check_with(|event| event.payload = payload.to_owned());
            assert!(matches!(refused, Err(EmitError::InvalidPayload(_))), "{payload}: {refused:?}");
        }
    }

    #[test]
    fn payload_is_bounded_to_the_byte() {
        let payload = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8));
        assert!(check_with(|event| event.payload = payload(256 << 10)).is_ok());
        let refused = check_with(|event| event.payload = payload((256 << 10) + 1));
        assert!(matches!(refused, Err(EmitError::PayloadTooLarge(max)) if max == 256 << 10));
    }
}
