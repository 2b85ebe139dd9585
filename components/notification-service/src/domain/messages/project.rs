//! What is said because of project-service.

use super::{Topic, except};
use crate::domain::text::{because, excerpt};
use crate::domain::{Message, NotificationType};
use mutrapro_contracts::project::{Project, ProjectCancelled, ProjectCompleted, ProjectCreated, ProjectStarted};

/// The customer has the receipt of the quotation that they approved, and a deposit to pay.
pub(super) fn created(event: &ProjectCreated) -> Vec<Message> {
    let project = &event.project;
    let text = format!("“{}” is a project now. Work can begin when its deposit is paid.", excerpt(&project.name));
    vec![topic(project).tell(project.coordinator_user_id, "New project", text)]
}

pub(super) fn started(event: &ProjectStarted) -> Vec<Message> {
    let project = &event.project;
    let (topic, name) = (topic(project), excerpt(&project.name));
    let for_customer = format!("Work on “{name}” begins. You will hear when there is something to look at.");
    let for_coordinator = format!("“{name}” has started: its tasks can be assigned.");
    vec![
        topic.tell(project.customer_user_id, "Your project has started", for_customer),
        topic.tell(project.coordinator_user_id, "Project started", for_coordinator),
    ]
}

pub(super) fn completed(event: &ProjectCompleted) -> Vec<Message> {
    let project = &event.project;
    let (topic, name) = (topic(project), excerpt(&project.name));
    let for_customer = format!("“{name}” is completed, and the final files are yours. Tell us how it was for you.");
    let text = format!("“{name}” is completed: the final package is approved and everything is paid.");
    let mut messages = vec![
        topic.tell(project.customer_user_id, "Your project is completed", for_customer),
        topic.tell(project.coordinator_user_id, "Project completed", text),
    ];
    let for_specialist = format!("“{name}”, which you worked on, is completed. Thank you.");
    let specialists = event.specialist_user_ids.iter().copied();
    messages.extend(topic.tell_all(specialists, "Project completed", &for_specialist));
    messages
}

/// Specialists hear of their tasks, artists of their sessions.
pub(super) fn cancelled(event: &ProjectCancelled) -> Vec<Message> {
    // It was cancelled with its request, of which the same people were told.
    if event.cancelled_by.is_none() {
        return Vec::new();
    }
    let project = &event.project;
    let topic = topic(project);
    let text = format!("The project “{}” was cancelled{}", excerpt(&project.name), because(event.reason.as_deref()));
    let money = if event.was_started {
        "The deposit is kept for the work that has begun; whatever else was paid is given back."
    } else {
        "Whatever was paid is given back."
    };
    let messages = vec![
        topic.tell(project.customer_user_id, "Project cancelled", format!("{text} {money}")),
        topic.tell(project.coordinator_user_id, "Project cancelled", text),
    ];
    except(event.cancelled_by, messages)
}

const fn topic(project: &Project) -> Topic {
    Topic::new(NotificationType::ProjectUpdate, "project", project.project_id)
}
