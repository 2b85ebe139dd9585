//! What the benchmark asks the consumer.

use crate::store;
use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use mutrapro_sdk::Result;
use mutrapro_sdk::json::Json;
use serde::Serialize;

#[derive(Serialize)]
struct Count {
    handled: i64,
}

#[derive(Serialize)]
struct Latencies {
    latencies_us: Vec<u128>,
}

pub(crate) fn router() -> Router {
    Router::new().route("/handled/count", get(count)).route("/handled/latencies/{latest}", get(latencies))
}

async fn count() -> Result<Json<Count>> {
    Ok(Json(Count { handled: store::count()? }))
}

async fn latencies(Path(latest): Path<u16>) -> Result<Json<Latencies>> {
    let latencies_us = store::latencies(latest)?.iter().map(std::time::Duration::as_micros).collect();
    Ok(Json(Latencies { latencies_us }))
}
