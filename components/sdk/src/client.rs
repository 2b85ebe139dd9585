//! Calls to other services, as JSON.
//!
//! What can be repeated without harm is repeated after a short wait; a service that fails again and again is left alone
//! for a while. Calls are refused while a transaction is open, so that no lock is held across services.

mod breaker;

use crate::bindings::platform::mutrapro::http::client as wit;
use crate::bindings::platform::mutrapro::http::types::{Field, Request, Response};
use crate::problem::{Details, Problem};
use axum::http::StatusCode;
use breaker::Breaker;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How often a call is tried in all.
pub const ATTEMPTS_MAX: u32 = 3;
/// The wait before the second attempt, at most; doubled for each further one.
pub const BACKOFF: Duration = Duration::from_millis(50);

pub use crate::bindings::platform::mutrapro::http::client::Error as SendError;

/// Why a call has no result, by what the caller does next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The service answered with a problem: react to its code, or pass it on with [`Error::into_refusal`].
    #[error("{service} answered {problem}")]
    Refused {
        /// The service that was called.
        service: String,
        /// What it answered.
        problem: Problem,
    },
    /// The service is not there for the moment. Nothing was done.
    #[error("{0} is not available")]
    Unavailable(String),
    /// The service did not answer in time. Whether it did anything is unknown.
    #[error("{0} did not answer in time")]
    TimedOut(String),
    /// A mistake of this service or the other: a missing entry in the manifest, an open transaction, nonsense.
    #[error("call to {service}: {text}")]
    Mistake {
        /// The service that was called.
        service: String,
        /// What is wrong.
        text: String,
    },
}

impl Error {
    /// What the service answered, for a client to see, if it was the request that it refused (400 to 499); otherwise the
    /// problem that the call itself is.
    pub fn into_refusal(self) -> Problem {
        match self {
            Self::Refused { problem, .. } if problem.status().is_client_error() => problem,
            other => other.into(),
        }
    }

    fn mistake(service: &str, text: impl Into<String>) -> Self {
        Self::Mistake { service: service.to_owned(), text: text.into() }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match &error {
            Error::Unavailable(service) => {
                Self::unavailable("dependency_unavailable", format!("{service} is not available")).because(error)
            }
            Error::TimedOut(service) => {
                let detail = format!("{service} did not answer in time");
                Self::new(StatusCode::GATEWAY_TIMEOUT, "dependency_timed_out", detail).because(error)
            }
            Error::Refused { problem, .. } if problem.status() == StatusCode::SERVICE_UNAVAILABLE => {
                Self::unavailable("dependency_unavailable", "a service that this one needs is not available")
                    .because(error)
            }
            Error::Refused { .. } | Error::Mistake { .. } => Self::internal(error),
        }
    }
}

/// A service that this one calls; its manifest entry must allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    service: &'static str,
}

impl Client {
    /// The service of this name.
    pub const fn new(service: &'static str) -> Self {
        Self { service }
    }

    /// Gets what is at `path` (with its query, percent-encoded).
    ///
    /// # Errors
    /// [`Error`]; tried again while it may help.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.json("GET", path, Vec::new())
    }

    /// Posts `body` to `path`. Tried again only when the service surely did nothing.
    ///
    /// # Errors
    /// [`Error`].
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Error> {
        let body = serde_json::to_vec(body).map_err(|error| Error::mistake(self.service, error.to_string()))?;
        self.json("POST", path, body)
    }

    fn json<T: DeserializeOwned>(&self, method: &str, path: &str, body: Vec<u8>) -> Result<T, Error> {
        let field = |name: &str, value: &[u8]| Field { name: name.to_owned(), value: value.to_vec() };
        let mut headers = vec![field("accept", b"application/json")];
        if !body.is_empty() {
            headers.push(field("content-type", b"application/json"));
        }
        let request = Request { method: method.to_owned(), path_with_query: path.to_owned(), headers, body };
        let response = with_breaker(self.service, |breaker| call(&Host, breaker, self.service, &request))?;
        read(self.service, &response)
    }
}

/// Sends a request as it is, once, for a component that passes requests on.
///
/// # Errors
/// As the host tells them.
pub fn send(service: &str, request: &Request) -> Result<Response, SendError> {
    wit::send(service, request)
}

/// What a call needs of the world, so that tests can own it.
trait World {
    fn send(&self, service: &str, request: &Request) -> Result<Response, SendError>;
    fn now(&self) -> Instant;
    /// Waits somewhere between half of `most` and all of it, so that many that failed together do not return together.
    fn wait(&self, most: Duration);
}

struct Host;

impl World for Host {
    fn send(&self, service: &str, request: &Request) -> Result<Response, SendError> {
        wit::send(service, request)
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wait(&self, most: Duration) {
        std::thread::sleep(most.mul_f64(rand::random_range(0.5..=1.0)));
    }
}

fn with_breaker<T>(service: &'static str, call: impl FnOnce(&mut Breaker) -> T) -> T {
    thread_local! {
        static BREAKERS: RefCell<BTreeMap<&'static str, Breaker>> = const { RefCell::new(BTreeMap::new()) };
    }
    // A call never begins another one: an instance does one thing at a time.
    BREAKERS.with_borrow_mut(|breakers| call(breakers.entry(service).or_default()))
}

fn call(world: &impl World, breaker: &mut Breaker, service: &str, request: &Request) -> Result<Response, Error> {
    let is_safe = matches!(request.method.as_str(), "GET" | "HEAD");
    let mut backoff = BACKOFF;
    let mut attempt = 1;
    loop {
        if !breaker.allows(world.now()) {
            return Err(Error::Unavailable(service.to_owned()));
        }
        let outcome = world.send(service, request);
        let (is_failure, may_repeat) = judge(&outcome, is_safe);
        breaker.record(is_failure, world.now());
        if !may_repeat || attempt == ATTEMPTS_MAX {
            return outcome.map_err(|error| explain(service, error));
        }
        world.wait(backoff);
        backoff *= 2;
        attempt += 1;
    }
}

/// Whether the callee failed, and whether the same call may be tried again.
fn judge(outcome: &Result<Response, SendError>, is_safe: bool) -> (bool, bool) {
    match outcome {
        Ok(response) => {
            let is_unavailable = response.status == StatusCode::SERVICE_UNAVAILABLE.as_u16();
            (is_unavailable, is_unavailable && is_safe)
        }
        // Nothing was done, whatever the method.
        Err(SendError::Overloaded) => (true, true),
        Err(SendError::TimedOut | SendError::Failed(_)) => (true, is_safe),
        Err(_) => (false, false),
    }
}

fn explain(service: &str, error: SendError) -> Error {
    match error {
        SendError::Overloaded => Error::Unavailable(service.to_owned()),
        SendError::TimedOut => Error::TimedOut(service.to_owned()),
        SendError::NotAllowed(text) | SendError::NoSuchComponent(text) | SendError::Failed(text) => {
            Error::mistake(service, text)
        }
        SendError::TooLarge => Error::mistake(service, "the request or the response is larger than the limit"),
        SendError::Streams => Error::mistake(service, "the route streams"),
        SendError::TransactionOpen => Error::mistake(service, "a transaction is open: commit before calling"),
    }
}

fn read<T: DeserializeOwned>(service: &str, response: &Response) -> Result<T, Error> {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_success() {
        // No content is what `()` reads from `null`.
        let body = if response.body.is_empty() { b"null".as_slice() } else { &response.body };
        return serde_json::from_slice(body).map_err(|error| Error::mistake(service, format!("its answer: {error}")));
    }
    let problem = match serde_json::from_slice::<Details>(&response.body) {
        // Each response gets the trace of its own request.
        Ok(details) => Problem::from_details(Details { status: response.status, trace_id: None, ..details }),
        Err(_) => Problem::new(status, "unexpected_answer", "the answer is no problem details"),
    };
    Err(Error::Refused { service: service.to_owned(), problem })
}

#[cfg(test)]
mod tests;
