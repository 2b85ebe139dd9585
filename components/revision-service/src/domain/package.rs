//! A package, from its preparation to the customer's decision, and the order of its files.

use super::project::Standing;
use mutrapro_sdk::state::State;

/// The most files of a package.
pub(crate) const FILES_MAX: u32 = 100;

mutrapro_sdk::text_enum! {
    /// What a package is delivered for.
    pub(crate) enum DeliveryType {
        /// To look at on the way.
        Draft = "draft",
        /// A part that is done.
        Milestone = "milestone",
        /// The whole, with which the project ends.
        Final = "final",
        /// What a revision changed.
        Revision = "revision",
    }
}

mutrapro_sdk::text_enum! {
    /// How far a package is.
    pub(crate) enum PackageStatus {
        /// Files are added to it.
        Preparing = "preparing",
        /// It is complete.
        Ready = "ready",
        /// The customer has it, and decides.
        Delivered = "delivered",
        /// The customer took it.
        Approved = "approved",
        /// The customer did not.
        Rejected = "rejected",
    }
}

impl State for PackageStatus {
    const THING: &'static str = "package";
    const TRANSITIONS: &'static [(Self, Self)] = &[
        (Self::Preparing, Self::Ready),
        (Self::Ready, Self::Delivered),
        (Self::Delivered, Self::Approved),
        (Self::Delivered, Self::Rejected),
    ];
}

/// Whether someone of this standing may know of a package.
pub(crate) fn may_see(standing: Standing, is_delivered: bool) -> bool {
    match standing {
        Standing::Admin | Standing::Coordinator => true,
        Standing::Customer => is_delivered,
        Standing::Stranger => false,
    }
}

/// Where a file comes among the `others`, counted from 1: at the end unless an earlier place is wanted.
pub(crate) fn place(others: u32, wanted: Option<u32>) -> u32 {
    let end = others.saturating_add(1);
    wanted.unwrap_or(end).clamp(1, end)
}

/// Whether a file that is added to `others` becomes the primary one. The first one does, so that there always is one.
pub(crate) fn becomes_primary(others: u32, is_wanted: bool) -> bool {
    others == 0 || is_wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::state;
    use proptest::prelude::*;

    #[test]
    fn every_transition_but_the_four_is_refused() {
        use PackageStatus::{Approved, Delivered, Preparing, Ready, Rejected};
        let legal = [(Preparing, Ready), (Ready, Delivered), (Delivered, Approved), (Delivered, Rejected)];
        for from in PackageStatus::ALL {
            for to in PackageStatus::ALL {
                assert_eq!(state::check(*from, *to).is_ok(), legal.contains(&(*from, *to)), "{from} to {to}");
            }
        }
    }

    #[test]
    fn customers_know_of_what_was_delivered_to_them() {
        let seen = |is_delivered| {
            [Standing::Admin, Standing::Coordinator, Standing::Customer, Standing::Stranger]
                .map(|standing| may_see(standing, is_delivered))
        };
        assert_eq!(seen(false), [true, true, false, false]);
        assert_eq!(seen(true), [true, true, true, false]);
    }

    #[test]
    fn files_come_last_unless_an_earlier_place_is_wanted() {
        assert_eq!([place(0, None), place(3, None), place(3, Some(2))], [1, 4, 2]);
        assert_eq!([place(3, Some(0)), place(3, Some(9)), place(0, Some(5))], [1, 4, 1]);
    }

    #[test]
    fn first_file_is_the_primary_one_until_another_is_to_be() {
        assert!(becomes_primary(0, false) && becomes_primary(0, true) && becomes_primary(2, true));
        assert!(!becomes_primary(1, false));
    }

    proptest! {
        /// Making room at the place and closing the gap of what is taken out keeps the places 1 to n.
        #[test]
        fn places_have_no_gap_and_no_double(steps in prop::collection::vec((any::<bool>(), 0_u32..12), 0..40)) {
            let mut places: Vec<u32> = Vec::new();
            for (is_added, number) in steps {
                if is_added || places.is_empty() {
                    let at = place(places.len() as u32, Some(number));
                    places.iter_mut().filter(|place| **place >= at).for_each(|place| *place += 1);
                    places.push(at);
                } else {
                    let gone = places.remove(number as usize % places.len());
                    places.iter_mut().filter(|place| **place > gone).for_each(|place| *place -= 1);
                }
                let mut sorted = places.clone();
                sorted.sort_unstable();
                prop_assert_eq!(sorted, (1..=places.len() as u32).collect::<Vec<_>>());
            }
        }
    }
}
