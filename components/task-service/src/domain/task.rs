//! A task, from its assignment to its end.

use mutrapro_sdk::identity::Role;
use mutrapro_sdk::state::State;

/// The longest that a task can be estimated at or take, in minutes.
pub(crate) const MINUTES_MAX: u32 = 100_000;
/// What a specialist reports when everything is done, in percent.
pub(crate) const PROGRESS_PERCENT_MAX: u8 = 100;

mutrapro_sdk::text_enum! {
    /// How far a task is.
    pub(crate) enum TaskStatus {
        /// The specialist has it, and has not said anything yet.
        Assigned = "assigned",
        /// The specialist may take it or leave it, until the deadline of the offer.
        RushOffered = "rush_offered",
        /// The specialist takes it.
        Accepted = "accepted",
        /// The specialist is at it.
        InProgress = "in_progress",
        /// It is done.
        Completed = "completed",
        /// The specialist declined the offer, or let it pass.
        Rejected = "rejected",
        /// Nobody has to do it any more.
        Cancelled = "cancelled",
    }
}

impl State for TaskStatus {
    const THING: &'static str = "task";
    const TRANSITIONS: &'static [(Self, Self)] = &[
        (Self::Assigned, Self::Accepted),
        (Self::Assigned, Self::Cancelled),
        (Self::RushOffered, Self::Accepted),
        (Self::RushOffered, Self::Rejected),
        // An offer in a project that was cancelled would be one to work for nobody.
        (Self::RushOffered, Self::Cancelled),
        (Self::Accepted, Self::InProgress),
        (Self::Accepted, Self::Cancelled),
        (Self::InProgress, Self::Completed),
        (Self::InProgress, Self::Cancelled),
    ];
}

impl TaskStatus {
    /// What takes up one of the places that a specialist has for tasks.
    pub(crate) const OPEN: [Self; 3] = [Self::Assigned, Self::Accepted, Self::InProgress];

    /// Whether it takes up a place of its specialist. An offer does not, until it is accepted.
    pub(crate) fn is_open(self) -> bool {
        Self::OPEN.contains(&self)
    }
}

mutrapro_sdk::text_enum! {
    /// What is done.
    pub(crate) enum TaskType {
        /// Write down what is heard.
        Transcription = "transcription",
        /// Arrange.
        Arrangement = "arrangement",
        /// Sing or play.
        Recording = "recording",
        /// Mix.
        Mixing = "mixing",
        /// Master.
        Mastering = "mastering",
        /// Look through what others did.
        Review = "review",
    }
}

impl TaskType {
    /// Whether it is for specialists of this specialization, as specialist-service calls it. Each has work of its own, and
    /// all can look through that of others.
    pub(crate) fn is_for(self, specialization: &str) -> bool {
        self == Self::Review || self.as_str() == specialization
    }

    /// The roles of which one is needed to work on it. There is none for mixing and mastering alone.
    pub(crate) const fn roles(self) -> &'static [Role] {
        match self {
            Self::Transcription => &[Role::TranscriptionSpecialist],
            Self::Arrangement => &[Role::ArrangementSpecialist],
            Self::Recording => &[Role::RecordingArtist],
            Self::Mixing | Self::Mastering | Self::Review => &SPECIALIST_ROLES,
        }
    }
}

/// The roles of those who do tasks.
pub(crate) const SPECIALIST_ROLES: [Role; 3] =
    [Role::TranscriptionSpecialist, Role::ArrangementSpecialist, Role::RecordingArtist];

mutrapro_sdk::text_enum! {
    /// How urgent it is.
    pub(crate) enum Priority {
        /// In its turn.
        Normal = "normal",
        /// At once: it is offered, and the specialist may decline.
        Rush = "rush",
    }
}

/// Whether tasks can be assigned in a project of this status, as project-service calls it. In review too: its first task may
/// be all that there was, until the next one is assigned.
pub(crate) fn project_takes_tasks(project_status: &str) -> bool {
    matches!(project_status, "in_progress" | "review")
}

/// Whether a task can work off a revision of this status, as revision-service calls it.
pub(crate) fn revision_takes_tasks(revision_status: &str) -> bool {
    matches!(revision_status, "approved" | "in_progress")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::state;
    use proptest::prelude::*;
    use proptest::sample::select;

    #[test]
    fn tasks_go_their_way_and_no_other() {
        use TaskStatus::{Accepted, Assigned, Cancelled, Completed, InProgress, Rejected, RushOffered};
        let may = |from: TaskStatus| -> Vec<_> { TaskStatus::ALL.iter().filter(|to| from.may_become(**to)).collect() };
        assert_eq!(may(Assigned), [&Accepted, &Cancelled]);
        assert_eq!(may(RushOffered), [&Accepted, &Rejected, &Cancelled]);
        assert_eq!(may(Accepted), [&InProgress, &Cancelled]);
        assert_eq!(may(InProgress), [&Completed, &Cancelled]);
        for end in [Completed, Rejected, Cancelled] {
            assert!(may(end).is_empty(), "{end}");
        }
    }

    #[test]
    fn whatever_takes_up_a_place_can_be_cancelled() {
        for status in TaskStatus::OPEN {
            assert!(status.is_open() && status.may_become(TaskStatus::Cancelled), "{status}");
        }
        assert!(!TaskStatus::RushOffered.is_open() && TaskStatus::RushOffered.may_become(TaskStatus::Cancelled));
    }

    #[test]
    fn specialists_do_what_they_are_specialists_in() {
        for task_type in TaskType::ALL {
            for specialization in ["transcription", "arrangement", "recording", "mixing", "mastering"] {
                let expected = *task_type == TaskType::Review || task_type.as_str() == specialization;
                assert_eq!(task_type.is_for(specialization), expected, "{task_type} {specialization}");
            }
        }
        // What there is to review is not a specialization.
        assert!(TaskType::ALL.iter().filter(|task_type| task_type.is_for("review")).eq([&TaskType::Review]));
    }

    #[test]
    fn no_customer_coordinator_or_administrator_works_on_tasks() {
        for task_type in TaskType::ALL {
            assert!(!task_type.roles().is_empty());
            assert!(task_type.roles().iter().all(|role| SPECIALIST_ROLES.contains(role)), "{task_type}");
        }
        assert_eq!(TaskType::Recording.roles(), [Role::RecordingArtist]);
    }

    #[test]
    fn tasks_are_assigned_while_a_project_is_worked_on() {
        let takes: Vec<_> = ["assigned", "in_progress", "review", "completed", "cancelled", ""]
            .into_iter()
            .filter(|status| project_takes_tasks(status))
            .collect();
        assert_eq!(takes, ["in_progress", "review"]);
        let takes: Vec<_> = ["pending", "approved", "in_progress", "completed", "rejected"]
            .into_iter()
            .filter(|status| revision_takes_tasks(status))
            .collect();
        assert_eq!(takes, ["approved", "in_progress"]);
    }

    proptest! {
        /// Whatever is tried, a task that has ended stays as it is, and work is done before it is completed.
        #[test]
        fn no_series_of_attempts_gets_around_the_way(
            start in select(&[TaskStatus::Assigned, TaskStatus::RushOffered]),
            attempts in prop::collection::vec(select(TaskStatus::ALL), 0..20),
        ) {
            let mut way = vec![start];
            for to in attempts {
                let from = *way.last().unwrap();
                match state::check(from, to) {
                    Ok(()) => way.push(to),
                    Err(problem) => prop_assert_eq!(problem.code(), "illegal_transition"),
                }
            }
            prop_assert!(way.len() <= 4);
            prop_assert!(!way.contains(&TaskStatus::Completed) || way.contains(&TaskStatus::InProgress));
            prop_assert!(!way.contains(&TaskStatus::Rejected) || start == TaskStatus::RushOffered);
            prop_assert!(way.iter().skip(1).all(|status| !matches!(status, TaskStatus::Assigned | TaskStatus::RushOffered)));
        }
    }
}
