//! Handles what other services tell.

use crate::domain::{self, Message, NotificationId};
use crate::store::{self, deliveries};
use mutrapro_contracts::notification::NotificationSent;
use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::plugins::notifier;
use mutrapro_sdk::sql::{self, Transaction};
use mutrapro_sdk::time::Instant;

/// Tells everyone whom `event` concerns, and has every notifier deliver it.
///
/// # Errors
/// As [`domain::messages`], and what the database makes of it.
pub(crate) fn handle(event: &Incoming, transaction: &Transaction<'_>) -> Result<(), Refusal> {
    let plugins = notifier::names();
    for message in domain::messages(event)? {
        tell(event, &message, &plugins, transaction)?;
    }
    Ok(())
}

fn tell(
    event: &Incoming,
    message: &Message,
    plugins: &[String],
    transaction: &Transaction<'_>,
) -> Result<(), sql::Error> {
    let id = NotificationId::generate();
    let now = Instant::now();
    if !store::insert(transaction, id, event.id, message, now)? {
        // They know already, from a delivery of the event whose mark has been purged since.
        return Ok(());
    }
    for plugin in plugins {
        deliveries::insert(transaction, id, plugin, now)?;
    }
    transaction.emit(&NotificationSent {
        notification_id: id.uuid(),
        user_id: message.user_id.uuid(),
        notification_type: message.notification_type.to_string(),
        event_id: event.id,
        reference_type: message.reference.map(|reference| reference.kind.to_owned()),
        reference_id: message.reference.map(|reference| reference.id),
    })
}
