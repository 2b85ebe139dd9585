//! Several hosts on one NATS server: who does what, and what becomes of it when one fails.

use crate::contract::{consumer, event, subscription};
use crate::fixture::ManualClock;
use crate::nats::{Nats, limits, take_over};
use async_nats::jetstream::kv::Store;
use mutrapro_events::{
    Bus, Clock, Delivery, Event, EventId, EventsError, NatsBus, NatsConfig, NatsLimits, PublishOutcome, Settlement,
    SystemClock,
};
use mutrapro_testkit::{NatsServer, TcpProxy, eventually};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const A_WHILE: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(60);

struct Hosts {
    server: NatsServer,
    clock: Arc<ManualClock>,
}

impl Hosts {
    async fn start() -> Self {
        Self { server: NatsServer::start().await.unwrap(), clock: ManualClock::start() }
    }

    async fn host(&self) -> Arc<NatsBus> {
        self.host_with(Nats::config(&self.server), limits()).await
    }

    async fn host_with(&self, config: NatsConfig, limits: NatsLimits) -> Arc<NatsBus> {
        NatsBus::connect(&config, limits, Arc::clone(&self.clock) as Arc<dyn Clock>).await.unwrap()
    }

    /// A host that takes the deliveries of `a`, who subscribed to everything.
    async fn consuming(&self) -> Arc<NatsBus> {
        let host = self.host().await;
        subscribe(&host).await;
        take_over(&host, &[consumer("a")]).await;
        host
    }

    async fn bucket(&self, name: &str) -> Store {
        let client = async_nats::connect(self.server.url()).await.unwrap();
        async_nats::jetstream::new(client).get_key_value(name).await.unwrap()
    }

    async fn document(&self) -> Value {
        let stored = self.bucket("MUTRAPRO_CONSUMERS").await.get("a").await.unwrap().unwrap();
        serde_json::from_slice(&stored).unwrap()
    }
}

async fn subscribe(host: &NatsBus) {
    host.subscribe(&[subscription("a", &["*"])]).await.unwrap();
}

async fn publish(host: &NatsBus, events: &[Event]) {
    let outcomes = host.publish(events).await.unwrap();
    assert!(outcomes.iter().all(|outcome| *outcome == PublishOutcome::Accepted), "{outcomes:?}");
}

/// Publishes `events` one by one, so that they lie in the stream in this order.
async fn publish_in_order(host: &NatsBus, events: &[Event]) {
    for event in events {
        publish(host, std::slice::from_ref(event)).await;
    }
}

async fn fetch(host: &NatsBus) -> Vec<Delivery> {
    host.fetch(&consumer("a"), 32, Duration::ZERO).await.unwrap()
}

async fn settle(host: &NatsBus, deliveries: &[Delivery], settlement: &Settlement) -> Result<(), EventsError> {
    let settled: Vec<_> = deliveries.iter().map(|delivery| (delivery.token, settlement.clone())).collect();
    host.settle(&consumer("a"), &settled).await
}

fn ids(deliveries: &[Delivery]) -> Vec<EventId> {
    deliveries.iter().map(|delivery| delivery.event.id).collect()
}

fn ids_of(events: &[Event]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

fn events(aggregate_ids: &[&str]) -> Vec<Event> {
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
async fn killed_host_is_replaced_and_everything_unsettled_comes_again_in_order() {
    let hosts = Hosts::start().await;
    let first = hosts.consuming().await;
    let second = hosts.host().await;
    subscribe(&second).await;
    let events = events(&["1", "1", "2", "1", "2"]);
    publish_in_order(&first, &events).await;
    let deliveries = fetch(&first).await;
    settle(&first, &deliveries[..1], &Settlement::Acknowledge).await.unwrap();
    let killed_at = tokio::time::Instant::now();
    drop(first);
    let again = second.fetch(&consumer("a"), 32, LONG).await.unwrap();
    assert!(killed_at.elapsed() < Duration::from_secs(6), "took {:?}", killed_at.elapsed());
    let mut got = ids(&again);
    while got.len() < 4 {
        got.extend(ids(&second.fetch(&consumer("a"), 32, LONG).await.unwrap()));
    }
    assert_eq!(got, ids_of(&events[1..]));
    assert!(again.iter().all(|delivery| delivery.attempt == 1));
}

#[tokio::test]
async fn host_that_stops_is_replaced_at_once() {
    let hosts = Hosts::start().await;
    // Waiting for signs of life would outlast the test.
    let config = NatsConfig { lease_time: Duration::from_secs(300), ..Nats::config(&hosts.server) };
    let first = hosts.host_with(config.clone(), limits()).await;
    subscribe(&first).await;
    take_over(&first, &[consumer("a")]).await;
    let second = hosts.host_with(config, limits()).await;
    subscribe(&second).await;
    assert!(fetch(&second).await.is_empty());
    first.stop().await;
    take_over(&second, &[consumer("a")]).await;
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
async fn host_that_is_cut_off_is_replaced_and_what_it_settles_later_changes_nothing() {
    let hosts = Hosts::start().await;
    let proxy = TcpProxy::start(hosts.server.address()).await.unwrap();
    let config = NatsConfig { urls: vec![format!("nats://{}", proxy.address())], ..Nats::config(&hosts.server) };
    let first = hosts.host_with(config, NatsLimits { request_time: A_WHILE, ..limits() }).await;
    subscribe(&first).await;
    take_over(&first, &[consumer("a")]).await;
    let second = hosts.host().await;
    subscribe(&second).await;
    let events = events(&["1", "2"]);
    publish_in_order(&second, &events).await;
    let deliveries = first.fetch(&consumer("a"), 32, LONG).await.unwrap();
    proxy.stall();
    // It is sent, and arrives when the connection is good again.
    settle(&first, &deliveries, &Settlement::Acknowledge).await.unwrap_err();
    let again = second.fetch(&consumer("a"), 32, LONG).await.unwrap();
    assert_eq!(again[0].event, events[0]);
    proxy.mend().await.unwrap();
    eventually("the first host gets through to the server", async || {
        Ok(first.counts().await.ok().filter(|counts| counts[0].pending == 2))
    })
    .await
    .unwrap();
    // Refused, if this host has not noticed yet that it was replaced; then, or otherwise, in vain.
    let bury = Settlement::Bury { error: "too late".to_owned() };
    while settle(&first, &deliveries, &bury).await.is_err() {}
    assert!(second.dead_letters(None, 10).await.unwrap().is_empty());
    settle(&second, &again, &Settlement::Return).await.unwrap();
    assert_eq!(ids(&fetch(&second).await), ids_of(&events));
}

#[tokio::test]
async fn what_a_host_gave_up_just_before_it_failed_is_a_dead_letter_in_the_end() {
    let hosts = Hosts::start().await;
    let first = hosts.consuming().await;
    let events = events(&["1", "1"]);
    publish_in_order(&first, &events).await;
    let deliveries = fetch(&first).await;
    let retry = Settlement::Retry { after: LONG, error: "never".to_owned() };
    let settled = [(deliveries[0].token, retry), (deliveries[1].token, Settlement::Return)];
    first.settle(&consumer("a"), &settled).await.unwrap();
    first.stop().await;
    let mut document = hosts.document().await;
    document["outstanding"]["1"]["given_up_ms"] = 1_769_852_000_000i64.into();
    hosts.bucket("MUTRAPRO_CONSUMERS").await.put("a", document.to_string().into()).await.unwrap();
    let second = hosts.consuming().await;
    assert_eq!(ids(&fetch(&second).await), ids_of(&events[1..]));
    let letter = second.dead_letter(&consumer("a"), events[0].id).await.unwrap().unwrap();
    assert_eq!((letter.error.as_str(), letter.died_at.as_millisecond()), ("never", 1_769_852_000_000));
}

#[tokio::test]
async fn settlement_of_a_host_that_was_replaced_is_refused_and_changes_nothing() {
    let hosts = Hosts::start().await;
    let host = hosts.consuming().await;
    let events = events(&["1", "2", "3"]);
    publish(&host, &events).await;
    let deliveries = fetch(&host).await;
    // Another host took over, and this one has not noticed yet.
    let bucket = hosts.bucket("MUTRAPRO_CONSUMERS").await;
    let mut document = hosts.document().await;
    document["holder"] = "another/1".into();
    bucket.put("a", document.to_string().into()).await.unwrap();
    let bury = Settlement::Bury { error: "never".to_owned() };
    let settled = [
        (deliveries[0].token, Settlement::Acknowledge),
        (deliveries[1].token, Settlement::Retry { after: LONG, error: "later".to_owned() }),
        (deliveries[2].token, bury),
    ];
    let refused = host.settle(&consumer("a"), &settled).await.unwrap_err();
    assert!(refused.to_string().contains("another host has taken over"), "{refused}");
    assert_eq!(hosts.document().await["cursor"], document["cursor"]);
    assert!(hosts.document().await["outstanding"].is_null());
    assert!(host.dead_letters(None, 10).await.unwrap().is_empty());
    // It settles again what it was told to, in vain.
    host.settle(&consumer("a"), &settled).await.unwrap();
    // The lease is still this host's, so it begins anew.
    assert_eq!(ids(&fetch(&host).await), ids_of(&events));
}

#[tokio::test]
async fn what_failed_holds_back_its_aggregate_on_the_next_host_too() {
    let hosts = Hosts::start().await;
    let first = hosts.consuming().await;
    let events = events(&["1", "1", "2"]);
    publish_in_order(&first, &events).await;
    let deliveries = fetch(&first).await;
    let retry = Settlement::Retry { after: Duration::from_secs(10), error: "later".to_owned() };
    let settled = [
        (deliveries[0].token, retry),
        (deliveries[1].token, Settlement::Return),
        (deliveries[2].token, Settlement::Acknowledge),
    ];
    first.settle(&consumer("a"), &settled).await.unwrap();
    first.stop().await;
    let second = hosts.consuming().await;
    assert!(fetch(&second).await.is_empty());
    hosts.clock.advance(Duration::from_secs(10));
    let again = fetch(&second).await;
    assert_eq!(ids(&again), ids_of(&events[..2]));
    assert_eq!((again[0].attempt, again[1].attempt), (2, 1));
    let bury = Settlement::Bury { error: "never".to_owned() };
    settle(&second, &again[..1], &bury).await.unwrap();
    let letter = second.dead_letter(&consumer("a"), events[0].id).await.unwrap().unwrap();
    let errors: Vec<&str> = letter.history.iter().map(|attempt| attempt.error.as_str()).collect();
    assert_eq!(errors, ["later", "never"]);
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

/// One host after the other, each for a few batches, whose end is a crash or a stop; whatever they hand out is handled,
/// returned, or fails, as chance will have it.
#[tokio::test]
async fn order_of_aggregates_survives_hosts_that_take_turns() {
    let seed: u64 = std::env::var("MUTRAPRO_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("MUTRAPRO_SEED={seed}");
    let mut chance = StdRng::seed_from_u64(seed);
    let hosts = Hosts::start().await;
    let mut host = hosts.consuming().await;
    let mut to_handle: BTreeMap<String, VecDeque<EventId>> = BTreeMap::new();
    let mut handled: HashSet<EventId> = HashSet::new();
    let mut left = 120;
    while left > 0 || to_handle.values().any(|ids| !ids.is_empty()) {
        let more = chance.random_range(0..=left.min(15));
        let batch: Vec<Event> =
            (0..more).map(|_| event("user.updated", &chance.random_range(0..5).to_string())).collect();
        publish(&host, &batch).await;
        left -= more;
        for event in &batch {
            to_handle.entry(event.aggregate_id.clone()).or_default().push_back(event.id);
        }
        for _ in 0..chance.random_range(1..5) {
            hosts.clock.advance(Duration::from_secs(1));
            let deliveries = host.fetch(&consumer("a"), chance.random_range(1..12), Duration::ZERO).await.unwrap();
            let mut settled = Vec::new();
            let mut held: HashSet<&str> = HashSet::new();
            for delivery in &deliveries {
                let (id, aggregate) = (delivery.event.id, delivery.event.aggregate_id.as_str());
                let is_duplicate = handled.contains(&id);
                let settlement = match chance.random_range(0..10) {
                    _ if held.contains(aggregate) => Settlement::Return,
                    _ if is_duplicate => Settlement::Acknowledge,
                    0 | 1 => Settlement::Return,
                    2 => Settlement::Retry { after: Duration::from_secs(2), error: "later".to_owned() },
                    _ => Settlement::Acknowledge,
                };
                if settlement == Settlement::Acknowledge && !is_duplicate {
                    let next = to_handle.get_mut(aggregate).and_then(VecDeque::pop_front);
                    assert_eq!(next, Some(id), "overtaken in aggregate {aggregate}");
                    handled.insert(id);
                } else if settlement != Settlement::Acknowledge {
                    held.insert(aggregate);
                }
                settled.push((delivery.token, settlement));
            }
            // Sometimes the host ends before it says so.
            if chance.random_bool(0.8) {
                host.settle(&consumer("a"), &settled).await.unwrap();
            }
        }
        if chance.random_bool(0.5) {
            host.stop().await;
            host = hosts.consuming().await;
        }
    }
    assert_eq!(handled.len(), 120);
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

#[tokio::test]
async fn nothing_is_lost_on_connections_that_break() {
    let hosts = Hosts::start().await;
    let proxy = TcpProxy::start(hosts.server.address()).await.unwrap();
    let url = format!("nats://{}", proxy.address());
    let config = NatsConfig { urls: vec![url], ..Nats::config(&hosts.server) };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let host = NatsBus::connect(&config, limits(), clock).await.unwrap();
    subscribe(&host).await;
    take_over(&host, &[consumer("a")]).await;
    let publisher = hosts.host().await;
    let events: Vec<Event> = (0..300).map(|n| event("user.updated", &(n % 7).to_string())).collect();
    let mut got = Vec::new();
    for batch in events.chunks(30) {
        publish(&publisher, batch).await;
        proxy.cut().await.unwrap();
        proxy.mend().await.unwrap();
    }
    let mut handled = HashSet::new();
    eventually("everything is handled", async || {
        // While the connection is made again nothing comes, and settling may fail.
        let Ok(deliveries) = host.fetch(&consumer("a"), 32, A_WHILE).await else { return Ok(None) };
        for delivery in &deliveries {
            if handled.insert(delivery.event.id) {
                got.push(delivery.event.id);
            }
        }
        let settled: Vec<_> = deliveries.iter().map(|d| (d.token, Settlement::Acknowledge)).collect();
        while host.settle(&consumer("a"), &settled).await.is_err() {}
        Ok((got.len() == events.len()).then_some(()))
    })
    .await
    .unwrap();
    assert_eq!(got, ids_of(&events));
}
