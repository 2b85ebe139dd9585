//! Misdeeds with calls, to other components and to the outside. The body is a [`Call`] in JSON.

use crate::bindings::mutrapro::http::client::{self, Error, Request};
use crate::{Outcome, field};
use serde::Deserialize;
use std::io::Read;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{ErrorCode, Fields, IncomingResponse, OutgoingRequest, Scheme};

#[derive(Deserialize)]
struct Call {
    /// The component, or `host:port` for the outside.
    to: String,
    path: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body_bytes: usize,
}

pub(crate) fn commit(misdeed: &str, body: &str) -> Outcome {
    // `for-ever/<a>/<b>` calls a, which calls b, which calls a.
    if let Some((next, after)) = misdeed.strip_prefix("for-ever/").and_then(|names| names.split_once('/')) {
        let path = format!("/{next}/call/for-ever/{after}/{next}");
        return send(&Call { to: next.to_owned(), path, headers: Vec::new(), body_bytes: 0 });
    }
    let call: Call = serde_json::from_str(body).map_err(|error| ("unknown", error.to_string()))?;
    match misdeed {
        "send" => send(&call),
        "outgoing" => outgoing(&call),
        _ => Err(("unknown", misdeed.to_owned())),
    }
}

fn send(call: &Call) -> Outcome {
    let headers = call.headers.iter().map(|(name, value)| field(name, value.as_bytes()));
    let request = Request {
        method: "GET".to_owned(),
        path_with_query: call.path.clone(),
        headers: headers.collect(),
        body: vec![b'x'; call.body_bytes],
    };
    match client::send(&call.to, &request) {
        Ok(response) => Ok(format!("{} {}", response.status, String::from_utf8_lossy(&response.body))),
        Err(Error::NotAllowed(text)) => Err(("not-allowed", text)),
        Err(Error::NoSuchComponent(text)) => Err(("no-such-component", text)),
        Err(Error::Overloaded) => Err(("overloaded", String::new())),
        Err(Error::TimedOut) => Err(("timed-out", String::new())),
        Err(Error::TooLarge) => Err(("too-large", String::new())),
        Err(Error::Streams) => Err(("streams", String::new())),
        Err(Error::TransactionOpen) => Err(("transaction-open", String::new())),
        Err(Error::Failed(text)) => Err(("failed", text)),
    }
}

fn outgoing(call: &Call) -> Outcome {
    let refused = |what: &str| ("refused-by-the-contract", what.to_owned());
    let headers = Fields::new();
    for (name, value) in &call.headers {
        headers
            .append(name, value.as_bytes())
            .map_err(|error| ("refused-by-the-contract", format!("{name}: {error:?}")))?;
    }
    let request = OutgoingRequest::new(headers);
    request.set_scheme(Some(&Scheme::Http)).map_err(|()| refused("scheme"))?;
    request.set_authority(Some(&call.to)).map_err(|()| refused("authority"))?;
    request.set_path_with_query(Some(&call.path)).map_err(|()| refused("path"))?;
    let pending = outgoing_handler::handle(request, None).map_err(error_code)?;
    pending.subscribe().block();
    match pending.get() {
        Some(Ok(Ok(response))) => Ok(format!("{} {}", response.status(), read(&response)?)),
        Some(Ok(Err(error))) => Err(error_code(error)),
        Some(Err(())) | None => Err(("failed", "no response although the wait is over".to_owned())),
    }
}

fn read(response: &IncomingResponse) -> Outcome {
    let failed = |what: &str| ("failed", what.to_owned());
    let body = response.consume().map_err(|()| failed("no body"))?;
    let mut stream = body.stream().map_err(|()| failed("no stream"))?;
    let mut text = String::new();
    stream.read_to_string(&mut text).map_err(|error| ("failed", error.to_string()))?;
    Ok(text)
}

fn error_code(error: ErrorCode) -> (&'static str, String) {
    ("wasi", format!("{error:?}"))
}
