//! Servers that restart, networks that fail, and other transactions.

use crate::fixture::{Fixture, add, add_in, integers, items, text};
use mutrapro_sql::{Database, Error, SqlLimits, Transaction, Value};
use mutrapro_testkit::{TcpProxy, eventually};
use std::sync::Arc;
use std::time::{Duration, Instant};

const KILL: &str =
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'mutrapro/%'";

fn is_unavailable<T>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(Error::Unavailable(_)))
}

async fn update(transaction: &mut Transaction, id: i64) -> Result<u64, Error> {
    transaction.execute("UPDATE items SET number = 1 WHERE id = $1", vec![Value::Integer(id)]).await
}

#[tokio::test]
async fn refused_statements_leave_every_place_of_a_transaction_usable() {
    let fixture = Fixture::start().await;
    let database = fixture.database().await;
    let refuse = async |transaction: &mut Transaction| {
        for statement in
            ["SELECT nothing FROM items", "INSERT INTO items (id) VALUES (NULL)", "SELECT id / 0 FROM items"]
        {
            let refused = transaction.query(statement, Vec::new()).await;
            let is_refused = matches!(refused, Err(Error::Invalid(_) | Error::ConstraintViolated(_)));
            // Without rows there is nothing to divide.
            assert!(is_refused || statement.contains("/ 0"), "{statement}: {refused:?}");
        }
    };
    let mut transaction = database.begin().await.unwrap();
    refuse(&mut transaction).await;
    add_in(&mut transaction, 1).await.unwrap();
    refuse(&mut transaction).await;
    add_in(&mut transaction, 2).await.unwrap();
    add_in(&mut transaction, 3).await.unwrap();
    transaction.savepoint().await.unwrap();
    refuse(&mut transaction).await;
    add_in(&mut transaction, 4).await.unwrap();
    refuse(&mut transaction).await;
    transaction.savepoint().await.unwrap();
    add_in(&mut transaction, 5).await.unwrap();
    refuse(&mut transaction).await;
    transaction.rollback_to_savepoint().await.unwrap();
    refuse(&mut transaction).await;
    transaction.release_savepoint().await.unwrap();
    refuse(&mut transaction).await;
    add_in(&mut transaction, 6).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(items(&database).await.unwrap(), integers(&[1, 2, 3, 4, 6]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_transactions_that_wait_for_each_other_one_is_told_conflict() {
    let fixture = Fixture::start().await;
    let database = fixture.database().await;
    for id in [1, 2] {
        add(&database, id).await.unwrap();
    }
    let (mut first, mut second) = (database.begin().await.unwrap(), database.begin().await.unwrap());
    update(&mut first, 1).await.unwrap();
    update(&mut second, 2).await.unwrap();
    let outcomes = futures::join!(
        async {
            let outcome = update(&mut first, 2).await;
            if outcome.is_ok() { first.commit().await } else { outcome.map(drop) }
        },
        async {
            let outcome = update(&mut second, 1).await;
            if outcome.is_ok() { second.commit().await } else { outcome.map(drop) }
        },
    );
    assert!([outcomes.0.clone(), outcomes.1.clone()].contains(&Ok(())), "{outcomes:?}");
    assert!([outcomes.0.clone(), outcomes.1.clone()].contains(&Err(Error::Conflict)), "{outcomes:?}");
    add(&database, 3).await.unwrap();
}

#[tokio::test]
async fn who_waits_too_long_for_a_row_is_told_conflict() {
    let fixture = Fixture::start().await;
    let limits = SqlLimits { statement_time: Duration::from_millis(500), ..SqlLimits::default() };
    let database = fixture.database_at(fixture.server.address(), limits).await;
    add(&database, 1).await.unwrap();
    let (mut first, mut second) = (database.begin().await.unwrap(), database.begin().await.unwrap());
    update(&mut first, 1).await.unwrap();
    assert_eq!(update(&mut second, 1).await, Err(Error::Conflict));
    assert!(!second.is_open());
    first.commit().await.unwrap();
}

#[tokio::test]
async fn restarted_server_costs_no_request() {
    let mut fixture = Fixture::start().await;
    let database = fixture.database().await;
    add(&database, 1).await.unwrap();
    // Several connections lie idle.
    let open = futures::future::join_all((0..4).map(|_| database.begin())).await;
    drop(futures::future::join_all(open.into_iter().map(|transaction| transaction.unwrap().rollback())).await);
    assert_eq!(items(&database).await.unwrap(), integers(&[1]));
    let mut interrupted = database.begin().await.unwrap();
    add_in(&mut interrupted, 2).await.unwrap();
    fixture.server.restart().await.unwrap();
    for id in [3, 4] {
        add(&database, id).await.unwrap();
    }
    assert_eq!(items(&database).await.unwrap(), integers(&[1, 3, 4]));
    assert!(is_unavailable(&interrupted.commit().await));
    assert_eq!(items(&database).await.unwrap(), integers(&[1, 3, 4]));
}

#[tokio::test]
async fn stopped_server_is_told_at_once_and_found_again() {
    let mut fixture = Fixture::start().await;
    let database = fixture.database().await;
    add(&database, 1).await.unwrap();
    fixture.server.stop().await.unwrap();
    let started = Instant::now();
    assert!(is_unavailable(&items(&database).await));
    assert!(is_unavailable(&add(&database, 2).await));
    assert!(is_unavailable(&database.ping().await));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    fixture.server.start_again().await.unwrap();
    add(&database, 3).await.unwrap();
    assert_eq!(items(&database).await.unwrap(), integers(&[1, 3]));
}

#[tokio::test]
async fn connection_that_is_killed_ends_its_transaction_and_no_other() {
    let fixture = Fixture::start().await;
    let database = fixture.database().await;
    let mut transaction = database.begin().await.unwrap();
    add_in(&mut transaction, 1).await.unwrap();
    assert!(fixture.ask(KILL).await > 0);
    assert!(is_unavailable(&add_in(&mut transaction, 2).await));
    assert!(!transaction.is_open());
    assert!(is_unavailable(&transaction.commit().await));
    add(&database, 3).await.unwrap();
    assert_eq!(items(&database).await.unwrap(), integers(&[3]));
}

#[tokio::test]
async fn network_that_stalls_is_waited_for_no_longer_than_the_limits() {
    let fixture = Fixture::start().await;
    let proxy = TcpProxy::start(fixture.server.address()).await.unwrap();
    let limits = SqlLimits { statement_time: Duration::from_millis(300), ..SqlLimits::default() };
    let database = fixture.database_at(proxy.address(), limits).await;
    add(&database, 1).await.unwrap();
    let mut open = database.begin().await.unwrap();
    add_in(&mut open, 2).await.unwrap();
    proxy.stall();
    let started = Instant::now();
    assert!(is_unavailable(&items(&database).await));
    assert!(is_unavailable(&open.commit().await));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    proxy.cut().await.unwrap();
    assert!(is_unavailable(&items(&database).await));
    proxy.mend().await.unwrap();
    add(&database, 3).await.unwrap();
}

/// Whether the server runs a statement of a host's, other than this one.
async fn running(fixture: &Fixture) -> i64 {
    let statement =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'mutrapro/%' AND state = 'active'";
    fixture.ask(statement).await
}

#[tokio::test]
async fn statement_that_nobody_waits_for_is_stopped_on_the_server() {
    const ENDLESS: &str =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0";
    let fixture = Fixture::start().await;
    let limits = SqlLimits { statement_time: Duration::from_secs(600), ..SqlLimits::default() };
    let database = fixture.database_at(fixture.server.address(), limits).await;
    let mut transaction = database.begin().await.unwrap();
    for _ in 0..2 {
        let outside = database.query(ENDLESS, Vec::new());
        let inside = transaction.query(ENDLESS, Vec::new());
        let both = futures::future::join(outside, inside);
        let begun = eventually("the server runs it", async || Ok((running(&fixture).await > 0).then_some(())));
        tokio::select! {
            _ = both => panic!("an endless statement has ended"),
            begun = begun => begun.unwrap(),
        }
        let ended = eventually("the server stopped", async || Ok((running(&fixture).await == 0).then_some(())));
        ended.await.unwrap();
        transaction = database.begin().await.unwrap();
    }
}

#[tokio::test]
async fn answer_that_is_too_large_leaves_the_connection_and_the_transaction_usable() {
    let fixture = Fixture::start().await;
    let limits = SqlLimits { rows_max: 10, statement_time: Duration::from_secs(600), ..SqlLimits::default() };
    let database = fixture.database_at(fixture.server.address(), limits).await;
    let process =
        async |database: &Arc<dyn Database>| database.query("SELECT pg_backend_pid()", Vec::new()).await.unwrap();
    let before = process(&database).await;
    for statement in ["SELECT generate_series(1, 11)", "SELECT generate_series(1, 1000000000)"] {
        assert_eq!(database.query(statement, Vec::new()).await, Err(Error::TooLarge), "{statement}");
        let kept = async || Ok((process(&database).await == before).then_some(()));
        eventually("the connection is used again", kept).await.unwrap();
    }
    let mut transaction = database.begin().await.unwrap();
    add_in(&mut transaction, 1).await.unwrap();
    for statement in ["SELECT generate_series(1, 11)", "SELECT generate_series(1, 1000000000)"] {
        assert_eq!(transaction.query(statement, Vec::new()).await, Err(Error::TooLarge), "{statement}");
        assert!(transaction.is_open());
    }
    transaction.commit().await.unwrap();
    assert_eq!(items(&database).await.unwrap(), integers(&[1]));
}

#[tokio::test]
async fn statements_prepared_before_a_migration_run_after_it() {
    let fixture = Fixture::start().await;
    let database = fixture.database().await;
    let (all, insert) = ("SELECT * FROM items", "INSERT INTO items (id) VALUES ($1) RETURNING *");
    for id in [1, 2] {
        // The second time, all that was prepared is outdated.
        let outside = database.query(all, Vec::new()).await.unwrap();
        let mut transaction = database.begin().await.unwrap();
        let added = transaction.query(insert, vec![Value::Integer(10 * id)]).await.unwrap();
        assert_eq!(added.columns.last().unwrap(), if id == 1 { "content" } else { "color" });
        assert_eq!(outside.rows.is_empty(), id == 1);
        let added = transaction.query(insert, vec![Value::Integer(10 * id + 1)]).await.unwrap();
        assert_eq!(added.rows[0].last(), Some(&if id == 1 { Value::Null } else { text("red") }));
        transaction.query(all, Vec::new()).await.unwrap();
        transaction.commit().await.unwrap();
        if id == 1 {
            fixture.run("ALTER TABLE items ADD COLUMN color TEXT DEFAULT 'red'").await;
        }
    }
    assert_eq!(items(&database).await.unwrap(), integers(&[10, 11, 20, 21]));
}
