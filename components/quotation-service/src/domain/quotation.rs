//! A quotation, from draft to decision.

use mutrapro_sdk::state::State;
use mutrapro_sdk::time::Instant;
use std::time::Duration;

/// How long a customer may think, unless the coordinator says otherwise, in days.
pub(crate) const VALID_DAYS: u32 = 7;
/// The longest time to think, in days.
pub(crate) const VALID_DAYS_MAX: u32 = 90;

mutrapro_sdk::text_enum! {
    /// How far a quotation is.
    pub(crate) enum QuotationStatus {
        /// The coordinator is at it.
        Draft = "draft",
        /// It waits for the customer.
        Sent = "sent",
        /// The customer agreed.
        Approved = "approved",
        /// The customer did not.
        Rejected = "rejected",
        /// The customer did not decide in time.
        Expired = "expired",
        /// A newer version takes its place, or nobody needs it any more.
        Superseded = "superseded",
    }
}

impl State for QuotationStatus {
    const THING: &'static str = "quotation";
    const TRANSITIONS: &'static [(Self, Self)] = &[
        (Self::Draft, Self::Sent),
        (Self::Draft, Self::Superseded),
        (Self::Sent, Self::Approved),
        (Self::Sent, Self::Rejected),
        (Self::Sent, Self::Expired),
        (Self::Sent, Self::Superseded),
    ];
}

/// When a quotation that is sent at `now` expires.
pub(crate) fn valid_until(now: Instant, valid_days: u32) -> Instant {
    now.plus(days(valid_days))
}

/// So many times 24 hours.
pub(crate) fn days(days: u32) -> Duration {
    Duration::from_secs(u64::from(days) * 24 * 60 * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decided_quotations_stay_as_they_are() {
        use QuotationStatus::{Approved, Expired, Rejected, Superseded};
        for end in [Approved, Rejected, Expired, Superseded] {
            assert!(QuotationStatus::ALL.iter().all(|next| !end.may_become(*next)), "{end}");
        }
    }

    #[test]
    fn only_what_was_sent_is_decided() {
        use QuotationStatus::{Approved, Draft, Expired, Rejected};
        for decision in [Approved, Rejected, Expired] {
            assert!(!Draft.may_become(decision), "{decision}");
        }
    }

    #[test]
    fn week_is_seven_days() {
        let now: Instant = "2026-01-31T09:30:00Z".parse().unwrap();
        assert_eq!(valid_until(now, VALID_DAYS).to_string(), "2026-02-07T09:30:00.000000Z");
    }
}
