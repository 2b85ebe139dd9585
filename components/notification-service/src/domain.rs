//! Whom an event concerns, and what they are told.
//!
//! A kind of event is one function from its payload to messages, and one line in [`messages`]. Nothing here touches the
//! database.

pub(crate) mod feed;
pub(crate) mod watch;

use mutrapro_contracts::Event;
use mutrapro_contracts::user::{RoleGranted, RoleRevoked, UserRegistered};
use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::UserId;

mutrapro_sdk::id! {
    /// A notification.
    pub(crate) NotificationId
}

mutrapro_sdk::text_enum! {
    /// What a notification is for.
    pub(crate) enum NotificationType {
        /// A specialist has a task, or has one no more.
        TaskAssignment = "task_assignment",
        /// A request, a project or a package went on.
        ProjectUpdate = "project_update",
        /// Something is to be paid, or was.
        PaymentReminder = "payment_reminder",
        /// A studio booking changed.
        BookingConfirmation = "booking_confirmation",
        /// Time is running out, or has.
        DeadlineAlert = "deadline_alert",
        /// The account, or the application itself.
        SystemAnnouncement = "system_announcement",
    }
}

/// What one user is told of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// Whom it is for.
    pub(crate) user_id: UserId,
    /// A few words, without a full stop.
    pub(crate) title: String,
    /// Whole sentences.
    pub(crate) text: String,
    /// What it is for.
    pub(crate) notification_type: NotificationType,
    /// What it is about.
    pub(crate) reference: Option<Reference>,
}

/// A thing of some service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The kind of thing, for example `project`.
    pub(crate) kind: &'static str,
    /// Which one.
    pub(crate) id: Uuid,
}

/// What is said because of `event`, and to whom; each user occurs at most once.
///
/// # Errors
/// Rejects a kind that has no function here, and a payload that is not what its producer documents.
pub(crate) fn messages(event: &Incoming) -> Result<Vec<Message>, Refusal> {
    let mut messages = match event.kind.as_str() {
        UserRegistered::KIND => welcome(&event.parse()?),
        RoleGranted::KIND => role_granted(&event.parse()?),
        RoleRevoked::KIND => role_revoked(&event.parse()?),
        _ => return Err(event.unknown()),
    };
    // Who takes part in two roles is told the first thing, which is the one that concerns them most.
    let mut told = Vec::new();
    messages.retain(|message| {
        let is_new = !told.contains(&message.user_id);
        told.push(message.user_id);
        is_new
    });
    Ok(messages)
}

fn welcome(event: &UserRegistered) -> Vec<Message> {
    let text = match event.role.as_str() {
        "customer" => format!("Hello {}, your account is ready. You can file your first request now.", event.full_name),
        role => format!("Hello {}, your account is ready. You work here as {}.", event.full_name, spoken(role)),
    };
    vec![about_account(event.user_id, "Welcome to MuTraPro".to_owned(), text)]
}

fn role_granted(event: &RoleGranted) -> Vec<Message> {
    // A primary role that nobody granted came with the account, and the welcome has told it.
    if event.granted_by.is_none() && event.is_primary {
        return Vec::new();
    }
    let role = spoken(&event.role);
    let primary = if event.is_primary { " It is your primary role." } else { "" };
    let text = format!("You are now {role}.{primary} What comes with it is there after your next login.");
    vec![about_account(event.user_id, format!("New role: {role}"), text)]
}

fn role_revoked(event: &RoleRevoked) -> Vec<Message> {
    let role = spoken(&event.role);
    let text = format!("You are no longer {role}. Your other roles stay as they are.");
    vec![about_account(event.user_id, format!("Role withdrawn: {role}"), text)]
}

/// A message about a user's own account.
fn about_account(user_id: Uuid, title: String, text: String) -> Message {
    let notification_type = NotificationType::SystemAnnouncement;
    let reference = Some(Reference { kind: "user", id: user_id });
    Message { user_id: user_id.into(), title, text, notification_type, reference }
}

/// `service_coordinator` as people say it.
fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::time::Instant;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const LAN: Uuid = Uuid::from_u128(7);
    const KINDS: [&str; 3] = ["user.registered", "user.role_granted", "user.role_revoked"];

    fn event(kind: &str, payload: impl ToString) -> Incoming {
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

    fn registered(role: &str) -> Value {
        json!({
            "user_id": LAN, "email": "lan@example.com", "username": "lan", "full_name": "Lan Trần", "role": role,
            "customer_id": null,
        })
    }

    fn only(kind: &str, payload: Value) -> Message {
        let mut messages = messages(&event(kind, payload)).unwrap();
        assert_eq!(messages.len(), 1, "{messages:?}");
        messages.remove(0)
    }

    #[test]
    fn new_customer_is_welcomed_by_name() {
        let message = only("user.registered", registered("customer"));
        assert_eq!(message.user_id, UserId::from(LAN));
        assert_eq!(message.title, "Welcome to MuTraPro");
        assert!(message.text.starts_with("Hello Lan Trần,") && message.text.contains("request"), "{}", message.text);
        assert_eq!(message.notification_type, NotificationType::SystemAnnouncement);
        assert_eq!(message.reference, Some(Reference { kind: "user", id: LAN }));
    }

    #[test]
    fn only_customers_are_asked_for_a_request() {
        let message = only("user.registered", registered("system_admin"));
        assert!(!message.text.contains("request") && message.text.contains("system admin"), "{}", message.text);
    }

    #[test]
    fn changes_of_roles_are_told_to_their_holder_and_not_to_the_admin() {
        let admin = Uuid::from_u128(8);
        let granted = json!({ "user_id": LAN, "role": "recording_artist", "granted_by": admin, "is_primary": true });
        let revoked = json!({ "user_id": LAN, "role": "recording_artist", "revoked_by": admin });
        for (kind, payload, title) in [
            ("user.role_granted", granted, "New role: recording artist"),
            ("user.role_revoked", revoked, "Role withdrawn: recording artist"),
        ] {
            let message = only(kind, payload);
            assert_eq!((message.user_id, message.title.as_str()), (LAN.into(), title));
        }
    }

    #[test]
    fn primary_role_is_told_as_such() {
        let text = |is_primary: bool| {
            let granted_by = Uuid::from_u128(8);
            let payload =
                json!({ "user_id": LAN, "role": "customer", "granted_by": granted_by, "is_primary": is_primary });
            only("user.role_granted", payload).text
        };
        assert!(text(true).contains("primary"));
        assert!(!text(false).contains("primary"));
    }

    #[test]
    fn role_that_came_with_the_account_is_told_by_the_welcome_alone() {
        let first = json!({ "user_id": LAN, "role": "system_admin", "granted_by": null, "is_primary": true });
        assert_eq!(messages(&event("user.role_granted", first)), Ok(Vec::new()));
        let further = json!({ "user_id": LAN, "role": "system_admin", "granted_by": null, "is_primary": false });
        assert_eq!(messages(&event("user.role_granted", further)).unwrap().len(), 1);
    }

    #[test]
    fn kind_without_a_function_is_rejected_for_good() {
        let refusal = messages(&event("user.updated", json!({}))).unwrap_err();
        assert_eq!(refusal, Refusal::Reject("there is no handler for user.updated".into()));
    }

    #[test]
    fn incomplete_payload_is_rejected_for_good() {
        for kind in KINDS {
            let outcome = messages(&event(kind, json!({ "user_id": LAN })));
            assert!(matches!(outcome, Err(Refusal::Reject(_))), "{kind}: {outcome:?}");
        }
    }

    proptest! {
        #[test]
        fn any_payload_is_told_or_rejected_but_never_retried(kind in prop::sample::select(&KINDS), payload in ".*") {
            let outcome = messages(&event(kind, payload));
            prop_assert!(!matches!(outcome, Err(Refusal::Retry(_))), "{outcome:?}");
        }

        #[test]
        fn whatever_people_and_roles_are_called_they_are_told(name in ".*", role in ".*") {
            let mut payload = registered(&role);
            payload["full_name"] = name.clone().into();
            let message = only("user.registered", payload);
            prop_assert!(message.text.contains(&name) && !message.title.is_empty());
        }
    }
}
