//! Where a request comes from.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use mutrapro_sdk::identity::{CALLER_HEADER, GATEWAY};
use std::convert::Infallible;
use std::net::IpAddr;

/// The address of the client; set by the host on requests from outside, and passed on by the gateway.
const CLIENT_ADDRESS: &str = "x-mutrapro-client-address";
/// How much of what a client says that it is, is kept, in characters.
const USER_AGENT_CHARACTERS_MAX: usize = 256;

/// Where a request comes from, as far as it is known; nothing is known of what nobody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Client {
    pub(crate) ip_address: Option<String>,
    pub(crate) user_agent: Option<String>,
}

impl Client {
    fn from_headers(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        // Only the gateway knows: anyone else would speak of themselves.
        let is_passed_on = text(CALLER_HEADER) == Some(GATEWAY);
        let address = text(CLIENT_ADDRESS).filter(|_| is_passed_on).and_then(|address| address.parse::<IpAddr>().ok());
        Self {
            ip_address: address.map(|address| address.to_string()),
            user_agent: text(header::USER_AGENT.as_str()).and_then(kept_user_agent),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::from_headers(&parts.headers))
    }
}

/// What is kept of what a client says that it is: nothing that a log or a page could stumble over.
fn kept_user_agent(user_agent: &str) -> Option<String> {
    let kept: String = user_agent.chars().filter(|c| !c.is_control()).take(USER_AGENT_CHARACTERS_MAX).collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(pairs: &[(&'static str, &'static str)]) -> Client {
        let pairs = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Client::from_headers(&pairs.collect())
    }

    #[test]
    fn gateway_passes_the_address_on() {
        let client = client(&[(CALLER_HEADER, GATEWAY), (CLIENT_ADDRESS, "192.0.2.7"), ("user-agent", "curl/8")]);
        assert_eq!(client.ip_address.as_deref(), Some("192.0.2.7"));
        assert_eq!(client.user_agent.as_deref(), Some("curl/8"));
    }

    #[test]
    fn address_from_anyone_else_or_malformed_is_not_kept() {
        assert_eq!(client(&[(CLIENT_ADDRESS, "192.0.2.7")]).ip_address, None);
        assert_eq!(client(&[(CALLER_HEADER, "file-service"), (CLIENT_ADDRESS, "192.0.2.7")]).ip_address, None);
        assert_eq!(client(&[(CALLER_HEADER, GATEWAY), (CLIENT_ADDRESS, "here")]).ip_address, None);
    }

    #[test]
    fn user_agent_is_kept_short_and_plain() {
        assert_eq!(kept_user_agent(" Fire\u{7}fox\r\n"), Some("Firefox".into()));
        assert_eq!(kept_user_agent(" \n"), None);
        let longest = kept_user_agent(&"ü".repeat(1000)).unwrap();
        assert_eq!(longest.chars().count(), USER_AGENT_CHARACTERS_MAX);
    }
}
