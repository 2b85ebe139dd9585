//! What is said because of task-service: to specialists and coordinators. Customers hear of what is delivered, not of who
//! does what.

use super::{Topic, except};
use crate::domain::text::{because, days_left, excerpt, spoken, time};
use crate::domain::{Message, NotificationType};
use mutrapro_contracts::task::{
    TaskAccepted, TaskAssigned, TaskCancelled, TaskCompleted, TaskInProgress, TaskOverdue, TaskRejected, TaskReminded,
};
use mutrapro_sdk::id::Uuid;

pub(super) fn assigned(event: &TaskAssigned) -> Vec<Message> {
    let (task, due_at) = (named(&event.task_type, &event.project_name), time(&event.due_at));
    let (title, text) = match &event.rush_response_deadline {
        Some(deadline) => (
            "A rush task is offered to you",
            format!("{task} is urgent and due by {due_at}. Please accept or decline it by {}.", time(deadline)),
        ),
        None => ("You have a new task", format!("{task} is yours, due by {due_at}. Please accept it.")),
    };
    let messages = vec![assignment(event.assignment_id).tell(event.specialist_user_id, title, text)];
    except(event.assigned_by, messages)
}

pub(super) fn accepted(event: &TaskAccepted) -> Vec<Message> {
    let task = named(&event.task_type, &event.project_name);
    let text = format!("{task} was accepted by its specialist; it is due by {}.", time(&event.due_at));
    let messages = vec![assignment(event.assignment_id).tell(event.coordinator_user_id, "Task accepted", text)];
    except(event.specialist_user_id, messages)
}

/// A specialist who declined knows it; one who let the time pass may not.
pub(super) fn rejected(event: &TaskRejected) -> Vec<Message> {
    let topic = assignment(event.assignment_id);
    let task = named(&event.task_type, &event.project_name);
    if event.is_expired {
        let text = format!("Nobody answered the rush offer of {task} in time. Please find someone else.");
        let lapsed = format!("The time to accept {task} is over: it is not yours any more.");
        return vec![
            topic.tell(event.coordinator_user_id, "Rush offer expired", text),
            topic.tell(event.specialist_user_id, "Rush offer expired", lapsed),
        ];
    }
    let reason = because(event.reason.as_deref());
    let text = format!("{task} has to be given to someone else, since its specialist declined{reason}");
    except(event.specialist_user_id, vec![topic.tell(event.coordinator_user_id, "Rush offer declined", text)])
}

pub(super) fn in_progress(event: &TaskInProgress) -> Vec<Message> {
    let text = format!("Work on {} has begun.", named(&event.task_type, &event.project_name));
    let messages = vec![progress(event.assignment_id).tell(event.coordinator_user_id, "Task begun", text)];
    except(event.specialist_user_id, messages)
}

pub(super) fn completed(event: &TaskCompleted) -> Vec<Message> {
    let task = named(&event.task_type, &event.project_name);
    let took = event.actual_minutes.map(|minutes| format!(" It took {minutes} minutes.")).unwrap_or_default();
    let text = format!("{task} is completed.{took}");
    let messages = vec![progress(event.assignment_id).tell(event.coordinator_user_id, "Task completed", text)];
    except(event.specialist_user_id, messages)
}

pub(super) fn cancelled(event: &TaskCancelled) -> Vec<Message> {
    let topic = assignment(event.assignment_id);
    let task = named(&event.task_type, &event.project_name);
    let reason = because(event.reason.as_deref());
    let for_specialist = format!("You need not work on {task} any more; it was cancelled{reason}");
    let mut messages = vec![topic.tell(event.specialist_user_id, "Task cancelled", for_specialist)];
    // Of a task that is cancelled with its project the coordinator was told with it.
    if event.cancelled_by.is_some() {
        messages.push(topic.tell(event.coordinator_user_id, "Task cancelled", format!("{task} was cancelled{reason}")));
    }
    except(event.cancelled_by, messages)
}

pub(super) fn overdue(event: &TaskOverdue) -> Vec<Message> {
    let text = format!("{} was due by {}.", named(&event.task_type, &event.project_name), time(&event.due_at));
    deadline(event.assignment_id).tell_all([event.specialist_user_id, event.coordinator_user_id], "Task overdue", &text)
}

pub(super) fn reminded(event: &TaskReminded) -> Vec<Message> {
    let task = named(&event.task_type, &event.project_name);
    let text = format!("{}: {task} is due by {}.", days_left(event.days_left), time(&event.due_at));
    vec![deadline(event.assignment_id).tell(event.specialist_user_id, "Task due soon", text)]
}

/// `“Diễm xưa” (transcription)`.
fn named(task_type: &str, project_name: &str) -> String {
    format!("“{}” ({})", excerpt(project_name), spoken(task_type))
}

const fn assignment(task: Uuid) -> Topic {
    Topic::new(NotificationType::TaskAssignment, "task", task)
}

const fn progress(task: Uuid) -> Topic {
    Topic::new(NotificationType::ProjectUpdate, "task", task)
}

const fn deadline(task: Uuid) -> Topic {
    Topic::new(NotificationType::DeadlineAlert, "task", task)
}
