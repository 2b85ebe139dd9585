//! Who may pay, and which order is the same again.

use super::*;
use crate::samples::{milestone, now, order, payment, user};
use mutrapro_sdk::id::Uuid;
use proptest::prelude::*;
use std::cell::Cell;

#[test]
fn only_its_customer_pays_and_strangers_learn_nothing() {
    let outcome = |user: User| may_pay(&user, &milestone()).map_err(|problem| problem.code().to_owned());
    assert_eq!(outcome(user(1, &[Role::Customer])), Ok(()));
    let (refused, hidden) = (Err("not_your_milestone".to_owned()), Err("not_found".to_owned()));
    assert_eq!(outcome(user(2, &[Role::Customer, Role::ServiceCoordinator])), refused);
    assert_eq!(outcome(user(9, &[Role::Customer, Role::SystemAdmin])), refused);
    assert_eq!(outcome(user(2, &[Role::Customer])), hidden);
    assert_eq!(outcome(user(3, &[Role::Customer, Role::ServiceCoordinator])), hidden);
}

#[test]
fn payment_is_of_the_milestone_and_begins_in_progress() {
    let payment = payment();
    assert_eq!((payment.amount, payment.currency), (80_000, Currency::Vnd));
    assert_eq!(payment.status, PaymentStatus::Processing);
    assert_eq!(payment.payer_id, order().user.id);
    assert_eq!(payment.ip_address.as_deref(), Some("192.0.2.7"));
    let unknown = MilestoneAnswer { currency: "XTS".into(), ..milestone() };
    assert_eq!(payment_of(&order(), &unknown, now()).unwrap_err().code(), "internal_error");
}

#[test]
fn gateway_is_asked_for_the_amount_under_our_id() {
    let payment = payment();
    let charge = charge_of(&payment);
    assert_eq!(charge.reference, payment.id.to_string());
    assert_eq!((charge.amount, charge.currency.as_str(), charge.method.as_str()), (80_000, "VND", "credit_card"));
    assert_eq!(charge_of(&payment), charge);
}

#[test]
fn same_order_is_the_same_payment_as_it_is_by_now() {
    let settled = Payment { status: PaymentStatus::Failed, ..payment() };
    assert_eq!(repeated(settled.clone(), &order()), Ok(settled));
}

#[test]
fn order_that_is_overtaken_by_itself_is_a_repetition() {
    // The first look finds nothing, and then the other one is quicker: it may even have paid the milestone by now.
    for obstacle in ["milestone_paid", "milestone_not_payable", "idempotency_key_reused"] {
        let looks = Cell::new(0);
        let before = || Ok((looks.replace(looks.get() + 1) > 0).then(payment));
        let outcome = once(&order(), before, || Err(Problem::conflict(obstacle, "too late")));
        assert!(matches!(outcome, Ok(Once::Repeated(_))), "{obstacle}: {outcome:?}");
    }
}

#[test]
fn order_that_came_first_is_made_and_another_one_is_refused() {
    let made = payment();
    assert_eq!(once(&order(), || Ok(None), || Ok(made.clone())), Ok(Once::First(made)));
    let refused = once(&order(), || Ok(None), || Err(Problem::conflict("milestone_paid", "too late")));
    assert_eq!(refused.unwrap_err().code(), "milestone_paid");
}

#[test]
fn another_order_under_the_same_key_is_refused() {
    let others = [
        Order { milestone_id: Uuid::from_u128(99).into(), ..order() },
        Order { method: Method::Cash, ..order() },
        Order { gateway: "other".into(), ..order() },
        Order { token: "sandbox_delayed".into(), ..order() },
    ];
    for other in others {
        assert_eq!(repeated(payment(), &other).unwrap_err().code(), "idempotency_key_reused", "{other:?}");
    }
}

proptest! {
    #[test]
    fn nobody_but_the_customer_ever_pays(id in 0_u128..20, roles in prop::collection::vec(0..Role::ALL.len(), 0..6)) {
        let roles: Vec<_> = roles.into_iter().map(|role| Role::ALL[role]).collect();
        prop_assert_eq!(may_pay(&user(id, &roles), &milestone()).is_ok(), id == 1);
    }
}
