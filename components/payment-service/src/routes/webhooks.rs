//! Where gateways tell what became of payments. Everyone can reach it: the signature says who it is.

use crate::gateway::sandbox::Webhook;
use crate::webhooks::{self, BODY_BYTES_MAX};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::time::Instant;

/// Takes a webhook of a gateway, of at most 65536 bytes. One that comes again changes nothing.
///
/// The sandbox signs in the header `x-sandbox-signature`: `t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA256 of
/// "t.body">`, which counts for five minutes. A webhook of another amount or currency is refused, and the payment
/// fails.
#[utoipa::path(post, path = "/payments/webhooks/{gateway}", operation_id = "receive_webhook", tag = "payments",
    params(
        ("gateway" = String, Path, description = "Which gateway tells: `sandbox`"),
        ("x-sandbox-signature" = Option<String>, Header, description = "The signature of a webhook of the sandbox"),
    ),
    request_body = Webhook,
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
    ))]
pub(crate) async fn receive(
    Path(gateway): Path<String>,
    headers: HeaderMap,
    body: std::result::Result<Bytes, BytesRejection>,
) -> Result<StatusCode> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    webhooks::receive(&gateway, &headers, &body, Instant::now())?;
    Ok(StatusCode::NO_CONTENT)
}

fn unreadable(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = format!("a webhook has at most {BODY_BYTES_MAX} bytes");
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail);
    }
    Problem::bad_request(format!("the body broke off: {rejection}"))
}
