//! The operations that are compared, and the one that fills the outbox.

use crate::item::{Item, ItemId, NewItem};
use crate::{plugin_calls, store};
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use mutrapro_sdk::json::Json;
use mutrapro_sdk::sql::transaction;
use mutrapro_sdk::{Problem, Result};

/// Events that share a transaction in `POST /events/{n}`.
const EVENTS_PER_TRANSACTION: u32 = 100;
/// The most events that one request emits: it has to end within the host's time for a request.
const EVENTS_MAX: u32 = 100_000;

pub(crate) fn router() -> Router {
    Router::new()
        .route("/plain", get(async || "hello"))
        .route("/items/{id}", get(read))
        .route("/items", post(create))
        .route("/events/{n}", post(emit))
        .route("/plugin-calls/{n}", get(plugin_calls::measure))
}

async fn read(Path(id): Path<ItemId>) -> Result<Json<Item>> {
    store::find(id)?.map(Json).ok_or_else(|| Problem::not_found("item"))
}

async fn create(Json(new): Json<NewItem>) -> Result<(StatusCode, Json<Item>)> {
    let item = Item::new(new);
    transaction(|transaction| {
        store::insert(transaction, &item)?;
        Ok(transaction.emit(&item)?)
    })?;
    Ok((StatusCode::CREATED, Json(item)))
}

/// Emits `n` events, each of an aggregate of its own, without rows: what is measured is their way, not the inserts.
async fn emit(Path(n): Path<u32>) -> Result<StatusCode> {
    if n > EVENTS_MAX {
        return Err(Problem::bad_request(format!("{n} events are more than {EVENTS_MAX}")));
    }
    let mut left = n;
    while left > 0 {
        let batch = left.min(EVENTS_PER_TRANSACTION);
        transaction(|transaction| {
            for number in 0..batch {
                let new = NewItem { name: "event".to_owned(), quantity: i64::from(number) };
                transaction.emit(&Item::new(new))?;
            }
            Ok(())
        })?;
        left -= batch;
    }
    Ok(StatusCode::NO_CONTENT)
}
