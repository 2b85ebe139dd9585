//! The native server: axum and sqlx, as a good engineer would write the service without a host.
//!
//! Promise: the routes, checks, statements and statuses of `bench/guests/bench-service`, on all cores, on SQLite or
//! PostgreSQL, with as many connections as the host has; with NATS, its outbox relayed too. Deliberately absent: what the host
//! does beside (limits, tracing, metrics), so every comparison errs in this server's favour.

mod item;
mod postgres;
mod relay;
mod sqlite;
mod store;

pub(crate) use postgres::create_tables;

use anyhow::{Context, Result};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use item::Item;
use serde::Deserialize;
use std::sync::Arc;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use uuid::Uuid;

/// What a client sends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewItem {
    name: String,
    quantity: i64,
}

/// What all requests share.
#[derive(Clone)]
struct Shop {
    store: Store,
    /// Told of each event that waits to be relayed.
    inserted: Arc<Notify>,
}

/// Serves on a free port of this machine, and says on standard output where. `database` is a `postgres://` URL or a file;
/// with `nats`, the URL of a server, the outbox of the former is relayed.
///
/// # Errors
/// When the database or the port cannot be opened, or relaying fails.
pub(crate) async fn run(database: &str, nats: Option<&str>) -> Result<()> {
    let store = Store::open(database).await.context("cannot open the native server's database")?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("serving http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("cannot send without delay: {error}");
        }
    });
    let inserted: Arc<Notify> = Arc::default();
    let served = axum::serve(listener, router(Shop { store, inserted: Arc::clone(&inserted) }));
    match nats {
        Some(nats) => tokio::select! {
            served = served.into_future() => Ok(served?),
            relayed = relay::run(database, nats, inserted) => relayed.context("relaying"),
        },
        None => Ok(served.await?),
    }
}

fn router(shop: Shop) -> Router {
    Router::new()
        .route("/plain", get(async || "hello"))
        .route("/items/{id}", get(read))
        .route("/items", post(create))
        .with_state(shop)
}

async fn read(State(shop): State<Shop>, Path(id): Path<Uuid>) -> Result<Json<Item>, StatusCode> {
    let item = shop.store.find(id).await.map_err(|error| failed(&error))?;
    item.map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn create(State(shop): State<Shop>, Json(new): Json<NewItem>) -> Result<(StatusCode, Json<Item>), StatusCode> {
    if new.name.is_empty() || new.quantity < 0 {
        return Err(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let item = Item::new(new.name, new.quantity);
    let payload = serde_json::to_string(&item).map_err(|error| failed(&error))?;
    shop.store.insert(&item, &payload).await.map_err(|error| failed(&error))?;
    shop.inserted.notify_one();
    Ok((StatusCode::CREATED, Json(item)))
}

fn failed(error: &dyn std::error::Error) -> StatusCode {
    eprintln!("failed: {error}");
    StatusCode::INTERNAL_SERVER_ERROR
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Connection, Request};
    use crate::load::Load;
    use mutrapro_testkit::{NatsServer, PostgresServer, eventually};
    use std::net::SocketAddr;
    use std::time::Duration;
    use tempfile::TempDir;

    async fn serve(store: Store) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, router(Shop { store, inserted: Arc::default() })).into_future());
        address
    }

    async fn on_sqlite() -> (TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("items.sqlite").to_str().unwrap()).await.unwrap();
        (folder, store)
    }

    async fn item_that_was_created_is_read_and_has_one_event(store: Store) {
        let mut connection = Connection::open(serve(store.clone()).await).await.unwrap();
        let created = connection.send(&Request::post("/items", r#"{"name":"score","quantity":3}"#)).await.unwrap();
        let created: Item = created.expect(201).unwrap().json().unwrap();
        let read = connection.send(&Request::get(&format!("/items/{}", created.id))).await.unwrap();
        assert_eq!(read.expect(200).unwrap().json::<Item>().unwrap(), created);
        assert_eq!(store.pending_of(created.id).await.unwrap(), 1);
        let nobody = Request::get(&format!("/items/{}", Uuid::nil()));
        assert_eq!(connection.send(&nobody).await.unwrap().status, 404);
    }

    #[tokio::test]
    async fn item_is_kept_with_its_event_in_sqlite() {
        let (_folder, store) = on_sqlite().await;
        item_that_was_created_is_read_and_has_one_event(store).await;
    }

    #[tokio::test]
    async fn item_is_kept_with_its_event_in_postgres() {
        let server = PostgresServer::start().await.unwrap();
        item_that_was_created_is_read_and_has_one_event(Store::open(&server.url()).await.unwrap()).await;
    }

    #[tokio::test]
    async fn event_is_marked_once_nats_has_it() {
        let (postgres, nats) = (PostgresServer::start().await.unwrap(), NatsServer::start().await.unwrap());
        let store = Store::open(&postgres.url()).await.unwrap();
        let (item, inserted) = (Item::new("score".to_owned(), 3), Arc::<Notify>::default());
        store.insert(&item, "{}").await.unwrap();
        inserted.notify_one();
        let (database, url) = (postgres.url(), nats.url());
        let relaying = relay::run(&database, &url, Arc::clone(&inserted));
        let marked =
            eventually("the event is marked", async || Ok((store.pending_of(item.id).await? == 0).then_some(())));
        tokio::select! {
            ended = relaying => ended.unwrap(),
            marked = marked => marked.unwrap(),
        }
        let context = async_nats::jetstream::new(async_nats::connect(nats.url()).await.unwrap());
        let stream = context.get_stream("native").await.unwrap();
        assert_eq!(stream.cached_info().state.messages, 1);
    }

    #[tokio::test]
    async fn wrong_requests_get_their_status() {
        let (_folder, store) = on_sqlite().await;
        let mut connection = Connection::open(serve(store).await).await.unwrap();
        for request in [r#"{"name":"","quantity":3}"#, r#"{"name":"score","quantity":3,"price":1}"#] {
            assert_eq!(connection.send(&Request::post("/items", request)).await.unwrap().status, 422);
        }
    }

    #[tokio::test]
    async fn database_is_opened_with_the_durable_settings() {
        let (_folder, store) = on_sqlite().await;
        let Store::Sqlite(store) = store else { panic!("another engine") };
        assert_eq!(store.durability().await.unwrap(), ("wal".to_owned(), 2));
    }

    #[tokio::test]
    async fn load_counts_every_answer_and_ends_at_an_unexpected_one() {
        let (_folder, store) = on_sqlite().await;
        let addresses = [serve(store.clone()).await, serve(store).await].into();
        let mut load = Load { addresses, requests: [Request::get("/plain")].into(), status: 200, connections: 3 };
        let outcome = load.run(Duration::from_millis(50)).await.unwrap();
        assert!(outcome.per_second() > 0.0 && outcome.latencies_us.is_sorted());
        load.status = 201;
        let error = load.run(Duration::from_secs(600)).await.unwrap_err();
        assert_eq!(error.to_string(), "expected 201, got 200: hello");
    }
}
