//! What happens because time passes, and the first prices.

use crate::announcements as announce;
use crate::domain::PriceId;
use crate::domain::milestone::{MilestoneStatus, reminder};
use crate::domain::pricing::{FIRST_CURRENCY, first_prices};
use crate::store::{self, ListedPrice};
use crate::{quoting, requests};
use mutrapro_contracts::quotation::{MilestoneOverdue, MilestoneReminded};
use mutrapro_sdk::jobs::Job;
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;

/// How much one tick does; what is left is for the next one.
const ROWS_MAX: i64 = 100;

/// Runs a job of the manifest.
pub(crate) fn run(job: &Job) -> Result<()> {
    let now = Instant::now();
    match job.name.as_str() {
        "seed-pricing" => seed_pricing(now),
        "expire-quotations" => expire_quotations(now),
        "mark-overdue-milestones" => mark_overdue_milestones(now),
        "remind-milestones" => remind_milestones(now),
        _ => Err(job.unknown()),
    }
}

/// Gives a studio without prices the usual ones.
fn seed_pricing(now: Instant) -> Result<()> {
    transaction(|tx| {
        if store::has_prices(tx)? {
            return Ok(());
        }
        for (service_type, complexity, price) in first_prices() {
            store::insert_price(
                tx,
                &ListedPrice {
                    id: PriceId::generate(),
                    service_type,
                    complexity,
                    unit_type: price.unit_type,
                    base_price: price.base_price,
                    min_price: price.min_price,
                    max_price: price.max_price,
                    currency: FIRST_CURRENCY,
                    is_active: true,
                    updated_at: now,
                },
            )?;
        }
        Ok(())
    })
}

fn expire_quotations(now: Instant) -> Result<()> {
    for quotation in store::expired_quotations(&Database, now, ROWS_MAX)? {
        transaction(|tx| quoting::expire(tx, &quotation, now).map(drop))?;
    }
    Ok(())
}

fn mark_overdue_milestones(now: Instant) -> Result<()> {
    for milestone in store::overdue_milestones(&Database, now, ROWS_MAX)? {
        transaction(|tx| {
            if !store::move_milestone(tx, milestone.id, (MilestoneStatus::Due, MilestoneStatus::Overdue), now)? {
                return Ok(());
            }
            let quotation = quoting::found(tx, milestone.quotation_id)?;
            let request = requests::found(tx, quotation.request_id)?;
            let milestone = announce::of_milestone(&milestone, &quotation, &request);
            Ok(tx.emit(&MilestoneOverdue { milestone })?)
        })?;
    }
    Ok(())
}

fn remind_milestones(now: Instant) -> Result<()> {
    for milestone in store::milestones_to_remind(&Database, now, ROWS_MAX)? {
        let reminded = milestone.reminded_days_left;
        let Some(days_left) = milestone.due_at.and_then(|due_at| reminder(due_at, reminded, now)) else {
            continue;
        };
        transaction(|tx| {
            if !store::mark_reminded(tx, milestone.id, reminded, days_left, now)? {
                return Ok(());
            }
            let quotation = quoting::found(tx, milestone.quotation_id)?;
            let request = requests::found(tx, quotation.request_id)?;
            let milestone = announce::of_milestone(&milestone, &quotation, &request);
            Ok(tx.emit(&MilestoneReminded { milestone, days_left })?)
        })?;
    }
    Ok(())
}
