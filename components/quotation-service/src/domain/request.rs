//! A request, from its filing to its end.

use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::state::State;

mutrapro_sdk::text_enum! {
    /// How far a request is.
    pub(crate) enum RequestStatus {
        /// It waits for a quotation.
        Pending = "pending",
        /// It waits for the customer, or for the deposit.
        Quoted = "quoted",
        /// The deposit is paid.
        Approved = "approved",
        /// It is being worked on.
        InProgress = "in_progress",
        /// It is done.
        Completed = "completed",
        /// The customer did not want the quotation.
        Rejected = "rejected",
        /// Nothing more comes of it.
        Cancelled = "cancelled",
    }
}

impl State for RequestStatus {
    const THING: &'static str = "request";
    const TRANSITIONS: &'static [(Self, Self)] = &[
        (Self::Pending, Self::Quoted),
        (Self::Pending, Self::Cancelled),
        (Self::Quoted, Self::Pending),
        (Self::Quoted, Self::Approved),
        (Self::Quoted, Self::Rejected),
        (Self::Quoted, Self::Cancelled),
        (Self::Approved, Self::InProgress),
        (Self::Approved, Self::Cancelled),
        (Self::InProgress, Self::Completed),
        (Self::InProgress, Self::Cancelled),
    ];
}

impl RequestStatus {
    /// Whether something may still become of it.
    pub(crate) fn is_open(self) -> bool {
        Self::TRANSITIONS.iter().any(|(from, _)| *from == self)
    }

    /// Whether it comes before `other` on the way from filed to done.
    pub(crate) fn is_before(self, other: Self) -> bool {
        const WAY: [RequestStatus; 5] = [
            RequestStatus::Pending,
            RequestStatus::Quoted,
            RequestStatus::Approved,
            RequestStatus::InProgress,
            RequestStatus::Completed,
        ];
        let place = |status| WAY.iter().position(|step| *step == status);
        matches!((place(self), place(other)), (Some(own), Some(its)) if own < its)
    }
}

mutrapro_sdk::text_enum! {
    /// How urgent it is.
    pub(crate) enum Priority {
        /// In its turn.
        Normal = "normal",
        /// Before others, for a higher price.
        Rush = "rush",
    }
}

/// Who somebody is to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is theirs.
    Customer,
    /// They see it through.
    Holder,
    /// They administer everything.
    Admin,
    /// They could claim it.
    Claimant,
    /// They may not know of it.
    Stranger,
}

/// Who `user` is to a request of the user `customer` that the user `coordinator` holds. What allows most comes first.
pub(crate) fn standing(user: &User, customer: UserId, coordinator: Option<UserId>) -> Standing {
    if user.is(Role::SystemAdmin) {
        Standing::Admin
    } else if user.is(Role::ServiceCoordinator) && coordinator == Some(user.id) {
        Standing::Holder
    } else if user.is(Role::Customer) && customer == user.id {
        Standing::Customer
    } else if user.is(Role::ServiceCoordinator) && coordinator.is_none() {
        Standing::Claimant
    } else {
        Standing::Stranger
    }
}

/// Whether someone of this standing may cancel a request in this status.
pub(crate) fn may_cancel(standing: Standing, status: RequestStatus) -> bool {
    match standing {
        Standing::Admin => true,
        Standing::Customer | Standing::Holder => !matches!(status, RequestStatus::Approved | RequestStatus::InProgress),
        Standing::Claimant | Standing::Stranger => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;

    fn user(id: u128, roles: &[Role]) -> User {
        User { id: Uuid::from_u128(id).into(), roles: roles.to_vec(), session_id: None }
    }

    fn id(id: u128) -> UserId {
        Uuid::from_u128(id).into()
    }

    #[test]
    fn people_see_what_is_theirs() {
        let of = |user: User, coordinator| standing(&user, id(1), coordinator);
        let coordinator = [Role::ServiceCoordinator];
        assert_eq!(of(user(1, &[Role::Customer]), None), Standing::Customer);
        assert_eq!(of(user(2, &[Role::Customer]), None), Standing::Stranger);
        assert_eq!(of(user(3, &coordinator), None), Standing::Claimant);
        assert_eq!(of(user(3, &coordinator), Some(id(3))), Standing::Holder);
        assert_eq!(of(user(3, &coordinator), Some(id(4))), Standing::Stranger);
        assert_eq!(of(user(5, &[Role::SystemAdmin]), Some(id(4))), Standing::Admin);
        assert_eq!(of(user(6, &[Role::RecordingArtist]), None), Standing::Stranger);
    }

    #[test]
    fn work_that_is_paid_for_is_cancelled_by_administrators_alone() {
        for status in [RequestStatus::Approved, RequestStatus::InProgress] {
            assert!(!may_cancel(Standing::Customer, status) && !may_cancel(Standing::Holder, status));
            assert!(may_cancel(Standing::Admin, status));
        }
        assert!(may_cancel(Standing::Customer, RequestStatus::Quoted));
        assert!(!may_cancel(Standing::Claimant, RequestStatus::Pending));
    }

    #[test]
    fn way_is_from_filed_to_done() {
        use RequestStatus::{Approved, Cancelled, Completed, InProgress, Quoted};
        assert!(Quoted.is_before(Approved) && Approved.is_before(InProgress));
        assert!(!Completed.is_before(InProgress) && !InProgress.is_before(InProgress));
        assert!(!Cancelled.is_before(InProgress) && !Quoted.is_before(Cancelled));
    }

    #[test]
    fn ended_requests_stay_as_they_are() {
        for end in [RequestStatus::Completed, RequestStatus::Rejected, RequestStatus::Cancelled] {
            assert!(RequestStatus::ALL.iter().all(|next| !end.may_become(*next)), "{end}");
        }
    }
}
