//! What services tell each other: events, one file per producing service, and the access token that auth-service issues
//! and the gateway checks.
//!
//! A payload carries the ids and values that its consumers need, so that a handler never has to call back, and the user
//! ids of the people concerned, so that they can be told. Fields are only ever added, as `Option` or with a default;
//! readers ignore those that they do not know. Statuses, types and roles are text here: each service keeps its own
//! enumerations. There are no bindings and no rules of any service in this crate, so that native tests can use it.

pub mod access_token;
pub mod auth;
pub mod feedback;
pub mod notification;
pub mod user;

use serde::Serialize;

/// Something that happened, as its producer tells it.
pub trait Event: Serialize {
    /// `<aggregate>.<fact>`, for example `user.registered`.
    const KIND: &'static str;

    /// The kind of thing that it happened to, for example `user`.
    const AGGREGATE: &'static str;

    /// Which one. Events of one aggregate reach a consumer in the order in which they were committed.
    fn aggregate_id(&self) -> String;
}

/// Names the kind of a payload, and the field that says to whom or what it happened.
macro_rules! event {
    ($payload:ty, $kind:literal, $aggregate:literal, $id:ident) => {
        impl $crate::Event for $payload {
            const KIND: &'static str = $kind;
            const AGGREGATE: &'static str = $aggregate;

            fn aggregate_id(&self) -> String {
                self.$id.to_string()
            }
        }
    };
}
use event;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn kind_and_aggregate<E: Event>() -> (&'static str, &'static str) {
        (E::KIND, E::AGGREGATE)
    }

    #[test]
    fn kinds_begin_with_their_aggregate() {
        for (kind, aggregate) in [
            kind_and_aggregate::<user::UserRegistered>(),
            kind_and_aggregate::<user::UserUpdated>(),
            kind_and_aggregate::<user::UserDeactivated>(),
            kind_and_aggregate::<user::RoleGranted>(),
            kind_and_aggregate::<user::RoleRevoked>(),
            kind_and_aggregate::<auth::SessionStarted>(),
            kind_and_aggregate::<auth::SessionRevoked>(),
            kind_and_aggregate::<feedback::FeedbackCreated>(),
            kind_and_aggregate::<notification::NotificationSent>(),
        ] {
            assert_eq!(kind.split_once('.').map(|(first, _)| first), Some(aggregate), "{kind}");
        }
    }

    #[test]
    fn payload_from_a_newer_producer_is_understood() {
        let user_id = Uuid::from_u128(7);
        let newer = json!({ "user_id": user_id, "deactivated_by": null, "reason": "added next year" });
        let event: user::UserDeactivated = serde_json::from_value(newer).expect("a payload with one more field");
        assert_eq!(event, user::UserDeactivated { user_id, deactivated_by: None });
        assert_eq!(event.aggregate_id(), user_id.to_string());
    }

    #[test]
    fn payload_without_optional_fields_is_understood() {
        let session = json!({ "session_id": Uuid::nil(), "user_id": Uuid::nil() });
        let event: auth::SessionStarted = serde_json::from_value(session).expect("a payload without optional fields");
        assert_eq!(event.ip_address, None);
    }
}
