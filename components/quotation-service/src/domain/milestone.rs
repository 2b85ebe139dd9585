//! What has to be paid, and when.

use super::pricing::Cost;
use super::quotation::days;
use mutrapro_sdk::money::BASIS_POINTS;
use mutrapro_sdk::state::State;
use mutrapro_sdk::time::Instant;

/// How long a customer has to pay, in days.
pub(crate) const PAYMENT_DAYS: u32 = 7;
/// How many days before the end a customer is reminded, the first reminder first.
pub(crate) const REMINDER_DAYS: [u8; 3] = [3, 1, 0];

const SECONDS_A_DAY: u64 = 24 * 60 * 60;

mutrapro_sdk::text_enum! {
    /// What is paid.
    pub(crate) enum MilestoneType {
        /// What is paid before work begins.
        Deposit = "deposit",
        /// The rest.
        FinalPayment = "final_payment",
        /// A revision that is not free.
        RevisionFee = "revision_fee",
        /// What hurry costs. It is a line of the total, so no milestone of this type is made.
        RushFee = "rush_fee",
    }
}

mutrapro_sdk::text_enum! {
    /// What makes it due.
    pub(crate) enum Trigger {
        /// The customer agreed.
        QuotationApproved = "quotation_approved",
        /// Work began.
        ProjectStarted = "project_started",
        /// The final package was delivered.
        DeliverableSent = "deliverable_sent",
        /// Everything is done.
        ProjectCompleted = "project_completed",
    }
}

mutrapro_sdk::text_enum! {
    /// How far a milestone is.
    pub(crate) enum MilestoneStatus {
        /// Its time has not come.
        Pending = "pending",
        /// It is to be paid.
        Due = "due",
        /// It is paid.
        Paid = "paid",
        /// It should have been paid.
        Overdue = "overdue",
        /// Nobody has to pay it.
        Cancelled = "cancelled",
    }
}

impl State for MilestoneStatus {
    const THING: &'static str = "milestone";
    const TRANSITIONS: &'static [(Self, Self)] = &[
        (Self::Pending, Self::Due),
        (Self::Pending, Self::Cancelled),
        (Self::Due, Self::Paid),
        (Self::Due, Self::Overdue),
        (Self::Due, Self::Cancelled),
        (Self::Overdue, Self::Paid),
        (Self::Overdue, Self::Cancelled),
        // The money went back: to be paid again, or by nobody.
        (Self::Paid, Self::Due),
        (Self::Paid, Self::Cancelled),
    ];
}

/// A milestone to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) milestone_type: MilestoneType,
    pub(crate) name: &'static str,
    /// In minor units; more than 0.
    pub(crate) amount: i64,
    /// Of the total.
    pub(crate) percentage_bp: u32,
    pub(crate) trigger: Trigger,
    pub(crate) required_deliverables: u32,
    pub(crate) status: MilestoneStatus,
}

/// What has to be paid for a quotation; nothing is made of an amount of 0.
pub(crate) fn plans(cost: &Cost, deposit_bp: u32) -> Vec<Plan> {
    let whole_bp = u32::try_from(BASIS_POINTS).unwrap_or(u32::MAX);
    let deposit = Plan {
        milestone_type: MilestoneType::Deposit,
        name: "Deposit",
        amount: cost.deposit_amount,
        percentage_bp: deposit_bp,
        trigger: Trigger::QuotationApproved,
        required_deliverables: 0,
        status: MilestoneStatus::Due,
    };
    let last = Plan {
        milestone_type: MilestoneType::FinalPayment,
        name: "Final payment",
        amount: cost.final_amount,
        percentage_bp: whole_bp.saturating_sub(deposit_bp),
        trigger: Trigger::DeliverableSent,
        required_deliverables: 1,
        status: MilestoneStatus::Pending,
    };
    [deposit, last].into_iter().filter(|plan| plan.amount > 0).collect()
}

/// When what falls due at `now` has to be paid.
pub(crate) fn due_at(now: Instant) -> Instant {
    now.plus(days(PAYMENT_DAYS))
}

/// The reminder that is to be sent at `now`, if the last one told `reminded` days: the latest whose time has come.
pub(crate) fn reminder(due_at: Instant, reminded: Option<u8>, now: Instant) -> Option<u8> {
    if now > due_at {
        return None;
    }
    let days_left = due_at.since(now).as_secs() / SECONDS_A_DAY;
    let latest = REMINDER_DAYS.into_iter().rfind(|days| days_left <= u64::from(*days))?;
    reminded.is_none_or(|reminded| latest < reminded).then_some(latest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn deposit_is_due_at_once_and_the_rest_waits() {
        let cost = Cost { total_price: 200_000, deposit_amount: 80_000, final_amount: 120_000 };
        let plans = plans(&cost, 4_000);
        let told: Vec<_> = plans.iter().map(|plan| (plan.amount, plan.percentage_bp, plan.status)).collect();
        let expected = [(80_000, 4_000, MilestoneStatus::Due), (120_000, 6_000, MilestoneStatus::Pending)];
        assert_eq!(told, expected);
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        let of = |deposit_amount, final_amount| {
            plans(&Cost { total_price: deposit_amount + final_amount, deposit_amount, final_amount }, 0).len()
        };
        assert_eq!((of(0, 5), of(5, 0), of(0, 0)), (1, 1, 0));
    }

    #[test]
    fn each_reminder_comes_once_in_its_time() {
        let due: Instant = "2026-01-31T09:30:00Z".parse().unwrap();
        let at = |hours: u64, reminded| reminder(due, reminded, due.minus(Duration::from_secs(hours * 3600)));
        assert_eq!(at(24 * 7, None), None);
        assert_eq!((at(24 * 3 + 1, None), at(24 * 3 + 1, Some(3))), (Some(3), None));
        assert_eq!((at(30, Some(3)), at(30, Some(1))), (Some(1), None));
        assert_eq!((at(2, Some(1)), at(2, None), at(2, Some(0))), (Some(0), Some(0), None));
        assert_eq!(reminder(due, Some(1), due.plus(Duration::from_secs(1))), None);
    }

    #[test]
    fn what_is_cancelled_is_never_paid() {
        assert!(MilestoneStatus::ALL.iter().all(|next| !MilestoneStatus::Cancelled.may_become(*next)));
        assert!(!MilestoneStatus::Pending.may_become(MilestoneStatus::Paid));
    }
}
