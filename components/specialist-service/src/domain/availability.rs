//! How much room a specialist has for more.

mutrapro_sdk::text_enum! {
    /// How much room a specialist has.
    pub(crate) enum Availability {
        /// They have nothing to do.
        Available = "available",
        /// They have something to do, and room for more.
        CanTakeMore = "can_take_more",
        /// They have as much to do as they take on.
        Busy = "busy",
        /// They have more to do than they take on.
        Overloaded = "overloaded",
    }
}

impl Availability {
    /// Of somebody with `open_tasks` who takes on `tasks_max`, which is at least 1.
    pub(crate) fn of(open_tasks: u32, tasks_max: u32) -> Self {
        match open_tasks.cmp(&tasks_max) {
            _ if open_tasks == 0 => Self::Available,
            std::cmp::Ordering::Less => Self::CanTakeMore,
            std::cmp::Ordering::Equal => Self::Busy,
            std::cmp::Ordering::Greater => Self::Overloaded,
        }
    }

    /// Whether one task more may be assigned.
    pub(crate) fn has_room(self) -> bool {
        matches!(self, Self::Available | Self::CanTakeMore)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn room_ends_at_what_they_take_on() {
        use Availability::{Available, Busy, CanTakeMore, Overloaded};
        let of_five = [0, 1, 4, 5, 6].map(|open_tasks| Availability::of(open_tasks, 5));
        assert_eq!(of_five, [Available, CanTakeMore, CanTakeMore, Busy, Overloaded]);
        assert_eq!([0, 1, 2].map(|open_tasks| Availability::of(open_tasks, 1)), [Available, Busy, Overloaded]);
    }

    proptest! {
        #[test]
        fn there_is_room_below_what_they_take_on(open_tasks in 0..200_u32, tasks_max in 1..100_u32) {
            prop_assert_eq!(Availability::of(open_tasks, tasks_max).has_room(), open_tasks < tasks_max);
        }
    }
}
