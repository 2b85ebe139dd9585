//! From a bus to a handler, without WebAssembly.

use crate::contract::event;
use crate::fixture::System;
use async_trait::async_trait;
use mutrapro_events::{
    Bus, Clock, Consumer, ConsumerParts, Delivery, Event, Failure, Handler, HandlerSource, Settlement,
};
use mutrapro_sql::{Transaction, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};

/// Writes an effect for every event, and does what the event's kind says.
#[derive(Clone)]
struct Effects {
    handled: mpsc::UnboundedSender<String>,
}

struct OneBatch {
    effects: Effects,
    usable: bool,
}

#[async_trait]
impl HandlerSource for Effects {
    async fn handler(&self) -> Result<Box<dyn Handler>, String> {
        Ok(Box::new(OneBatch { effects: self.clone(), usable: true }))
    }
}

#[async_trait]
impl Handler for OneBatch {
    async fn handle(
        &mut self,
        event: &Event,
        mut transaction: Transaction,
    ) -> (Option<Transaction>, Result<(), Failure>) {
        assert!(self.usable, "called after a trap");
        let parent = if event.kind == "user.orphaned" { Value::Text("nobody".to_owned()) } else { Value::Null };
        let effect = vec![Value::Text(event.id.to_string()), parent];
        transaction.execute("INSERT INTO effects (event_id, parent_id) VALUES ($1, $2)", effect).await.unwrap();
        self.effects.handled.send(event.aggregate_id.clone()).unwrap();
        let outcome = match event.kind.as_str() {
            "user.retried" => Err(Failure::Retry("not now".to_owned())),
            "user.rejected" => Err(Failure::Reject("never".to_owned())),
            "user.trapped" => {
                self.usable = false;
                Err(Failure::Retry("trapped".to_owned()))
            }
            "user.lost" => return (None, Ok(())),
            _ => Ok(()),
        };
        (Some(transaction), outcome)
    }

    fn is_usable(&self) -> bool {
        self.usable
    }
}

struct NoHandlers;

#[async_trait]
impl HandlerSource for NoHandlers {
    async fn handler(&self) -> Result<Box<dyn Handler>, String> {
        Err("overloaded".to_owned())
    }
}

fn consumer(system: &System, handlers: Box<dyn HandlerSource>) -> Consumer {
    let parts = ConsumerParts {
        bus: system.bus(),
        clock: Arc::clone(&system.clock) as Arc<dyn Clock>,
        limits: system.limits.clone(),
        metrics: system.metrics.clone(),
    };
    Consumer::new(system.id.clone(), Arc::clone(system.database()), handlers, parts)
}

fn effects(system: &System) -> (Consumer, mpsc::UnboundedReceiver<String>) {
    let (handled, calls) = mpsc::unbounded_channel();
    (consumer(system, Box::new(Effects { handled })), calls)
}

/// A system that never stops a batch for its time, and the deliveries of events of these kinds and aggregates.
async fn system_with(events: &[(&str, &str)]) -> (System, Vec<Delivery>) {
    let mut system = System::start().await;
    system.limits.consume_batch_time = Duration::from_secs(3600);
    let events: Vec<Event> = events.iter().map(|(kind, aggregate_id)| event(kind, aggregate_id)).collect();
    system.bus.publish(&events).await.unwrap();
    let deliveries = system.fetch().await;
    assert_eq!(deliveries.len(), events.len());
    (system, deliveries)
}

async fn settlements(consumer: &mut Consumer, deliveries: &[Delivery]) -> Vec<Settlement> {
    let (settled, trouble) = consumer.handle(deliveries).await;
    assert_eq!(trouble, None);
    assert!(settled.iter().map(|(token, _)| *token).eq(deliveries.iter().map(|delivery| delivery.token)));
    settled.into_iter().map(|(_, settlement)| settlement).collect()
}

async fn effects_and_marks(system: &System) -> (i64, i64) {
    let effects = system.number("SELECT count(*) FROM effects").await;
    let both = "SELECT count(*) FROM effects JOIN consumed_events USING (event_id)";
    let marks = system.number("SELECT count(*) FROM consumed_events").await;
    assert_eq!(system.number(both).await, effects.min(marks), "an effect without its mark, or the reverse");
    (effects, marks)
}

fn is_retry(settlement: &Settlement, why: &str) -> bool {
    matches!(settlement, Settlement::Retry { error, .. } if error.contains(why))
}

#[tokio::test]
async fn effect_and_mark_commit_together() {
    let (system, deliveries) = system_with(&[("user.ok", "1"), ("user.ok", "1"), ("user.ok", "2")]).await;
    let (mut consumer, _calls) = effects(&system);
    assert_eq!(settlements(&mut consumer, &deliveries).await, vec![Settlement::Acknowledge; 3]);
    assert_eq!(effects_and_marks(&system).await, (3, 3));
}

#[tokio::test]
async fn event_that_was_committed_but_not_settled_has_no_second_effect() {
    let (system, deliveries) = system_with(&[("user.ok", "1")]).await;
    let (mut consumer, _calls) = effects(&system);
    consumer.handle(&deliveries).await;
    // The host stopped here: another one gets the same delivery.
    let (mut consumer, mut calls) = effects(&system);
    assert_eq!(settlements(&mut consumer, &deliveries).await, [Settlement::Acknowledge]);
    assert!(calls.try_recv().is_err(), "the handler was called again");
    assert_eq!(effects_and_marks(&system).await, (1, 1));
}

#[tokio::test]
async fn refusing_event_is_undone_alone_and_holds_back_its_aggregate() {
    let (system, deliveries) =
        system_with(&[("user.ok", "1"), ("user.retried", "1"), ("user.ok", "1"), ("user.ok", "2")]).await;
    let (mut consumer, mut calls) = effects(&system);
    let settled = settlements(&mut consumer, &deliveries).await;
    assert!(is_retry(&settled[1], "not now"), "{settled:?}");
    assert_eq!(
        [&settled[0], &settled[2], &settled[3]],
        [&Settlement::Acknowledge, &Settlement::Return, &Settlement::Acknowledge]
    );
    assert_eq!(effects_and_marks(&system).await, (2, 2));
    let called: Vec<String> = std::iter::from_fn(|| calls.try_recv().ok()).collect();
    assert_eq!(called, ["1", "1", "2"]);
}

#[tokio::test]
async fn rejecting_event_is_a_dead_letter_at_once() {
    let (system, deliveries) = system_with(&[("user.rejected", "1")]).await;
    let (mut consumer, _calls) = effects(&system);
    assert_eq!(settlements(&mut consumer, &deliveries).await, [Settlement::Bury { error: "never".to_owned() }]);
    assert_eq!(effects_and_marks(&system).await, (0, 0));
}

#[tokio::test]
async fn tenth_failed_delivery_is_a_dead_letter() {
    let (system, mut deliveries) = system_with(&[("user.retried", "1")]).await;
    let (mut consumer, _calls) = effects(&system);
    deliveries[0].attempt = 9;
    assert!(is_retry(&settlements(&mut consumer, &deliveries).await[0], "not now"));
    deliveries[0].attempt = 10;
    assert_eq!(settlements(&mut consumer, &deliveries).await, [Settlement::Bury { error: "not now".to_owned() }]);
}

#[tokio::test]
async fn retries_wait_longer_each_time() {
    let (system, mut deliveries) = system_with(&[("user.retried", "1")]).await;
    let (mut consumer, _calls) = effects(&system);
    for (attempt, whole) in [(1, 1), (2, 2), (5, 16), (9, 256)] {
        deliveries[0].attempt = attempt;
        let settled = settlements(&mut consumer, &deliveries).await;
        let Settlement::Retry { after, .. } = settled[0] else { panic!("{settled:?}") };
        assert!(after <= Duration::from_secs(whole) && after * 2 >= Duration::from_secs(whole), "{after:?}");
    }
}

#[tokio::test]
async fn trap_keeps_what_was_before_and_ends_the_batch() {
    let (system, deliveries) = system_with(&[("user.ok", "1"), ("user.trapped", "2"), ("user.ok", "3")]).await;
    let (mut consumer, _calls) = effects(&system);
    let settled = settlements(&mut consumer, &deliveries).await;
    assert_eq!((&settled[0], &settled[2]), (&Settlement::Acknowledge, &Settlement::Return));
    assert!(is_retry(&settled[1], "trapped"), "{settled:?}");
    assert_eq!(effects_and_marks(&system).await, (1, 1));
    assert_eq!(settlements(&mut consumer, &deliveries[2..]).await, [Settlement::Acknowledge], "with a new instance");
}

#[tokio::test]
async fn lost_transaction_is_counted_against_the_event_at_work_alone() {
    let (system, deliveries) = system_with(&[("user.ok", "1"), ("user.retried", "2"), ("user.lost", "3")]).await;
    let (mut consumer, _calls) = effects(&system);
    let settled = settlements(&mut consumer, &deliveries).await;
    assert_eq!(settled[..2], [Settlement::Return, Settlement::Return]);
    assert!(is_retry(&settled[2], "transaction was lost"), "{settled:?}");
    assert_eq!(effects_and_marks(&system).await, (0, 0));
}

#[tokio::test]
async fn event_that_breaks_the_commit_is_found_and_counted() {
    let (system, deliveries) = system_with(&[("user.ok", "1"), ("user.orphaned", "2")]).await;
    let (mut consumer, _calls) = effects(&system);
    assert_eq!(settlements(&mut consumer, &deliveries).await, vec![Settlement::Return; 2], "either may be to blame");
    assert_eq!(effects_and_marks(&system).await, (0, 0));
    assert_eq!(settlements(&mut consumer, &deliveries[..1]).await, [Settlement::Acknowledge]);
    let settled = settlements(&mut consumer, &deliveries[1..]).await;
    assert!(
        is_retry(&settled[0], "effects_parent_id_fkey") || is_retry(&settled[0], "ConstraintViolated"),
        "{settled:?}"
    );
    assert_eq!(effects_and_marks(&system).await, (1, 1));
}

#[tokio::test]
async fn batch_ends_after_its_time_so_that_others_get_at_the_writer() {
    let (mut system, deliveries) = system_with(&[("user.ok", "1"), ("user.ok", "2"), ("user.ok", "3")]).await;
    system.limits.consume_batch_time = Duration::ZERO;
    let (mut consumer, _calls) = effects(&system);
    let settled = settlements(&mut consumer, &deliveries).await;
    assert_eq!(settled, [Settlement::Acknowledge, Settlement::Return, Settlement::Return]);
    assert_eq!(effects_and_marks(&system).await, (1, 1));
}

#[tokio::test]
async fn nothing_is_counted_when_there_is_no_instance() {
    let (system, deliveries) = system_with(&[("user.ok", "1"), ("user.ok", "2")]).await;
    let (settled, trouble) = consumer(&system, Box::new(NoHandlers)).handle(&deliveries).await;
    assert!(settled.iter().all(|(_, settlement)| *settlement == Settlement::Return), "{settled:?}");
    assert_eq!(trouble.as_deref(), Some("overloaded"));
}

#[tokio::test]
async fn committed_event_is_handled_once_although_the_bus_did_not_hear_of_it() {
    let mut system = System::start().await;
    system.limits.backoff.first = Duration::from_millis(1);
    *system.bus.settle_failures.lock().unwrap() = 2;
    let (stop, stopped) = watch::channel(false);
    let wake: Arc<Notify> = Arc::default();
    let (consumer, mut calls) = effects(&system);
    let publishing = tokio::spawn(system.publisher().run(Arc::clone(&wake), stopped.clone()));
    let consuming = tokio::spawn(consumer.run(stopped));
    system.emit(&[event("user.ok", "1"), event("user.ok", "2")], &wake).await;
    assert_eq!(calls.recv().await.as_deref(), Some("1"));
    assert_eq!(calls.recv().await.as_deref(), Some("2"));
    // Comes only after the first ones are settled: their consumer fetches nothing before.
    system.emit(&[event("user.ok", "3")], &wake).await;
    assert_eq!(calls.recv().await.as_deref(), Some("3"));
    stop.send_replace(true);
    publishing.await.unwrap();
    consuming.await.unwrap();
    assert!(calls.try_recv().is_err());
    assert_eq!(effects_and_marks(&system).await, (3, 3));
    assert_eq!(system.bus.counts().await.unwrap()[0].pending, 0);
}
