//! The trivial handler of the event benchmark: one row for each event, with its two times.
//!
//! Promise: it writes what shows that an event was handled and when, and does nothing else; the payload is not parsed.

mod routes;
mod store;

use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::sql::Transaction;
use mutrapro_sdk::time::Instant;

fn handle(event: &Incoming, transaction: &Transaction<'_>) -> Result<(), Refusal> {
    store::insert(transaction, event, Instant::now())?;
    Ok(())
}

mutrapro_sdk::service! { router: routes::router, events: handle }
