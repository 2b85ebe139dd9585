//! What others' events mean for sessions.

use crate::domain::{EndReason, Ending};
use crate::sessions;
use mutrapro_contracts::Event;
use mutrapro_contracts::user::{UserDeactivated, UserUpdated};
use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::sql::Transaction;
use mutrapro_sdk::time::Instant;

/// Ends the sessions that may not go on after `event`.
pub(crate) fn handle(event: &Incoming, tx: &Transaction<'_>) -> Result<(), Refusal> {
    match ending(event)? {
        Some(ending) => Ok(sessions::end_all(tx, ending, Instant::now())?),
        None => Ok(()),
    }
}

/// Which sessions end because of `event`; `None` when it concerns none.
///
/// - A deactivated user has none left.
/// - A user with another password keeps the session that changed it, and no other. A sign-in between the change and its
///   event ends as well: nobody can tell with which of the two passwords it was made.
///
/// # Errors
/// Rejects a kind that is not handled here, and a payload that is not what its producer documents.
fn ending(event: &Incoming) -> Result<Option<Ending>, Refusal> {
    match event.kind.as_str() {
        UserDeactivated::KIND => {
            let event: UserDeactivated = event.parse()?;
            Ok(Some(Ending { user_id: event.user_id.into(), kept: None, reason: EndReason::UserDeactivated }))
        }
        UserUpdated::KIND => {
            let event: UserUpdated = event.parse()?;
            let has_new_password = event.changed.iter().any(|field| field == UserUpdated::PASSWORD);
            Ok(has_new_password.then(|| Ending {
                user_id: event.user_id.into(),
                kept: event.session_id.map(Into::into),
                reason: EndReason::PasswordChanged,
            }))
        }
        _ => Err(event.unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;
    use serde_json::{Value, json};

    const LAN: Uuid = Uuid::from_u128(7);
    const SESSION: Uuid = Uuid::from_u128(8);

    fn event(kind: &str, payload: &Value) -> Incoming {
        Incoming {
            id: Uuid::from_u128(1),
            kind: kind.into(),
            aggregate_type: "user".into(),
            aggregate_id: LAN.to_string(),
            payload: payload.to_string(),
            occurred_at: Instant::UNIX_EPOCH,
            producer: "user-service".into(),
            trace_id: None,
            correlation_id: None,
        }
    }

    fn updated(changed: &[&str]) -> Value {
        json!({
            "user_id": LAN, "updated_by": LAN, "session_id": SESSION, "changed": changed, "full_name": "Lan",
            "primary_role": "customer", "is_active": true,
        })
    }

    #[test]
    fn deactivated_user_keeps_no_session() {
        let deactivated = event("user.deactivated", &json!({ "user_id": LAN, "deactivated_by": null }));
        let expected = Ending { user_id: LAN.into(), kept: None, reason: EndReason::UserDeactivated };
        assert_eq!(ending(&deactivated), Ok(Some(expected)));
    }

    #[test]
    fn new_password_keeps_only_the_session_that_changed_it() {
        let changed = event("user.updated", &updated(&["full_name", "password"]));
        let expected = Ending { user_id: LAN.into(), kept: Some(SESSION.into()), reason: EndReason::PasswordChanged };
        assert_eq!(ending(&changed), Ok(Some(expected)));
    }

    #[test]
    fn new_password_from_an_unknown_session_keeps_none() {
        let mut payload = updated(&["password"]);
        payload.as_object_mut().unwrap().remove("session_id");
        let ending = ending(&event("user.updated", &payload)).unwrap().unwrap();
        assert_eq!((ending.kept, ending.reason), (None, EndReason::PasswordChanged));
    }

    #[test]
    fn other_changes_of_an_account_end_no_session() {
        for changed in [&[][..], &["full_name", "phone"], &["is_active"], &["password_hint"]] {
            assert_eq!(ending(&event("user.updated", &updated(changed))), Ok(None), "{changed:?}");
        }
    }

    #[test]
    fn other_kinds_and_incomplete_payloads_are_rejected_for_good() {
        for (kind, payload) in [
            ("user.registered", updated(&["password"])),
            ("user.updated", json!({ "user_id": LAN })),
            ("user.deactivated", json!({})),
        ] {
            let outcome = ending(&event(kind, &payload));
            assert!(matches!(outcome, Err(Refusal::Reject(_))), "{kind}: {outcome:?}");
        }
    }
}
