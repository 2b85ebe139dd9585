//! Events of project-service. Their aggregate is the project.

use crate::event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What every event of a project tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// The project.
    pub project_id: Uuid,
    /// The request that it came from.
    pub request_id: Uuid,
    /// The quotation that was approved.
    pub quotation_id: Uuid,
    /// What it is called.
    pub name: String,
    /// The customer.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// Who sees it through.
    pub coordinator_id: Uuid,
    /// The user who is that coordinator.
    pub coordinator_user_id: Uuid,
}

/// `project.created`: an approved quotation became a project, which waits for its deposit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectCreated {
    /// The project as it is now.
    #[serde(flatten)]
    pub project: Project,
}
event!(ProjectCreated, "project.created", "project", project.project_id);

/// `project.started`: the deposit is paid and work can begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectStarted {
    /// The project as it is now.
    #[serde(flatten)]
    pub project: Project,
}
event!(ProjectStarted, "project.started", "project", project.project_id);

/// `project.completed`: the final package is approved and everything is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectCompleted {
    /// The project as it is now.
    #[serde(flatten)]
    pub project: Project,
    /// The specialists who completed a task of it.
    pub specialist_ids: Vec<Uuid>,
    /// The users who are those specialists, in the same order.
    pub specialist_user_ids: Vec<Uuid>,
    /// The files of the approved final package.
    pub deliverable_file_ids: Vec<Uuid>,
}
event!(ProjectCompleted, "project.completed", "project", project.project_id);

/// `project.cancelled`: nothing more will come of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectCancelled {
    /// The project as it is now.
    #[serde(flatten)]
    pub project: Project,
    /// Whether the deposit was paid and work may have begun: then the deposit is kept.
    pub was_started: bool,
    /// In the words of who did it.
    pub reason: Option<String>,
    /// Who did it; `None` when the request was cancelled.
    pub cancelled_by: Option<Uuid>,
}
event!(ProjectCancelled, "project.cancelled", "project", project.project_id);
