//! A revision, from what a customer asks for to what is done: its number, its fee, its end.

use mutrapro_sdk::problem::Problem;
use mutrapro_sdk::state::State;

/// The most revisions of a project; those that were rejected do not count.
pub(crate) const REVISIONS_MAX: usize = 100;

mutrapro_sdk::text_enum! {
    /// What is to be changed.
    pub(crate) enum RevisionType {
        /// A few notes.
        MinorAdjustment = "minor_adjustment",
        /// A good part of the piece.
        MajorChange = "major_change",
        /// More than was agreed on.
        ScopeExpansion = "scope_expansion",
        /// Another style.
        StyleChange = "style_change",
    }
}

mutrapro_sdk::text_enum! {
    /// How far a revision is.
    pub(crate) enum RevisionStatus {
        /// It waits for the coordinator, or for its fee.
        Pending = "pending",
        /// It will be done.
        Approved = "approved",
        /// It is being worked on.
        InProgress = "in_progress",
        /// It is done.
        Completed = "completed",
        /// It will not be done.
        Rejected = "rejected",
    }
}

impl State for RevisionStatus {
    const THING: &'static str = "revision";
    // What people and tasks may do. The end of its project ends a revision from wherever it is.
    const TRANSITIONS: &'static [(Self, Self)] = &[
        (Self::Pending, Self::Approved),
        (Self::Pending, Self::Rejected),
        (Self::Approved, Self::InProgress),
        (Self::InProgress, Self::Completed),
    ];
}

impl RevisionStatus {
    /// Those of revisions that are still to be done, or to be decided on.
    pub(crate) const UNFINISHED: [Self; 3] = [Self::Pending, Self::Approved, Self::InProgress];
}

/// What a revision would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offer {
    /// 1 for the first one of a project.
    pub(crate) number: u32,
    pub(crate) is_free: bool,
    /// In minor units; 0 for a free one.
    pub(crate) fee: i64,
}

/// The next revision of a project whose revisions that were not rejected have the numbers `taken`.
///
/// It gets the smallest number that is not taken, which is the count of the others plus one, unless one of them was
/// rejected after a later one was asked for: then it takes that one's place, free if that one was.
pub(crate) fn offer(taken: &[u32], free_revisions: u32, fee: i64) -> Offer {
    let number = (1..=u32::MAX).find(|number| !taken.contains(number)).unwrap_or(u32::MAX);
    // A project whose revisions cost nothing has no paid ones: nobody could pay 0.
    let is_free = number <= free_revisions || fee <= 0;
    Offer { number, is_free, fee: if is_free { 0 } else { fee } }
}

mutrapro_sdk::text_enum! {
    /// Why no revision can be asked for.
    pub(crate) enum Obstacle {
        /// Work has not begun, or is over.
        ProjectNotOpen = "project_not_open",
        /// The customer has taken the final package.
        FinalPackageApproved = "final_package_approved",
        /// The project has had as many as any.
        TooManyRevisions = "too_many_revisions",
    }
}

impl Obstacle {
    /// What stands in the way of a revision of a project, if anything does.
    pub(crate) fn find(is_project_open: bool, is_final_approved: bool, taken: usize) -> Option<Self> {
        if !is_project_open {
            Some(Self::ProjectNotOpen)
        } else if is_final_approved {
            Some(Self::FinalPackageApproved)
        } else if taken >= REVISIONS_MAX {
            Some(Self::TooManyRevisions)
        } else {
            None
        }
    }
}

impl From<Obstacle> for Problem {
    fn from(obstacle: Obstacle) -> Self {
        let detail = match obstacle {
            Obstacle::ProjectNotOpen => {
                "a revision can be asked for while the project is in_progress or review".to_owned()
            }
            Obstacle::FinalPackageApproved => "the final package is approved: file a new request".to_owned(),
            Obstacle::TooManyRevisions => format!("a project has at most {REVISIONS_MAX} revisions"),
        };
        Self::conflict(obstacle.as_str(), detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::state;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_transition_but_the_four_is_refused() {
        use RevisionStatus::{Approved, Completed, InProgress, Pending, Rejected};
        let legal = [(Pending, Approved), (Pending, Rejected), (Approved, InProgress), (InProgress, Completed)];
        for from in RevisionStatus::ALL {
            for to in RevisionStatus::ALL {
                assert_eq!(state::check(*from, *to).is_ok(), legal.contains(&(*from, *to)), "{from} to {to}");
            }
        }
    }

    #[test]
    fn unfinished_is_what_something_may_become_of() {
        for status in RevisionStatus::ALL {
            let may_go_on = RevisionStatus::ALL.iter().any(|next| status.may_become(*next));
            assert_eq!(RevisionStatus::UNFINISHED.contains(status), may_go_on, "{status}");
        }
    }

    #[test]
    fn included_revisions_are_free_and_further_ones_cost_the_fee() {
        let of = |taken: &[u32]| {
            let Offer { number, is_free, fee } = offer(taken, 2, 20_000);
            (number, is_free, fee)
        };
        assert_eq!([of(&[]), of(&[1]), of(&[1, 2])], [(1, true, 0), (2, true, 0), (3, false, 20_000)]);
        assert_eq!(offer(&[], 0, 20_000), Offer { number: 1, is_free: false, fee: 20_000 });
    }

    #[test]
    fn what_was_rejected_is_asked_for_again_in_its_place() {
        // The free one was rejected while a paid one stayed: the free one is not lost, and no number is there twice.
        assert_eq!(offer(&[2, 3], 1, 20_000), Offer { number: 1, is_free: true, fee: 0 });
        assert_eq!(offer(&[1, 3], 1, 20_000), Offer { number: 2, is_free: false, fee: 20_000 });
    }

    #[test]
    fn nobody_is_asked_to_pay_nothing() {
        assert_eq!(offer(&[1], 1, 0), Offer { number: 2, is_free: true, fee: 0 });
    }

    #[test]
    fn obstacles_are_told_with_their_code() {
        assert_eq!(Obstacle::find(true, false, REVISIONS_MAX - 1), None);
        for (obstacle, expected) in [
            (Obstacle::find(false, false, 0), "project_not_open"),
            (Obstacle::find(true, true, 0), "final_package_approved"),
            (Obstacle::find(true, false, REVISIONS_MAX), "too_many_revisions"),
        ] {
            let problem = Problem::from(obstacle.unwrap());
            assert_eq!((problem.status().as_u16(), problem.code()), (409, expected));
        }
    }

    proptest! {
        /// Whatever is asked for and rejected in whatever order, numbers are unique, at most as many are free as are
        /// included, and a paid one is asked for only when all free ones are taken.
        #[test]
        fn free_revisions_are_never_too_many_and_never_lost(
            steps in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..60),
            free_revisions in 0_u32..5,
            fee in 1_i64..1_000_000,
        ) {
            let mut taken: BTreeMap<u32, bool> = BTreeMap::new();
            for (is_request, index) in steps {
                let numbers: Vec<u32> = taken.keys().copied().collect();
                if is_request || numbers.is_empty() {
                    let Offer { number, is_free, fee: asked } = offer(&numbers, free_revisions, fee);
                    let free = taken.values().filter(|is_free| **is_free).count();
                    prop_assert_eq!(is_free, free < free_revisions as usize);
                    prop_assert_eq!(asked, if is_free { 0 } else { fee });
                    prop_assert_eq!(taken.insert(number, is_free), None);
                } else {
                    taken.remove(&numbers[index.index(numbers.len())]);
                }
            }
        }

        #[test]
        fn number_counts_the_others_when_none_of_them_was_rejected(others in 0_u32..200) {
            let taken: Vec<u32> = (1..=others).collect();
            prop_assert_eq!(offer(&taken, 1, 20_000).number, others + 1);
        }
    }
}
