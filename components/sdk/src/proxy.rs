//! Passing requests on as they are, for a gateway.
//!
//! A request that came as one record goes on as one, and its answer comes back as one; a request that streams goes on
//! through `wasi:http`, streaming both ways. Nothing is tried again here: only the client knows whether it may be.

use crate::bindings::platform::mutrapro::http::types::{Request as Record, Response as Answer};
use crate::client::{self, SendError};
use crate::service::fields;
use crate::streaming::{AsRecord, declined};
use axum::body::Body;
use axum::extract::Request;
use axum::http::uri::{Authority, PathAndQuery, Scheme, Uri};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use spin_sdk::http::{FromResponse, IntoRequest, Response as Incoming};
use spin_sdk::wasip3::http::types::ErrorCode;

/// Headers that speak of one connection and not of the message (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// Sends `request` to the component `service`, which the manifest must allow, and gives its response.
///
/// The path and the headers are the caller's to change before; headers of the connection and `host` are taken off. When
/// the route streams and the request came as one record, the response is the one by which a handler declines: hand it
/// on, and the host delivers the request again as a stream.
///
/// # Errors
/// Why there is no response.
pub async fn forward(service: &str, mut request: Request) -> Result<Response, SendError> {
    take_off_hop_by_hop(request.headers_mut());
    request.headers_mut().remove(header::HOST);
    if request.extensions().get::<AsRecord>().is_none() {
        return stream(service, request).await;
    }
    match client::send(service, &to_record(request).await?) {
        Ok(answer) => from_answer(answer),
        Err(SendError::Streams) => Ok(declined()),
        Err(error) => Err(error),
    }
}

fn take_off_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}

async fn to_record(request: Request) -> Result<Record, SendError> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|error| SendError::Failed(format!("the body broke off: {error}")))?;
    Ok(Record {
        method: head.method.as_str().to_owned(),
        path_with_query: head.uri.path_and_query().map_or("/", PathAndQuery::as_str).to_owned(),
        headers: fields(&head.headers),
        body: body.to_bytes().into(),
    })
}

fn from_answer(answer: Answer) -> Result<Response, SendError> {
    let nonsense = |what: &str| SendError::Failed(format!("it answered with {what}"));
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).map_err(|_| nonsense("a status that there is not"))?;
    for field in answer.headers {
        let name: HeaderName = field.name.parse().map_err(|_| nonsense("a malformed header name"))?;
        let value = HeaderValue::try_from(field.value).map_err(|_| nonsense("a malformed header value"))?;
        response.headers_mut().append(name, value);
    }
    take_off_hop_by_hop(response.headers_mut());
    Ok(response)
}

async fn stream(service: &str, mut request: Request) -> Result<Response, SendError> {
    *request.uri_mut() = internal_uri(service, request.uri())?;
    // Here and not below, for this spawns what sends the body: wit-bindgen 0.57 forgets what is spawned by what was spawned.
    let request = request.into_request().map_err(send_error)?;
    // What waits for the host may not cross threads by its type, and axum's handlers may: so it runs beside them.
    let (answered, answer) = futures::channel::oneshot::channel();
    spin_sdk::wasip3::spawn(async move {
        let outcome = spin_sdk::wasip3::http::client::send(request).await;
        // The handler is gone when the client is: then nobody waits for the answer.
        drop(answered.send(outcome.and_then(Incoming::from_response)));
    });
    let outcome = answer.await.map_err(|_| SendError::Failed("the call was given up".to_owned()))?;
    let mut response = outcome.map_err(send_error)?.map(Body::new);
    take_off_hop_by_hop(response.headers_mut());
    Ok(response)
}

fn internal_uri(service: &str, uri: &Uri) -> Result<Uri, SendError> {
    let mut parts = uri.clone().into_parts();
    let authority: Authority =
        format!("{service}.spin.internal").parse().map_err(|_| SendError::NoSuchComponent(service.to_owned()))?;
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(authority);
    parts.path_and_query.get_or_insert(PathAndQuery::from_static("/"));
    Uri::from_parts(parts).map_err(|error| SendError::Failed(format!("malformed path: {error}")))
}

/// What the host says through `wasi:http`, as it says it through `mutrapro:http/client`.
fn send_error(error: ErrorCode) -> SendError {
    match error {
        ErrorCode::HttpRequestDenied => SendError::NotAllowed("list it in allowed_outbound_hosts".to_owned()),
        ErrorCode::DestinationNotFound => SendError::NoSuchComponent("no component of this name streams".to_owned()),
        ErrorCode::ConnectionLimitReached => SendError::Overloaded,
        ErrorCode::HttpResponseTimeout => SendError::TimedOut,
        ErrorCode::HttpRequestBodySize(_) | ErrorCode::HttpResponseBodySize(_) => SendError::TooLarge,
        other => SendError::Failed(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::platform::mutrapro::http::types::Field;
    use futures::FutureExt;

    fn field(name: &str, value: &str) -> Field {
        Field { name: name.into(), value: value.into() }
    }

    #[test]
    fn request_goes_on_as_it_is() {
        let request = Request::builder().method("PATCH").uri("/users/me?a=b").header("x-own", "1").body("{}".into());
        let record = to_record(request.unwrap()).now_or_never().unwrap().unwrap();
        assert_eq!((record.method.as_str(), record.path_with_query.as_str()), ("PATCH", "/users/me?a=b"));
        assert_eq!(record.headers, [field("x-own", "1")]);
        assert_eq!(record.body, b"{}");
    }

    #[test]
    fn answer_comes_back_as_it_is() {
        let headers = vec![field("set-cookie", "a"), field("set-cookie", "b"), field("connection", "close")];
        let response = from_answer(Answer { status: 418, headers, body: b"tea".into() }).unwrap();
        assert_eq!(response.status(), 418);
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
        assert!(!response.headers().contains_key("connection"));
        let body = response.into_body().collect().now_or_never().unwrap().unwrap();
        assert_eq!(body.to_bytes(), "tea");
    }

    #[test]
    fn nonsense_is_a_failure_of_the_callee() {
        for (status, name) in [(99, "ok"), (200, "no name")] {
            let answer = Answer { status, headers: vec![field(name, "v")], body: vec![] };
            assert!(matches!(from_answer(answer), Err(SendError::Failed(_))));
        }
    }

    #[test]
    fn headers_of_the_connection_and_those_that_it_names_stay_behind() {
        let pairs = [("connection", "x-hop, close"), ("x-hop", "1"), ("te", "trailers"), ("x-own", "1")];
        let pairs = pairs.map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()));
        let mut headers: HeaderMap = pairs.into_iter().collect();
        take_off_hop_by_hop(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-own"]);
    }

    #[test]
    fn stream_goes_to_the_component_by_its_name() {
        let uri = internal_uri("file-service", &"https://elsewhere.example/files?a=b".parse().unwrap()).unwrap();
        assert_eq!(uri, "http://file-service.spin.internal/files?a=b");
        assert!(internal_uri("no such", &Uri::from_static("/files")).is_err());
    }
}
