//! A payment for tests: the deposit of a request, by the user 1, seen through by the user 2.

use crate::charging::{Order, payment_of};
use crate::domain::payment::Method;
use crate::store::Payment;
use mutrapro_contracts::answers::MilestoneAnswer;
use mutrapro_sdk::client_info::ClientInfo;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::time::Instant;

pub(crate) fn user(id: u128, roles: &[Role]) -> User {
    User { id: Uuid::from_u128(id).into(), roles: roles.to_vec(), session_id: None }
}

pub(crate) fn milestone() -> MilestoneAnswer {
    MilestoneAnswer {
        id: Uuid::from_u128(10),
        quotation_id: Uuid::from_u128(11),
        request_id: Uuid::from_u128(12),
        milestone_type: "deposit".into(),
        name: "Deposit".into(),
        amount: 80_000,
        currency: "VND".into(),
        status: "due".into(),
        customer_id: Uuid::from_u128(13),
        customer_user_id: Uuid::from_u128(1),
        coordinator_id: Uuid::from_u128(14),
        coordinator_user_id: Uuid::from_u128(2),
    }
}

pub(crate) fn order() -> Order {
    Order {
        user: user(1, &[Role::Customer]),
        client: ClientInfo { ip_address: Some("192.0.2.7".into()), user_agent: None },
        idempotency_key: "key".into(),
        milestone_id: Uuid::from_u128(10).into(),
        method: Method::CreditCard,
        gateway: "sandbox".into(),
        token: "sandbox_success".into(),
    }
}

pub(crate) fn now() -> Instant {
    "2026-01-31T09:30:00Z".parse().unwrap()
}

pub(crate) fn payment() -> Payment {
    payment_of(&order(), &milestone(), now()).unwrap()
}
