//! Handles what other services tell.

use crate::bookings;
use crate::domain::RequestId;
use mutrapro_contracts::Event;
use mutrapro_contracts::project::ProjectCancelled;
use mutrapro_contracts::quotation::{MilestonePaid, RequestCancelled};
use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::sql::Transaction;
use mutrapro_sdk::time::Instant;

const DEPOSIT: &str = "deposit";
const REQUEST_CANCELLED: &str = "the request was cancelled";
const PROJECT_CANCELLED: &str = "the project was cancelled";

/// Confirms what is paid for, and releases what nobody needs any more.
///
/// A booking that is not there yet is not waited for: most requests never have one. One that is made after its request ended is
/// refused, and one that overtook the end expires, since whoever confirms it asks for the request again.
///
/// # Errors
/// Rejects kinds and payloads that it does not know.
pub(crate) fn handle(event: &Incoming, tx: &Transaction<'_>) -> Result<(), Refusal> {
    let now = Instant::now();
    match event.kind.as_str() {
        MilestonePaid::KIND => {
            let MilestonePaid { milestone, .. } = event.parse()?;
            if milestone.milestone_type == DEPOSIT {
                // Whoever paid while the studio was held has it, however long the news was on its way.
                bookings::confirm_paid(tx, RequestId::from(milestone.request_id), event.occurred_at, now)?;
            }
        }
        ProjectCancelled::KIND => {
            let ProjectCancelled { project, reason, .. } = event.parse()?;
            let reason = reason.as_deref().unwrap_or(PROJECT_CANCELLED);
            bookings::release(tx, RequestId::from(project.request_id), reason, now)?;
        }
        RequestCancelled::KIND => {
            let request: RequestCancelled = event.parse()?;
            let reason = request.reason.as_deref().unwrap_or(REQUEST_CANCELLED);
            bookings::release(tx, RequestId::from(request.request_id), reason, now)?;
        }
        _ => return Err(event.unknown()),
    }
    Ok(())
}
