//! A project, from its creation to its end.

use super::facts::{Facts, Tasks};
use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::money::share_rounded_up;
use mutrapro_sdk::state::State;

/// How many revisions cost nothing, unless the coordinator says otherwise.
pub(crate) const FREE_REVISIONS: u32 = 1;
/// The most revisions that a coordinator may give away.
pub(crate) const FREE_REVISIONS_MAX: u32 = 20;
/// What a further revision costs unless the coordinator says otherwise: a tenth of the quoted total, in basis points.
const REVISION_FEE_BP: i64 = 1_000;
const PERCENT: u32 = 100;

mutrapro_sdk::text_enum! {
    /// How far a project is.
    pub(crate) enum ProjectStatus {
        /// It waits for the deposit.
        Assigned = "assigned",
        /// It is being worked on.
        InProgress = "in_progress",
        /// Everything is done so far, or the customer has something to look at.
        Review = "review",
        /// The final package is approved and everything is paid.
        Completed = "completed",
        /// Nothing more comes of it.
        Cancelled = "cancelled",
    }
}

impl State for ProjectStatus {
    const THING: &'static str = "project";
    const TRANSITIONS: &'static [(Self, Self)] = &[
        (Self::Assigned, Self::InProgress),
        (Self::Assigned, Self::Cancelled),
        (Self::InProgress, Self::Review),
        (Self::InProgress, Self::Cancelled),
        (Self::Review, Self::InProgress),
        (Self::Review, Self::Completed),
        (Self::Review, Self::Cancelled),
    ];
}

impl ProjectStatus {
    /// Whether something may still become of it.
    pub(crate) fn is_open(self) -> bool {
        Self::TRANSITIONS.iter().any(|(from, _)| *from == self)
    }

    /// The status that follows from `facts`; `None` when it is reached, and when the project has ended.
    pub(crate) fn next(self, facts: &Facts) -> Option<Self> {
        match self {
            Self::Assigned => facts.is_paid_for().then_some(Self::InProgress),
            Self::InProgress => facts.is_under_review().then_some(Self::Review),
            Self::Review if facts.is_finished() => Some(Self::Completed),
            Self::Review => (!facts.is_under_review()).then_some(Self::InProgress),
            Self::Completed | Self::Cancelled => None,
        }
    }
}

/// What a revision of a project costs that was quoted at `total_price`, in minor units.
pub(crate) fn revision_fee(total_price: i64) -> i64 {
    share_rounded_up(total_price, REVISION_FEE_BP)
}

/// How much is done, of 100: all of what is completed, else the share of the tasks.
pub(crate) fn progress_percent(status: ProjectStatus, tasks: Tasks) -> u8 {
    let percent = match status {
        ProjectStatus::Completed => PERCENT,
        _ => tasks.completed().saturating_mul(PERCENT).checked_div(tasks.total()).unwrap_or(0),
    };
    u8::try_from(percent.min(PERCENT)).unwrap_or_default()
}

/// Who somebody is to a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// They administer everything.
    Admin,
    /// They see it through.
    Coordinator,
    /// It is theirs.
    Customer,
    /// They have a task in it.
    Specialist,
}

impl Standing {
    /// Whether they may change and cancel it.
    pub(crate) const fn may_change(self) -> bool {
        matches!(self, Self::Admin | Self::Coordinator)
    }

    /// Whether the notes are for them.
    pub(crate) const fn sees_notes(self) -> bool {
        !matches!(self, Self::Customer)
    }
}

/// Who `user` is to a project of the user `customer` that the user `coordinator` sees through; what allows most comes first.
/// `None` for strangers, and for specialists, whose tasks are not known here.
pub(crate) fn standing(user: &User, customer: UserId, coordinator: UserId) -> Option<Standing> {
    if user.is(Role::SystemAdmin) {
        Some(Standing::Admin)
    } else if user.is(Role::ServiceCoordinator) && coordinator == user.id {
        Some(Standing::Coordinator)
    } else if user.is(Role::Customer) && customer == user.id {
        Some(Standing::Customer)
    } else {
        None
    }
}

/// Whether `user` is someone who can be given tasks.
pub(crate) fn is_specialist(user: &User) -> bool {
    [Role::TranscriptionSpecialist, Role::ArrangementSpecialist, Role::RecordingArtist]
        .into_iter()
        .any(|role| user.is(role))
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
    fn people_are_what_their_roles_and_ids_say() {
        let of = |id, roles: &[Role]| standing(&user(id, roles), Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        assert_eq!(of(1, &[Role::Customer]), Some(Standing::Customer));
        assert_eq!(of(2, &[Role::Customer, Role::ServiceCoordinator]), Some(Standing::Coordinator));
        assert_eq!(of(3, &[Role::SystemAdmin]), Some(Standing::Admin));
        // A role that was taken away takes the standing with it.
        assert_eq!(of(1, &[]), None);
        assert_eq!(of(2, &[Role::Customer]), None);
        for stranger in [Role::Customer, Role::ServiceCoordinator, Role::RecordingArtist] {
            assert_eq!(of(4, &[stranger]), None, "{stranger}");
        }
    }

    #[test]
    fn who_sees_it_through_changes_it() {
        assert!(Standing::Admin.may_change() && Standing::Coordinator.may_change());
        assert!(!Standing::Customer.may_change() && !Standing::Specialist.may_change());
        assert!(Standing::Specialist.sees_notes() && !Standing::Customer.sees_notes());
    }

    #[test]
    fn specialists_are_who_can_be_given_tasks() {
        for (role, can) in [
            (Role::TranscriptionSpecialist, true),
            (Role::ArrangementSpecialist, true),
            (Role::RecordingArtist, true),
            (Role::Customer, false),
            (Role::ServiceCoordinator, false),
        ] {
            assert_eq!(is_specialist(&user(1, &[role])), can, "{role}");
        }
    }

    #[test]
    fn each_illegal_transition_is_refused() {
        use ProjectStatus::{Assigned, Cancelled, Completed, InProgress, Review};
        let legal = [
            (Assigned, InProgress),
            (InProgress, Review),
            (Review, InProgress),
            (Review, Completed),
            (Assigned, Cancelled),
            (InProgress, Cancelled),
            (Review, Cancelled),
        ];
        for from in ProjectStatus::ALL {
            for to in ProjectStatus::ALL {
                let outcome = state::check(*from, *to).map_err(|problem| problem.code().to_owned());
                let expected =
                    if legal.contains(&(*from, *to)) { Ok(()) } else { Err("illegal_transition".to_owned()) };
                assert_eq!(outcome, expected, "{from} to {to}");
            }
        }
    }

    #[test]
    fn what_has_ended_is_not_open() {
        let open: Vec<_> = ProjectStatus::ALL.iter().filter(|status| status.is_open()).collect();
        assert_eq!(open, [&ProjectStatus::Assigned, &ProjectStatus::InProgress, &ProjectStatus::Review]);
    }

    #[test]
    fn revision_costs_a_tenth_rounded_up() {
        assert_eq!((revision_fee(200_000), revision_fee(200_001), revision_fee(0)), (20_000, 20_001, 0));
    }

    #[test]
    fn progress_is_the_share_of_tasks_that_somebody_does() {
        let of = |assigned, completed, dropped| {
            progress_percent(ProjectStatus::InProgress, Tasks::counted(assigned, completed, dropped))
        };
        assert_eq!((of(0, 0, 0), of(3, 1, 0), of(3, 2, 0), of(3, 2, 1)), (0, 33, 66, 100));
        assert_eq!(progress_percent(ProjectStatus::Completed, Tasks::default()), 100);
    }

    proptest! {
        #[test]
        fn progress_is_never_more_than_everything(assigned: u32, completed: u32, dropped: u32) {
            let tasks = Tasks::counted(assigned, completed, dropped);
            prop_assert!(progress_percent(ProjectStatus::InProgress, tasks) <= 100);
        }
    }
}
