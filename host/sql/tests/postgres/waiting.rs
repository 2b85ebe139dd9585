//! Transactions that wait for a connection: the commit of one begins the next.

use crate::fixture::{Fixture, SERVICE, add, add_in, integers, items};
use mutrapro_manifest::ComponentId;
use mutrapro_sql::{Database, Error, Transaction};
use mutrapro_testkit::eventually;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

const BEGUN_BY_COMMIT: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND query = 'COMMIT AND CHAIN'";

type Turn<'a> = Pin<Box<dyn Future<Output = Result<Transaction, Error>> + Send + 'a>>;

/// Who stands in the queue.
async fn waits(database: &Arc<dyn Database>) -> Turn<'_> {
    let mut turn = database.begin();
    assert!(matches!(futures::poll!(&mut turn), Poll::Pending));
    turn
}

#[tokio::test]
async fn transaction_that_a_commit_began_is_as_any_other() {
    let fixture = Fixture::start().await;
    let database = fixture.database_over_one_connection().await;
    let mut first = database.begin().await.unwrap();
    let [second, third, fourth, fifth] =
        [waits(&database).await, waits(&database).await, waits(&database).await, waits(&database).await];
    add_in(&mut first, 1).await.unwrap();
    first.commit().await.unwrap();

    let mut second = second.await.unwrap();
    assert_eq!(fixture.ask(BEGUN_BY_COMMIT).await, 1);
    // A first statement that is refused begins it anew.
    let refused = add_in(&mut second, 1).await;
    assert!(matches!(refused, Err(Error::ConstraintViolated(_))), "{refused:?}");
    add_in(&mut second, 2).await.unwrap();
    second.commit().await.unwrap();

    // It sees what was committed, and nothing of it stays when it is rolled back.
    let mut third = third.await.unwrap();
    assert_eq!(fixture.ask(BEGUN_BY_COMMIT).await, 1);
    let seen = third.query("SELECT id FROM items ORDER BY id", Vec::new()).await.unwrap();
    assert_eq!(seen.rows.concat(), integers(&[1, 2]));
    add_in(&mut third, 3).await.unwrap();
    third.rollback().await;

    let mut fourth = fourth.await.unwrap();
    add_in(&mut fourth, 4).await.unwrap();
    fourth.commit().await.unwrap();
    // Dropped before its first statement.
    let fifth = fifth.await.unwrap();
    assert_eq!(fixture.ask(BEGUN_BY_COMMIT).await, 1);
    drop(fifth);
    add(&database, 5).await.unwrap();
    assert_eq!(items(&database).await.unwrap(), integers(&[1, 2, 4, 5]));
    assert_eq!(fixture.ask(BEGUN_BY_COMMIT).await, 0);
}

#[tokio::test]
async fn transaction_that_nobody_takes_any_more_is_rolled_back() {
    let fixture = Fixture::start().await;
    let database = fixture.database_over_one_connection().await;
    let mut first = database.begin().await.unwrap();
    let gone = waits(&database).await;
    add_in(&mut first, 1).await.unwrap();
    first.commit().await.unwrap();
    drop(gone);
    assert_eq!(fixture.ask(BEGUN_BY_COMMIT).await, 1);
    let rolled_back = async || Ok((fixture.ask(BEGUN_BY_COMMIT).await == 0).then_some(()));
    eventually("what was begun for nobody is rolled back", rolled_back).await.unwrap();
    add(&database, 2).await.unwrap();
    assert_eq!(items(&database).await.unwrap(), integers(&[1, 2]));
}

#[tokio::test]
async fn read_does_not_run_in_a_transaction_that_a_commit_began() {
    let fixture = Fixture::start().await;
    // As the host's own, which reads and writes over the same connections.
    let host = fixture.host_over_one_connection().await;
    let database = Arc::clone(host.host_side(&ComponentId::new(SERVICE)).unwrap());
    let first = database.begin().await.unwrap();
    let mut reading = database.query("SELECT count(*) FROM outbox_events", Vec::new());
    assert!(matches!(futures::poll!(&mut reading), Poll::Pending));
    // For whom the commit begins; the read is before it in the queue.
    let second = waits(&database).await;
    first.commit().await.unwrap();
    assert_eq!(fixture.ask(BEGUN_BY_COMMIT).await, 1);
    assert_eq!(reading.await.unwrap().rows.concat(), integers(&[0]));
    second.await.unwrap().rollback().await;
    assert_eq!(fixture.ask(BEGUN_BY_COMMIT).await, 0);
    assert_eq!(fixture.ask("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'").await, 0);
}

#[tokio::test]
async fn nothing_is_begun_for_who_only_reads() {
    let fixture = Fixture::start().await;
    let host = fixture.host_over_one_connection().await;
    let database = Arc::clone(host.host_side(&ComponentId::new(SERVICE)).unwrap());
    let first = database.begin().await.unwrap();
    let mut reading = database.query("SELECT count(*) FROM outbox_events", Vec::new());
    assert!(matches!(futures::poll!(&mut reading), Poll::Pending));
    first.commit().await.unwrap();
    assert_eq!(fixture.ask(BEGUN_BY_COMMIT).await, 0);
    assert_eq!(reading.await.unwrap().rows.concat(), integers(&[0]));
}

#[tokio::test]
async fn connection_that_died_with_a_transaction_begun_for_nobody_is_replaced() {
    let fixture = Fixture::start().await;
    let host = fixture.host_over_one_connection().await;
    let database = Arc::clone(host.host_side(&ComponentId::new(SERVICE)).unwrap());
    let first = database.begin().await.unwrap();
    let gone = waits(&database).await;
    first.commit().await.unwrap();
    drop(gone);
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query = 'COMMIT AND CHAIN'";
    assert_eq!(fixture.ask(kill).await, 1);
    let rows = database.query("SELECT count(*) FROM outbox_events", Vec::new()).await.unwrap();
    assert_eq!(rows.rows.concat(), integers(&[0]));
}
