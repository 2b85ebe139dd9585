//! A payment, from the claim of its milestone to the money, and a refund, from the wish to the money back.

use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::state::State;
use std::time::Duration;

/// How long a payment or a refund may be on its way before the gateway is asked again.
pub(crate) const SETTLE_AFTER: Duration = Duration::from_secs(5);
/// Why a payment failed whose milestone was cancelled before the gateway was asked.
pub(crate) const MILESTONE_CANCELLED: &str = "milestone_cancelled";

mutrapro_sdk::text_enum! {
    /// How the customer pays. Each is for the gateway to carry out: one that takes cash at a counter tells by a webhook
    /// that it came.
    pub(crate) enum Method {
        /// By credit card.
        CreditCard = "credit_card",
        /// By debit card.
        DebitCard = "debit_card",
        /// From account to account.
        BankTransfer = "bank_transfer",
        /// From a wallet.
        DigitalWallet = "digital_wallet",
        /// At a counter.
        Cash = "cash",
    }
}

mutrapro_sdk::text_enum! {
    /// How far a payment or a refund is.
    pub(crate) enum PaymentStatus {
        /// A refund that waits: for its turn, or for the payment to come in first.
        Pending = "pending",
        /// The gateway is at it.
        Processing = "processing",
        /// The money is there.
        Completed = "completed",
        /// The gateway could not do it.
        Failed = "failed",
        /// A refund that nobody needs, as its payment never came in.
        Cancelled = "cancelled",
        /// A payment whose money went back.
        Refunded = "refunded",
    }
}

impl State for PaymentStatus {
    const THING: &'static str = "payment";
    const TRANSITIONS: &'static [(Self, Self)] = &[
        (Self::Pending, Self::Processing),
        (Self::Pending, Self::Cancelled),
        (Self::Processing, Self::Completed),
        (Self::Processing, Self::Failed),
        (Self::Completed, Self::Refunded),
    ];
}

/// Whether a milestone in this status of quotation-service can be paid.
pub(crate) fn is_payable(milestone_status: &str) -> bool {
    matches!(milestone_status, "due" | "overdue")
}

/// Whether nobody wants a payment in progress any more, given the statuses of its milestone and of the project of its
/// request, if there is one.
pub(crate) fn is_unwanted(milestone_status: &str, project_status: Option<&str>) -> bool {
    milestone_status == "cancelled" || project_status == Some("cancelled")
}

/// Whether the payment of a milestone of this type is given back when its project is cancelled: everything before it
/// started, and after that everything but the deposit, which pays for the work that has begun.
pub(crate) fn is_given_back(milestone_type: &str, was_started: bool) -> bool {
    !was_started || milestone_type != "deposit"
}

/// Whether `user` may see a payment of `payer` for a request that `coordinator` sees through.
pub(crate) fn may_see(user: &User, payer: UserId, coordinator: UserId) -> bool {
    user.is(Role::SystemAdmin)
        || (user.is(Role::ServiceCoordinator) && coordinator == user.id)
        || (user.is(Role::Customer) && payer == user.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;
    use mutrapro_sdk::state;
    use proptest::prelude::*;

    fn user(id: u128, roles: &[Role]) -> User {
        User { id: Uuid::from_u128(id).into(), roles: roles.to_vec(), session_id: None }
    }

    #[test]
    fn every_transition_that_is_not_listed_is_refused() {
        use PaymentStatus::{Cancelled, Completed, Failed, Pending, Processing, Refunded};
        let legal = [
            (Pending, Processing),
            (Pending, Cancelled),
            (Processing, Completed),
            (Processing, Failed),
            (Completed, Refunded),
        ];
        for from in PaymentStatus::ALL {
            for to in PaymentStatus::ALL {
                let outcome = state::check(*from, *to).map_err(|problem| problem.code().to_owned());
                let expected =
                    if legal.contains(&(*from, *to)) { Ok(()) } else { Err("illegal_transition".to_owned()) };
                assert_eq!(outcome, expected, "{from} to {to}");
            }
        }
    }

    #[test]
    fn ended_payments_stay_as_they_are() {
        for end in [PaymentStatus::Failed, PaymentStatus::Cancelled, PaymentStatus::Refunded] {
            assert!(PaymentStatus::ALL.iter().all(|next| !end.may_become(*next)), "{end}");
        }
    }

    #[test]
    fn only_what_is_due_is_paid() {
        for status in ["pending", "paid", "cancelled", "", "DUE"] {
            assert!(!is_payable(status), "{status}");
        }
        assert!(is_payable("due") && is_payable("overdue"));
    }

    #[test]
    fn cancelled_work_is_not_paid() {
        assert!(is_unwanted("cancelled", None) && is_unwanted("due", Some("cancelled")));
        for project in [None, Some("assigned"), Some("in_progress"), Some("review"), Some("completed")] {
            assert!(!is_unwanted("due", project) && !is_unwanted("paid", project), "{project:?}");
        }
    }

    #[test]
    fn deposit_alone_is_kept_once_work_has_begun() {
        for milestone in ["deposit", "final_payment", "revision_fee", "rush_fee"] {
            assert!(is_given_back(milestone, false), "{milestone}");
            assert_eq!(is_given_back(milestone, true), milestone != "deposit", "{milestone}");
        }
    }

    #[test]
    fn payments_are_for_those_they_concern() {
        let sees = |user: User| may_see(&user, Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        assert!(sees(user(1, &[Role::Customer])) && sees(user(2, &[Role::ServiceCoordinator])));
        assert!(sees(user(3, &[Role::SystemAdmin])));
        assert!(!sees(user(3, &[Role::Customer])) && !sees(user(3, &[Role::ServiceCoordinator])));
        // Who lost the role has lost the sight with it.
        assert!(!sees(user(1, &[Role::RecordingArtist])) && !sees(user(2, &[Role::Customer])));
    }

    proptest! {
        #[test]
        fn money_comes_in_once_and_goes_back_once(
            steps in prop::collection::vec(0..PaymentStatus::ALL.len(), 0..40),
        ) {
            let (mut status, mut came, mut went) = (PaymentStatus::Pending, 0, 0);
            for next in steps.into_iter().map(|step| PaymentStatus::ALL[step]) {
                if status.may_become(next) {
                    came += u32::from(next == PaymentStatus::Completed);
                    went += u32::from(next == PaymentStatus::Refunded);
                    status = next;
                }
            }
            prop_assert!(came <= 1 && went <= came);
        }
    }
}
