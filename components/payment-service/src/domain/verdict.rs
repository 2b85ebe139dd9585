//! What a webhook means for the payment that it speaks of.

use super::payment::PaymentStatus;
use crate::gateway::{Notice, Outcome};
use mutrapro_sdk::money::Currency;

/// Why a payment failed whose webhook told of another amount.
pub(crate) const AMOUNT_MISMATCH: &str = "amount_mismatch";
/// Why a payment failed whose webhook told of another currency.
pub(crate) const CURRENCY_MISMATCH: &str = "currency_mismatch";

/// What is known of a payment when a webhook comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected<'a> {
    pub(crate) status: PaymentStatus,
    /// In minor units.
    pub(crate) amount: i64,
    pub(crate) currency: Currency,
    /// As far as the gateway has told it.
    pub(crate) transaction_id: Option<&'a str>,
}

/// What a webhook means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It tells what is waited for.
    News,
    /// It tells what is known: nothing changes.
    Known,
    /// Money came, but not what was to be paid: the payment fails if it still waits, for the reason that this is.
    Mismatch(&'static str),
    /// It tells of another transaction than the gateway did before.
    Foreign,
    /// It tells the opposite of what was settled before.
    Contradiction,
}

/// What `notice` means for the payment that is `expected`.
pub(crate) fn judge(expected: &Expected<'_>, notice: &Notice) -> Verdict {
    if expected.transaction_id.is_some_and(|known| known != notice.transaction_id) {
        return Verdict::Foreign;
    }
    // Of money that did not come, the amount says nothing.
    if notice.outcome == Outcome::Succeeded {
        if notice.currency != expected.currency.as_str() {
            return Verdict::Mismatch(CURRENCY_MISMATCH);
        }
        if notice.amount != expected.amount {
            return Verdict::Mismatch(AMOUNT_MISMATCH);
        }
    }
    match (expected.status, &notice.outcome) {
        (PaymentStatus::Processing, _) => Verdict::News,
        (PaymentStatus::Completed | PaymentStatus::Refunded, Outcome::Succeeded)
        | (PaymentStatus::Failed, Outcome::Declined { .. })
        | (PaymentStatus::Completed | PaymentStatus::Refunded | PaymentStatus::Failed, Outcome::Pending) => {
            Verdict::Known
        }
        _ => Verdict::Contradiction,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn expected(status: PaymentStatus) -> Expected<'static> {
        Expected { status, amount: 80_000, currency: Currency::Vnd, transaction_id: None }
    }

    fn notice(outcome: Outcome) -> Notice {
        Notice { reference: "p1".into(), transaction_id: "t1".into(), amount: 80_000, currency: "VND".into(), outcome }
    }

    fn declined() -> Outcome {
        Outcome::Declined { reason: "card_declined".into() }
    }

    #[test]
    fn payment_in_progress_takes_every_outcome() {
        for outcome in [Outcome::Succeeded, declined(), Outcome::Pending] {
            assert_eq!(judge(&expected(PaymentStatus::Processing), &notice(outcome)), Verdict::News);
        }
    }

    #[test]
    fn repeated_news_is_known() {
        for status in [PaymentStatus::Completed, PaymentStatus::Refunded] {
            assert_eq!(judge(&expected(status), &notice(Outcome::Succeeded)), Verdict::Known, "{status}");
            assert_eq!(judge(&expected(status), &notice(Outcome::Pending)), Verdict::Known, "{status}");
        }
        assert_eq!(judge(&expected(PaymentStatus::Failed), &notice(declined())), Verdict::Known);
    }

    #[test]
    fn opposite_news_is_a_contradiction() {
        assert_eq!(judge(&expected(PaymentStatus::Completed), &notice(declined())), Verdict::Contradiction);
        assert_eq!(judge(&expected(PaymentStatus::Failed), &notice(Outcome::Succeeded)), Verdict::Contradiction);
    }

    #[test]
    fn other_money_is_a_mismatch_and_named() {
        let dollars = Notice { currency: "USD".into(), ..notice(Outcome::Succeeded) };
        let verdict = judge(&expected(PaymentStatus::Processing), &dollars);
        assert_eq!(verdict, Verdict::Mismatch(CURRENCY_MISMATCH));
        let refused = Notice { amount: 0, ..notice(declined()) };
        assert_eq!(judge(&expected(PaymentStatus::Processing), &refused), Verdict::News);
    }

    #[test]
    fn other_transaction_is_foreign_whatever_it_tells() {
        let known = Expected { transaction_id: Some("t2"), ..expected(PaymentStatus::Processing) };
        for outcome in [Outcome::Succeeded, declined(), Outcome::Pending] {
            assert_eq!(judge(&known, &notice(outcome)), Verdict::Foreign);
        }
        let known = Expected { transaction_id: Some("t1"), ..known };
        assert_eq!(judge(&known, &notice(Outcome::Succeeded)), Verdict::News);
    }

    proptest! {
        #[test]
        fn wrong_amount_never_completes_a_payment(status in 0..PaymentStatus::ALL.len(), amount: i64) {
            prop_assume!(amount != 80_000);
            let notice = Notice { amount, ..notice(Outcome::Succeeded) };
            let verdict = judge(&expected(PaymentStatus::ALL[status]), &notice);
            prop_assert_eq!(verdict, Verdict::Mismatch(AMOUNT_MISMATCH));
        }

        #[test]
        fn whatever_webhooks_come_a_payment_is_settled_once_and_completed_by_its_own_money_alone(
            told in prop::collection::vec((0_usize..3, 79_999_i64..80_002, "VND|USD"), 0..30),
        ) {
            let (mut status, mut settled) = (PaymentStatus::Processing, 0);
            for (kind, amount, currency) in told {
                let outcome = [Outcome::Succeeded, declined(), Outcome::Pending][kind].clone();
                let notice = Notice { amount, currency: currency.clone(), ..notice(outcome.clone()) };
                let before = status;
                match judge(&expected(status), &notice) {
                    Verdict::News if outcome == Outcome::Succeeded => status = PaymentStatus::Completed,
                    Verdict::News if outcome != Outcome::Pending => status = PaymentStatus::Failed,
                    Verdict::Mismatch(_) if status == PaymentStatus::Processing => status = PaymentStatus::Failed,
                    _ => {}
                }
                settled += u32::from(status != before);
                if before != PaymentStatus::Completed && status == PaymentStatus::Completed {
                    prop_assert_eq!((amount, currency.as_str()), (80_000, "VND"));
                }
            }
            prop_assert!(settled <= 1);
        }
    }
}
