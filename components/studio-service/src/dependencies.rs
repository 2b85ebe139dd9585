//! What this service asks others before it books: who the customer is, and what an artist costs.
//!
//! Nothing of it is taken from clients, and none of it is asked while a transaction is open.

use crate::booking::{ArtistWish, Purpose};
use crate::domain::booking::{ARTIST_SPECIALIZATION, Claim, claim};
use crate::domain::{CustomerId, ProjectId, RequestId, SpecialistId};
use crate::store::Booking;
use mutrapro_contracts::answers::{ProjectAnswer, RequestAnswer, SpecialistAnswer, UserAnswer};
use mutrapro_sdk::client::{Client, Error};
use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::json::FieldErrors;
use mutrapro_sdk::problem::{Problem, Result};

const USERS: Client = Client::new("user-service");
const PROJECTS: Client = Client::new("project-service");
const QUOTATIONS: Client = Client::new("quotation-service");
const SPECIALISTS: Client = Client::new("specialist-service");

/// Whom a session is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Party {
    pub(crate) customer_id: CustomerId,
    pub(crate) customer_user_id: UserId,
    pub(crate) coordinator_user_id: Option<UserId>,
    pub(crate) project_id: Option<ProjectId>,
    pub(crate) request_id: Option<RequestId>,
    /// What its project or request is paid in.
    pub(crate) currency: Option<String>,
}

/// An artist who is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Artist {
    pub(crate) specialist_id: SpecialistId,
    pub(crate) user_id: UserId,
    /// In minor units.
    pub(crate) hourly_rate: i64,
    /// What the rate is counted in.
    pub(crate) currency: String,
}

/// Whom a session that `user` books for `purpose` is for.
///
/// # Errors
/// 404 for a project or request that `user` may not know of, 403 for one that they do not hold, 409 for one that has ended.
pub(crate) fn party(user: &User, purpose: Purpose) -> Result<Party> {
    match purpose {
        Purpose::Own => own(user),
        Purpose::Project(id) => {
            let project = project(id)?.ok_or_else(|| Problem::not_found("project"))?;
            let party = Party {
                customer_id: project.customer_id.into(),
                customer_user_id: project.customer_user_id.into(),
                coordinator_user_id: Some(project.coordinator_user_id.into()),
                project_id: Some(id),
                request_id: Some(project.request_id.into()),
                currency: Some(project.currency),
            };
            allowed(user, &party, "project")?;
            still_open("project", &project.status)?;
            Ok(party)
        }
        Purpose::Request(id) => {
            let request = request(id)?.ok_or_else(|| Problem::not_found("request"))?;
            let party = Party {
                customer_id: request.customer_id.into(),
                customer_user_id: request.customer_user_id.into(),
                coordinator_user_id: request.coordinator_user_id.map(UserId::from),
                project_id: None,
                request_id: Some(id),
                currency: Some(request.currency),
            };
            allowed(user, &party, "request")?;
            still_open("request", &request.status)?;
            Ok(party)
        }
    }
}

/// Goes on only while the project or request of a booking has not ended.
///
/// # Errors
/// 409.
pub(crate) fn still_wanted(booking: &Booking) -> Result<()> {
    if let Some(project) = booking.project_id.map(project).transpose()?.flatten() {
        return still_open("project", &project.status);
    }
    if let Some(request) = booking.request_id.map(request).transpose()?.flatten() {
        return still_open("request", &request.status);
    }
    Ok(())
}

/// The artists of `wishes`, each once, in the order in which they are asked for first.
///
/// # Errors
/// 422 for those whom nobody knows, and those who are no recording artists.
pub(crate) fn artists(wishes: &[ArtistWish]) -> Result<Vec<Artist>> {
    let mut errors = FieldErrors::default();
    let mut artists: Vec<Artist> = Vec::new();
    for (index, wish) in wishes.iter().enumerate() {
        if artists.iter().any(|artist| artist.specialist_id == wish.specialist_id) {
            continue;
        }
        let field = format!("artists[{index}].specialist_id");
        let path = format!("/internal/specialists/{}", wish.specialist_id);
        let Some(answer) = known::<SpecialistAnswer>(SPECIALISTS.get(&path))? else {
            errors.add(field, "unknown_specialist", "there is no such specialist: see GET /specialists");
            continue;
        };
        if answer.specialization != ARTIST_SPECIALIZATION {
            let message = format!("is specialised in {}: choose a recording artist", answer.specialization);
            errors.add(field, "no_recording_artist", message);
            continue;
        }
        artists.push(Artist {
            specialist_id: wish.specialist_id,
            user_id: answer.user_id.into(),
            hourly_rate: answer.hourly_rate,
            currency: answer.currency,
        });
    }
    errors.finish()?;
    Ok(artists)
}

fn own(user: &User) -> Result<Party> {
    if !user.is(Role::Customer) {
        let mut errors = FieldErrors::default();
        let message = "say which project_id or request_id the session is for: only customers book for themselves";
        errors.add("project_id", "required", message);
        errors.finish()?;
    }
    let profile: UserAnswer = USERS.get(&format!("/internal/users/{}", user.id))?;
    let customer_id = profile.customer_id.ok_or_else(|| {
        Problem::forbidden("no_profile", "your account has no customer profile: ask an administrator")
    })?;
    Ok(Party {
        customer_id: customer_id.into(),
        customer_user_id: user.id,
        coordinator_user_id: None,
        project_id: None,
        request_id: None,
        currency: None,
    })
}

fn allowed(user: &User, party: &Party, what: &'static str) -> Result<()> {
    match claim(user, party.customer_user_id, party.coordinator_user_id) {
        Claim::Theirs => Ok(()),
        Claim::Unclaimed => {
            Err(Problem::forbidden("not_your_request", "no coordinator holds the request: claim it, then book"))
        }
        Claim::None => Err(Problem::not_found(what)),
    }
}

fn still_open(what: &str, status: &str) -> Result<()> {
    if !matches!(status, "completed" | "rejected" | "cancelled") {
        return Ok(());
    }
    let code = if what == "project" { "project_not_open" } else { "request_not_open" };
    Err(Problem::conflict(code, format!("the {what} is {status}: nothing more is booked for it")))
}

fn project(id: ProjectId) -> Result<Option<ProjectAnswer>> {
    known(PROJECTS.get(&format!("/internal/projects/{id}")))
}

fn request(id: RequestId) -> Result<Option<RequestAnswer>> {
    known(QUOTATIONS.get(&format!("/internal/requests/{id}")))
}

/// `None` stands for what the other service does not know.
fn known<T>(answer: Result<T, Error>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Refused { problem, .. }) if problem.status().as_u16() == 404 => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_booked_for_what_has_ended() {
        for status in ["pending", "quoted", "approved", "assigned", "in_progress", "review"] {
            assert_eq!(still_open("request", status), Ok(()), "{status}");
        }
        for status in ["completed", "rejected", "cancelled"] {
            assert_eq!(still_open("project", status).unwrap_err().code(), "project_not_open");
            assert_eq!(still_open("request", status).unwrap_err().code(), "request_not_open");
        }
    }

    #[test]
    fn who_is_no_customer_has_to_say_whom_a_session_is_for() {
        let user =
            User { id: UserId::generate(), roles: vec![Role::ServiceCoordinator, Role::SystemAdmin], session_id: None };
        let problem = party(&user, Purpose::Own).unwrap_err();
        assert_eq!(problem.details().errors[0].field, "project_id");
    }
}
