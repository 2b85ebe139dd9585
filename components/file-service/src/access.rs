//! Who may do what, with what other services say of the things that files belong to.

use crate::dependencies;
use crate::domain::file::{NewFile, Source, Subject};
use crate::domain::rights;
use crate::problems;
use crate::store::File;
use mutrapro_contracts::answers::RequestAnswer;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::problem::{Problem, Result};

/// Where an upload belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) subject_id: Uuid,
    pub(crate) request_id: Option<Uuid>,
    pub(crate) project_id: Option<Uuid>,
    pub(crate) assignment_id: Option<Uuid>,
    pub(crate) booking_id: Option<Uuid>,
    pub(crate) specialist_id: Option<Uuid>,
}

impl Place {
    const fn of(subject_id: Uuid) -> Self {
        Self {
            subject_id,
            request_id: None,
            project_id: None,
            assignment_id: None,
            booking_id: None,
            specialist_id: None,
        }
    }
}

/// Where the upload of `user` belongs, if they may upload it there.
///
/// # Errors
/// 404 for what they may not know of, 403 for what is for others to upload there and for a demo of who is no specialist, 409
/// for a task that nobody will do.
pub(crate) fn place(user: &User, new: &NewFile) -> Result<Place> {
    match new.subject {
        Subject::Request(id) => place_in_request(user, new.source, id),
        Subject::Task(id) => place_in_task(user, new.source, id),
        Subject::Booking(id) => place_in_booking(user, new.source, id),
        Subject::Profile => {
            let specialist = dependencies::specialist(user.id)?.ok_or_else(problems::no_specialist)?;
            Ok(Place { specialist_id: Some(specialist.id), ..Place::of(specialist.id) })
        }
    }
}

fn place_in_request(user: &User, source: Source, id: Uuid) -> Result<Place> {
    let request = dependencies::request(id)?.filter(|request| rights::knows_request(user, request));
    let request = request.ok_or_else(|| Problem::not_found("request"))?;
    if !rights::may_upload_to_request(user, source, &request) {
        return Err(problems::for_others_to_upload(source, "request"));
    }
    let project = dependencies::project_of_request(request.id)?;
    Ok(Place { request_id: Some(request.id), project_id: project.map(|project| project.id), ..Place::of(request.id) })
}

fn place_in_task(user: &User, source: Source, id: Uuid) -> Result<Place> {
    let task = dependencies::task(id)?.filter(|task| rights::may_read_of_task(user, task));
    let task = task.ok_or_else(|| Problem::not_found("task"))?;
    if !rights::may_upload_to_task(user, source, &task) {
        return Err(problems::for_others_to_upload(source, "task"));
    }
    if !rights::is_task_open_to_files(&task) {
        return Err(problems::task_closed(&task.status));
    }
    Ok(Place {
        request_id: Some(task.request_id),
        project_id: Some(task.project_id),
        assignment_id: Some(task.id),
        ..Place::of(task.id)
    })
}

fn place_in_booking(user: &User, source: Source, id: Uuid) -> Result<Place> {
    let booking = dependencies::booking(id)?.filter(|booking| rights::knows_booking(user, booking));
    let booking = booking.ok_or_else(|| Problem::not_found("booking"))?;
    if !rights::may_upload_to_booking(user, &booking) {
        return Err(problems::for_others_to_upload(source, "booking"));
    }
    Ok(Place {
        request_id: booking.request_id,
        project_id: booking.project_id,
        booking_id: Some(booking.id),
        ..Place::of(booking.id)
    })
}

/// Whether `user` may read `file`. The calls that are cheapest and most likely to say yes come first.
pub(crate) fn may_read(user: &User, file: &File) -> Result<bool> {
    if rights::may_read_at_once(user, file.owner_user_id, file.source) {
        return Ok(true);
    }
    if let Some(request_id) = file.request_id {
        if let Some(request) = dependencies::request(request_id)? {
            let is_own_upload = file.source == Source::CustomerUpload && rights::filed_request(user, &request);
            if is_own_upload || rights::coordinates_request(user, &request) {
                return Ok(true);
            }
        }
        if works_on_request(user, request_id, file.project_id)? {
            return Ok(true);
        }
    }
    if let Some(booking_id) = file.booking_id
        && dependencies::booking(booking_id)?.is_some_and(|booking| rights::may_read_of_booking(user, &booking))
    {
        return Ok(true);
    }
    Ok(user.is(Role::Customer) && dependencies::was_delivered_to(user.id, file.id.uuid())?)
}

/// Whether `user` has a task in the project of a request, whether or not the file knew of it when it was uploaded.
fn works_on_request(user: &User, request_id: Uuid, project_id: Option<Uuid>) -> Result<bool> {
    if !rights::is_specialist(user) {
        return Ok(false);
    }
    let project_id = match project_id {
        Some(id) => Some(id),
        None => dependencies::project_of_request(request_id)?.map(|project| project.id),
    };
    project_id.map_or(Ok(false), |id| dependencies::works_in_project(user.id, id))
}

/// Which files of a list a user sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// All that were asked for.
    All,
    /// What was uploaded to the request by its customer, or for them.
    Customer,
    /// What this user uploaded.
    Own(UserId),
}

/// What `user` sees of a request's files. What was delivered to a customer is in their packages.
///
/// # Errors
/// 404 for a request that they may not know of.
pub(crate) fn view_of_request(user: &User, id: Uuid) -> Result<View> {
    let request: Option<RequestAnswer> = dependencies::request(id)?;
    let request = request.ok_or_else(|| Problem::not_found("request"))?;
    if rights::coordinates_request(user, &request) {
        return Ok(View::All);
    }
    if rights::filed_request(user, &request) {
        return Ok(View::Customer);
    }
    if works_on_request(user, id, None)? { Ok(View::All) } else { Err(Problem::not_found("request")) }
}

/// Goes on only if `user` sees the files of a task.
///
/// # Errors
/// 404.
pub(crate) fn check_task(user: &User, id: Uuid) -> Result<()> {
    let task = dependencies::task(id)?.filter(|task| rights::may_read_of_task(user, task));
    task.map(drop).ok_or_else(|| Problem::not_found("task"))
}

/// Goes on only if `user` sees the files of a booking.
///
/// # Errors
/// 404.
pub(crate) fn check_booking(user: &User, id: Uuid) -> Result<()> {
    let booking = dependencies::booking(id)?.filter(|booking| rights::may_read_of_booking(user, booking));
    booking.map(drop).ok_or_else(|| Problem::not_found("booking"))
}

/// What `user` sees of a list that is asked for without a thing.
pub(crate) fn view_without_subject(user: &User) -> View {
    if user.is(Role::SystemAdmin) { View::All } else { View::Own(user.id) }
}
