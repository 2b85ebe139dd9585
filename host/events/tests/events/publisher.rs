//! From an outbox to a bus.

use crate::contract::event;
use crate::fixture::{Script, System};
use mutrapro_events::{
    Bus, DeadLetterId, DeadLetters, Delivery, Event, EventId, EventsError, Outbox, Progress, Stage, purge,
};
use mutrapro_sql::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Nothing is left that was not published by this or an earlier round.
fn is_all_published(progress: Progress) -> bool {
    progress.published == 0 && !progress.more
}

fn ids(deliveries: &[Delivery]) -> Vec<EventId> {
    deliveries.iter().map(|delivery| delivery.event.id).collect()
}

#[tokio::test]
async fn events_are_published_in_the_order_of_their_commits() {
    let system = System::start().await;
    let mut emitted = system.emit_of(&["1", "2", "1"]).await;
    emitted.extend(system.emit_of(&["2", "1"]).await);
    assert_eq!(system.publisher().round().await.unwrap().published, 5);
    assert_eq!(ids(&system.fetch().await), emitted);
}

#[tokio::test]
async fn published_event_is_the_emitted_one() {
    let system = System::start().await;
    let emitted = event("user.registered", "1");
    system.emit(std::slice::from_ref(&emitted), &Arc::default()).await;
    system.publisher().round().await.unwrap();
    assert_eq!(system.fetch().await[0].event, emitted);
}

#[tokio::test]
async fn unreachable_bus_costs_no_attempt() {
    let system = System::start().await;
    let emitted = system.emit_of(&["1"]).await;
    let publisher = system.publisher();
    for _ in 0..20 {
        system.bus.publishing.lock().unwrap().push_back(Script::Unavailable);
        assert!(matches!(publisher.round().await, Err(EventsError::Unavailable(_))));
    }
    assert_eq!(system.number("SELECT retry_count FROM outbox_events").await, 0);
    assert_eq!(publisher.round().await.unwrap().published, 1);
    assert_eq!(ids(&system.fetch().await), emitted);
}

#[tokio::test]
async fn published_event_is_not_repeated_before_its_mark() {
    let system = System::start().await;
    system.emit_of(&["1"]).await;
    let publisher = system.publisher();
    assert_eq!(publisher.round().await.unwrap().published, 1);
    assert!(is_all_published(publisher.round().await.unwrap()));
    assert_eq!(system.outbox().counts().await.unwrap().pending, 1);
    publisher.mark().await.unwrap();
    assert_eq!(system.outbox().counts().await.unwrap().pending, 0);
    assert!(is_all_published(publisher.round().await.unwrap()));
    assert_eq!(system.bus.published.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn event_is_repeated_and_recognised_when_its_mark_is_lost() {
    let system = System::start().await;
    let emitted = system.emit_of(&["1"]).await;
    assert_eq!(system.publisher().round().await.unwrap().published, 1);
    // The first publisher is gone, as in a crash, and its mark with it.
    assert_eq!(system.publisher().round().await.unwrap().published, 1);
    assert_eq!(*system.bus.published.lock().unwrap(), [emitted[0], emitted[0]]);
    assert_eq!(ids(&system.fetch().await), emitted);
}

#[tokio::test]
async fn refused_event_holds_back_its_own_aggregate_alone() {
    let system = System::start().await;
    let emitted = system.emit_of(&["1", "1", "2"]).await;
    let publisher = system.publisher();
    system.bus.publishing.lock().unwrap().push_back(Script::Refuse(emitted[0]));
    assert_eq!(publisher.round().await.unwrap().published, 1);
    assert_eq!(*system.bus.published.lock().unwrap(), [emitted[2]]);
    let later = system.emit_of(&["1"]).await;
    assert!(is_all_published(publisher.round().await.unwrap()), "nothing overtakes the refused one");

    system.clock.advance(Duration::from_secs(1));
    while publisher.round().await.unwrap().published > 0 {}
    assert_eq!(*system.bus.published.lock().unwrap(), [emitted[2], emitted[0], emitted[1], later[0]]);
}

#[tokio::test]
async fn event_refused_ten_times_is_a_dead_letter_and_never_published() {
    let system = System::start().await;
    let emitted = system.emit_of(&["1", "1"]).await;
    let publisher = system.publisher();
    for _ in 0..10 {
        system.bus.publishing.lock().unwrap().push_back(Script::Refuse(emitted[0]));
        publisher.round().await.unwrap();
        system.clock.advance(Duration::from_secs(300));
    }
    assert_eq!(publisher.round().await.unwrap().published, 1, "the next of its aggregate goes on");
    publisher.mark().await.unwrap();
    let unmarked = "SELECT count(*) FROM outbox_events WHERE published_at IS NULL";
    assert_eq!(system.number(unmarked).await, 1);

    let letters = DeadLetters::new(system.bus(), &system.databases);
    let listed = letters.list(None, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].id.stage, listed[0].event.id, listed[0].attempts), (Stage::Publish, emitted[0], 10));
    assert_eq!(listed[0].error, "not this one");
    assert_eq!(letters.show(&listed[0].id).await.unwrap(), listed[0]);
    letters.replay(&listed[0].id).await.unwrap();
    assert_eq!(publisher.round().await.unwrap().published, 1);
    assert!(matches!(letters.replay(&listed[0].id).await, Err(EventsError::NoSuchDeadLetter(_))));
}

#[tokio::test]
async fn discarded_dead_letter_of_an_outbox_is_gone() {
    let mut system = System::start().await;
    system.limits.attempts_max = 1;
    let emitted = system.emit_of(&["1"]).await;
    system.bus.publishing.lock().unwrap().push_back(Script::Refuse(emitted[0]));
    system.publisher().round().await.unwrap();
    let letters = DeadLetters::new(system.bus(), &system.databases);
    let id = DeadLetterId { stage: Stage::Publish, service: system.id.clone(), event: emitted[0] };
    letters.discard(&id).await.unwrap();
    assert!(matches!(letters.show(&id).await, Err(EventsError::NoSuchDeadLetter(_))));
    assert_eq!(system.number("SELECT count(*) FROM outbox_events").await, 0);
}

#[tokio::test]
async fn long_events_are_published_although_one_answer_cannot_hold_them() {
    let system = System::start().await;
    let long = |n: usize| {
        let payload = format!(r#"{{"a":"{}"}}"#, "x".repeat(250 << 10));
        Event { payload, ..event("user.updated", &n.to_string()) }
    };
    let events: Vec<Event> = (0..40).map(long).collect();
    system.emit(&events, &Arc::default()).await;
    let publisher = system.publisher();
    let mut published = 0;
    while published < events.len() {
        let progress = publisher.round().await.unwrap();
        assert!(progress.published > 0, "stuck after {published}");
        published += progress.published;
    }
    let emitted: Vec<EventId> = events.iter().map(|event| event.id).collect();
    assert_eq!(*system.bus.published.lock().unwrap(), emitted);
}

#[tokio::test]
async fn commit_wakes_the_publisher_and_stopping_writes_the_marks() {
    let system = System::start().await;
    let (stop, stopped) = watch::channel(false);
    let wake: Arc<Notify> = Arc::default();
    let running = tokio::spawn(system.publisher().run(Arc::clone(&wake), stopped));
    for n in 0..3 {
        let emitted = event("user.updated", &n.to_string());
        system.emit(std::slice::from_ref(&emitted), &wake).await;
        let deliveries = system.bus.fetch(&system.id, 100, Duration::from_secs(60)).await.unwrap();
        assert_eq!(ids(&deliveries), [emitted.id]);
    }
    stop.send_replace(true);
    running.await.unwrap();
    assert_eq!(system.outbox().counts().await.unwrap().pending, 0);
}

#[tokio::test]
async fn host_that_does_not_lead_calls_the_one_that_does_until_it_leads_itself() {
    let system = System::start().await;
    let (stop, stopped) = watch::channel(false);
    let wake: Arc<Notify> = Arc::default();
    system.bus.leads.send_replace(false);
    let mut calls = system.bus.calls.subscribe();
    let running = tokio::spawn(system.publisher().run(Arc::clone(&wake), stopped));
    let emitted = event("user.updated", "1");
    system.emit(std::slice::from_ref(&emitted), &wake).await;
    calls.wait_for(|calls| *calls == 1).await.unwrap();
    assert!(system.bus.published.lock().unwrap().is_empty());
    // The other host is gone.
    system.bus.leads.send_replace(true);
    let deliveries = system.bus.fetch(&system.id, 100, Duration::from_secs(60)).await.unwrap();
    assert_eq!(ids(&deliveries), [emitted.id]);
    stop.send_replace(true);
    running.await.unwrap();
    assert_eq!(*calls.borrow(), 1);
    assert_eq!(system.outbox().counts().await.unwrap().pending, 0);
}

#[tokio::test]
async fn event_that_becomes_visible_behind_a_later_one_is_published_where_positions_do_not_follow_commits() {
    let system = System::start().await;
    let (stop, stopped) = watch::channel(false);
    let wake: Arc<Notify> = Arc::default();
    let running = tokio::spawn(system.publisher_of(Duration::from_secs(10)).run(Arc::clone(&wake), stopped));
    let [late, first] = ["1", "2"].map(|id| event("user.updated", id));
    // The position was taken before that of the other event, and is committed after it.
    let shift = "UPDATE outbox_events SET position = position + $1 WHERE event_id = $2";
    let emit = async |event: &Event, by: i64| {
        let mut transaction = system.database().begin().await.unwrap();
        Outbox::insert(&mut transaction, event).await.unwrap();
        transaction.execute(shift, vec![Value::Integer(by), Value::Text(event.id.to_string())]).await.unwrap();
        transaction.notify_on_commit(&wake);
        transaction.commit().await.unwrap();
    };
    for (event, by) in [(&first, 10), (&late, -5)] {
        emit(event, by).await;
        let deliveries = system.bus.fetch(&system.id, 100, Duration::from_secs(60)).await.unwrap();
        assert_eq!(ids(&deliveries), [event.id]);
    }
    stop.send_replace(true);
    running.await.unwrap();
    assert_eq!(system.outbox().counts().await.unwrap().pending, 0);
}

#[tokio::test]
async fn purge_removes_what_was_published_long_ago_and_nothing_else() {
    let mut system = System::start().await;
    system.limits.purge_batch_max = 2;
    let publisher = system.publisher();
    system.emit_of(&["1", "2", "3", "4", "5"]).await;
    publisher.round().await.unwrap();
    publisher.mark().await.unwrap();
    system.emit_of(&["6"]).await;
    let purged = async |after_days: u64| {
        let now = mutrapro_events::Clock::now(&*system.clock) + Duration::from_secs(after_days * 24 * 3600);
        purge(&system.outbox(), system.database(), &system.limits, now).await.unwrap()
    };
    assert_eq!(purged(7).await, 0, "exactly seven days old is not too old");
    assert_eq!(purged(8).await, 5);
    assert_eq!(system.outbox().counts().await.unwrap().pending, 1);
}
