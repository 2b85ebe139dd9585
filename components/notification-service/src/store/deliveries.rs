//! All SQL over `notification_deliveries`.

use crate::domain::delivery::DeliveryStatus;
use crate::domain::{NotificationId, NotificationType};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::sql::{Error, Reader, Row, Transaction, params};
use mutrapro_sdk::time::Instant;

mutrapro_sdk::sql::row! {
    /// A delivery that is due, and what is delivered.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(crate) struct Delivery {
        pub(crate) notification_id: NotificationId,
        /// The plugin's name.
        pub(crate) plugin: String,
        /// How often it was begun.
        pub(crate) attempts: u32,
        /// When it was due; moves with each attempt, so that it tells one from the other.
        pub(crate) next_attempt_at: Instant,
        pub(crate) user_id: UserId,
        pub(crate) title: String,
        pub(crate) message: String,
        pub(crate) notification_type: NotificationType,
        pub(crate) reference_type: Option<String>,
        pub(crate) reference_id: Option<Uuid>,
        /// When the notification was written.
        pub(crate) written_at: Instant,
    }
}

mutrapro_sdk::sql::row! {
    struct Named {
        plugin: String,
    }
}

/// Has `plugin` deliver a notification that is new.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    notification_id: NotificationId,
    plugin: &str,
    now: Instant,
) -> Result<(), Error> {
    let statement = "INSERT INTO notification_deliveries \
         (notification_id, plugin, status, attempts, next_attempt_at, created_at, updated_at) \
         VALUES ($1, $2, $3, 0, $4, $4, $4)";
    transaction.execute(statement, params![notification_id, plugin, DeliveryStatus::Pending, now])?;
    Ok(())
}

/// The plugins that have something to deliver at `now`, whether the service still has them or not.
pub(crate) fn plugins_due(reader: &impl Reader, now: Instant) -> Result<Vec<String>, Error> {
    let statement = "SELECT DISTINCT plugin FROM notification_deliveries WHERE next_attempt_at <= $1 ORDER BY plugin";
    let named: Vec<Named> = reader.query(statement, params![now])?;
    Ok(named.into_iter().map(|Named { plugin }| plugin).collect())
}

/// At most `rows_max` deliveries of `plugin` that are due at `now`, the one that has waited longest first.
pub(crate) fn due(reader: &impl Reader, plugin: &str, now: Instant, rows_max: i64) -> Result<Vec<Delivery>, Error> {
    let statement = "SELECT d.notification_id, d.plugin, d.attempts, d.next_attempt_at, n.user_id, n.title, n.message, \
             n.type AS notification_type, n.reference_type, n.reference_id, n.created_at AS written_at \
         FROM notification_deliveries d JOIN notifications n ON n.id = d.notification_id \
         WHERE d.plugin = $1 AND d.next_attempt_at <= $2 ORDER BY d.next_attempt_at, d.notification_id LIMIT $3";
    reader.query(statement, params![plugin, now, rows_max])
}

/// Counts an attempt of `delivery`; the next one comes at `next_attempt_at`. `false` when someone else began it first.
pub(crate) fn begin_attempt(
    transaction: &Transaction<'_>,
    delivery: &Delivery,
    next_attempt_at: Instant,
    now: Instant,
) -> Result<bool, Error> {
    let statement = "UPDATE notification_deliveries \
         SET attempts = attempts + 1, next_attempt_at = $4, updated_at = $5 \
         WHERE notification_id = $1 AND plugin = $2 AND next_attempt_at = $3 AND status = $6";
    let Delivery { notification_id, plugin, next_attempt_at: due_at, .. } = delivery;
    let parameters = params![notification_id, plugin, due_at, next_attempt_at, now, DeliveryStatus::Pending];
    let changed = transaction.execute(statement, parameters)?;
    Ok(changed == 1)
}

/// The plugin has it. Nothing changes when the delivery has ended before.
pub(crate) fn mark_delivered(transaction: &Transaction<'_>, delivery: &Delivery, now: Instant) -> Result<(), Error> {
    // Whoever else has begun an attempt meanwhile: it is delivered.
    let statement = "UPDATE notification_deliveries \
         SET status = $4, next_attempt_at = NULL, last_error = NULL, delivered_at = $3, updated_at = $3 \
         WHERE notification_id = $1 AND plugin = $2 AND status = $5";
    let Delivery { notification_id, plugin, .. } = delivery;
    let parameters = params![notification_id, plugin, now, DeliveryStatus::Delivered, DeliveryStatus::Pending];
    transaction.execute(statement, parameters)?;
    Ok(())
}

/// It is not tried any more. Nothing changes when someone else has begun an attempt meanwhile, or it has ended.
pub(crate) fn mark_failed(
    transaction: &Transaction<'_>,
    delivery: &Delivery,
    error: &str,
    now: Instant,
) -> Result<(), Error> {
    let statement = "UPDATE notification_deliveries \
         SET status = $6, next_attempt_at = NULL, last_error = $4, updated_at = $5 \
         WHERE notification_id = $1 AND plugin = $2 AND next_attempt_at = $3 AND status = $7";
    let Delivery { notification_id, plugin, next_attempt_at, .. } = delivery;
    let (failed, pending) = (DeliveryStatus::Failed, DeliveryStatus::Pending);
    transaction.execute(statement, params![notification_id, plugin, next_attempt_at, error, now, failed, pending])?;
    Ok(())
}

/// It is tried again at `at`, and counts as begun `attempts` times. Nothing changes when someone else has begun an
/// attempt meanwhile, or it has ended.
pub(crate) fn put_off(
    transaction: &Transaction<'_>,
    delivery: &Delivery,
    (attempts, at): (u32, Instant),
    error: &str,
    now: Instant,
) -> Result<(), Error> {
    let statement = "UPDATE notification_deliveries \
         SET attempts = $4, next_attempt_at = $5, last_error = $6, updated_at = $7 \
         WHERE notification_id = $1 AND plugin = $2 AND next_attempt_at = $3 AND status = $8";
    let Delivery { notification_id, plugin, next_attempt_at, .. } = delivery;
    let pending = DeliveryStatus::Pending;
    let parameters = params![notification_id, plugin, next_attempt_at, attempts, at, error, now, pending];
    transaction.execute(statement, parameters)?;
    Ok(())
}

/// Whether there is a delivery that ended before `instant`.
pub(crate) fn has_ended_before(reader: &impl Reader, instant: Instant) -> Result<bool, Error> {
    let statement = "SELECT notification_id FROM notification_deliveries \
         WHERE next_attempt_at IS NULL AND updated_at < $1 ORDER BY updated_at LIMIT 1";
    Ok(reader.query_optional::<Row>(statement, params![instant])?.is_some())
}

/// Removes at most `rows_max` deliveries that ended before `instant`, oldest first.
pub(crate) fn remove_ended_before(transaction: &Transaction<'_>, instant: Instant, rows_max: i64) -> Result<(), Error> {
    let statement = "DELETE FROM notification_deliveries WHERE (notification_id, plugin) IN ( \
             SELECT notification_id, plugin FROM notification_deliveries \
             WHERE next_attempt_at IS NULL AND updated_at < $1 ORDER BY updated_at LIMIT $2)";
    transaction.execute(statement, params![instant, rows_max])?;
    Ok(())
}
