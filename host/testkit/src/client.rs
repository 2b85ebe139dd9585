//! A client of a system under test.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;

/// Sends requests to one listener, as one user or as nobody.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// How long a connection is kept on which nothing is sent: less long than the host keeps it, even a new one, or a request could
/// set out just as the host closes it.
const IDLE_TIME: Duration = Duration::from_secs(5);

/// A response with its whole body.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body, as it came.
    pub body: Vec<u8>,
}

impl Client {
    /// A client of the listener at `address`.
    pub fn new(address: SocketAddr) -> Self {
        // reqwest asks for one even where nothing is encrypted. It fails only where one is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().pool_idle_timeout(IDLE_TIME).build();
        // The default is built in the same way, and panics for what makes building fail.
        Self { http: http.unwrap_or_default(), base: format!("http://{address}"), token: None }
    }

    /// The same client with an access token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same user at the listener that `other` sends to: where the host is after a restart.
    #[must_use]
    pub fn at(&self, other: &Self) -> Self {
        Self { base: other.base.clone(), ..self.clone() }
    }

    /// The address that paths are below, without a trailing slash.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A request to be filled in further.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// GET.
    ///
    /// # Errors
    /// When there is no whole response.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        answer(self.request(Method::GET, path)).await
    }

    /// POST with a JSON body.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        answer(self.request(Method::POST, path).json(body)).await
    }

    /// PATCH with a JSON body.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Answer> {
        answer(self.request(Method::PATCH, path).json(body)).await
    }

    /// DELETE.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn delete(&self, path: &str) -> Result<Answer> {
        answer(self.request(Method::DELETE, path)).await
    }
}

/// Sends `request` and collects its response.
///
/// # Errors
/// When there is no whole response.
pub async fn answer(request: reqwest::RequestBuilder) -> Result<Answer> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer { status, headers, body: response.bytes().await?.to_vec() })
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none, with the body.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("{} is no JSON: {:?}", self.status, self.text()))
    }

    /// The answer itself, if it has this status.
    ///
    /// # Errors
    /// When it has another, with the body.
    pub fn expect(self, status: u16) -> Result<Self> {
        ensure!(self.status == status, "expected {status}, got {}: {}", self.status, self.text());
        Ok(self)
    }

    /// The stable `code` of a problem with this status.
    ///
    /// # Errors
    /// When the status is another or the body is no problem.
    pub fn problem(self, status: u16) -> Result<String> {
        let body = self.expect(status)?.json()?;
        let code = body.get("code").and_then(Value::as_str).map(str::to_owned);
        code.with_context(|| format!("no problem details: {body}"))
    }
}
