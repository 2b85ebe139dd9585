//! Transactions: whole or not at all, one after the other, and never left behind.

use super::*;
use std::task::Poll;
use tokio::sync::Notify;

pub(crate) async fn reads_see_what_is_committed_while_a_writer_is_open(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    add_author(&database, 1).await.unwrap();
    let mut transaction = database.begin().await.unwrap();
    transaction.execute(INSERT_AUTHOR, vec![Value::Integer(2)]).await.unwrap();
    assert_eq!(authors(&database).await, [1]);
    let own = transaction.query("SELECT id FROM authors ORDER BY id", Vec::new()).await.unwrap();
    assert_eq!(integers(own), [1, 2]);
    transaction.commit().await.unwrap();
    assert_eq!(authors(&database).await, [1, 2]);
}

pub(crate) async fn reads_outside_a_transaction_change_nothing(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    let refusal = database.query("INSERT INTO authors (id, email) VALUES (1, 'a')", Vec::new()).await;
    assert!(matches!(refusal, Err(Error::Invalid(_))), "{refusal:?}");
    assert_eq!(authors(&database).await, NOBODY);
}

pub(crate) async fn writers_go_in_the_order_of_their_arrival(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    let first = database.begin().await.unwrap();
    let mut waiting = Vec::new();
    for id in 1..=8 {
        let mut turn = Box::pin(database.begin());
        // Polled once, each stands in the queue before the next one arrives.
        assert!(matches!(futures::poll!(&mut turn), Poll::Pending));
        waiting.push((id, turn));
    }
    first.rollback().await;
    let order = std::sync::Mutex::new(Vec::new());
    // Started in reverse, so that only the queue can put them in order.
    let all = waiting.into_iter().rev().map(|(id, turn)| {
        let order = &order;
        async move {
            let transaction = turn.await.unwrap();
            order.lock().unwrap().push(id);
            transaction.commit().await.unwrap();
        }
    });
    futures::future::join_all(all).await;
    assert_eq!(order.into_inner().unwrap(), (1..=8).collect::<Vec<_>>());
}

pub(crate) async fn waiting_for_the_writer_has_an_end(fixture: &impl Fixture) {
    let limits = SqlLimits { wait_time: Duration::from_millis(20), ..generous() };
    let database = migrated(fixture, limits).await;
    let first = database.begin().await.unwrap();
    assert!(matches!(database.begin().await, Err(Error::Unavailable(_))));
    first.rollback().await;
    add_author(&database, 1).await.unwrap();
}

pub(crate) async fn dropped_transaction_leaves_nothing_and_frees_the_writer(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    for _ in 0..20 {
        let mut transaction = database.begin().await.unwrap();
        transaction.execute(INSERT_AUTHOR, vec![Value::Integer(1)]).await.unwrap();
        drop(transaction);
    }
    drop(database.begin().await.unwrap());
    let mut next = database.begin().await.unwrap();
    let seen = next.query("SELECT id FROM authors", Vec::new()).await.unwrap();
    assert_eq!(integers(seen), NOBODY);
}

pub(crate) async fn begin_that_nobody_waits_for_frees_the_writer(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    for polls in 0..12 {
        let mut begin = Box::pin(database.begin());
        for _ in 0..polls {
            if futures::poll!(&mut begin).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(begin);
    }
    add_author(&database, 1).await.unwrap();
}

pub(crate) async fn commit_that_nobody_waits_for_is_whole_or_nothing(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    for id in 1..=20 {
        let mut transaction = database.begin().await.unwrap();
        transaction.execute(INSERT_AUTHOR, vec![Value::Integer(id)]).await.unwrap();
        transaction.execute(INSERT_AUTHOR, vec![Value::Integer(id + 100)]).await.unwrap();
        let mut commit = Box::pin(transaction.commit());
        let _progress = futures::poll!(&mut commit);
        drop(commit);
    }
    let mut next = database.begin().await.unwrap();
    let unpaired = "SELECT id FROM authors AS a WHERE id < 100 AND NOT EXISTS \
                    (SELECT 1 FROM authors AS b WHERE b.id = a.id + 100)";
    assert_eq!(integers(next.query(unpaired, Vec::new()).await.unwrap()), NOBODY);
}

pub(crate) async fn statement_that_nobody_waits_for_is_stopped_and_ends_its_transaction(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    let mut transaction = database.begin().await.unwrap();
    transaction.execute(INSERT_AUTHOR, vec![Value::Integer(1)]).await.unwrap();
    let mut endless = Box::pin(transaction.query(ENDLESS, Vec::new()));
    assert!(matches!(futures::poll!(&mut endless), Poll::Pending));
    drop(endless);
    let after = transaction.execute(INSERT_AUTHOR, vec![Value::Integer(2)]).await;
    assert!(matches!(after, Err(Error::Unavailable(_))));
    assert!(!transaction.is_open());
    assert!(matches!(transaction.commit().await, Err(Error::Unavailable(_))));
    add_author(&database, 3).await.unwrap();
    assert_eq!(authors(&database).await, [3]);
}

pub(crate) async fn transaction_dropped_in_mid_statement_frees_the_writer(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    let mut transaction = database.begin().await.unwrap();
    let mut endless = Box::pin(transaction.query(ENDLESS, Vec::new()));
    assert!(matches!(futures::poll!(&mut endless), Poll::Pending));
    drop(endless);
    drop(transaction);
    add_author(&database, 1).await.unwrap();
}

pub(crate) async fn read_that_nobody_waits_for_frees_its_connection(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    // More than there are connections.
    for _ in 0..12 {
        let mut endless = Box::pin(database.query(ENDLESS, Vec::new()));
        assert!(matches!(futures::poll!(&mut endless), Poll::Pending));
        drop(endless);
    }
    assert_eq!(authors(&database).await, NOBODY);
}

pub(crate) async fn transaction_that_is_open_too_long_is_rolled_back_while_its_owner_sleeps(fixture: &impl Fixture) {
    let limits = SqlLimits { transaction_time: Duration::from_millis(300), ..generous() };
    let database = migrated(fixture, limits).await;
    let mut sleeping = database.begin().await.unwrap();
    sleeping.execute(INSERT_AUTHOR, vec![Value::Integer(1)]).await.unwrap();
    // The next one gets the writer only because the first is rolled back under its owner.
    add_author(&database, 2).await.unwrap();
    assert!(!sleeping.is_open());
    let after = sleeping.execute(INSERT_AUTHOR, vec![Value::Integer(3)]).await;
    assert!(matches!(after, Err(Error::Unavailable(_))));
    assert!(matches!(sleeping.commit().await, Err(Error::Unavailable(_))));
    assert_eq!(authors(&database).await, [2]);
}

pub(crate) async fn savepoints_undo_alone_and_nest(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    let mut transaction = database.begin().await.unwrap();
    for (id, keep) in [(1, true), (2, false), (3, true)] {
        transaction.savepoint().await.unwrap();
        transaction.execute(INSERT_AUTHOR, vec![Value::Integer(id)]).await.unwrap();
        transaction.savepoint().await.unwrap();
        transaction.execute(INSERT_AUTHOR, vec![Value::Integer(id + 10)]).await.unwrap();
        transaction.rollback_to_savepoint().await.unwrap();
        if keep {
            transaction.release_savepoint().await.unwrap();
        } else {
            transaction.rollback_to_savepoint().await.unwrap();
        }
    }
    assert!(matches!(transaction.release_savepoint().await, Err(Error::Invalid(_))));
    transaction.commit().await.unwrap();
    assert_eq!(authors(&database).await, [1, 3]);
}

pub(crate) async fn statement_of_the_hosts_own_ends_its_transaction_when_it_fails(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    let mut transaction = database.begin().await.unwrap();
    transaction.execute(INSERT_AUTHOR, vec![Value::Integer(1)]).await.unwrap();
    transaction.execute_or_end(INSERT_AUTHOR, vec![Value::Integer(2)]).await.unwrap();
    // What a service does wrong afterwards undoes neither.
    transaction.execute(INSERT_AUTHOR, vec![Value::Integer(1)]).await.unwrap_err();
    transaction.commit().await.unwrap();
    assert_eq!(authors(&database).await, [1, 2]);
    let mut transaction = database.begin().await.unwrap();
    transaction.execute(INSERT_AUTHOR, vec![Value::Integer(3)]).await.unwrap();
    let refused = transaction.execute_or_end(INSERT_AUTHOR, vec![Value::Integer(2)]).await;
    assert!(matches!(refused, Err(Error::ConstraintViolated(_))), "{refused:?}");
    assert!(!transaction.is_open());
    assert!(matches!(transaction.commit().await, Err(Error::Unavailable(_))));
    assert_eq!(authors(&database).await, [1, 2]);
}

pub(crate) async fn commit_wakes_and_rollback_does_not(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    let wake = Arc::new(Notify::new());
    let mut rolled_back = database.begin().await.unwrap();
    rolled_back.notify_on_commit(&wake);
    rolled_back.rollback().await;
    let mut notified = Box::pin(wake.notified());
    assert!(matches!(futures::poll!(&mut notified), Poll::Pending));
    let mut committed = database.begin().await.unwrap();
    committed.notify_on_commit(&wake);
    committed.commit().await.unwrap();
    notified.await;
}

pub(crate) async fn closed_database_refuses(fixture: &impl Fixture) {
    let databases = fixture.open(&app(&[SCHEMA]), generous()).await;
    databases.migrate().await.unwrap();
    let database = database(&databases);
    add_author(&database, 1).await.unwrap();
    assert_eq!(authors(&database).await, [1]);
    databases.close().await;
    databases.close().await;
    assert!(matches!(database.begin().await, Err(Error::Unavailable(_))));
    assert!(matches!(database.ping().await, Err(Error::Unavailable(_))));
    let again = migrated(fixture, generous()).await;
    assert_eq!(authors(&again).await, [1]);
}
