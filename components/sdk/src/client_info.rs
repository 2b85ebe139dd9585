//! Where a request comes from, as the gateway passes it on.

use crate::identity::{CALLER_HEADER, GATEWAY};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use std::convert::Infallible;
use std::net::IpAddr;

/// The address of the client; set by the host on requests from outside, and passed on by the gateway.
pub const ADDRESS_HEADER: &str = "x-mutrapro-client-address";
/// How much of what a client says that it is, is kept, in characters.
pub const USER_AGENT_CHARACTERS_MAX: usize = 256;

/// What is known of the client that sent the request; nothing is known of what nobody asked for.
///
/// As an argument of a handler it never fails: what is missing or malformed is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientInfo {
    /// The address, which is believed only when the gateway says it.
    pub ip_address: Option<String>,
    /// What it says that it is: at most [`USER_AGENT_CHARACTERS_MAX`], none of them a control character.
    pub user_agent: Option<String>,
}

impl ClientInfo {
    fn from_headers(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        // Only the gateway knows: anyone else would speak of themselves.
        let is_passed_on = text(CALLER_HEADER) == Some(GATEWAY);
        let address = text(ADDRESS_HEADER).filter(|_| is_passed_on).and_then(|address| address.parse::<IpAddr>().ok());
        Self {
            ip_address: address.map(|address| address.to_string()),
            user_agent: text(header::USER_AGENT.as_str()).and_then(kept_user_agent),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientInfo {
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
    use axum::http::Request;
    use futures::FutureExt;

    fn info(pairs: &[(&str, &str)]) -> ClientInfo {
        let request = pairs.iter().fold(Request::builder(), |request, (name, value)| request.header(*name, *value));
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        ClientInfo::from_request_parts(&mut parts, &()).now_or_never().unwrap().unwrap()
    }

    #[test]
    fn gateway_passes_the_address_on() {
        let told = info(&[(CALLER_HEADER, GATEWAY), (ADDRESS_HEADER, "192.0.2.7"), ("user-agent", "curl/8")]);
        let expected = ClientInfo { ip_address: Some("192.0.2.7".into()), user_agent: Some("curl/8".into()) };
        assert_eq!(told, expected);
    }

    #[test]
    fn address_from_anyone_else_or_malformed_is_not_kept() {
        assert_eq!(info(&[(ADDRESS_HEADER, "192.0.2.7")]).ip_address, None);
        assert_eq!(info(&[(CALLER_HEADER, "file-service"), (ADDRESS_HEADER, "192.0.2.7")]).ip_address, None);
        assert_eq!(info(&[(CALLER_HEADER, GATEWAY), (ADDRESS_HEADER, "here")]).ip_address, None);
    }

    #[test]
    fn client_that_says_nothing_is_served() {
        assert_eq!(info(&[(CALLER_HEADER, GATEWAY)]), ClientInfo::default());
    }

    #[test]
    fn user_agent_is_kept_short_and_plain() {
        assert_eq!(kept_user_agent(" Fire\u{7}fox\r\n"), Some("Firefox".into()));
        assert_eq!(kept_user_agent(" \n"), None);
        let longest = kept_user_agent(&"ü".repeat(1000)).unwrap();
        assert_eq!(longest.chars().count(), USER_AGENT_CHARACTERS_MAX);
    }
}
