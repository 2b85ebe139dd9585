//! What the service tells others: events made of its rows.

use crate::store::Assignment;
use mutrapro_contracts::task as told;
use mutrapro_sdk::identity::UserId;

pub(crate) fn task_assigned(task: &Assignment) -> told::TaskAssigned {
    told::TaskAssigned {
        task: of_task(task),
        rush_response_deadline: task.rush_response_deadline.map(|deadline| deadline.to_string()),
        assigned_by: task.assigned_by.uuid(),
    }
}

pub(crate) fn task_accepted(task: &Assignment) -> told::TaskAccepted {
    told::TaskAccepted { task: of_task(task) }
}

/// `is_expired` is for an offer that nobody answered.
pub(crate) fn task_rejected(task: &Assignment, reason: Option<String>, is_expired: bool) -> told::TaskRejected {
    told::TaskRejected { task: of_task(task), reason, is_expired }
}

pub(crate) fn task_in_progress(task: &Assignment) -> told::TaskInProgress {
    told::TaskInProgress { task: of_task(task) }
}

/// `task` is as it is now.
pub(crate) fn task_completed(task: &Assignment) -> told::TaskCompleted {
    told::TaskCompleted { task: of_task(task), actual_minutes: task.actual_minutes }
}

/// `by` is `None` for what nobody did to this task: its project ended.
pub(crate) fn task_cancelled(task: &Assignment, reason: Option<String>, by: Option<UserId>) -> told::TaskCancelled {
    told::TaskCancelled { task: of_task(task), reason, cancelled_by: by.map(UserId::uuid) }
}

pub(crate) fn task_overdue(task: &Assignment) -> told::TaskOverdue {
    told::TaskOverdue { task: of_task(task) }
}

pub(crate) fn task_reminded(task: &Assignment, days_left: u8) -> told::TaskReminded {
    told::TaskReminded { task: of_task(task), days_left }
}

/// What every event of a task tells of it.
fn of_task(task: &Assignment) -> told::Task {
    told::Task {
        assignment_id: task.id.uuid(),
        project_id: task.project_id.uuid(),
        request_id: task.request_id.uuid(),
        project_name: task.project_name.clone(),
        specialist_id: task.specialist_id.uuid(),
        specialist_user_id: task.specialist_user_id.uuid(),
        customer_user_id: task.customer_user_id.uuid(),
        coordinator_user_id: task.coordinator_user_id.uuid(),
        task_type: task.task_type.to_string(),
        priority: task.priority.to_string(),
        due_at: task.due_at.to_string(),
        revision_id: task.revision_id.map(|id| id.uuid()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::task::{Priority, TaskStatus};
    use crate::store::Assignment;
    use crate::tasks::tests::task;
    use mutrapro_contracts::Event;

    fn offer() -> Assignment {
        let task = task(TaskStatus::RushOffered, Priority::Rush);
        Assignment { rush_response_deadline: Some(task.due_at), ..task }
    }

    #[test]
    fn events_name_everyone_concerned() {
        let task = offer();
        let event = task_assigned(&task);
        let told = &event.task;
        let people = [told.specialist_id, told.specialist_user_id, told.customer_user_id, told.coordinator_user_id];
        let expected = [
            task.specialist_id.uuid(),
            task.specialist_user_id.uuid(),
            task.customer_user_id.uuid(),
            task.coordinator_user_id.uuid(),
        ];
        assert_eq!(people, expected);
        assert_eq!((told.assignment_id, told.project_id), (task.id.uuid(), task.project_id.uuid()));
        assert_eq!((told.request_id, event.aggregate_id()), (task.request_id.uuid(), task.id.to_string()));
    }

    #[test]
    fn offers_tell_until_when_they_stand() {
        let offered = task_assigned(&offer());
        assert_eq!(
            (offered.task.priority.as_str(), offered.rush_response_deadline),
            ("rush", Some(offered.task.due_at))
        );
        assert_eq!(task_assigned(&task(TaskStatus::Assigned, Priority::Normal)).rush_response_deadline, None);
    }

    #[test]
    fn what_nobody_did_names_nobody() {
        let task = offer();
        assert_eq!(task_cancelled(&task, None, None).cancelled_by, None);
        let by = task.coordinator_user_id;
        assert_eq!(task_cancelled(&task, None, Some(by)).cancelled_by, Some(by.uuid()));
        let declined = task_rejected(&task, Some("on tour".into()), false);
        assert_eq!((declined.reason.as_deref(), declined.is_expired), (Some("on tour"), false));
    }
}
