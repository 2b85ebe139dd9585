//! Whom an event concerns, what they are told, and how often it is tried to bring it to them.
//!
//! A kind of event is one function from its payload to messages, in the file of its producer, and one line in
//! [`messages`]. Nothing here touches the database.

pub(crate) mod delivery;
pub(crate) mod feed;
mod messages;
mod text;
pub(crate) mod watch;

pub(crate) use messages::messages;

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
