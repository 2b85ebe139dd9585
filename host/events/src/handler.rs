//! The handler that a component exports.

use crate::bindings::consumer::{Guest, GuestIndices, Refusal};
use crate::bindings::types;
use crate::consumer::{Failure, Handler, HandlerSource};
use crate::event::Event;
use async_trait::async_trait;
use mutrapro_runtime::{CallContext, Component, Lease, TraceContext};
use mutrapro_sql::{Transaction, TransactionResource, lend, take_back};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use wasmtime::component::Resource;

/// Gives out instances of one component.
pub(crate) struct ComponentHandlers {
    component: Arc<Component>,
    event_time: Duration,
}

impl ComponentHandlers {
    /// Handlers of `component`, each event under `event_time`. That it exports `mutrapro:events/consumer` is checked when it
    /// is loaded, as it subscribes.
    pub(crate) fn new(component: Arc<Component>, event_time: Duration) -> Self {
        Self { component, event_time }
    }
}

#[async_trait]
impl HandlerSource for ComponentHandlers {
    async fn handler(&self) -> Result<Box<dyn Handler>, String> {
        let call = CallContext::root(Instant::now() + self.event_time);
        let lease = self.component.acquire(&call).await.map_err(|error| error.to_string())?;
        Ok(Box::new(ComponentHandler { lease: Some(lease), guest: None, event_time: self.event_time }))
    }
}

/// One instance for the events of one batch.
struct ComponentHandler {
    /// Taken when it is dropped alone.
    lease: Option<Lease>,
    /// The exported interface, looked up in the instance once per batch.
    guest: Option<Guest>,
    event_time: Duration,
}

#[async_trait]
impl Handler for ComponentHandler {
    async fn handle(&mut self, event: &Event, transaction: Transaction) -> (Option<Transaction>, Result<(), Failure>) {
        let Some(lease) = self.lease.as_mut() else {
            return (Some(transaction), Err(Failure::Retry("there is no instance".to_owned())));
        };
        let lent = match lend(lease.store().data_mut(), transaction) {
            Ok(lent) => lent,
            Err(error) => return (None, Err(Failure::Retry(format!("lending the transaction failed: {error:#}")))),
        };
        let call = call_context(event, Instant::now() + self.event_time);
        let handled = call_handle(lease, call, &mut self.guest, event, lent.rep()).await;
        match take_back(lease.store().data_mut(), lent) {
            Ok(transaction) => (Some(transaction), handled),
            Err(error) => {
                tracing::error!("a lent transaction did not come back: {error:#}");
                (None, handled)
            }
        }
    }

    fn is_usable(&self) -> bool {
        self.lease.as_ref().is_some_and(Lease::is_usable)
    }
}

impl Drop for ComponentHandler {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.release();
        }
    }
}

async fn call_handle(
    lease: &mut Lease,
    call: CallContext,
    guest: &mut Option<Guest>,
    event: &Event,
    lent_rep: u32,
) -> Result<(), Failure> {
    let event = record(event);
    let (known, pre) = (guest.take(), lease.instance_pre().clone());
    let answer = lease
        .run(call, move |store, instance| {
            Box::pin(async move {
                let guest = match known {
                    Some(guest) => guest,
                    None => GuestIndices::new(&pre)?.load(&mut *store, instance)?,
                };
                let lent = Resource::<TransactionResource>::new_borrow(lent_rep);
                let answer = guest.call_handle(&mut *store, &event, lent).await?;
                Ok((guest, answer))
            })
        })
        .await;
    match answer {
        Ok((loaded, answer)) => {
            *guest = Some(loaded);
            answer.map_err(|refusal| match refusal {
                Refusal::Retry(reason) => Failure::Retry(reason),
                Refusal::Reject(reason) => Failure::Reject(reason),
            })
        }
        Err(error) => Err(Failure::Retry(error.to_string())),
    }
}

/// The event's trace goes on, and what is emitted in the handler keeps its correlation id.
fn call_context(event: &Event, deadline: Instant) -> CallContext {
    let mut call = CallContext::root(deadline);
    if let Some(trace) = event.trace_id.as_deref().and_then(TraceContext::resume) {
        call.trace = trace;
    }
    if let Some(correlation_id) = &event.correlation_id {
        call.correlation_id = correlation_id.as_str().into();
    }
    call
}

fn record(event: &Event) -> types::Event {
    types::Event {
        id: event.id.to_string(),
        kind: event.kind.clone(),
        aggregate_type: event.aggregate_type.clone(),
        aggregate_id: event.aggregate_id.clone(),
        payload: event.payload.clone(),
        occurred_at: event.occurred_at.clone(),
        producer: event.producer.as_str().to_owned(),
        trace_id: event.trace_id.clone(),
        correlation_id: event.correlation_id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventId;
    use mutrapro_manifest::ComponentId;

    #[test]
    fn handling_goes_on_with_the_trace_and_correlation_of_the_event() {
        let event = Event {
            id: EventId::generate(),
            kind: "user.registered".to_owned(),
            aggregate_type: "user".to_owned(),
            aggregate_id: "1".to_owned(),
            payload: "{}".to_owned(),
            occurred_at: "2026-01-31T09:30:00.000000Z".to_owned(),
            producer: ComponentId::new("user-service"),
            trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
            correlation_id: Some("outside-request".to_owned()),
        };
        let call = call_context(&event, Instant::now());
        assert_eq!(call.trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(&*call.correlation_id, "outside-request");
        assert_eq!(call.caller, None);
    }
}
