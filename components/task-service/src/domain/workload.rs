//! How many tasks a specialist has at once.
//!
//! Each open task holds a numbered place of its specialist, and no two hold the same one. Whoever assigns takes the lowest
//! free place, so that of two who look at the same time both want the same one, and one of them looks again.

use mutrapro_sdk::text_enum;

text_enum! {
    /// Whether a specialist has room for another task.
    pub(crate) enum Availability {
        /// There is nothing to do.
        Available = "available",
        /// There is room for more.
        CanTakeMore = "can_take_more",
        /// There is no room.
        Busy = "busy",
        /// There is more than should be, since the maximum was lowered.
        Overloaded = "overloaded",
    }
}

impl Availability {
    /// With so many open tasks, of at most so many.
    pub(crate) fn of(open_tasks: u32, max_concurrent_tasks: u32) -> Self {
        if open_tasks > max_concurrent_tasks {
            Self::Overloaded
        } else if open_tasks == max_concurrent_tasks {
            Self::Busy
        } else if open_tasks == 0 {
            Self::Available
        } else {
            Self::CanTakeMore
        }
    }
}

/// The place for another task beside those that are taken; `None` when there are as many as may be.
pub(crate) fn free_slot(taken: &[u32], max_concurrent_tasks: u32) -> Option<u32> {
    // After the maximum was lowered, places above it may be taken while lower ones are free.
    let open_tasks = u32::try_from(taken.len()).unwrap_or(u32::MAX);
    if open_tasks >= max_concurrent_tasks {
        return None;
    }
    (1..=max_concurrent_tasks).find(|slot| !taken.contains(slot))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn availability_says_whether_there_is_room() {
        let all: Vec<_> = (0..=4).map(|open| Availability::of(open, 3)).collect();
        use Availability::{Available, Busy, CanTakeMore, Overloaded};
        assert_eq!(all, [Available, CanTakeMore, CanTakeMore, Busy, Overloaded]);
        assert_eq!((Availability::of(0, 0), Availability::of(0, 1), Availability::of(1, 1)), (Busy, Available, Busy));
    }

    #[test]
    fn lowest_free_place_is_taken() {
        assert_eq!((free_slot(&[], 2), free_slot(&[1], 2), free_slot(&[2], 2), free_slot(&[1, 2], 2)), {
            (Some(1), Some(2), Some(1), None)
        });
        assert_eq!((free_slot(&[], 0), free_slot(&[4, 5], 2), free_slot(&[5], 2)), (None, None, Some(1)));
    }

    #[derive(Debug, Clone)]
    enum Step {
        /// Somebody looks for a place.
        Look,
        /// One of those who looked writes; the unique index lets them, or not.
        Write(usize),
        /// A task ends.
        End(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => Just(Step::Look),
            3 => any::<usize>().prop_map(Step::Write),
            1 => any::<usize>().prop_map(Step::End),
        ]
    }

    proptest! {
        #[test]
        fn no_race_gets_beyond_the_maximum(
            before in btree_set(1_u32..10, 0..6), max in 0_u32..6, steps in vec(step(), 0..60),
        ) {
            let mut taken: BTreeSet<u32> = before;
            let mut looked: Vec<u32> = Vec::new();
            for step in steps {
                match step {
                    Step::Look => {
                        let seen: Vec<u32> = taken.iter().copied().collect();
                        looked.extend(free_slot(&seen, max));
                    }
                    Step::Write(which) if !looked.is_empty() => {
                        let slot = looked.remove(which % looked.len());
                        if taken.insert(slot) {
                            prop_assert!(taken.len() <= max as usize, "{taken:?}");
                        }
                    }
                    Step::End(which) if !taken.is_empty() => {
                        let slot = *taken.iter().nth(which % taken.len()).unwrap();
                        taken.remove(&slot);
                    }
                    Step::Write(_) | Step::End(_) => {}
                }
            }
        }

        #[test]
        fn there_is_a_place_exactly_while_there_is_room(taken in btree_set(1_u32..10, 0..8), max in 0_u32..8) {
            let taken: Vec<u32> = taken.into_iter().collect();
            let slot = free_slot(&taken, max);
            let open_tasks = u32::try_from(taken.len()).unwrap();
            let has_room = matches!(Availability::of(open_tasks, max), Availability::Available | Availability::CanTakeMore);
            prop_assert_eq!(slot.is_some(), has_room);
            prop_assert!(slot.is_none_or(|slot| (1..=max).contains(&slot) && !taken.contains(&slot)));
        }
    }
}
