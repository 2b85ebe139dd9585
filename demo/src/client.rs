//! A client of the public API, as one user or as nobody.
//!
//! Promise: whatever is no success is an error that names the request, and what the problem says. Waiting has a bound.
//! Deliberately absent: repeating a request, since one whose answer is lost may have been carried out. Only what was
//! refused for coming too soon (429) is sent again, when the API says so.

use anyhow::{Context, Result, anyhow, bail};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// What all paths are below.
const PREFIX: &str = "/api/v1";
/// How long an answer may take; signing in works on a password for a while.
const ANSWER_PATIENCE: Duration = Duration::from_secs(30);
/// How long a connection is kept on which nothing is sent: less long than the host keeps a new one, which is 10 s.
const IDLE_TIME: Duration = Duration::from_secs(5);
/// How long an effect may take that travels by events.
const EFFECT_PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks: a fraction of what one user may ask in a minute.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// How long one request may be held up by rate limits, which count by the minute.
const RATE_LIMIT_PATIENCE: Duration = Duration::from_secs(90);
/// What is waited for when the API does not say.
const RETRY_AFTER_DEFAULT: Duration = Duration::from_secs(1);
/// The most items on a page.
const PAGE_ITEMS: &str = "100";
/// How much of a body is shown that is no problem.
const BODY_CHARACTERS_MAX: usize = 200;

/// Sends requests.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    api: String,
    /// For messages.
    who: String,
    token: Option<String>,
}

/// The API said no.
#[derive(Debug, thiserror::Error)]
#[error("{request}: {status} {told}")]
pub(crate) struct Refused {
    request: String,
    pub(crate) status: StatusCode,
    told: String,
}

impl Client {
    /// A client of the system at `api`, as nobody.
    ///
    /// # Errors
    /// When there can be no client.
    pub(crate) fn new(api: &str) -> Result<Self> {
        // reqwest leaves the choice to the program. It fails only where one is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(ANSWER_PATIENCE).pool_idle_timeout(IDLE_TIME).build()?;
        Ok(Self { http, api: api.trim_end_matches('/').to_owned(), who: "nobody".to_owned(), token: None })
    }

    /// Where the system is.
    pub(crate) fn api(&self) -> &str {
        &self.api
    }

    /// Signs in: the same client as `email`.
    ///
    /// # Errors
    /// [`Refused`], or no answer.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Result<Self> {
        let tokens = self.post("auth/login", &json!({ "email": email, "password": password })).await?;
        let token = text(&tokens, "access_token").map_err(|_| anyhow!("POST /auth/login answered without a token"))?;
        Ok(Self { token: Some(token), who: email.to_owned(), ..self.clone() })
    }

    /// GET.
    ///
    /// # Errors
    /// [`Refused`], or no answer.
    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, |request| request).await
    }

    /// POST with a JSON body.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::POST, path, |request| request.json(body)).await
    }

    /// POST without anything to say.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) async fn act(&self, path: &str) -> Result<Value> {
        self.post(path, &json!({})).await
    }

    /// POST of something that is made once for `key`.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) async fn post_once(&self, path: &str, key: &str, body: &Value) -> Result<Value> {
        self.send(Method::POST, path, |request| request.header("idempotency-key", key).json(body)).await
    }

    /// PUT with a JSON body.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::PUT, path, |request| request.json(body)).await
    }

    /// PATCH with a JSON body.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::PATCH, path, |request| request.json(body)).await
    }

    /// DELETE.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) async fn delete(&self, path: &str) -> Result<Value> {
        self.send(Method::DELETE, path, |request| request).await
    }

    /// Uploads `content`, described by `query`, and gives the file's id.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) async fn upload(&self, query: &[(&str, &str)], content: &[u8]) -> Result<String> {
        let file = self.send(Method::POST, "files", |request| {
            let request = request.query(query).header(header::CONTENT_TYPE, "application/octet-stream");
            request.body(content.to_vec())
        });
        id(&file.await?)
    }

    /// The first item of the list at `path`, over all its pages, that is what is looked for.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) async fn find(&self, path: &str, is_it: impl Fn(&Value) -> bool) -> Result<Option<Value>> {
        let mut found = None;
        let mut cursor = String::new();
        while found.is_none() {
            let page = self.send(Method::GET, path, |request| {
                let paging = [("limit", PAGE_ITEMS), ("cursor", cursor.as_str())];
                request.query(paging.split_at(if cursor.is_empty() { 1 } else { 2 }).0)
            });
            let page = page.await?;
            let items = page.get("items").and_then(Value::as_array);
            // Taken for an empty list it would be made a second time.
            let items = items.with_context(|| format!("GET {} gave no list: {page}", shown(path)))?;
            found = items.iter().find(|item| is_it(item)).cloned();
            match page.get("next_cursor").and_then(Value::as_str) {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        Ok(found)
    }

    /// Gets `path` again and again until `look` finds something there, and gives it: effects that travel by events take a
    /// moment.
    ///
    /// # Errors
    /// As [`get`](Self::get); when nothing is found in time, with what was waited for and what was there last.
    pub(crate) async fn wait<T>(&self, path: &str, what: &str, look: impl Fn(&Value) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + EFFECT_PATIENCE;
        loop {
            let seen = self.get(path).await?;
            if let Some(found) = look(&seen) {
                return Ok(found);
            }
            if Instant::now() > deadline {
                bail!(
                    "waited {EFFECT_PATIENCE:?} in vain until {what}; GET {} as {} says {seen}. Events that were given up \
                     are listed by `mutrapro dead-letters list`",
                    shown(path),
                    self.who
                );
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Waits until the thing at `path` has `status`, and gives it.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub(crate) async fn reaches(&self, path: &str, status: &str) -> Result<Value> {
        let what = format!("it is {status}");
        self.wait(path, &what, |thing| has(thing, "status", status).then(|| thing.clone())).await
    }

    async fn send(&self, method: Method, path: &str, fill: impl Fn(RequestBuilder) -> RequestBuilder) -> Result<Value> {
        let request = format!("{method} {} as {}", shown(path), self.who);
        let give_up_at = Instant::now() + RATE_LIMIT_PATIENCE;
        loop {
            let builder = self.http.request(method.clone(), format!("{}{PREFIX}/{path}", self.api));
            let builder = match &self.token {
                Some(token) => builder.bearer_auth(token),
                None => builder,
            };
            let response = fill(builder).send().await.map_err(|error| self.no_answer(&request, error))?;
            if response.status() == StatusCode::TOO_MANY_REQUESTS {
                let pause = retry_after(&response);
                if Instant::now() + pause < give_up_at {
                    eprintln!("  {request}: too many requests, again in {} s", pause.as_secs());
                    tokio::time::sleep(pause).await;
                    continue;
                }
            }
            return read(request, response).await;
        }
    }

    fn no_answer(&self, request: &str, error: reqwest::Error) -> anyhow::Error {
        if error.is_connect() {
            return anyhow!(
                "{request}: nothing listens at {}: start the system with `make up` in another terminal, or say where it \
                 is, as in\n  make demo DEMO_OPTIONS=\"--api http://127.0.0.1:3000\"",
                self.api
            );
        }
        anyhow::Error::new(error).context(format!("{request}: no answer"))
    }
}

async fn read(request: String, response: Response) -> Result<Value> {
    let status = response.status();
    let body = response.bytes().await.with_context(|| format!("{request}: {status}, but no whole answer"))?;
    if !status.is_success() {
        return Err(Refused { request, status, told: told(&body) }.into());
    }
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&body).with_context(|| format!("{request}: {status}, but no JSON: {}", told(&body)))
}

fn retry_after(response: &Response) -> Duration {
    let seconds = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    seconds.map_or(RETRY_AFTER_DEFAULT, |seconds: u64| Duration::from_secs(seconds.max(1)))
}

/// What the problem in `body` says (RFC 9457): its code, its detail, each field that is wrong, and its trace.
fn told(body: &[u8]) -> String {
    let problem: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let string = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    let Some(detail) = string(&problem, "detail") else {
        return String::from_utf8_lossy(body).chars().take(BODY_CHARACTERS_MAX).collect();
    };
    let code = string(&problem, "code").unwrap_or_default();
    let fields = problem.get("errors").and_then(Value::as_array).into_iter().flatten();
    let fields = fields.filter_map(|error| Some(format!("{} {}", string(error, "field")?, string(error, "message")?)));
    let details: Vec<_> = std::iter::once(detail).chain(fields).collect();
    let trace = string(&problem, "trace_id").map(|trace| format!(" (trace {trace})")).unwrap_or_default();
    format!("{code}: {}{trace}", details.join("; "))
}

/// A path as people read it: they look for it in the API's document.
fn shown(path: &str) -> String {
    format!("{PREFIX}/{path}")
}

/// The items of a page.
pub(crate) fn items(page: &Value) -> impl Iterator<Item = &Value> {
    page.get("items").and_then(Value::as_array).into_iter().flatten()
}

/// Whether `field` of `thing` is this text.
pub(crate) fn has(thing: &Value, field: &str, value: &str) -> bool {
    thing.get(field).and_then(Value::as_str) == Some(value)
}

/// The text in `field`.
///
/// # Errors
/// When there is none, with the thing.
pub(crate) fn text(thing: &Value, field: &str) -> Result<String> {
    let text = thing.get(field).and_then(Value::as_str);
    text.map(str::to_owned).with_context(|| format!("no text `{field}` in {thing}"))
}

/// The id of a thing.
///
/// # Errors
/// When it has none.
pub(crate) fn id(thing: &Value) -> Result<String> {
    text(thing, "id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_with_its_fields_and_trace() {
        let problem = json!({
            "code": "invalid_fields", "detail": "2 fields are wrong", "trace_id": "4bf9",
            "errors": [
                { "field": "title", "code": "invalid", "message": "must not be empty" },
                { "field": "budget", "code": "invalid", "message": "must not be negative" },
            ],
        });
        assert_eq!(
            told(problem.to_string().as_bytes()),
            "invalid_fields: 2 fields are wrong; title must not be empty; budget must not be negative (trace 4bf9)"
        );
    }

    #[test]
    fn what_is_no_problem_is_shown_in_part() {
        assert_eq!(told(b"Bad Gateway"), "Bad Gateway");
        assert_eq!(told("ễ".repeat(1000).as_bytes()).chars().count(), BODY_CHARACTERS_MAX);
    }

    #[test]
    fn a_refusal_names_the_request() {
        let refused = Refused {
            request: "POST /api/v1/studios as an@demo.example".to_owned(),
            status: StatusCode::CONFLICT,
            told: "studio_exists: a studio has this name already".to_owned(),
        };
        assert_eq!(
            refused.to_string(),
            "POST /api/v1/studios as an@demo.example: 409 Conflict studio_exists: a studio has this name already"
        );
    }

    #[tokio::test]
    async fn nothing_that_listens_is_told_with_the_remedy() {
        // A port that was free a moment ago.
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let client = Client::new(&format!("http://{address}/")).unwrap();
        let error = client.get("pricing").await.unwrap_err().to_string();
        assert!(
            error.contains(&format!("GET /api/v1/pricing as nobody: nothing listens at http://{address}:")),
            "{error}"
        );
        assert!(error.contains("`make up`") && error.contains("--api"), "{error}");
    }
}
