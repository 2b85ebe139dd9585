//! What is said because of user-service.

use super::Topic;
use crate::domain::text::spoken;
use crate::domain::{Message, NotificationType};
use mutrapro_contracts::user::{RoleGranted, RoleRevoked, UserRegistered};
use mutrapro_sdk::id::Uuid;

pub(super) fn registered(event: &UserRegistered) -> Vec<Message> {
    let text = match event.role.as_str() {
        "customer" => format!("Hello {}, your account is ready. You can file your first request now.", event.full_name),
        role => format!("Hello {}, your account is ready. You work here as {}.", event.full_name, spoken(role)),
    };
    vec![account(event.user_id).tell(event.user_id, "Welcome to MuTraPro", text)]
}

pub(super) fn role_granted(event: &RoleGranted) -> Vec<Message> {
    // A primary role that nobody granted came with the account, and the welcome has told it.
    if event.granted_by.is_none() && event.is_primary {
        return Vec::new();
    }
    let role = spoken(&event.role);
    let primary = if event.is_primary { " It is your primary role." } else { "" };
    let text = format!("You are now {role}.{primary} What comes with it is there after your next login.");
    vec![account(event.user_id).tell(event.user_id, format!("New role: {role}"), text)]
}

pub(super) fn role_revoked(event: &RoleRevoked) -> Vec<Message> {
    let role = spoken(&event.role);
    let text = format!("You are no longer {role}. Your other roles stay as they are.");
    vec![account(event.user_id).tell(event.user_id, format!("Role withdrawn: {role}"), text)]
}

const fn account(user: Uuid) -> Topic {
    Topic::new(NotificationType::SystemAnnouncement, "user", user)
}
