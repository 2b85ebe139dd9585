//! What is said because of task-service: to specialists and coordinators. Customers hear of what is delivered, not of who
//! does what.

use super::{Topic, except};
use crate::domain::text::{because, days_left, excerpt, spoken, time};
use crate::domain::{Message, NotificationType};
use mutrapro_contracts::task::{
    Task, TaskAccepted, TaskAssigned, TaskCancelled, TaskCompleted, TaskInProgress, TaskOverdue, TaskRejected,
    TaskReminded,
};

pub(super) fn assigned(event: &TaskAssigned) -> Vec<Message> {
    let task = &event.task;
    let (named, due_at) = (named(task), time(&task.due_at));
    let (title, text) = match &event.rush_response_deadline {
        Some(deadline) => (
            "A rush task is offered to you",
            format!("{named} is urgent and due by {due_at}. Please accept or decline it by {}.", time(deadline)),
        ),
        None => ("You have a new task", format!("{named} is yours, due by {due_at}. Please accept it.")),
    };
    let messages = vec![assignment(task).tell(task.specialist_user_id, title, text)];
    except(event.assigned_by, messages)
}

pub(super) fn accepted(event: &TaskAccepted) -> Vec<Message> {
    let task = &event.task;
    let named = named(task);
    let text = format!("{named} was accepted by its specialist; it is due by {}.", time(&task.due_at));
    let messages = vec![assignment(task).tell(task.coordinator_user_id, "Task accepted", text)];
    except(task.specialist_user_id, messages)
}

/// A specialist who declined knows it; one who let the time pass may not.
pub(super) fn rejected(event: &TaskRejected) -> Vec<Message> {
    let task = &event.task;
    let topic = assignment(task);
    let named = named(task);
    if event.is_expired {
        let text = format!("Nobody answered the rush offer of {named} in time. Please find someone else.");
        let lapsed = format!("The time to accept {named} is over: it is not yours any more.");
        return vec![
            topic.tell(task.coordinator_user_id, "Rush offer expired", text),
            topic.tell(task.specialist_user_id, "Rush offer expired", lapsed),
        ];
    }
    let reason = because(event.reason.as_deref());
    let text = format!("{named} has to be given to someone else, since its specialist declined{reason}");
    except(task.specialist_user_id, vec![topic.tell(task.coordinator_user_id, "Rush offer declined", text)])
}

pub(super) fn in_progress(event: &TaskInProgress) -> Vec<Message> {
    let task = &event.task;
    let text = format!("Work on {} has begun.", named(task));
    let messages = vec![progress(task).tell(task.coordinator_user_id, "Task begun", text)];
    except(task.specialist_user_id, messages)
}

pub(super) fn completed(event: &TaskCompleted) -> Vec<Message> {
    let task = &event.task;
    let named = named(task);
    let took = event.actual_minutes.map(|minutes| format!(" It took {minutes} minutes.")).unwrap_or_default();
    let text = format!("{named} is completed.{took}");
    let messages = vec![progress(task).tell(task.coordinator_user_id, "Task completed", text)];
    except(task.specialist_user_id, messages)
}

pub(super) fn cancelled(event: &TaskCancelled) -> Vec<Message> {
    let task = &event.task;
    let topic = assignment(task);
    let named = named(task);
    let reason = because(event.reason.as_deref());
    let for_specialist = format!("You need not work on {named} any more; it was cancelled{reason}");
    let mut messages = vec![topic.tell(task.specialist_user_id, "Task cancelled", for_specialist)];
    // Of a task that is cancelled with its project the coordinator was told with it.
    if event.cancelled_by.is_some() {
        messages.push(topic.tell(task.coordinator_user_id, "Task cancelled", format!("{named} was cancelled{reason}")));
    }
    except(event.cancelled_by, messages)
}

pub(super) fn overdue(event: &TaskOverdue) -> Vec<Message> {
    let task = &event.task;
    let text = format!("{} was due by {}.", named(task), time(&task.due_at));
    deadline(task).tell_all([task.specialist_user_id, task.coordinator_user_id], "Task overdue", &text)
}

pub(super) fn reminded(event: &TaskReminded) -> Vec<Message> {
    let task = &event.task;
    let named = named(task);
    let text = format!("{}: {named} is due by {}.", days_left(event.days_left), time(&task.due_at));
    vec![deadline(task).tell(task.specialist_user_id, "Task due soon", text)]
}

/// `“Diễm xưa” (transcription)`.
fn named(task: &Task) -> String {
    format!("“{}” ({})", excerpt(&task.project_name), spoken(&task.task_type))
}

const fn assignment(task: &Task) -> Topic {
    Topic::new(NotificationType::TaskAssignment, "task", task.assignment_id)
}

const fn progress(task: &Task) -> Topic {
    Topic::new(NotificationType::ProjectUpdate, "task", task.assignment_id)
}

const fn deadline(task: &Task) -> Topic {
    Topic::new(NotificationType::DeadlineAlert, "task", task.assignment_id)
}
