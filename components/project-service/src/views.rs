//! Projects and their timelines as clients see them.

use crate::domain::project::{ProjectStatus, Standing};
use crate::domain::timeline::title;
use crate::domain::{CoordinatorId, CustomerId, ProjectId, QuotationId, RequestId};
use crate::store::Project;
use mutrapro_contracts::answers::ActivityAnswer;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Project)]
pub(crate) struct ProjectView {
    /// The project's id.
    id: ProjectId,
    /// The request that it came from.
    request_id: RequestId,
    /// The quotation that was approved.
    quotation_id: QuotationId,
    /// Whose it is.
    customer_id: CustomerId,
    /// The user who is that customer.
    customer_user_id: UserId,
    /// Who sees it through.
    coordinator_id: CoordinatorId,
    /// The user who is that coordinator.
    coordinator_user_id: UserId,
    /// What it is called.
    name: String,
    /// How far it is.
    status: ProjectStatus,
    /// When the deposit was paid; `null` before.
    started_at: Option<Instant>,
    /// When it was completed or cancelled; `null` before.
    ended_at: Option<Instant>,
    /// How much is done: 100 when it is completed, else the share of the tasks.
    #[schema(minimum = 0, maximum = 100)]
    progress_percent: u8,
    /// How many revisions cost nothing.
    #[schema(minimum = 0, maximum = 20)]
    free_revisions_included: u32,
    /// How many were approved.
    used_revisions: u32,
    /// What a further one costs, in minor units.
    #[schema(minimum = 0, maximum = 1e12)]
    revision_fee: i64,
    /// What amounts are counted in.
    currency: Currency,
    /// For those who work on it; `null` to the customer.
    notes: Option<String>,
    /// When the quotation became a project.
    created_at: Instant,
    /// When it last changed.
    updated_at: Instant,
}

impl ProjectView {
    /// `project` as somebody of this standing sees it.
    pub(crate) fn of(project: Project, standing: Standing) -> Self {
        Self {
            id: project.id,
            request_id: project.request_id,
            quotation_id: project.quotation_id,
            customer_id: project.customer_id,
            customer_user_id: project.customer_user_id,
            coordinator_id: project.coordinator_id,
            coordinator_user_id: project.coordinator_user_id,
            name: project.name,
            status: project.status,
            started_at: project.started_at,
            ended_at: project.ended_at,
            progress_percent: project.progress_percent,
            free_revisions_included: project.free_revisions_included,
            used_revisions: project.used_revisions,
            revision_fee: project.revision_fee,
            currency: project.currency,
            notes: project.notes.filter(|_| standing.sees_notes()),
            created_at: project.created_at,
            updated_at: project.updated_at,
        }
    }
}

/// Something that happened to a project, or on the way to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TimelineItem {
    /// The event that told of it.
    #[schema(value_type = String, format = "uuid")]
    event_id: Uuid,
    /// For programs: for example `task.completed`.
    pub(crate) kind: String,
    /// For people: for example `Task completed`.
    title: String,
    /// More of it, for people.
    description: Option<String>,
    /// The kind of thing that it happened to, for example `task`.
    entity_type: String,
    /// Which one.
    entity_id: String,
    /// Who did it, or whom it happened to, where that is one person.
    pub(crate) user_id: Option<UserId>,
    /// When.
    occurred_at: Instant,
}

impl TimelineItem {
    /// # Errors
    /// 500 when the log answers something that is no instant.
    pub(crate) fn of(activity: ActivityAnswer) -> Result<Self> {
        Ok(Self {
            event_id: activity.event_id,
            title: title(&activity.kind),
            kind: activity.kind,
            description: activity.description,
            entity_type: activity.entity_type,
            entity_id: activity.entity_id,
            user_id: activity.user_id.map(UserId::from),
            occurred_at: activity.occurred_at.parse().map_err(Problem::internal)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projects::tests::project;

    #[test]
    fn notes_are_hidden_from_the_customer_alone() {
        let project = Project { notes: Some("knows the singer".into()), ..project() };
        for (standing, sees) in [
            (Standing::Admin, true),
            (Standing::Coordinator, true),
            (Standing::Specialist, true),
            (Standing::Customer, false),
        ] {
            assert_eq!(ProjectView::of(project.clone(), standing).notes.is_some(), sees, "{standing:?}");
        }
    }

    #[test]
    fn item_tells_the_kind_in_words_and_when_it_was() {
        let activity = ActivityAnswer {
            event_id: Uuid::from_u128(1),
            kind: "package.delivered".into(),
            entity_type: "package".into(),
            entity_id: "7".into(),
            user_id: Some(Uuid::from_u128(2)),
            description: None,
            occurred_at: "2026-01-31T10:30:00+01:00".into(),
            cursor: "c".into(),
        };
        let item = TimelineItem::of(activity.clone()).unwrap();
        assert_eq!(item.title, "Package delivered");
        assert_eq!(item.occurred_at.to_string(), "2026-01-31T09:30:00.000000Z");
        let broken = ActivityAnswer { occurred_at: "soon".into(), ..activity };
        assert_eq!(TimelineItem::of(broken).unwrap_err().code(), "internal_error");
    }
}
