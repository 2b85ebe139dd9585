//! What the gateway says in headers: to services who is asking, to clients what every response has.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use mutrapro_contracts::access_token::Claims;
use mutrapro_sdk::client_info;
use mutrapro_sdk::identity::{CALLER_HEADER, ROLES_HEADER, SESSION_HEADER, USER_HEADER};
use mutrapro_sdk::problem::{Problem, Result};
use std::net::IpAddr;

/// Headers that only the host and the gateway set.
const RESERVED_PREFIX: &str = "x-mutrapro-";
/// The id of the request with everything that it leads to; set by the host.
const CORRELATION: &str = "x-correlation-id";
/// The same, as clients know it.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Nothing that is served here is a page, whatever a user has uploaded.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// The address of the client, unless the request came from a component, which could say anything.
pub(crate) fn client_address(headers: &HeaderMap) -> Option<IpAddr> {
    if headers.contains_key(CALLER_HEADER) {
        return None;
    }
    headers.get(client_info::ADDRESS_HEADER)?.to_str().ok()?.parse().ok()
}

/// The id of a request, for its response.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(CORRELATION).cloned()
}

/// Takes off what only the host and the gateway may say, and says who is asking, if it is known.
///
/// # Errors
/// 500 when the token that this application itself signed has roles that no header can carry.
pub(crate) fn set_identity(headers: &mut HeaderMap, claims: Option<&Claims>) -> Result<()> {
    let address = client_address(headers);
    let reserved: Vec<_> = headers.keys().filter(|name| name.as_str().starts_with(RESERVED_PREFIX)).cloned().collect();
    for name in reserved {
        headers.remove(name);
    }
    let address = address.map(|address| (client_info::ADDRESS_HEADER, address.to_string()));
    let identity = claims.map(|claims| {
        [
            (USER_HEADER, claims.user_id.to_string()),
            (ROLES_HEADER, claims.roles.join(",")),
            (SESSION_HEADER, claims.session_id.to_string()),
        ]
    });
    for (name, value) in address.into_iter().chain(identity.into_iter().flatten()) {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value).map_err(Problem::internal)?);
    }
    if claims.is_some() {
        // It has been checked, and nobody further in has a use for it.
        headers.remove(header::AUTHORIZATION);
    }
    Ok(())
}

/// Adds what every response has.
pub(crate) fn complete(status: StatusCode, request_id: Option<HeaderValue>, headers: &mut HeaderMap) {
    if let Some(request_id) = request_id {
        headers.insert(REQUEST_ID, request_id);
    }
    if status == StatusCode::UNAUTHORIZED {
        // RFC 9110, section 15.5.2: a 401 says how to authenticate.
        headers.entry(header::WWW_AUTHENTICATE).or_insert(HeaderValue::from_static("Bearer"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(CONTENT_SECURITY_POLICY);
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn claims() -> Claims {
        let roles = vec!["customer".into(), "system_admin".into()];
        Claims { user_id: Uuid::from_u128(1), session_id: Uuid::from_u128(2), roles, issued_at_s: 0 }
    }

    #[test]
    fn forged_identity_is_taken_off() {
        let forged = [
            (USER_HEADER, "0190f3a0-0000-7000-8000-000000000001"),
            (ROLES_HEADER, "system_admin"),
            (SESSION_HEADER, "0190f3a0-0000-7000-8000-000000000002"),
            ("x-mutrapro-anything", "1"),
            ("x-own", "kept"),
        ];
        let mut told = headers(&forged);
        set_identity(&mut told, None).unwrap();
        assert_eq!(told, headers(&[("x-own", "kept")]));
    }

    #[test]
    fn identity_of_the_token_replaces_what_the_client_says() {
        let mut told = headers(&[
            (USER_HEADER, "someone"),
            (ROLES_HEADER, "system_admin"),
            (client_info::ADDRESS_HEADER, "192.0.2.7"),
            ("authorization", "Bearer secret"),
        ]);
        set_identity(&mut told, Some(&claims())).unwrap();
        assert_eq!(told[USER_HEADER], claims().user_id.to_string());
        assert_eq!(told[ROLES_HEADER], "customer,system_admin");
        assert_eq!(told[SESSION_HEADER], claims().session_id.to_string());
        assert_eq!(told[client_info::ADDRESS_HEADER], "192.0.2.7");
        assert!(!told.contains_key(header::AUTHORIZATION));
    }

    #[test]
    fn address_that_a_component_claims_is_not_believed() {
        let mut told = headers(&[(CALLER_HEADER, "file-service"), (client_info::ADDRESS_HEADER, "192.0.2.7")]);
        assert_eq!(client_address(&told), None);
        set_identity(&mut told, None).unwrap();
        assert!(told.is_empty());
    }

    #[test]
    fn every_response_has_an_id_and_is_no_page() {
        let request = headers(&[(CORRELATION, "order-17")]);
        let mut answer = HeaderMap::new();
        complete(StatusCode::OK, request_id(&request), &mut answer);
        assert_eq!(answer[REQUEST_ID], "order-17");
        assert_eq!(answer[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(!answer.contains_key(header::WWW_AUTHENTICATE));
    }

    #[test]
    fn refusal_says_how_to_authenticate() {
        let mut answer = HeaderMap::new();
        complete(StatusCode::UNAUTHORIZED, None, &mut answer);
        assert_eq!(answer[header::WWW_AUTHENTICATE], "Bearer");
    }
}
