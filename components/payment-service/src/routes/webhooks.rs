//! Where gateways tell what became of payments. Everyone can reach it: the signature says who it is.

use crate::gateway::{Header, Webhook};
use crate::webhooks::{self, BODY_BYTES_MAX};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::time::Instant;
use utoipa::ToSchema;

/// The most header fields that a gateway is given; what comes after them is left out.
const HEADERS_MAX: usize = 64;
/// Header fields that only the host and api-gateway set: no gateway's business.
const RESERVED_PREFIX: &str = "x-mutrapro-";

/// What a gateway sends, as the gateway defines it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the document alone")]
#[schema(value_type = String, format = Binary, example = "{\"reference\": \"0190f3a0-0000-7000-8000-000000000001\", \
    \"transaction_id\": \"sandbox_0190f3a0-0000-7000-8000-000000000001\", \"amount\": 80000, \"currency\": \"VND\", \
    \"status\": \"succeeded\"}")]
pub(crate) struct WebhookBody(Vec<u8>);

/// Takes a webhook of a gateway, of at most 65536 bytes. One that comes again changes nothing.
///
/// What it says and how it is signed, in a header or in the body, is the gateway's to define, and no other is believed. A
/// webhook of another amount or currency is refused, and the payment fails.
#[utoipa::path(post, path = "/payments/webhooks/{gateway}", operation_id = "receive_webhook", tag = "payments",
    params(("gateway" = String, Path, description = "Which gateway tells", example = "sandbox")),
    request_body(content = WebhookBody, content_type = "application/octet-stream"),
    security(()),
    responses(
        (status = 204, description = "It was taken, now or before"),
        (status = 400, body = Details, description = "`bad_request`", content_type = "application/problem+json"),
        (status = 401, body = Details, description = "`bad_signature`, `stale_signature`",
            content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`: no such gateway, or no such payment of it",
            content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`amount_mismatch`, `currency_mismatch`, `transaction_mismatch`, \
            `payment_settled`, `changed_meanwhile`", content_type = "application/problem+json"),
        (status = 413, body = Details, description = "`body_too_large`", content_type = "application/problem+json"),
        (status = 503, body = Details, description = "`plugin_unavailable`: the gateway cannot read it now, send it again",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn receive(
    Path(gateway): Path<String>,
    headers: HeaderMap,
    body: std::result::Result<Bytes, BytesRejection>,
) -> Result<StatusCode> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    webhooks::receive(&gateway, &webhook_of(&headers, &body), Instant::now())?;
    Ok(StatusCode::NO_CONTENT)
}

/// What arrived, as gateways are given it: header fields that are text, by their names in lower case.
fn webhook_of(headers: &HeaderMap, body: &Bytes) -> Webhook {
    let fields = headers.iter().filter(|(name, _)| !name.as_str().starts_with(RESERVED_PREFIX));
    let fields = fields.filter_map(|(name, value)| {
        let value = std::str::from_utf8(value.as_bytes()).ok()?;
        Some(Header { name: name.as_str().to_owned(), value: value.to_owned() })
    });
    Webhook { headers: fields.take(HEADERS_MAX).collect(), body: body.to_vec() }
}

fn unreadable(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = format!("a webhook has at most {BODY_BYTES_MAX} bytes");
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail);
    }
    Problem::bad_request(format!("the body broke off: {rejection}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn fields(headers: &HeaderMap) -> Vec<(String, String)> {
        let webhook = webhook_of(headers, &Bytes::from_static(b"\xff{"));
        assert_eq!(webhook.body, b"\xff{");
        webhook.headers.into_iter().map(|header| (header.name, header.value)).collect()
    }

    #[test]
    fn gateway_is_given_the_fields_that_are_text_and_not_ours() {
        let mut headers = HeaderMap::new();
        headers.append(HeaderName::from_bytes(b"X-Signature").unwrap(), HeaderValue::from_static("t=1,v1=00"));
        headers.append("x-signature", HeaderValue::from_static("another"));
        headers.append("x-city", HeaderValue::from_bytes("Huế".as_bytes()).unwrap());
        headers.append("x-odd", HeaderValue::from_bytes(b"\xff").unwrap());
        headers.append("x-mutrapro-caller", HeaderValue::from_static("api-gateway"));
        let expected = [("x-signature", "t=1,v1=00"), ("x-signature", "another"), ("x-city", "Huế")];
        assert_eq!(fields(&headers), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn gateway_is_given_so_many_fields_and_no_more() {
        for (sent, given) in [(HEADERS_MAX, HEADERS_MAX), (HEADERS_MAX + 1, HEADERS_MAX)] {
            let name = |number| HeaderName::from_bytes(format!("x-{number}").as_bytes()).unwrap();
            let headers = (0..sent).map(|number| (name(number), HeaderValue::from_static("x"))).collect();
            assert_eq!(fields(&headers).len(), given);
        }
    }
}
