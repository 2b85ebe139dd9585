//! The embedded bus under the contract, and what it promises beyond.

use crate::contract::{EVENT_BYTES_MAX, Fixture, bus_contract, consumer, event, subscription};
use crate::fixture::ManualClock;
use async_trait::async_trait;
use mutrapro_events::{Bus, Clock, EmbeddedBus, EmbeddedBusOptions, EventsError, Settlement};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

struct Embedded {
    folder: TempDir,
    clock: Arc<ManualClock>,
    bus: EmbeddedBus,
}

impl Embedded {
    fn options(clock: &Arc<ManualClock>) -> EmbeddedBusOptions {
        EmbeddedBusOptions {
            event_bytes_max: EVENT_BYTES_MAX,
            // Only a wake ends a wait.
            poll: Duration::from_secs(3600),
            deduplication_window: Duration::from_secs(100),
            purge_batch_max: 2,
            clock: Arc::clone(clock) as Arc<dyn Clock>,
            ..EmbeddedBusOptions::default()
        }
    }

    async fn open(folder: &TempDir, clock: &Arc<ManualClock>) -> EmbeddedBus {
        EmbeddedBus::open(&folder.path().join("bus.sqlite"), Self::options(clock)).await.unwrap()
    }
}

#[async_trait(?Send)]
impl Fixture for Embedded {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::start();
        let bus = Self::open(&folder, &clock).await;
        Self { folder, clock, bus }
    }

    fn bus(&self) -> &dyn Bus {
        &self.bus
    }

    async fn restart(&mut self) {
        self.bus = Self::open(&self.folder, &self.clock).await;
    }

    fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }
}

bus_contract!(Embedded);

#[tokio::test]
async fn replay_by_another_process_reaches_the_host() {
    let fixture = Embedded::start().await;
    fixture.bus.subscribe(&[subscription("a", &["*"])]).await.unwrap();
    let poison = event("user.registered", "1");
    fixture.bus.publish(std::slice::from_ref(&poison)).await.unwrap();
    let delivery = fixture.bus.fetch(&consumer("a"), 1, Duration::ZERO).await.unwrap().remove(0);
    let bury = Settlement::Bury { error: "never".to_owned() };
    fixture.bus.settle(&consumer("a"), &[(delivery.token, bury)]).await.unwrap();

    let other_process = Embedded::open(&fixture.folder, &fixture.clock).await;
    assert!(other_process.replay(&consumer("a"), poison.id).await.unwrap());
    let again = fixture.bus.fetch(&consumer("a"), 1, Duration::ZERO).await.unwrap();
    assert_eq!(again[0].event, poison);
}

#[tokio::test]
async fn purge_keeps_what_somebody_needs() {
    let fixture = Embedded::start().await;
    let bus = &fixture.bus;
    bus.subscribe(&[subscription("a", &["user.*"])]).await.unwrap();
    let needless: Vec<_> = (0..5).map(|n| event("session.started", &n.to_string())).collect();
    let (pending, dead) = (event("user.registered", "1"), event("user.registered", "2"));
    bus.publish(&needless).await.unwrap();
    bus.publish(&[pending.clone(), dead.clone()]).await.unwrap();
    let deliveries = bus.fetch(&consumer("a"), 2, Duration::ZERO).await.unwrap();
    let bury = Settlement::Bury { error: "never".to_owned() };
    bus.settle(&consumer("a"), &[(deliveries[0].token, Settlement::Return), (deliveries[1].token, bury)])
        .await
        .unwrap();

    fixture.advance(Duration::from_secs(100));
    assert_eq!(bus.purge().await.unwrap(), 0, "the window is not over");
    fixture.advance(Duration::from_millis(1));
    assert_eq!(bus.purge().await.unwrap(), 5);
    assert_eq!(bus.fetch(&consumer("a"), 2, Duration::ZERO).await.unwrap()[0].event, pending);
    assert_eq!(bus.dead_letters(None, 10).await.unwrap()[0].event, dead);
}

#[tokio::test]
async fn file_of_a_newer_version_is_left_alone() {
    let fixture = Embedded::start().await;
    let file = fixture.folder.path().join("bus.sqlite");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    sqlx::query("PRAGMA user_version = 2").execute(&pool).await.unwrap();
    let refused = EmbeddedBus::open(&file, EmbeddedBusOptions::default()).await.err().unwrap();
    assert!(matches!(&refused, EventsError::Misconfigured(why) if why.contains("version 2")), "{refused}");
}
