//! What services answer each other, on their `/internal/…` paths. Statuses and types are text, as in events.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A user: `user-service/internal/users/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserAnswer {
    /// The user.
    pub id: Uuid,
    /// As the user writes it.
    pub full_name: String,
    /// In lower case.
    pub email: String,
    /// The roles that the user holds now.
    pub roles: Vec<String>,
    /// Whether the account can be used.
    pub is_active: bool,
    /// The customer profile.
    pub customer_id: Option<Uuid>,
    /// The coordinator profile.
    pub coordinator_id: Option<Uuid>,
}

/// A request: `quotation-service/internal/requests/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestAnswer {
    /// The request.
    pub id: Uuid,
    /// The customer.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// Who sees it through, once it is claimed.
    pub coordinator_id: Option<Uuid>,
    /// The user who is that coordinator.
    pub coordinator_user_id: Option<Uuid>,
    /// For example `transcription`.
    pub request_type: String,
    /// What the customer calls it.
    pub title: String,
    /// `normal` or `rush`.
    pub priority: String,
    /// For example `in_progress`.
    pub status: String,
    /// `VND`, `USD` or `EUR`.
    pub currency: String,
}

/// A milestone: `quotation-service/internal/milestones/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneAnswer {
    /// The milestone.
    pub id: Uuid,
    /// The quotation that it belongs to.
    pub quotation_id: Uuid,
    /// The request that it belongs to.
    pub request_id: Uuid,
    /// For example `deposit`.
    pub milestone_type: String,
    /// For people.
    pub name: String,
    /// In minor units.
    pub amount: i64,
    /// `VND`, `USD` or `EUR`.
    pub currency: String,
    /// Only `due` and `overdue` can be paid.
    pub status: String,
    /// The customer.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// Who sees it through.
    pub coordinator_id: Uuid,
    /// The user who is that coordinator.
    pub coordinator_user_id: Uuid,
}

/// A project: `project-service/internal/projects/{id}`, and `…/internal/requests/{request_id}/project`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectAnswer {
    /// The project.
    pub id: Uuid,
    /// The request that it came from.
    pub request_id: Uuid,
    /// The quotation that was approved.
    pub quotation_id: Uuid,
    /// What it is called.
    pub name: String,
    /// For example `in_progress`.
    pub status: String,
    /// The customer.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// Who sees it through.
    pub coordinator_id: Uuid,
    /// The user who is that coordinator.
    pub coordinator_user_id: Uuid,
    /// How many revisions cost nothing.
    pub free_revisions_included: u32,
    /// How many were approved.
    pub used_revisions: u32,
    /// What a further one costs, in minor units.
    pub revision_fee: i64,
    /// `VND`, `USD` or `EUR`.
    pub currency: String,
    /// The specialists who completed a task of it.
    pub specialist_ids: Vec<Uuid>,
    /// The users who are those specialists, in the same order.
    pub specialist_user_ids: Vec<Uuid>,
}

/// A specialist: `specialist-service/internal/specialists/{id}`, and `…/internal/users/{user_id}/specialist`. Not found
/// is also who cannot work: whose account is closed, or who holds the role of a specialist no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialistAnswer {
    /// The specialist.
    pub id: Uuid,
    /// The user who is that specialist.
    pub user_id: Uuid,
    /// As the user writes it.
    pub full_name: String,
    /// For example `transcription`.
    pub specialization: String,
    /// In minor units.
    pub hourly_rate: i64,
    /// `VND`, `USD` or `EUR`.
    pub currency: String,
    /// How many tasks they take on at once.
    pub max_concurrent_tasks: u32,
}

/// A task: `task-service/internal/tasks/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskAnswer {
    /// The task.
    pub id: Uuid,
    /// The project that it belongs to.
    pub project_id: Uuid,
    /// The request that it belongs to.
    pub request_id: Uuid,
    /// Who does it.
    pub specialist_id: Uuid,
    /// The user who is that specialist.
    pub specialist_user_id: Uuid,
    /// The user whose project it is.
    pub customer_user_id: Uuid,
    /// The user who sees the project through.
    pub coordinator_user_id: Uuid,
    /// For example `transcription`.
    pub task_type: String,
    /// For example `in_progress`.
    pub status: String,
}

/// How busy a specialist is: `task-service/internal/specialists/{id}/workload`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadAnswer {
    /// Assigned, accepted and in progress.
    pub open_tasks: u32,
}

/// How busy several specialists are: `task-service/internal/workloads?specialist_ids={id},{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadsAnswer {
    /// One for each id that was asked for, in any order; who has no open task may be left out.
    pub items: Vec<SpecialistWorkload>,
}

impl WorkloadsAnswer {
    /// How many specialists can be asked about at once.
    pub const SPECIALISTS_MAX: usize = 100;
}

/// How busy one of several specialists is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialistWorkload {
    /// Who.
    pub specialist_id: Uuid,
    /// Assigned, accepted and in progress.
    pub open_tasks: u32,
}

/// A booking: `studio-service/internal/bookings/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingAnswer {
    /// The booking.
    pub id: Uuid,
    /// The user who is the customer.
    pub customer_user_id: Uuid,
    /// The project that it is for.
    pub project_id: Option<Uuid>,
    /// The request that it is for.
    pub request_id: Option<Uuid>,
    /// The user who sees that project or request through.
    pub coordinator_user_id: Option<Uuid>,
    /// The users who take part as artists.
    pub artist_user_ids: Vec<Uuid>,
    /// For example `confirmed`.
    pub status: String,
}

/// A file that is not deleted: `file-service/internal/files/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAnswer {
    /// The file.
    pub id: Uuid,
    /// Who uploaded it.
    pub owner_user_id: Uuid,
    /// The request that it belongs to.
    pub request_id: Option<Uuid>,
    /// The project that it belongs to.
    pub project_id: Option<Uuid>,
    /// The task that it belongs to.
    pub assignment_id: Option<Uuid>,
    /// The booking that it belongs to.
    pub booking_id: Option<Uuid>,
    /// The specialist whose work it shows.
    pub specialist_id: Option<Uuid>,
    /// As it was uploaded.
    pub file_name: String,
    /// Found in its content.
    pub mime_type: String,
    /// For example `audio`.
    pub content_type: String,
    /// For example `final`.
    pub stage: String,
    /// Its length.
    pub size_bytes: u64,
    /// How long the audio is.
    pub duration_ms: Option<u64>,
}

/// The audio that a customer uploaded to a request: `file-service/internal/requests/{id}/audio`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestAudioAnswer {
    /// How many there are.
    pub files: u32,
    /// How long they are together.
    pub duration_ms: u64,
}

/// To whom a file was delivered in a package: `revision-service/internal/files/{id}/deliveries`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveriesAnswer {
    /// The users, each once.
    pub customer_user_ids: Vec<Uuid>,
}

/// A row of the activity log. `feedback-service/internal/activity?project={id}&request={id}&after={cursor}&limit={1..100}`
/// answers a list of those that belong to the project or to the request, oldest first. `after` and `limit` may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityAnswer {
    /// The event that told of it.
    pub event_id: Uuid,
    /// For example `task.completed`.
    pub kind: String,
    /// The kind of thing that it happened to.
    pub entity_type: String,
    /// Which one.
    pub entity_id: String,
    /// Who did it, or whom it happened to.
    pub user_id: Option<Uuid>,
    /// For people.
    pub description: Option<String>,
    /// RFC 3339.
    pub occurred_at: String,
    /// What to send as `after` to read on from here.
    pub cursor: String,
}

/// A revision: `revision-service/internal/revisions/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionAnswer {
    /// The revision.
    pub id: Uuid,
    /// The project that it belongs to.
    pub project_id: Uuid,
    /// For example `approved`.
    pub status: String,
}
