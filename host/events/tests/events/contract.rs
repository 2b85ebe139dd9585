//! What every bus must do. A bus joins with a [`Fixture`] and one line of [`bus_contract!`].

use async_trait::async_trait;
use mutrapro_events::{Bus, Delivery, DeliveryToken, Event, EventId, PublishOutcome, Settlement, Stage, Subscription};
use mutrapro_manifest::{ComponentId, KindPattern};
use std::time::Duration;

/// A bus under test whose time the test owns.
#[async_trait(?Send)]
pub(crate) trait Fixture: Sized {
    /// A bus with nothing in it, which accepts events of up to [`EVENT_BYTES_MAX`].
    async fn start() -> Self;
    /// The bus.
    fn bus(&self) -> &dyn Bus;
    /// Stops the bus as a crash would, and starts it again on what it kept.
    async fn restart(&mut self);
    /// Lets time pass.
    fn advance(&self, duration: Duration);
}

/// The longest event that a fixture's bus takes.
pub(crate) const EVENT_BYTES_MAX: usize = 4096;

/// Long enough that only a wake can end it within a test run's patience.
const LONG: Duration = Duration::from_secs(60);

pub(crate) fn consumer(name: &str) -> ComponentId {
    ComponentId::new(name)
}

pub(crate) fn subscription(name: &str, patterns: &[&str]) -> Subscription {
    Subscription { consumer: consumer(name), patterns: patterns.iter().map(|p| KindPattern::new(p)).collect() }
}

/// An event of the aggregate `user` of id `aggregate_id`.
pub(crate) fn event(kind: &str, aggregate_id: &str) -> Event {
    Event {
        id: EventId::generate(),
        kind: kind.to_owned(),
        aggregate_type: "user".to_owned(),
        aggregate_id: aggregate_id.to_owned(),
        payload: r#"{"text":"größe \"quoted\"","n":1}"#.to_owned(),
        occurred_at: "2026-01-31T09:30:00.000000Z".to_owned(),
        producer: consumer("user-service"),
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
        correlation_id: None,
    }
}

async fn publish(bus: &dyn Bus, events: &[&Event]) {
    let events: Vec<Event> = events.iter().map(|event| (*event).clone()).collect();
    let outcomes = bus.publish(&events).await.unwrap();
    assert!(outcomes.iter().all(|outcome| *outcome == PublishOutcome::Accepted), "{outcomes:?}");
}

async fn fetch(bus: &dyn Bus, name: &str) -> Vec<Delivery> {
    bus.fetch(&consumer(name), 32, Duration::ZERO).await.unwrap()
}

async fn settle(bus: &dyn Bus, name: &str, token: DeliveryToken, settlement: Settlement) {
    bus.settle(&consumer(name), &[(token, settlement)]).await.unwrap();
}

fn retry(seconds: u64, error: &str) -> Settlement {
    Settlement::Retry { after: Duration::from_secs(seconds), error: error.to_owned() }
}

fn bury(error: &str) -> Settlement {
    Settlement::Bury { error: error.to_owned() }
}

fn ids(deliveries: &[Delivery]) -> Vec<EventId> {
    deliveries.iter().map(|delivery| delivery.event.id).collect()
}

pub(crate) async fn delivered_event_is_the_published_one(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["user.*"])]).await.unwrap();
    let published = event("user.registered", "1");
    publish(bus, &[&published]).await;
    let deliveries = fetch(bus, "a").await;
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].event, published);
    assert_eq!(deliveries[0].attempt, 1);
}

pub(crate) async fn consumer_gets_the_kinds_it_subscribed_to(fixture: impl Fixture) {
    let bus = fixture.bus();
    let subscriptions =
        [subscription("exact", &["user.updated"]), subscription("all", &["*"]), subscription("none", &["x.*"])];
    bus.subscribe(&subscriptions).await.unwrap();
    let (registered, updated) = (event("user.registered", "1"), event("user.updated", "1"));
    publish(bus, &[&registered, &updated]).await;
    assert_eq!(ids(&fetch(bus, "exact").await), [updated.id]);
    assert_eq!(ids(&fetch(bus, "all").await), [registered.id, updated.id]);
    assert!(fetch(bus, "none").await.is_empty());
}

pub(crate) async fn new_consumer_starts_after_its_subscription(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    publish(bus, &[&event("user.registered", "1")]).await;
    bus.subscribe(&[subscription("a", &["*"]), subscription("b", &["*"])]).await.unwrap();
    let later = event("user.updated", "1");
    publish(bus, &[&later]).await;
    assert_eq!(ids(&fetch(bus, "b").await), [later.id]);
}

pub(crate) async fn ended_subscription_keeps_what_waits(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let waiting = event("user.registered", "1");
    publish(bus, &[&waiting]).await;
    bus.subscribe(&[]).await.unwrap();
    publish(bus, &[&event("user.updated", "1")]).await;
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    assert_eq!(ids(&fetch(bus, "a").await), [waiting.id]);
}

pub(crate) async fn events_come_in_the_order_they_were_accepted(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let events: Vec<Event> = (0..40).map(|n| event("user.updated", &(n % 3).to_string())).collect();
    for chunk in events.chunks(7) {
        bus.publish(chunk).await.unwrap();
    }
    let mut got = Vec::new();
    while got.len() < events.len() {
        let deliveries = fetch(bus, "a").await;
        assert!(!deliveries.is_empty(), "only {} came", got.len());
        got.extend(ids(&deliveries));
        let settled: Vec<_> = deliveries.iter().map(|d| (d.token, Settlement::Acknowledge)).collect();
        bus.settle(&consumer("a"), &settled).await.unwrap();
    }
    assert_eq!(got, events.iter().map(|event| event.id).collect::<Vec<_>>());
}

pub(crate) async fn retry_holds_back_its_own_aggregate_alone(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"]), subscription("b", &["*"])]).await.unwrap();
    let (first, second) = (event("user.registered", "1"), event("user.updated", "1"));
    let other = event("user.registered", "2");
    publish(bus, &[&first]).await;
    let delivery = fetch(bus, "a").await.remove(0);
    settle(bus, "a", delivery.token, retry(10, "later")).await;
    publish(bus, &[&second, &other]).await;

    assert_eq!(ids(&fetch(bus, "a").await), [other.id]);
    assert_eq!(ids(&fetch(bus, "b").await), [first.id, second.id, other.id], "another consumer is not concerned");
    fixture.advance(Duration::from_millis(9_999));
    assert!(fetch(bus, "a").await.is_empty(), "came before its time");
    fixture.advance(Duration::from_millis(1));
    let again = fetch(bus, "a").await;
    assert_eq!(ids(&again), [first.id, second.id]);
    assert_eq!((again[0].attempt, again[1].attempt), (2, 1));
}

pub(crate) async fn delivery_in_hand_holds_back_its_aggregate(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let (first, second) = (event("user.registered", "1"), event("user.updated", "1"));
    publish(bus, &[&first]).await;
    let in_hand = fetch(bus, "a").await.remove(0);
    publish(bus, &[&second]).await;
    assert!(fetch(bus, "a").await.is_empty());
    settle(bus, "a", in_hand.token, Settlement::Acknowledge).await;
    assert_eq!(ids(&fetch(bus, "a").await), [second.id]);
}

pub(crate) async fn returned_delivery_comes_again_uncounted(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    publish(bus, &[&event("user.registered", "1")]).await;
    for _ in 0..3 {
        let delivery = fetch(bus, "a").await.remove(0);
        assert_eq!(delivery.attempt, 1);
        settle(bus, "a", delivery.token, Settlement::Return).await;
    }
}

pub(crate) async fn event_published_twice_is_delivered_once(mut fixture: impl Fixture) {
    let twice = event("user.registered", "1");
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    publish(bus, &[&twice, &twice]).await;
    let deliveries = fetch(bus, "a").await;
    assert_eq!(deliveries.len(), 1);
    settle(bus, "a", deliveries[0].token, Settlement::Acknowledge).await;
    publish(bus, &[&twice]).await;
    assert!(fetch(bus, "a").await.is_empty(), "came again after it was acknowledged");
    fixture.restart().await;
    publish(fixture.bus(), &[&twice]).await;
    assert!(fetch(fixture.bus(), "a").await.is_empty(), "came again after a restart");
}

pub(crate) async fn settling_twice_changes_nothing(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    publish(bus, &[&event("user.registered", "1")]).await;
    let delivery = fetch(bus, "a").await.remove(0);
    settle(bus, "a", delivery.token, Settlement::Acknowledge).await;
    settle(bus, "a", delivery.token, bury("too late")).await;
    settle(bus, "a", delivery.token, Settlement::Acknowledge).await;
    assert!(fetch(bus, "a").await.is_empty());
    assert!(bus.dead_letters(None, 10).await.unwrap().is_empty());
}

pub(crate) async fn everything_survives_a_restart(mut fixture: impl Fixture) {
    let [done, in_hand, waiting, dead] = ["1", "2", "3", "4"].map(|id| event("user.registered", id));
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    publish(bus, &[&done, &in_hand, &waiting, &dead]).await;
    let deliveries = fetch(bus, "a").await;
    settle(bus, "a", deliveries[0].token, Settlement::Acknowledge).await;
    settle(bus, "a", deliveries[2].token, retry(10, "later")).await;
    settle(bus, "a", deliveries[3].token, bury("never")).await;
    fixture.restart().await;

    let bus = fixture.bus();
    let again = fetch(bus, "a").await;
    assert_eq!(ids(&again), [in_hand.id], "what was in hand comes again");
    assert_eq!(again[0].attempt, 1, "and is not counted");
    fixture.advance(Duration::from_secs(10));
    let retried = fetch(bus, "a").await;
    assert_eq!((ids(&retried), retried[0].attempt), (vec![waiting.id], 2));
    assert_eq!(bus.dead_letters(None, 10).await.unwrap()[0].event, dead);
    publish(bus, &[&event("user.updated", "5")]).await;
    assert_eq!(fetch(bus, "a").await.len(), 1, "the subscription is gone");
}

pub(crate) async fn dead_letter_tells_its_error_and_history(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let poison = event("user.registered", "1");
    publish(bus, &[&poison]).await;
    for n in 1..=2 {
        let delivery = fetch(bus, "a").await.remove(0);
        settle(bus, "a", delivery.token, retry(1, &format!("attempt {n}"))).await;
        fixture.advance(Duration::from_secs(1));
    }
    let delivery = fetch(bus, "a").await.remove(0);
    settle(bus, "a", delivery.token, bury("given up")).await;

    let letter = bus.dead_letter(&consumer("a"), poison.id).await.unwrap().unwrap();
    assert_eq!((letter.id.stage, &letter.id.service, letter.id.event), (Stage::Deliver, &consumer("a"), poison.id));
    assert_eq!((letter.attempts, letter.error.as_str()), (3, "given up"));
    let errors: Vec<&str> = letter.history.iter().map(|attempt| attempt.error.as_str()).collect();
    assert_eq!(errors, ["attempt 1", "attempt 2", "given up"]);
    assert!(letter.history.is_sorted_by_key(|attempt| attempt.at));
    assert_eq!(bus.dead_letters(None, 10).await.unwrap(), std::slice::from_ref(&letter));
    assert_eq!(bus.dead_letters(Some(&consumer("a")), 10).await.unwrap(), [letter]);
    assert!(bus.dead_letters(Some(&consumer("b")), 10).await.unwrap().is_empty());
    assert!(bus.dead_letter(&consumer("b"), poison.id).await.unwrap().is_none());
}

pub(crate) async fn dead_letter_no_longer_holds_back_its_aggregate(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let (poison, next) = (event("user.registered", "1"), event("user.updated", "1"));
    publish(bus, &[&poison, &next]).await;
    let deliveries = fetch(bus, "a").await;
    let settled = [(deliveries[0].token, bury("never")), (deliveries[1].token, Settlement::Return)];
    bus.settle(&consumer("a"), &settled).await.unwrap();
    assert_eq!(ids(&fetch(bus, "a").await), [next.id]);
}

pub(crate) async fn replayed_dead_letter_comes_first_and_counts_anew(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let (poison, next) = (event("user.registered", "1"), event("user.updated", "1"));
    publish(bus, &[&poison, &next]).await;
    let deliveries = fetch(bus, "a").await;
    let settled = [(deliveries[0].token, bury("never")), (deliveries[1].token, Settlement::Return)];
    bus.settle(&consumer("a"), &settled).await.unwrap();

    assert!(bus.replay(&consumer("a"), poison.id).await.unwrap());
    assert!(!bus.replay(&consumer("a"), poison.id).await.unwrap(), "a dead letter is replayed once");
    let again = fetch(bus, "a").await;
    assert_eq!(ids(&again), [poison.id, next.id]);
    assert_eq!(again[0].attempt, 1);
    settle(bus, "a", again[0].token, bury("still never")).await;
    let letter = bus.dead_letter(&consumer("a"), poison.id).await.unwrap().unwrap();
    assert_eq!(letter.attempts, 1);
    assert_eq!(letter.history.len(), 2, "the history before the replay is kept");
}

pub(crate) async fn discarded_dead_letter_is_gone(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let poison = event("user.registered", "1");
    publish(bus, &[&poison]).await;
    let delivery = fetch(bus, "a").await.remove(0);
    settle(bus, "a", delivery.token, bury("never")).await;
    assert!(bus.discard(&consumer("a"), poison.id).await.unwrap());
    assert!(!bus.discard(&consumer("a"), poison.id).await.unwrap());
    assert!(!bus.replay(&consumer("a"), poison.id).await.unwrap());
    assert!(bus.dead_letters(None, 10).await.unwrap().is_empty());
    assert!(fetch(bus, "a").await.is_empty());
}

pub(crate) async fn publishing_wakes_a_waiting_consumer(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let (consumer, published) = (consumer("a"), event("user.registered", "1"));
    let (deliveries, outcomes) =
        tokio::join!(bus.fetch(&consumer, 32, LONG), bus.publish(std::slice::from_ref(&published)));
    assert_eq!(outcomes.unwrap(), [PublishOutcome::Accepted]);
    assert_eq!(ids(&deliveries.unwrap()), [published.id]);
}

pub(crate) async fn replaying_wakes_a_waiting_consumer(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let poison = event("user.registered", "1");
    publish(bus, &[&poison]).await;
    let delivery = fetch(bus, "a").await.remove(0);
    settle(bus, "a", delivery.token, bury("never")).await;
    let consumer = consumer("a");
    let (deliveries, replayed) = tokio::join!(bus.fetch(&consumer, 32, LONG), bus.replay(&consumer, poison.id));
    assert!(replayed.unwrap());
    assert_eq!(ids(&deliveries.unwrap()), [poison.id]);
}

pub(crate) async fn two_fetches_never_get_the_same_delivery(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let events: Vec<Event> = (0..20).map(|n| event("user.registered", &n.to_string())).collect();
    bus.publish(&events).await.unwrap();
    let consumer = consumer("a");
    let (left, right) =
        tokio::join!(bus.fetch(&consumer, 15, Duration::ZERO), bus.fetch(&consumer, 15, Duration::ZERO));
    let mut got = ids(&left.unwrap());
    got.extend(ids(&right.unwrap()));
    got.sort();
    assert_eq!(got, events.iter().map(|event| event.id).collect::<Vec<_>>());
}

pub(crate) async fn publishers_side_by_side_lose_nothing(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let batches: Vec<Vec<Event>> =
        (0..20).map(|batch| (0..5).map(|n| event("user.registered", &format!("{batch}-{n}"))).collect()).collect();
    futures::future::try_join_all(batches.iter().map(|batch| bus.publish(batch))).await.unwrap();
    let mut got = ids(&bus.fetch(&consumer("a"), 200, Duration::ZERO).await.unwrap());
    let mut expected: Vec<EventId> = batches.iter().flatten().map(|event| event.id).collect();
    got.sort();
    expected.sort();
    assert_eq!(got, expected);
}

pub(crate) async fn refused_event_withholds_the_rest_of_its_aggregate(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let mut long = event("user.registered", "1");
    long.payload = format!(r#"{{"text":"{}"}}"#, "x".repeat(EVENT_BYTES_MAX));
    let (next, other) = (event("user.updated", "1"), event("user.updated", "2"));
    let outcomes = bus.publish(&[long, next, other.clone()]).await.unwrap();
    assert!(matches!(&outcomes[0], PublishOutcome::Refused(reason) if !reason.is_empty()), "{outcomes:?}");
    assert_eq!(outcomes[1..], [PublishOutcome::Withheld, PublishOutcome::Accepted]);
    assert_eq!(ids(&fetch(bus, "a").await), [other.id]);
}

pub(crate) async fn counts_tell_what_waits_and_what_is_dead(fixture: impl Fixture) {
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"]), subscription("b", &["x.*"])]).await.unwrap();
    publish(bus, &[&event("user.registered", "1"), &event("user.registered", "2"), &event("user.registered", "3")])
        .await;
    let deliveries = fetch(bus, "a").await;
    settle(bus, "a", deliveries[0].token, Settlement::Acknowledge).await;
    settle(bus, "a", deliveries[1].token, bury("never")).await;
    let counts = bus.counts().await.unwrap();
    let of = |name: &str| counts.iter().find(|counts| counts.consumer == consumer(name)).unwrap();
    assert_eq!((of("a").pending, of("a").dead), (1, 1));
    assert!(of("a").oldest_pending_since.is_some());
    assert_eq!((of("b").pending, of("b").dead, of("b").oldest_pending_since), (0, 0, None));
}

/// One test per claim of the contract, on the bus of `$fixture`.
macro_rules! bus_contract {
    ($fixture:ty: $($claim:ident)*) => { $(
        #[tokio::test]
        async fn $claim() {
            $crate::contract::$claim(<$fixture as $crate::contract::Fixture>::start().await).await;
        }
    )* };
    ($fixture:ty) => {
        $crate::contract::bus_contract! { $fixture:
            delivered_event_is_the_published_one
            consumer_gets_the_kinds_it_subscribed_to
            new_consumer_starts_after_its_subscription
            ended_subscription_keeps_what_waits
            events_come_in_the_order_they_were_accepted
            retry_holds_back_its_own_aggregate_alone
            delivery_in_hand_holds_back_its_aggregate
            returned_delivery_comes_again_uncounted
            event_published_twice_is_delivered_once
            settling_twice_changes_nothing
            everything_survives_a_restart
            dead_letter_tells_its_error_and_history
            dead_letter_no_longer_holds_back_its_aggregate
            replayed_dead_letter_comes_first_and_counts_anew
            discarded_dead_letter_is_gone
            publishing_wakes_a_waiting_consumer
            replaying_wakes_a_waiting_consumer
            two_fetches_never_get_the_same_delivery
            publishers_side_by_side_lose_nothing
            refused_event_withholds_the_rest_of_its_aggregate
            counts_tell_what_waits_and_what_is_dead
        }
    };
}
pub(crate) use bus_contract;
