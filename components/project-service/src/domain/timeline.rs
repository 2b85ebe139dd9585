//! Who sees what of a project's timeline.
//!
//! Customers and specialists see the kinds that are listed for them and no other, so that what is new stays internal until
//! somebody decides.

use super::project::Standing;
use mutrapro_contracts::Event;
use mutrapro_contracts::feedback::FeedbackCreated;
use mutrapro_contracts::file::{FileDeleted, FileUploaded};
use mutrapro_contracts::payment::{PaymentCompleted, PaymentFailed, PaymentInitiated, PaymentRefunded};
use mutrapro_contracts::project::{ProjectCancelled, ProjectCompleted, ProjectCreated, ProjectStarted};
use mutrapro_contracts::quotation::{
    MilestoneCancelled, MilestoneDue, MilestoneOverdue, MilestonePaid, MilestonesGenerated, QuotationApproved,
    QuotationExpired, QuotationRejected, QuotationRevised, QuotationSent, RequestCancelled, RequestCreated,
    RequestUpdated,
};
use mutrapro_contracts::revision::{
    PackageApproved, PackageDelivered, PackagePrepared, PackageRejected, RevisionApproved, RevisionCompleted,
    RevisionRejected, RevisionRequested,
};
use mutrapro_contracts::studio::{BookingCancelled, BookingCompleted, BookingConfirmed, BookingCreated, BookingNoShow};
use mutrapro_contracts::task::{TaskAccepted, TaskAssigned, TaskCompleted, TaskInProgress};
use mutrapro_sdk::identity::UserId;

/// What the customer has to do with. Not among them: who was offered a task, declined it or is late with it, packages that
/// are being prepared, and reminders.
const CUSTOMER_KINDS: &[&str] = &[
    RequestCreated::KIND,
    RequestUpdated::KIND,
    RequestCancelled::KIND,
    QuotationSent::KIND,
    QuotationRevised::KIND,
    QuotationApproved::KIND,
    QuotationRejected::KIND,
    QuotationExpired::KIND,
    MilestonesGenerated::KIND,
    MilestoneDue::KIND,
    MilestonePaid::KIND,
    MilestoneOverdue::KIND,
    MilestoneCancelled::KIND,
    PaymentInitiated::KIND,
    PaymentCompleted::KIND,
    PaymentFailed::KIND,
    PaymentRefunded::KIND,
    ProjectCreated::KIND,
    ProjectStarted::KIND,
    ProjectCompleted::KIND,
    ProjectCancelled::KIND,
    TaskInProgress::KIND,
    TaskCompleted::KIND,
    BookingCreated::KIND,
    BookingConfirmed::KIND,
    BookingCompleted::KIND,
    BookingCancelled::KIND,
    BookingNoShow::KIND,
    PackageDelivered::KIND,
    PackageApproved::KIND,
    PackageRejected::KIND,
    RevisionRequested::KIND,
    RevisionApproved::KIND,
    RevisionRejected::KIND,
    RevisionCompleted::KIND,
    FeedbackCreated::KIND,
];

/// What a customer sees only if it was they who did it: the files of others reach them in packages.
const OWN_KINDS: &[&str] = &[FileUploaded::KIND, FileDeleted::KIND];

/// What the work is about. Not among them: what it costs and how that was agreed on, and why others declined or lost a task.
const SPECIALIST_KINDS: &[&str] = &[
    ProjectCreated::KIND,
    ProjectStarted::KIND,
    ProjectCompleted::KIND,
    ProjectCancelled::KIND,
    TaskAssigned::KIND,
    TaskAccepted::KIND,
    TaskInProgress::KIND,
    TaskCompleted::KIND,
    BookingCreated::KIND,
    BookingConfirmed::KIND,
    BookingCompleted::KIND,
    BookingCancelled::KIND,
    BookingNoShow::KIND,
    PackagePrepared::KIND,
    PackageDelivered::KIND,
    PackageApproved::KIND,
    PackageRejected::KIND,
    RevisionRequested::KIND,
    RevisionApproved::KIND,
    RevisionRejected::KIND,
    RevisionCompleted::KIND,
    FileUploaded::KIND,
    FileDeleted::KIND,
];

/// Who looks at a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Viewer {
    pub(crate) user_id: UserId,
    pub(crate) standing: Standing,
}

impl Viewer {
    /// Whether they see an event of this kind that `user_id` caused.
    pub(crate) fn sees(self, kind: &str, user_id: Option<UserId>) -> bool {
        match self.standing {
            Standing::Admin | Standing::Coordinator => true,
            Standing::Customer => {
                CUSTOMER_KINDS.contains(&kind) || (OWN_KINDS.contains(&kind) && user_id == Some(self.user_id))
            }
            Standing::Specialist => SPECIALIST_KINDS.contains(&kind),
        }
    }
}

/// A kind as people read it: `task.in_progress` is `Task in progress`.
pub(crate) fn title(kind: &str) -> String {
    let words = kind.replace(['.', '_'], " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_contracts::quotation::MilestoneReminded;
    use mutrapro_contracts::task::{TaskCancelled, TaskOverdue, TaskRejected, TaskReminded};
    use mutrapro_sdk::id::Uuid;

    fn viewer(standing: Standing) -> Viewer {
        Viewer { user_id: Uuid::from_u128(7).into(), standing }
    }

    #[test]
    fn coordinators_and_administrators_see_everything() {
        for standing in [Standing::Coordinator, Standing::Admin] {
            assert!(viewer(standing).sees(PackagePrepared::KIND, None));
            assert!(viewer(standing).sees("kind.of_next_year", None));
        }
    }

    #[test]
    fn customers_see_what_the_story_tells_them() {
        for kind in [
            RequestCreated::KIND,
            QuotationRevised::KIND,
            QuotationApproved::KIND,
            MilestonePaid::KIND,
            ProjectStarted::KIND,
            TaskCompleted::KIND,
            PackageDelivered::KIND,
            RevisionCompleted::KIND,
            ProjectCompleted::KIND,
        ] {
            assert!(viewer(Standing::Customer).sees(kind, None), "{kind}");
        }
    }

    #[test]
    fn what_is_internal_is_hidden_from_customers() {
        for kind in [
            PackagePrepared::KIND,
            TaskAssigned::KIND,
            TaskAccepted::KIND,
            TaskRejected::KIND,
            TaskCancelled::KIND,
            TaskOverdue::KIND,
            TaskReminded::KIND,
            MilestoneReminded::KIND,
            "kind.of_next_year",
        ] {
            assert!(!viewer(Standing::Customer).sees(kind, Some(Uuid::from_u128(7).into())), "{kind}");
        }
    }

    #[test]
    fn customers_see_their_own_files_and_not_those_of_others() {
        let customer = viewer(Standing::Customer);
        for kind in OWN_KINDS {
            assert!(customer.sees(kind, Some(customer.user_id)));
            assert!(!customer.sees(kind, Some(Uuid::from_u128(8).into())));
            assert!(!customer.sees(kind, None));
        }
    }

    #[test]
    fn money_is_hidden_from_specialists() {
        for kind in CUSTOMER_KINDS {
            let is_of_money = ["request.", "quotation.", "milestone", "payment.", "feedback."]
                .into_iter()
                .any(|aggregate| kind.starts_with(aggregate));
            assert_eq!(viewer(Standing::Specialist).sees(kind, None), !is_of_money, "{kind}");
        }
        for kind in [TaskRejected::KIND, TaskCancelled::KIND, TaskOverdue::KIND, "kind.of_next_year"] {
            assert!(!viewer(Standing::Specialist).sees(kind, None), "{kind}");
        }
    }

    #[test]
    fn title_is_the_kind_in_words() {
        assert_eq!(title(TaskInProgress::KIND), "Task in progress");
        assert_eq!(title("quotation.approved"), "Quotation approved");
        assert_eq!(title(""), "");
    }
}
