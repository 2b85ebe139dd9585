//! Hosts that fail, stop or are cut off, and what the next one makes of it.

use crate::contract::{consumer, event};
use crate::hosts::{A_WHILE, Hosts, LONG, events, fetch, ids, ids_of, publish, publish_in_order, settle, subscribe};
use crate::nats::{Nats, limits, take_over};
use async_nats::jetstream::consumer::PullConsumer;
use futures::StreamExt;
use mutrapro_events::{Bus, Clock, Event, EventId, NatsBus, NatsConfig, NatsLimits, Settlement, SystemClock};
use mutrapro_testkit::{TcpProxy, eventually};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

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

#[tokio::test]
async fn message_that_goes_astray_is_missed_and_read_again() {
    let hosts = Hosts::start().await;
    let host = hosts.consuming().await;
    let client = async_nats::connect(hosts.server.url()).await.unwrap();
    let stream = async_nats::jetstream::new(client).get_stream("MUTRAPRO_EVENTS").await.unwrap();
    let name = stream.consumer_names().next().await.unwrap().unwrap();
    // The server gives every second message to somebody else, as to a connection that breaks.
    let consumer: PullConsumer = stream.get_consumer(&name).await.unwrap();
    let stolen = consumer.batch().max_messages(100).expires(LONG).messages().await.unwrap();
    let events: Vec<Event> = (0..20).map(|n| event("user.updated", &n.to_string())).collect();
    publish_in_order(&host, &events).await;
    let mut got = Vec::new();
    while got.len() < events.len() {
        let deliveries = fetch(&host).await;
        got.extend(ids(&deliveries));
        settle(&host, &deliveries, &Settlement::Acknowledge).await.unwrap();
    }
    assert_eq!(got, ids_of(&events));
    drop(stolen);
}
