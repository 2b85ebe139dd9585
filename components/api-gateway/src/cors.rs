//! Cross-origin requests (the Fetch standard, section 3.2), for the origins that the configuration lists.
//!
//! Credentials are never allowed: a token is in a header that pages set themselves, and there are no cookies.

use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, if-none-match, if-range, last-event-id, range, traceparent, \
     x-correlation-id",
);
const RESPONSE_HEADERS: HeaderValue = HeaderValue::from_static(
    "accept-ranges, content-disposition, content-range, etag, location, ratelimit-limit, ratelimit-remaining, retry-after, \
     www-authenticate, x-request-id",
);
/// How long a browser may remember, in seconds.
const MAX_AGE_S: HeaderValue = HeaderValue::from_static("600");

/// Whose pages may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cors {
    /// Everyone's.
    Any,
    /// Those of these origins; of none when it is empty.
    Listed(Vec<HeaderValue>),
}

impl Cors {
    /// Reads origins separated by commas, `*` for any; hands what is none to `refuse` and leaves it out.
    pub(crate) fn parse(text: &str, refuse: impl Fn(&str)) -> Self {
        let entries: Vec<_> = text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        if entries.contains(&"*") {
            return Self::Any;
        }
        let read = |entry: &&str| {
            let origin = origin(entry);
            if origin.is_none() {
                refuse(entry);
            }
            origin
        };
        Self::Listed(entries.iter().filter_map(read).collect())
    }

    /// The answer to a browser that asks before it sends a request; `None` for every other request.
    pub(crate) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        let is_preflight = method == Method::OPTIONS
            && headers.contains_key(header::ORIGIN)
            && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !is_preflight {
            return None;
        }
        let mut response = StatusCode::NO_CONTENT.into_response();
        if self.allowed(headers.get(header::ORIGIN)).is_some() {
            let answer = response.headers_mut();
            answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
            answer.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S);
        }
        Some(response)
    }

    /// Adds to a response what lets a page of `origin` read it, if it may. Whatever a service says of this is taken off.
    pub(crate) fn decorate(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        headers.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
        // Even where none is allowed: the same address may answer otherwise to another origin.
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(allowed) = self.allowed(origin) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
        }
    }

    fn allowed(&self, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
        let origin = origin?;
        match self {
            Self::Any => Some(HeaderValue::from_static("*")),
            Self::Listed(origins) => origins.contains(origin).then(|| origin.clone()),
        }
    }
}

/// `scheme://host[:port]` in lower case, as browsers send it.
fn origin(text: &str) -> Option<HeaderValue> {
    let uri: Uri = text.parse().ok()?;
    let is_origin = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.host().is_some_and(|host| !host.contains('*'))
        && uri.path_and_query().map(PathAndQuery::as_str).is_none_or(|path| path == "/")
        && !text.ends_with('/')
        && !text.contains('@');
    is_origin.then(|| HeaderValue::from_str(&text.to_ascii_lowercase()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    const APP: &str = "https://app.example.com";

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    fn listed() -> Cors {
        Cors::parse(" https://App.example.com, http://localhost:5173 ,", |entry| panic!("{entry} is refused"))
    }

    fn asking(origin: &'static str) -> HeaderMap {
        headers(&[(header::ORIGIN, origin), (header::ACCESS_CONTROL_REQUEST_METHOD, "PATCH")])
    }

    #[test]
    fn listed_origin_is_let_in() {
        let mut response = listed().preflight(&Method::OPTIONS, &asking(APP)).unwrap();
        listed().decorate(Some(&HeaderValue::from_static(APP)), response.headers_mut());
        assert_eq!(response.status(), 204);
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], APP);
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_METHODS], METHODS);
        assert_eq!(response.headers()[header::VARY], "origin");
        assert!(!response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
    }

    #[test]
    fn other_origins_are_not() {
        for origin in
            ["https://app.example.com.evil.example", "http://app.example.com", "null", "https://app.example.co"]
        {
            let mut response = listed().preflight(&Method::OPTIONS, &asking(origin)).unwrap();
            listed().decorate(Some(&HeaderValue::from_static(origin)), response.headers_mut());
            assert_eq!(response.headers().keys().collect::<Vec<_>>(), [header::VARY], "{origin}");
        }
    }

    #[test]
    fn nothing_is_allowed_unless_it_is_configured() {
        let cors = Cors::parse("", |_| {});
        let mut answer = HeaderMap::new();
        cors.decorate(Some(&HeaderValue::from_static(APP)), &mut answer);
        assert!(!answer.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    }

    #[test]
    fn star_lets_everyone_in_without_credentials() {
        let cors = Cors::parse("https://app.example.com, *", |_| {});
        let mut answer = headers(&[(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true")]);
        cors.decorate(Some(&HeaderValue::from_static("https://anyone.example")), &mut answer);
        assert_eq!(answer[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert!(!answer.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
    }

    #[test]
    fn ordinary_requests_are_no_preflights() {
        let cors = listed();
        assert!(cors.preflight(&Method::POST, &asking(APP)).is_none());
        assert!(cors.preflight(&Method::OPTIONS, &headers(&[(header::ORIGIN, APP)])).is_none());
        assert!(cors.preflight(&Method::OPTIONS, &HeaderMap::new()).is_none());
        let mut answer = HeaderMap::new();
        cors.decorate(None, &mut answer);
        assert_eq!(answer.keys().collect::<Vec<_>>(), [header::VARY]);
    }

    #[test]
    fn what_is_no_origin_is_refused_and_named() {
        for entry in [
            "https://app.example.com/",
            "https://app.example.com/x",
            "app.example.com",
            "https://*.example.com",
            "ftp://app.example.com",
            "https://me@app.example.com",
        ] {
            let refused = RefCell::new(Vec::new());
            let cors = Cors::parse(entry, |entry| refused.borrow_mut().push(entry.to_owned()));
            assert_eq!((cors, refused.into_inner()), (Cors::Listed(vec![]), vec![entry.to_owned()]));
        }
    }
}
