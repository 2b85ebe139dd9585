//! The table `payment_milestones`.

use crate::domain::milestone::{MilestoneStatus, MilestoneType, REMINDER_DAYS, Trigger};
use crate::domain::quotation::days;
use crate::domain::{MilestoneId, PaymentId, QuotationId, RequestId, RevisionId};
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

const COLUMNS: &str = "id, quotation_id, milestone_type, name, description, amount, currency, percentage_bp, \
                       trigger_condition, required_deliverables, status, due_at, paid_at, payment_id, revision_id, \
                       reminded_days_left, created_at, updated_at";

row! {
    /// Something that a customer has to pay.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct Milestone {
        /// The milestone's id.
        pub(crate) id: MilestoneId,
        /// The quotation that it belongs to.
        pub(crate) quotation_id: QuotationId,
        /// What is paid.
        pub(crate) milestone_type: MilestoneType,
        /// For people.
        pub(crate) name: String,
        /// For people.
        pub(crate) description: Option<String>,
        /// In minor units.
        pub(crate) amount: i64,
        /// What the amount is counted in.
        pub(crate) currency: Currency,
        /// Of the quotation's total, in basis points; 0 for a fee.
        pub(crate) percentage_bp: u32,
        /// What makes it due.
        pub(crate) trigger_condition: Trigger,
        /// How many packages have to be delivered before it falls due.
        pub(crate) required_deliverables: u32,
        /// How far it is.
        pub(crate) status: MilestoneStatus,
        /// When it has to be paid; `null` before it is due.
        pub(crate) due_at: Option<Instant>,
        /// When it was paid.
        pub(crate) paid_at: Option<Instant>,
        /// The payment that paid it.
        pub(crate) payment_id: Option<PaymentId>,
        /// The revision whose fee it is.
        pub(crate) revision_id: Option<RevisionId>,
        /// How many days were left at the last reminder.
        #[serde(skip)]
        pub(crate) reminded_days_left: Option<u8>,
        /// When it was made.
        pub(crate) created_at: Instant,
        /// When it last changed.
        pub(crate) updated_at: Instant,
    }
}

/// The constraint `payment_milestones_revision_id_key` refuses a second fee for a revision.
pub(crate) fn insert_milestone(tx: &Transaction<'_>, milestone: &Milestone) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO payment_milestones (id, quotation_id, milestone_type, name, description, amount, currency,
            percentage_bp, trigger_condition, required_deliverables, status, due_at, revision_id, created_at,
            updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
        params![
            milestone.id,
            milestone.quotation_id,
            milestone.milestone_type,
            milestone.name,
            milestone.description,
            milestone.amount,
            milestone.currency,
            milestone.percentage_bp,
            milestone.trigger_condition,
            milestone.required_deliverables,
            milestone.status,
            milestone.due_at,
            milestone.revision_id,
            milestone.created_at,
        ],
    )?;
    Ok(())
}

pub(crate) fn milestone(db: &impl Reader, id: MilestoneId) -> Result<Option<Milestone>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM payment_milestones WHERE id = $1"), params![id])
}

/// The fee of a revision, if it has one.
pub(crate) fn fee_of_revision(db: &impl Reader, revision_id: RevisionId) -> Result<Option<Milestone>, Error> {
    let statement = format!("SELECT {COLUMNS} FROM payment_milestones WHERE revision_id = $1");
    db.query_optional(&statement, params![revision_id])
}

/// At most `rows_max` milestones of a quotation after the one with the id `after`, the first one made first.
pub(crate) fn milestones(
    db: &impl Reader,
    quotation_id: QuotationId,
    after: Option<MilestoneId>,
    rows_max: i64,
) -> Result<Vec<Milestone>, Error> {
    let (statement, parameters) = Filter::default()
        .with("quotation_id = ", Some(quotation_id))
        .with("id > ", after)
        .statement(&format!("SELECT {COLUMNS} FROM payment_milestones"), "ORDER BY id", rows_max);
    db.query(&statement, &parameters)
}

/// Every milestone of the quotations of a request that may still be paid.
pub(crate) fn open_milestones(db: &impl Reader, request_id: RequestId) -> Result<Vec<Milestone>, Error> {
    db.query(
        &format!(
            "SELECT {COLUMNS} FROM payment_milestones
             WHERE quotation_id IN (SELECT id FROM quotations WHERE request_id = $1) AND status IN ($2, $3, $4)
             ORDER BY id"
        ),
        params![request_id, MilestoneStatus::Pending, MilestoneStatus::Due, MilestoneStatus::Overdue],
    )
}

/// Makes a milestone due, for the first time or again. `false` when it is not in the status `from`.
pub(crate) fn make_due(
    tx: &Transaction<'_>,
    id: MilestoneId,
    from: MilestoneStatus,
    due_at: Instant,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE payment_milestones SET status = $3, due_at = $4, paid_at = NULL, payment_id = NULL,
            reminded_days_left = NULL, updated_at = $5
         WHERE id = $1 AND status = $2",
        params![id, from, MilestoneStatus::Due, due_at, now],
    )?;
    Ok(changed == 1)
}

/// `false` when the milestone is neither due nor overdue.
pub(crate) fn mark_paid(
    tx: &Transaction<'_>,
    id: MilestoneId,
    payment_id: PaymentId,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE payment_milestones SET status = $4, paid_at = $3, payment_id = $2, updated_at = $3
         WHERE id = $1 AND status IN ($5, $6)",
        params![id, payment_id, now, MilestoneStatus::Paid, MilestoneStatus::Due, MilestoneStatus::Overdue],
    )?;
    Ok(changed == 1)
}

/// `false` when the milestone is not in the status `from`.
pub(crate) fn move_milestone(
    tx: &Transaction<'_>,
    id: MilestoneId,
    (from, to): (MilestoneStatus, MilestoneStatus),
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE payment_milestones SET status = $3, updated_at = $4 WHERE id = $1 AND status = $2",
        params![id, from, to, now],
    )?;
    Ok(changed == 1)
}

/// At most `rows_max` due milestones whose time passed before `now`, oldest first.
pub(crate) fn overdue_milestones(db: &impl Reader, now: Instant, rows_max: i64) -> Result<Vec<Milestone>, Error> {
    db.query(
        &format!("SELECT {COLUMNS} FROM payment_milestones WHERE status = $1 AND due_at < $2 ORDER BY due_at LIMIT $3"),
        params![MilestoneStatus::Due, now, rows_max],
    )
}

/// At most `rows_max` due milestones whose next reminder's time has come at `now`, the most urgent first.
pub(crate) fn milestones_to_remind(db: &impl Reader, now: Instant, rows_max: i64) -> Result<Vec<Milestone>, Error> {
    // So many days are left until one day more is.
    let [three, one, none] = REMINDER_DAYS.map(|days_left| now.plus(days(u32::from(days_left) + 1)));
    db.query(
        &format!(
            "SELECT {COLUMNS} FROM payment_milestones
             WHERE status = $1 AND due_at >= $2
                AND ((reminded_days_left IS NULL AND due_at < $3) OR (reminded_days_left > 1 AND due_at < $4)
                    OR (reminded_days_left > 0 AND due_at < $5))
             ORDER BY due_at LIMIT $6"
        ),
        params![MilestoneStatus::Due, now, three, one, none, rows_max],
    )
}

/// Remembers a reminder. `false` when another was remembered since `from` was read, or it is not due any more.
pub(crate) fn mark_reminded(
    tx: &Transaction<'_>,
    id: MilestoneId,
    from: Option<u8>,
    days_left: u8,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE payment_milestones SET reminded_days_left = $3, updated_at = $4
         WHERE id = $1 AND status = $5 AND COALESCE(reminded_days_left, -1) = COALESCE($2, -1)",
        params![id, from, days_left, now, MilestoneStatus::Due],
    )?;
    Ok(changed == 1)
}
