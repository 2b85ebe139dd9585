//! Handles what other services tell.

use crate::domain::{self, Message, NotificationId};
use crate::store;
use mutrapro_contracts::notification::NotificationSent;
use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::sql::{self, Transaction};
use mutrapro_sdk::time::Instant;

/// Tells everyone whom `event` concerns.
///
/// # Errors
/// As [`domain::messages`], and what the database makes of it.
pub(crate) fn handle(event: &Incoming, transaction: &Transaction<'_>) -> Result<(), Refusal> {
    for message in domain::messages(event)? {
        tell(event, &message, transaction)?;
    }
    Ok(())
}

fn tell(event: &Incoming, message: &Message, transaction: &Transaction<'_>) -> Result<(), sql::Error> {
    let id = NotificationId::generate();
    if !store::insert(transaction, id, event.id, message, Instant::now())? {
        // They know already, from a delivery whose mark has been purged since.
        return Ok(());
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
