//! Events of user-service. Their aggregate is the user.

use crate::event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `user.registered`: an account exists, by self-registration or because the first administrator was set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRegistered {
    /// The new user.
    pub user_id: Uuid,
    /// In lower case.
    pub email: String,
    /// In lower case.
    pub username: String,
    /// As the user writes it.
    pub full_name: String,
    /// The role that the account starts with, which is its primary one.
    pub role: String,
    /// The customer profile, for customers.
    pub customer_id: Option<Uuid>,
}
event!(UserRegistered, "user.registered", "user", user_id);

/// `user.updated`: something about the account or one of its profiles changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserUpdated {
    /// The user it is about.
    pub user_id: Uuid,
    /// Who changed it; the user's own id when they did it themselves.
    pub updated_by: Uuid,
    /// The session through which they did it, if it is known.
    #[serde(default)]
    pub session_id: Option<Uuid>,
    /// The fields that changed, for example `full_name`; [`PASSWORD`](Self::PASSWORD) and `is_active` are among the
    /// possible ones.
    pub changed: Vec<String>,
    /// The name as it is now.
    pub full_name: String,
    /// The primary role as it is now.
    pub primary_role: Option<String>,
    /// Whether the account can be used.
    pub is_active: bool,
}
event!(UserUpdated, "user.updated", "user", user_id);

impl UserUpdated {
    /// What [`changed`](Self::changed) names when there is another password: every session but the one that changed it
    /// ends, since whoever knew the old one may have started it.
    pub const PASSWORD: &str = "password";
}

/// `user.deactivated`: the account cannot be used any more; whoever holds sessions of it ends them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDeactivated {
    /// The user it is about.
    pub user_id: Uuid,
    /// The administrator who did it.
    pub deactivated_by: Option<Uuid>,
}
event!(UserDeactivated, "user.deactivated", "user", user_id);

/// `user.role_granted`: the user holds one role more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleGranted {
    /// The user it is about.
    pub user_id: Uuid,
    /// For example `service_coordinator`.
    pub role: String,
    /// The administrator who did it; `None` for the first administrator, who comes from the configuration.
    pub granted_by: Option<Uuid>,
    /// Whether the role became the primary one.
    pub is_primary: bool,
}
event!(RoleGranted, "user.role_granted", "user", user_id);

/// `user.role_revoked`: the user holds one role less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleRevoked {
    /// The user it is about.
    pub user_id: Uuid,
    /// For example `service_coordinator`.
    pub role: String,
    /// The administrator who did it.
    pub revoked_by: Option<Uuid>,
}
event!(RoleRevoked, "user.role_revoked", "user", user_id);
