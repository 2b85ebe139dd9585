//! Several hosts on one NATS server: who does what.

use crate::contract::{consumer, event, subscription};
use crate::fixture::ManualClock;
use crate::nats::{Nats, limits, take_over};
use async_nats::jetstream::kv::Store;
use mutrapro_events::{
    Bus, Clock, Delivery, Event, EventId, EventsError, NatsBus, NatsConfig, NatsLimits, PublishOutcome, Settlement,
};
use mutrapro_testkit::{NatsServer, eventually};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

pub(crate) const A_WHILE: Duration = Duration::from_millis(200);
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) struct Hosts {
    pub(crate) server: NatsServer,
    pub(crate) clock: Arc<ManualClock>,
}

impl Hosts {
    pub(crate) async fn start() -> Self {
        Self { server: NatsServer::start().await.unwrap(), clock: ManualClock::start() }
    }

    pub(crate) async fn host(&self) -> Arc<NatsBus> {
        self.host_with(Nats::config(&self.server), limits()).await
    }

    pub(crate) async fn host_with(&self, config: NatsConfig, limits: NatsLimits) -> Arc<NatsBus> {
        NatsBus::connect(&config, limits, Arc::clone(&self.clock) as Arc<dyn Clock>).await.unwrap()
    }

    /// A host that takes the deliveries of `a`, who subscribed to everything.
    pub(crate) async fn consuming(&self) -> Arc<NatsBus> {
        let host = self.host().await;
        subscribe(&host).await;
        take_over(&host, &[consumer("a")]).await;
        host
    }

    pub(crate) async fn bucket(&self, name: &str) -> Store {
        let client = async_nats::connect(self.server.url()).await.unwrap();
        async_nats::jetstream::new(client).get_key_value(name).await.unwrap()
    }

    pub(crate) async fn document(&self) -> Value {
        let stored = self.bucket("MUTRAPRO_CONSUMERS").await.get("a").await.unwrap().unwrap();
        serde_json::from_slice(&stored).unwrap()
    }
}

pub(crate) async fn subscribe(host: &NatsBus) {
    host.subscribe(&[subscription("a", &["*"])]).await.unwrap();
}

pub(crate) async fn publish(host: &NatsBus, events: &[Event]) {
    let outcomes = host.publish(events).await.unwrap();
    assert!(outcomes.iter().all(|outcome| *outcome == PublishOutcome::Accepted), "{outcomes:?}");
}

/// Publishes `events` one by one, so that they lie in the stream in this order.
pub(crate) async fn publish_in_order(host: &NatsBus, events: &[Event]) {
    for event in events {
        publish(host, std::slice::from_ref(event)).await;
    }
}

pub(crate) async fn fetch(host: &NatsBus) -> Vec<Delivery> {
    host.fetch(&consumer("a"), 32, Duration::ZERO).await.unwrap()
}

pub(crate) async fn settle(
    host: &NatsBus,
    deliveries: &[Delivery],
    settlement: &Settlement,
) -> Result<(), EventsError> {
    let settled: Vec<_> = deliveries.iter().map(|delivery| (delivery.token, settlement.clone())).collect();
    host.settle(&consumer("a"), &settled).await
}

pub(crate) fn ids(deliveries: &[Delivery]) -> Vec<EventId> {
    deliveries.iter().map(|delivery| delivery.event.id).collect()
}

pub(crate) fn ids_of(events: &[Event]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

pub(crate) fn events(aggregate_ids: &[&str]) -> Vec<Event> {
    aggregate_ids.iter().map(|id| event("user.updated", id)).collect()
}

#[tokio::test]
async fn deliveries_go_to_one_host_at_a_time() {
    let hosts = Hosts::start().await;
    let first = hosts.consuming().await;
    let second = hosts.host().await;
    subscribe(&second).await;
    let events = events(&["1", "2"]);
    publish(&second, &events).await;
    assert!(fetch(&second).await.is_empty());
    let deliveries = fetch(&first).await;
    assert_eq!(ids(&deliveries), ids_of(&events));
    assert!(fetch(&second).await.is_empty());
    assert!(second.consumes().is_empty());
}

#[tokio::test]
async fn consumers_are_spread_over_hosts() {
    let hosts = Hosts::start().await;
    let names: Vec<String> = (0..7).map(|n| format!("service-{n}")).collect();
    let subscriptions: Vec<_> = names.iter().map(|name| subscription(name, &["*"])).collect();
    let consumers: Vec<_> = names.iter().map(|name| consumer(name)).collect();
    let first = hosts.host().await;
    first.subscribe(&subscriptions).await.unwrap();
    take_over(&first, &consumers).await;
    let second = hosts.host().await;
    second.subscribe(&subscriptions).await.unwrap();
    let (ours, theirs) = eventually("both hosts consume", async || {
        let (ours, theirs) = (first.consumes(), second.consumes());
        Ok((ours.len() == 4 && theirs.len() == 3).then_some((ours, theirs)))
    })
    .await
    .unwrap();
    let all: HashSet<_> = ours.iter().chain(&theirs).cloned().collect();
    assert_eq!(all, consumers.into_iter().collect());
    second.stop().await;
    eventually("the first host consumes for all", async || Ok((first.consumes().len() == 7).then_some(())))
        .await
        .unwrap();
}

#[tokio::test]
async fn host_gives_away_nothing_that_is_in_hand() {
    let hosts = Hosts::start().await;
    let subscriptions = [subscription("a", &["*"]), subscription("b", &["*"])];
    let both = [consumer("a"), consumer("b")];
    let first = hosts.host().await;
    first.subscribe(&subscriptions).await.unwrap();
    take_over(&first, &both).await;
    publish(&first, &events(&["1"])).await;
    let mut in_hand = Vec::new();
    for consumer in &both {
        in_hand.push(first.fetch(consumer, 1, Duration::ZERO).await.unwrap().remove(0));
    }
    let second = hosts.host().await;
    second.subscribe(&subscriptions).await.unwrap();
    assert!(second.fetch(&both[1], 1, Duration::from_secs(3)).await.unwrap().is_empty());
    assert_eq!(first.consumes(), both);
    for (consumer, delivery) in both.iter().zip(&in_hand) {
        first.settle(consumer, &[(delivery.token, Settlement::Acknowledge)]).await.unwrap();
    }
    eventually("each host consumes for one", async || {
        Ok((first.consumes().len() == 1 && second.consumes().len() == 1).then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn host_gives_away_its_share_although_it_is_busy() {
    let hosts = Hosts::start().await;
    let subscriptions = [subscription("a", &["*"]), subscription("b", &["*"])];
    let both = [consumer("a"), consumer("b")];
    let first = hosts.host().await;
    first.subscribe(&subscriptions).await.unwrap();
    take_over(&first, &both).await;
    let events: Vec<Event> = (0..100).map(|n| event("user.updated", &n.to_string())).collect();
    publish(&first, &events).await;
    // Whatever is settled is in hand again at once.
    let busy = both.clone().map(|consumer| {
        let first = Arc::clone(&first);
        tokio::spawn(async move {
            loop {
                let deliveries = first.fetch(&consumer, 10, LONG).await.unwrap();
                let settled: Vec<_> = deliveries.iter().map(|d| (d.token, Settlement::Return)).collect();
                first.settle(&consumer, &settled).await.unwrap();
            }
        })
    });
    let second = hosts.host().await;
    second.subscribe(&subscriptions).await.unwrap();
    eventually("each host consumes for one", async || {
        Ok((first.consumes().len() == 1 && second.consumes().len() == 1).then_some(()))
    })
    .await
    .unwrap();
    busy.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn dead_letter_replayed_elsewhere_reaches_the_host_that_consumes() {
    let hosts = Hosts::start().await;
    let host = hosts.host_with(Nats::config(&hosts.server), NatsLimits { poll: A_WHILE, ..limits() }).await;
    subscribe(&host).await;
    take_over(&host, &[consumer("a")]).await;
    let poison = events(&["1"]);
    publish(&host, &poison).await;
    settle(&host, &fetch(&host).await, &Settlement::Bury { error: "never".to_owned() }).await.unwrap();
    // Long ago: the stream has forgotten the event.
    assert_eq!(host.purge().await.unwrap() + host.purge().await.unwrap(), 1);
    let operator = hosts.host().await;
    assert!(operator.replay(&consumer("a"), poison[0].id).await.unwrap());
    let again = host.fetch(&consumer("a"), 1, LONG).await.unwrap();
    assert_eq!(again[0].event, poison[0]);
    settle(&host, &again, &Settlement::Acknowledge).await.unwrap();
    assert!(host.dead_letters(None, 10).await.unwrap().is_empty());
    assert_eq!(host.counts().await.unwrap()[0].pending, 0);
}

#[tokio::test]
async fn host_of_another_version_does_not_get_what_it_did_not_subscribe_to() {
    let hosts = Hosts::start().await;
    let old = hosts.consuming().await;
    let new = hosts.host().await;
    new.subscribe(&[subscription("a", &["user.*"])]).await.unwrap();
    let wanted = events(&["1"]);
    publish(&new, &[event("session.started", "1")]).await;
    publish(&new, &wanted).await;
    old.stop().await;
    let old = hosts.host().await;
    let deliveries = new.fetch(&consumer("a"), 32, LONG).await.unwrap();
    assert_eq!(ids(&deliveries), ids_of(&wanted));
    settle(&new, &deliveries, &Settlement::Acknowledge).await.unwrap();
    // The old version starts again, beside the new one.
    subscribe(&old).await;
    new.stop().await;
    take_over(&old, &[consumer("a")]).await;
    let everything = [event("session.started", "2")];
    publish(&old, &everything).await;
    assert_eq!(ids(&fetch(&old).await), ids_of(&everything));
}

#[tokio::test]
async fn two_publishers_of_one_outbox_keep_the_order_of_aggregates() {
    let hosts = Hosts::start().await;
    let (first, second) = (hosts.consuming().await, hosts.host().await);
    let events: Vec<Event> = (0..60).map(|n| event("user.updated", &(n % 3).to_string())).collect();
    let (left, right) = tokio::join!(first.publish(&events), async {
        // The second is behind, ahead, and beside the first.
        for batch in events.chunks(7) {
            publish(&second, batch).await;
        }
    });
    assert!(left.unwrap().iter().all(|outcome| *outcome == PublishOutcome::Accepted));
    let () = right;
    let deliveries = first.fetch(&consumer("a"), 100, Duration::ZERO).await.unwrap();
    assert_eq!(deliveries.len(), 60);
    for aggregate in ["0", "1", "2"] {
        let of = |id: &str| id == aggregate;
        let got: Vec<EventId> = deliveries.iter().filter(|d| of(&d.event.aggregate_id)).map(|d| d.event.id).collect();
        let expected: Vec<EventId> = events.iter().filter(|e| of(&e.aggregate_id)).map(|e| e.id).collect();
        assert_eq!(got, expected);
    }
}

#[tokio::test]
async fn one_host_publishes_an_outbox_and_hears_the_calls_of_the_others() {
    let hosts = Hosts::start().await;
    let (first, second) = (hosts.host().await, hosts.host().await);
    let producer = consumer("user-service");
    let (wake, other_wake) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut leads = first.attend(&producer, Arc::clone(&wake));
    leads.wait_for(|leads| *leads).await.unwrap();
    let mut other_leads = second.attend(&producer, Arc::clone(&other_wake));
    second.call(&producer).await;
    wake.notified().await;
    assert!(!*other_leads.borrow());
    first.stop().await;
    other_leads.wait_for(|leads| *leads).await.unwrap();
}
