//! Events of notification-service. Their aggregate is the notification.

use crate::event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `notification.sent`: a user was told of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationSent {
    /// The new notification.
    pub notification_id: Uuid,
    /// Who was told.
    pub user_id: Uuid,
    /// For example `project_update`.
    #[serde(rename = "type")]
    pub notification_type: String,
    /// The event that it tells of: together with the user, once.
    pub event_id: Uuid,
    /// The kind of thing that it refers to, for example `project`.
    pub reference_type: Option<String>,
    /// Which one.
    pub reference_id: Option<Uuid>,
}
event!(NotificationSent, "notification.sent", "notification", notification_id);
