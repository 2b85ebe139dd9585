//! The operations listener: is the process alive, is it ready, what does it count. For operators only: bind it where the
//! outside cannot reach.

use crate::connections::Connections;
use crate::limits::HttpLimits;
use crate::listener::Listener;
use bytes::Bytes;
use futures::future::{BoxFuture, join_all};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use prometheus_client::registry::Registry;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Asks one dependency whether it works: `Err` says what is wrong with it.
pub type Check = Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;
type Refresh = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// What it means that a dependency does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Requests cannot be answered: send them to another host.
    Required,
    /// Requests are answered, and something waits until it is back.
    Degrades,
}

/// What the operations listener tells.
pub struct Operations {
    registry: Registry,
    checks: Vec<(&'static str, Need, Check)>,
    refresh: Refresh,
}

impl Operations {
    /// Metrics of `registry`, whose gauges `refresh` brings up to date before each answer.
    pub fn new(registry: Registry, refresh: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        Self { registry, checks: Vec::new(), refresh: Box::new(refresh) }
    }

    /// Makes readiness tell of `check` too, under `name`.
    #[must_use]
    pub fn with_check(mut self, name: &'static str, need: Need, check: Check) -> Self {
        self.checks.push((name, need, check));
        self
    }

    /// Serves `/healthz`, `/readyz` and `/metrics` until the task is dropped, on connections that keep `limits`.
    pub async fn serve(self: Arc<Self>, listener: Listener, limits: HttpLimits) {
        let connections = Connections::new(&limits);
        loop {
            let Some((stream, _)) = listener.accept().await else {
                continue;
            };
            let operations = Arc::clone(&self);
            let connection = connections.serve(stream, move |request| {
                let operations = Arc::clone(&operations);
                async move { operations.answer(request.uri().path()).await }
            });
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!("operations connection ended: {error}");
                }
            });
        }
    }

    async fn answer(&self, path: &str) -> Response<Full<Bytes>> {
        match path {
            "/healthz" => reply(StatusCode::OK, "text/plain", "ok\n".to_owned()),
            "/readyz" => self.readiness().await,
            "/metrics" => self.metrics().await,
            _ => reply(StatusCode::NOT_FOUND, "text/plain", "try /healthz, /readyz or /metrics\n".to_owned()),
        }
    }

    async fn readiness(&self) -> Response<Full<Bytes>> {
        // Side by side: a dependency that takes its time must not make the answer late by the sum of all.
        let states = join_all(self.checks.iter().map(|(_, _, check)| check())).await;
        let mut found = Map::new();
        let (mut ready, mut degraded) = (true, false);
        for ((name, need, _), state) in self.checks.iter().zip(states) {
            if state.is_err() {
                match need {
                    Need::Required => ready = false,
                    Need::Degrades => degraded = true,
                }
            }
            found.insert((*name).to_owned(), state.map_or_else(Value::from, |()| Value::from("ok")));
        }
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let body = json!({ "ready": ready, "degraded": degraded, "checks": found });
        reply(status, "application/json", format!("{body}\n"))
    }

    async fn metrics(&self) -> Response<Full<Bytes>> {
        (self.refresh)().await;
        let mut text = String::new();
        match prometheus_client::encoding::text::encode(&mut text, &self.registry) {
            Ok(()) => reply(StatusCode::OK, METRICS_TYPE, text),
            Err(error) => {
                reply(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", format!("cannot encode the metrics: {error}\n"))
            }
        }
    }
}

fn reply(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
