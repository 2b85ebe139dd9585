//! What this service asks others; `None` stands for what they do not know.

use mutrapro_contracts::answers::{
    BookingAnswer, DeliveriesAnswer, ProjectAnswer, RequestAnswer, SpecialistAnswer, TaskAnswer,
};
use mutrapro_sdk::client::{Client, Error};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::problem::Result;

const QUOTATION: Client = Client::new("quotation-service");
const PROJECT: Client = Client::new("project-service");
const TASK: Client = Client::new("task-service");
const STUDIO: Client = Client::new("studio-service");
const SPECIALIST: Client = Client::new("specialist-service");
const REVISION: Client = Client::new("revision-service");

pub(crate) fn request(id: Uuid) -> Result<Option<RequestAnswer>> {
    known(QUOTATION.get(&format!("/internal/requests/{id}")))
}

pub(crate) fn project_of_request(id: Uuid) -> Result<Option<ProjectAnswer>> {
    known(PROJECT.get(&format!("/internal/requests/{id}/project")))
}

pub(crate) fn task(id: Uuid) -> Result<Option<TaskAnswer>> {
    known(TASK.get(&format!("/internal/tasks/{id}")))
}

pub(crate) fn booking(id: Uuid) -> Result<Option<BookingAnswer>> {
    known(STUDIO.get(&format!("/internal/bookings/{id}")))
}

/// The profile of a user as a specialist.
pub(crate) fn specialist(user: UserId) -> Result<Option<SpecialistAnswer>> {
    known(SPECIALIST.get(&format!("/internal/users/{user}/specialist")))
}

/// Whether a user has a task in a project.
pub(crate) fn works_in_project(user: UserId, project_id: Uuid) -> Result<bool> {
    Ok(known(TASK.get::<()>(&format!("/internal/projects/{project_id}/specialists/{user}")))?.is_some())
}

/// Whether a file was delivered to a user.
pub(crate) fn was_delivered_to(user: UserId, file_id: Uuid) -> Result<bool> {
    let deliveries: Option<DeliveriesAnswer> = known(REVISION.get(&format!("/internal/files/{file_id}/deliveries")))?;
    Ok(deliveries.is_some_and(|deliveries| deliveries.customer_user_ids.contains(&user.uuid())))
}

fn known<T>(answer: Result<T, Error>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Refused { problem, .. }) if problem.status().as_u16() == 404 => Ok(None),
        Err(error) => Err(error.into()),
    }
}
