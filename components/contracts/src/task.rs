//! Events of task-service. Their aggregate is the task.

use crate::event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What every event of a task tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The task.
    pub assignment_id: Uuid,
    /// The project.
    pub project_id: Uuid,
    /// The request that it came from.
    pub request_id: Uuid,
    /// What the project is called.
    pub project_name: String,
    /// The specialist.
    pub specialist_id: Uuid,
    /// The user who is that specialist.
    pub specialist_user_id: Uuid,
    /// The user whose project it is.
    pub customer_user_id: Uuid,
    /// The user who is that coordinator.
    pub coordinator_user_id: Uuid,
    /// For example `transcription`.
    pub task_type: String,
    /// `normal` or `rush`.
    pub priority: String,
    /// RFC 3339.
    pub due_at: String,
    /// The revision that it works off.
    pub revision_id: Option<Uuid>,
}

/// `task.assigned`: a specialist has a new task, or is offered one in a rush.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskAssigned {
    /// The task as it is now.
    #[serde(flatten)]
    pub task: Task,
    /// RFC 3339: until when a rush offer can be answered; `None` for what is no offer.
    pub rush_response_deadline: Option<String>,
    /// The user who assigned it.
    pub assigned_by: Uuid,
}
event!(TaskAssigned, "task.assigned", "task", task.assignment_id);

/// `task.accepted`: the specialist takes the task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskAccepted {
    /// The task as it is now.
    #[serde(flatten)]
    pub task: Task,
}
event!(TaskAccepted, "task.accepted", "task", task.assignment_id);

/// `task.rejected`: the specialist declined a rush offer, or let it pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRejected {
    /// The task as it is now.
    #[serde(flatten)]
    pub task: Task,
    /// In the words of who did it.
    pub reason: Option<String>,
    /// Whether nobody answered in time.
    pub is_expired: bool,
}
event!(TaskRejected, "task.rejected", "task", task.assignment_id);

/// `task.in_progress`: the specialist began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskInProgress {
    /// The task as it is now.
    #[serde(flatten)]
    pub task: Task,
}
event!(TaskInProgress, "task.in_progress", "task", task.assignment_id);

/// `task.completed`: the work is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCompleted {
    /// The task as it is now.
    #[serde(flatten)]
    pub task: Task,
    /// How long it took.
    pub actual_minutes: Option<u32>,
}
event!(TaskCompleted, "task.completed", "task", task.assignment_id);

/// `task.cancelled`: nobody has to do it any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCancelled {
    /// The task as it is now.
    #[serde(flatten)]
    pub task: Task,
    /// In the words of who did it.
    pub reason: Option<String>,
    /// Who did it; `None` when the project was cancelled.
    pub cancelled_by: Option<Uuid>,
}
event!(TaskCancelled, "task.cancelled", "task", task.assignment_id);

/// `task.overdue`: it should have been done by now. Told once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskOverdue {
    /// The task as it is now.
    #[serde(flatten)]
    pub task: Task,
}
event!(TaskOverdue, "task.overdue", "task", task.assignment_id);

/// `task.reminded`: 3, 1 or 0 days are left. Each is told once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskReminded {
    /// The task as it is now.
    #[serde(flatten)]
    pub task: Task,
    /// 3, 1 or 0.
    pub days_left: u8,
}
event!(TaskReminded, "task.reminded", "task", task.assignment_id);
