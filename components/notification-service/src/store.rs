//! All SQL over `notifications`. A newer notification has the greater id.

pub(crate) mod deliveries;

use crate::domain::{Message, NotificationId, NotificationType};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::sql::{Error, FromRow, Reader, Row, Transaction, params};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// What a user was told, as they see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Notification {
    /// Sorts by the time at which it was made.
    pub(crate) id: NotificationId,
    /// A few words.
    title: String,
    /// Whole sentences.
    message: String,
    #[serde(rename = "type")]
    notification_type: NotificationType,
    /// The kind of thing that it is about, for example `project`.
    reference_type: Option<String>,
    /// Which one.
    #[schema(format = "uuid", value_type = Option<String>)]
    reference_id: Option<Uuid>,
    /// `null` while it is unread.
    read_at: Option<Instant>,
    created_at: Instant,
}

/// The columns of a [`Notification`].
macro_rules! columns {
    () => {
        "id, title, message, type, reference_type, reference_id, read_at, created_at"
    };
}

impl FromRow for Notification {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            title: row.get("title")?,
            message: row.get("message")?,
            notification_type: row.get("type")?,
            reference_type: row.get("reference_type")?,
            reference_id: row.get("reference_id")?,
            read_at: row.get("read_at")?,
            created_at: row.get("created_at")?,
        })
    }
}

/// Writes a notification; `false` when its user knows of the event already.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    id: NotificationId,
    event_id: Uuid,
    message: &Message,
    now: Instant,
) -> Result<bool, Error> {
    let statement = "INSERT INTO notifications (id, user_id, event_id, title, message, type, reference_type, \
         reference_id, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (event_id, user_id) DO NOTHING";
    let reference_type = message.reference.map(|reference| reference.kind.to_owned());
    let reference_id = message.reference.map(|reference| reference.id);
    let parameters = params![
        id,
        message.user_id,
        event_id,
        message.title,
        message.text,
        message.notification_type,
        reference_type,
        reference_id,
        now,
        now,
    ];
    Ok(transaction.execute(statement, parameters)? == 1)
}

/// Which of a user's notifications are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// All of them.
    Any,
    /// Those that they have not read.
    Unread,
    /// Those that they have read.
    Read,
}

/// At most `rows_max` of a user's notifications that are older than `before`, newest first.
pub(crate) fn older(
    reader: &impl Reader,
    user_id: UserId,
    reading: Reading,
    before: Option<NotificationId>,
    rows_max: i64,
) -> Result<Vec<Notification>, Error> {
    let statement = match reading {
        Reading::Any => concat!(
            "SELECT ",
            columns!(),
            " FROM notifications WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
        ),
        Reading::Unread => concat!(
            "SELECT ",
            columns!(),
            " FROM notifications WHERE user_id = $1 AND id < $2 AND read_at IS NULL \
             ORDER BY id DESC LIMIT $3"
        ),
        Reading::Read => concat!(
            "SELECT ",
            columns!(),
            " FROM notifications WHERE user_id = $1 AND id < $2 AND read_at IS NOT NULL \
             ORDER BY id DESC LIMIT $3"
        ),
    };
    let before = before.unwrap_or(NotificationId::from(Uuid::max()));
    reader.query(statement, params![user_id, before, rows_max])
}

/// At most `rows_max` of a user's notifications that are newer than `after`, oldest first.
pub(crate) fn newer(
    reader: &impl Reader,
    user_id: UserId,
    after: NotificationId,
    rows_max: i64,
) -> Result<Vec<Notification>, Error> {
    let statement =
        concat!("SELECT ", columns!(), " FROM notifications WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3");
    reader.query(statement, params![user_id, after, rows_max])
}

/// How many notifications a user has not read.
pub(crate) fn unread_count(reader: &impl Reader, user_id: UserId) -> Result<i64, Error> {
    let statement = "SELECT count(*) AS unread FROM notifications WHERE user_id = $1 AND read_at IS NULL";
    reader.query_one::<Row>(statement, params![user_id])?.get("unread")
}

/// Marks one of a user's notifications as read, and gives it; one that was read before keeps its time. `None` when the
/// user has no such notification.
pub(crate) fn mark_read(
    transaction: &Transaction<'_>,
    user_id: UserId,
    id: NotificationId,
    now: Instant,
) -> Result<Option<Notification>, Error> {
    let statement = concat!(
        "UPDATE notifications SET read_at = coalesce(read_at, $3), updated_at = coalesce(read_at, $3) \
         WHERE user_id = $1 AND id = $2 RETURNING ",
        columns!()
    );
    transaction.query_optional(statement, params![user_id, id, now])
}

/// Marks everything that a user has not read as read; how many that were.
pub(crate) fn mark_all_read(transaction: &Transaction<'_>, user_id: UserId, now: Instant) -> Result<u64, Error> {
    let statement = "UPDATE notifications SET read_at = $2, updated_at = $2 WHERE user_id = $1 AND read_at IS NULL";
    transaction.execute(statement, params![user_id, now])
}
