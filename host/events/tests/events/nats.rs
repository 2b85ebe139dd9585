//! The bus over NATS under the contract, and what it promises beyond.

use crate::contract::{EVENT_BYTES_MAX, Fixture, bus_contract, consumer, event, subscription};
use crate::fixture::ManualClock;
use async_trait::async_trait;
use mutrapro_events::{
    Bus, Clock, Delivery, Event, EventId, EventsError, NatsBus, NatsConfig, NatsCredentials, NatsLimits, NatsStorage,
    NatsTls, PublishOutcome, Settlement,
};
use mutrapro_manifest::ComponentId;
use mutrapro_testkit::{NatsServer, eventually};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A server with one host's bus.
pub(crate) struct Nats {
    pub(crate) server: NatsServer,
    pub(crate) clock: Arc<ManualClock>,
    bus: Option<Arc<NatsBus>>,
}

pub(crate) fn limits() -> NatsLimits {
    NatsLimits {
        event_bytes_max: EVENT_BYTES_MAX,
        // Only a wake ends a wait.
        poll: Duration::from_secs(3600),
        purge_delay: Duration::ZERO,
        ..NatsLimits::default()
    }
}

impl Nats {
    pub(crate) fn config(server: &NatsServer) -> NatsConfig {
        NatsConfig { lease_time: Duration::from_secs(2), ..NatsConfig::new(&server.url()) }
    }

    fn host(&self) -> Arc<NatsBus> {
        Arc::clone(self.bus.as_ref().unwrap())
    }

    async fn connect(server: &NatsServer, clock: &Arc<ManualClock>) -> Arc<NatsBus> {
        NatsBus::connect(&Self::config(server), limits(), Arc::clone(clock) as Arc<dyn Clock>).await.unwrap()
    }
}

#[async_trait(?Send)]
impl Fixture for Nats {
    async fn start() -> Self {
        let server = NatsServer::start().await.unwrap();
        let clock = ManualClock::start();
        let bus = Self::connect(&server, &clock).await;
        Self { server, clock, bus: Some(bus) }
    }

    fn bus(&self) -> &dyn Bus {
        self.bus.as_deref().unwrap()
    }

    async fn restart(&mut self) {
        let consumed = self.bus.take().unwrap().consumes();
        self.server.restart().await.unwrap();
        let bus = Self::connect(&self.server, &self.clock).await;
        take_over(&bus, &consumed).await;
        self.bus = Some(bus);
    }

    fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }
}

/// Waits until `bus` takes the deliveries of `consumers`.
pub(crate) async fn take_over(bus: &NatsBus, consumers: &[ComponentId]) {
    eventually("this host consumes", async || {
        for consumer in consumers {
            bus.fetch(consumer, 0, Duration::ZERO).await?;
        }
        let consumed = bus.consumes();
        Ok(consumers.iter().all(|consumer| consumed.contains(consumer)).then_some(()))
    })
    .await
    .unwrap();
}

bus_contract!(Nats);

async fn publish(bus: &dyn Bus, events: &[Event]) {
    let outcomes = bus.publish(events).await.unwrap();
    assert!(outcomes.iter().all(|outcome| *outcome == PublishOutcome::Accepted), "{outcomes:?}");
}

async fn fetch(bus: &dyn Bus) -> Vec<Delivery> {
    bus.fetch(&consumer("a"), 32, Duration::ZERO).await.unwrap()
}

async fn settle(bus: &dyn Bus, deliveries: &[Delivery], settlement: &Settlement) {
    let settled: Vec<_> = deliveries.iter().map(|delivery| (delivery.token, settlement.clone())).collect();
    bus.settle(&consumer("a"), &settled).await.unwrap();
}

/// Removes what nobody needs now: what one purge sees, the next one removes.
async fn purge(bus: &dyn Bus) -> u64 {
    bus.purge().await.unwrap() + bus.purge().await.unwrap()
}

fn ids(deliveries: &[Delivery]) -> Vec<EventId> {
    deliveries.iter().map(|delivery| delivery.event.id).collect()
}

/// A bus with these limits, and `a` who subscribed to everything.
async fn consuming(server: &NatsServer, config: &NatsConfig, limits: NatsLimits) -> (Arc<NatsBus>, Arc<ManualClock>) {
    let clock = ManualClock::start();
    let bus = NatsBus::connect(config, limits, Arc::clone(&clock) as Arc<dyn Clock>).await.unwrap();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    take_over(&bus, &[consumer("a")]).await;
    assert!(config.urls.contains(&server.url()));
    (bus, clock)
}

async fn stream(server: &NatsServer, name: &str) -> async_nats::jetstream::stream::Stream {
    let client = async_nats::connect(server.url()).await.unwrap();
    async_nats::jetstream::new(client).get_stream(name).await.unwrap()
}

#[tokio::test]
async fn message_is_a_cloud_event() {
    let fixture = Nats::start().await;
    let event = Event { correlation_id: Some("größe 1".to_owned()), ..event("user.registered", "1") };
    publish(fixture.bus(), std::slice::from_ref(&event)).await;
    let stream = stream(&fixture.server, "MUTRAPRO_EVENTS").await;
    let message = stream.get_last_raw_message_by_subject("mutrapro.events.user.registered").await.unwrap();
    let header = |name: &str| message.headers.get(name).unwrap().as_str().to_owned();
    let id = event.id.to_string();
    for (name, value) in [
        ("ce-specversion", "1.0"),
        ("ce-id", &id),
        ("ce-type", "user.registered"),
        ("ce-source", "user-service"),
        ("ce-subject", "user/1"),
        ("ce-time", "2026-01-31T09:30:00.000000Z"),
        ("ce-aggregatetype", "user"),
        ("ce-aggregateid", "1"),
        ("ce-correlationid", "gr%C3%B6%C3%9Fe%201"),
        ("content-type", "application/json"),
        ("Nats-Msg-Id", &id),
    ] {
        assert_eq!(header(name), value, "{name}");
    }
    let trace = header("traceparent");
    assert!(trace.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && trace.len() == 55, "{trace}");
    assert_eq!(message.payload, event.payload);
}

#[tokio::test]
async fn full_stream_refuses_what_is_new_and_loses_nothing() {
    let server = NatsServer::start().await.unwrap();
    let config = NatsConfig { max_bytes: Some(64 << 10), ..Nats::config(&server) };
    let (bus, _) = consuming(&server, &config, limits()).await;
    let mut accepted = Vec::new();
    let refused = loop {
        let event = event("user.updated", &accepted.len().to_string());
        match bus.publish(std::slice::from_ref(&event)).await {
            Ok(outcomes) => assert_eq!(outcomes, [PublishOutcome::Accepted]),
            Err(error) => break error,
        }
        accepted.push(event.id);
    };
    assert!(matches!(&refused, EventsError::Unavailable(why) if why.contains("full")), "{refused}");
    let mut got = Vec::new();
    while got.len() < accepted.len() {
        let deliveries = fetch(&*bus).await;
        got.extend(ids(&deliveries));
        settle(&*bus, &deliveries, &Settlement::Acknowledge).await;
    }
    assert_eq!(got, accepted);
    assert_eq!(purge(&*bus).await, u64::try_from(accepted.len()).unwrap());
    publish(&*bus, &[event("user.updated", "1")]).await;
}

#[tokio::test]
async fn event_that_the_server_does_not_take_is_refused() {
    let server = NatsServer::configured("max_payload: 64KB").await.unwrap();
    let (bus, _) = consuming(&server, &Nats::config(&server), NatsLimits::default()).await;
    let of_bytes = |bytes: usize| {
        let payload = format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes));
        Event { payload, ..event("user.updated", "1") }
    };
    let outcomes = bus.publish(&[of_bytes(65 << 10)]).await.unwrap();
    assert!(matches!(&outcomes[0], PublishOutcome::Refused(why) if why.contains("max_payload")), "{outcomes:?}");
    // As long as an event may be, it still fits with a history as a dead letter.
    let mut bytes = 64 << 10;
    while bus.publish(&[of_bytes(bytes)]).await.unwrap() != [PublishOutcome::Accepted] {
        bytes -= 16;
    }
    let delivery = fetch(&*bus).await;
    settle(&*bus, &delivery, &Settlement::Bury { error: "never\n".repeat(20_000) }).await;
    let letter = bus.dead_letter(&consumer("a"), delivery[0].event.id).await.unwrap().unwrap();
    assert_eq!(letter.event, delivery[0].event);
    assert!(letter.error.starts_with("never\nnever"));
}

#[tokio::test]
async fn waiting_consumer_gets_what_is_published_after_the_server_was_restarted() {
    let mut fixture = Nats::start().await;
    fixture.bus().subscribe(&[subscription("a", &["*"])]).await.unwrap();
    assert!(fetch(fixture.bus()).await.is_empty());
    let bus = fixture.host();
    let waiting = tokio::spawn(async move {
        loop {
            // Only what the outage lasts may be told as an error.
            match bus.fetch(&consumer("a"), 32, Duration::from_secs(60)).await {
                Ok(deliveries) if !deliveries.is_empty() => return deliveries,
                _ => {}
            }
        }
    });
    fixture.server.restart().await.unwrap();
    let published = event("user.updated", "1");
    eventually("the bus is reached again", async || {
        Ok(fixture.bus().publish(std::slice::from_ref(&published)).await.ok())
    })
    .await
    .unwrap();
    assert_eq!(ids(&waiting.await.unwrap()), [published.id]);
}

#[tokio::test]
async fn purge_keeps_what_somebody_needs() {
    let fixture = Nats::start().await;
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["user.*"]), subscription("rare", &["x.*"])]).await.unwrap();
    let needless: Vec<_> = (0..5).map(|n| event("session.started", &n.to_string())).collect();
    let (pending, dead) = (event("user.registered", "1"), event("user.registered", "2"));
    publish(bus, &needless).await;
    publish(bus, std::slice::from_ref(&dead)).await;
    publish(bus, std::slice::from_ref(&pending)).await;
    let deliveries = fetch(bus).await;
    let bury = Settlement::Bury { error: "never".to_owned() };
    let settled = [(deliveries[0].token, bury), (deliveries[1].token, Settlement::Return)];
    bus.settle(&consumer("a"), &settled).await.unwrap();
    assert_eq!(bus.purge().await.unwrap(), 0, "nothing is old enough");
    assert_eq!(bus.purge().await.unwrap(), 6);
    assert_eq!(fetch(bus).await[0].event, pending);
    assert_eq!(bus.dead_letters(None, 10).await.unwrap()[0].event, dead);
    // Gone from the stream, it is delivered all the same.
    assert!(bus.replay(&consumer("a"), dead.id).await.unwrap());
    assert_eq!(fetch(bus).await[0].event, dead);
}

#[tokio::test]
async fn purge_leaves_what_was_accepted_since_the_one_before() {
    let fixture = Nats::start().await;
    let bus = fixture.bus();
    publish(bus, &[event("session.started", "old")]).await;
    assert_eq!(bus.purge().await.unwrap(), 0);
    publish(bus, &[event("session.started", "young")]).await;
    assert_eq!(bus.purge().await.unwrap(), 1);
    assert_eq!(bus.purge().await.unwrap(), 1);
}

#[tokio::test]
async fn ended_subscription_holds_back_only_what_waits_for_it() {
    let fixture = Nats::start().await;
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let done = event("user.registered", "1");
    publish(bus, std::slice::from_ref(&done)).await;
    settle(bus, &fetch(bus).await, &Settlement::Acknowledge).await;
    let waiting = event("user.registered", "2");
    publish(bus, std::slice::from_ref(&waiting)).await;
    bus.subscribe(&[]).await.unwrap();
    let later: Vec<_> = (0..5).map(|n| event("user.updated", &n.to_string())).collect();
    publish(bus, &later).await;
    assert_eq!(purge(bus).await, 1);
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let deliveries = fetch(bus).await;
    assert_eq!(ids(&deliveries), [waiting.id]);
    settle(bus, &deliveries, &Settlement::Acknowledge).await;
    bus.subscribe(&[]).await.unwrap();
    assert_eq!(purge(bus).await, 6);
}

#[tokio::test]
async fn message_that_is_no_event_is_passed_over() {
    let fixture = Nats::start().await;
    let bus = fixture.bus();
    bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let client = async_nats::connect(fixture.server.url()).await.unwrap();
    let stranger = async_nats::jetstream::new(client);
    stranger.publish("mutrapro.events.user.registered", "hello".into()).await.unwrap().await.unwrap();
    assert!(fetch(bus).await.is_empty());
    let event = event("user.registered", "1");
    publish(bus, std::slice::from_ref(&event)).await;
    assert_eq!(ids(&fetch(bus).await), [event.id]);
    assert_eq!(bus.counts().await.unwrap()[0].pending, 1);
}

#[tokio::test]
async fn consumer_that_is_far_behind_gets_what_is_due_and_in_the_end_everything() {
    let server = NatsServer::start().await.unwrap();
    let few = NatsLimits { unsettled_max: 10, read_ahead_max: 4, unsettled_bytes_max: 100, ..limits() };
    let (bus, clock) = consuming(&server, &Nats::config(&server), few).await;
    let stuck: Vec<Event> = (0..30).map(|_| event("user.updated", "stuck")).collect();
    publish(&*bus, &stuck).await;
    publish(&*bus, &[event("user.updated", "other")]).await;
    let deliveries = bus.fetch(&consumer("a"), 1, Duration::ZERO).await.unwrap();
    let retry = Settlement::Retry { after: Duration::from_secs(10), error: "later".to_owned() };
    settle(&*bus, &deliveries, &retry).await;
    assert!(fetch(&*bus).await.is_empty(), "there is no room for more");
    clock.advance(Duration::from_secs(10));
    let mut got = Vec::new();
    while got.len() < 31 {
        let deliveries = fetch(&*bus).await;
        assert!(!deliveries.is_empty(), "only {} came", got.len());
        assert!(deliveries.len() <= 10);
        got.extend(ids(&deliveries));
        settle(&*bus, &deliveries, &Settlement::Acknowledge).await;
    }
    assert_eq!(got[..30], stuck.iter().map(|event| event.id).collect::<Vec<_>>());
}

#[tokio::test]
async fn large_events_are_read_a_few_at_a_time() {
    let server = NatsServer::start().await.unwrap();
    let (bus, _) = consuming(&server, &Nats::config(&server), NatsLimits::default()).await;
    let large = |n: usize| {
        let payload = format!(r#"{{"text":"{}"}}"#, "x".repeat(300 << 10));
        Event { payload, ..event("user.updated", &n.to_string()) }
    };
    let events: Vec<Event> = (0..40).map(large).collect();
    publish(&*bus, &events).await;
    let mut got = Vec::new();
    while got.len() < events.len() {
        let deliveries = fetch(&*bus).await;
        got.extend(ids(&deliveries));
        settle(&*bus, &deliveries, &Settlement::Acknowledge).await;
    }
    assert_eq!(got, events.iter().map(|event| event.id).collect::<Vec<_>>());
}

#[tokio::test]
async fn settings_that_differ_are_changed_and_what_cannot_change_is_named() {
    let fixture = Nats::start().await;
    let clock: Arc<dyn Clock> = fixture.clock.clone();
    let larger = NatsConfig { max_bytes: Some(1 << 30), ..Nats::config(&fixture.server) };
    NatsBus::connect(&larger, limits(), Arc::clone(&clock)).await.unwrap();
    let stream = stream(&fixture.server, "MUTRAPRO_EVENTS").await;
    assert_eq!(stream.cached_info().config.max_bytes, 1 << 30);
    let elsewhere = NatsConfig { storage: NatsStorage::Memory, ..larger.clone() };
    let refused = NatsBus::connect(&elsewhere, limits(), Arc::clone(&clock)).await.err().unwrap();
    assert!(matches!(&refused, EventsError::Misconfigured(why) if why.contains("MUTRAPRO_")), "{refused}");
    // Another application on the same server has its own.
    let other = NatsConfig { prefix: "other".to_owned(), ..elsewhere };
    let other = NatsBus::connect(&other, limits(), clock).await.unwrap();
    fixture.bus().subscribe(&[subscription("a", &["*"])]).await.unwrap();
    other.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    publish(&*other, &[event("user.registered", "1")]).await;
    assert!(fetch(fixture.bus()).await.is_empty());
    assert_eq!(fetch(&*other).await.len(), 1);
}

#[tokio::test]
async fn wrong_address_and_wrong_credentials_are_told_with_a_remedy() {
    let mut server = NatsServer::configured("authorization { user: mutrapro, password: s3cret }").await.unwrap();
    let clock: Arc<dyn Clock> = ManualClock::start();
    let stranger = NatsBus::connect(&Nats::config(&server), limits(), Arc::clone(&clock)).await.err().unwrap();
    assert!(matches!(&stranger, EventsError::Misconfigured(why) if why.contains("credentials")), "{stranger}");
    let credentials = NatsCredentials::UserPassword { user: "mutrapro".to_owned(), password: "s3cret".to_owned() };
    let known = NatsConfig { credentials, ..Nats::config(&server) };
    NatsBus::connect(&known, limits(), Arc::clone(&clock)).await.unwrap();
    server.stop().await.unwrap();
    let nobody = NatsBus::connect(&known, limits(), Arc::clone(&clock)).await.err().unwrap();
    assert!(nobody.to_string().contains(&server.url()), "{nobody}");
    assert!(!nobody.to_string().contains("s3cret"), "{nobody}");
    let prefix = NatsConfig { prefix: "a.b".to_owned(), ..known };
    let refused = NatsBus::connect(&prefix, limits(), clock).await.err().unwrap();
    assert!(matches!(&refused, EventsError::Misconfigured(why) if why.contains("a.b")), "{refused}");
}

/// Writes an authority, and a certificate of 127.0.0.1 that it signed with its key, into `folder`.
fn certificates(folder: &Path) -> [PathBuf; 3] {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let files =
        [("authority.pem", authority.pem()), ("server.pem", certificate.pem()), ("server.key", key.serialize_pem())];
    files.map(|(name, text)| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    })
}

#[tokio::test]
async fn connection_is_secured_both_ways_and_what_is_missing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let [authority, certificate, key] = certificates(folder.path());
    let server = NatsServer::configured(&format!(
        "tls {{ cert_file: {certificate:?}, key_file: {key:?}, ca_file: {authority:?}, verify: true }}"
    ))
    .await
    .unwrap();
    let connect = async |server: &NatsServer, root: Option<&PathBuf>, client: bool| {
        let client_certificate = client.then(|| (certificate.clone(), key.clone()));
        let tls = NatsTls { required: true, root_certificates: root.cloned(), client_certificate };
        let config = NatsConfig { tls, ..Nats::config(server) };
        NatsBus::connect(&config, limits(), ManualClock::start()).await
    };
    connect(&server, Some(&authority), true).await.unwrap();
    let plain = NatsServer::start().await.unwrap();
    for (server, root, client) in [
        (&server, None, true),
        (&server, Some(&authority), false),
        (&server, Some(&folder.path().join("missing.pem")), true),
        (&plain, Some(&authority), true),
    ] {
        let refused = connect(server, root, client).await.err().unwrap().to_string();
        assert!(refused.contains("check the certificates"), "{refused}");
    }
}
