//! A webhook outside of the application, which notes what is posted to it.

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    /// The method and path.
    pub(crate) line: String,
    pub(crate) idempotency_key: String,
    pub(crate) signature: String,
    pub(crate) body: Bytes,
}

impl Posted {
    fn header(request: &Request<Incoming>, name: &str) -> String {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    }

    /// The text at `pointer` in the body.
    pub(crate) fn text(&self, pointer: &str) -> Result<String> {
        let body: Value = serde_json::from_slice(&self.body)?;
        let text = body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        text.with_context(|| format!("no text at {pointer} in {body}"))
    }
}

/// Answers 503 to the first request for a recipient, 204 to every other.
pub(crate) struct Webhook {
    address: SocketAddr,
    posted: Arc<Mutex<Vec<Posted>>>,
}

impl Webhook {
    /// Listens on a free port of this machine for as long as the runtime lives.
    pub(crate) async fn failing_once_for(email: &'static str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let posted = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&posted);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let notes = Arc::clone(&notes);
                let service = service_fn(move |request| answer(request, Arc::clone(&notes), email));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Ok(Self { address, posted })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests for a recipient, in the order in which they came.
    pub(crate) fn posted_for(&self, email: &str) -> Vec<Posted> {
        let posted = self.posted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        posted.into_iter().filter(|one| is_for(one, email)).collect()
    }
}

fn is_for(posted: &Posted, email: &str) -> bool {
    posted.text("/recipient/email").is_ok_and(|found| found == email)
}

async fn answer(
    request: Request<Incoming>,
    notes: Arc<Mutex<Vec<Posted>>>,
    email: &'static str,
) -> Result<Response<Empty<Bytes>>> {
    let mut posted = Posted {
        line: format!("{} {}", request.method(), request.uri()),
        idempotency_key: Posted::header(&request, "idempotency-key"),
        signature: Posted::header(&request, "x-signature"),
        body: Bytes::new(),
    };
    posted.body = request.into_body().collect().await?.to_bytes();
    let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    let is_first = is_for(&posted, email) && !notes.iter().any(|other| is_for(other, email));
    notes.push(posted);
    let mut response = Response::new(Empty::new());
    *response.status_mut() = if is_first { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT };
    Ok(response)
}
