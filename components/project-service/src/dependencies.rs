//! What this service asks others. Never while a transaction is open.

use crate::domain::{ProjectId, RequestId};
use axum::http::StatusCode;
use mutrapro_contracts::answers::ActivityAnswer;
use mutrapro_sdk::client::{Client, Error};
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::json::FieldErrors;
use mutrapro_sdk::problem::{Problem, Result};

const TASKS: Client = Client::new("task-service");
const ACTIVITY: Client = Client::new("feedback-service");

/// How much of the log is read at once, which is the most that feedback-service gives.
pub(crate) const ACTIVITY_ROWS: usize = 100;

/// Whether a user has a task in a project.
///
/// # Errors
/// 503 and 504 while task-service does not say.
pub(crate) fn works_in_project(user: UserId, project_id: ProjectId) -> Result<bool> {
    match TASKS.get::<()>(&format!("/internal/projects/{project_id}/specialists/{user}")) {
        Ok(()) => Ok(true),
        Err(Error::Refused { problem, .. }) if problem.status() == StatusCode::NOT_FOUND => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// At most [`ACTIVITY_ROWS`] rows of what happened to a project and its request, oldest first, beginning after `cursor`.
///
/// # Errors
/// 422 for a cursor that the log never gave, 503 and 504 while feedback-service does not answer.
pub(crate) fn activity(
    project_id: ProjectId,
    request_id: RequestId,
    cursor: Option<&str>,
) -> Result<Vec<ActivityAnswer>> {
    ACTIVITY.get(&activity_path(project_id, request_id, cursor)).map_err(|error| match error {
        Error::Refused { problem, .. } if problem.status() == StatusCode::UNPROCESSABLE_ENTITY && cursor.is_some() => {
            foreign_cursor(&problem)
        }
        error => error.into(),
    })
}

/// The cursor comes from a client, so nothing of it may become a parameter of its own.
fn activity_path(project_id: ProjectId, request_id: RequestId, cursor: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("project", &project_id.to_string())
        .append_pair("request", &request_id.to_string())
        .append_pair("limit", &ACTIVITY_ROWS.to_string());
    if let Some(cursor) = cursor {
        query.append_pair("after", cursor);
    }
    format!("/internal/activity?{}", query.finish())
}

fn foreign_cursor(answered: &Problem) -> Problem {
    let mut errors = FieldErrors::default();
    errors.add("cursor", "invalid", "is none that this list gave");
    let problem = errors.finish().err().unwrap_or_else(|| Problem::bad_request("malformed cursor"));
    problem.because(answered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;

    fn path(cursor: Option<&str>) -> String {
        activity_path(Uuid::from_u128(1).into(), Uuid::from_u128(2).into(), cursor)
    }

    #[test]
    fn log_is_read_by_project_and_request() {
        let first = "/internal/activity?project=00000000-0000-0000-0000-000000000001\
                     &request=00000000-0000-0000-0000-000000000002&limit=100";
        assert_eq!(path(None), first);
        assert_eq!(path(Some("2026-01-31/7")), format!("{first}&after=2026-01-31%2F7"));
    }

    #[test]
    fn cursor_of_a_client_stays_one_value() {
        let path = path(Some("x&project=another#\r\n"));
        assert!(path.ends_with("&after=x%26project%3Danother%23%0D%0A"), "{path}");
    }

    #[test]
    fn foreign_cursor_is_named_as_the_client_knows_it() {
        let problem = foreign_cursor(&Problem::bad_request("after is none"));
        assert_eq!(problem.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let fields: Vec<_> = problem.details().errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["cursor"]);
    }
}
