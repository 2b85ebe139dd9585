//! What other services ask; nothing here can be reached from outside.

use crate::domain::activity::Position;
use crate::store::{self, LoggedActivity};
use axum::Router;
use axum::routing::get;
use mutrapro_contracts::answers::ActivityAnswer;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::internal;
use mutrapro_sdk::json::{FieldErrors, Json};
use mutrapro_sdk::page::{LIMIT_DEFAULT, LIMIT_MAX};
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::query::Query;
use mutrapro_sdk::sql::Database;
use serde::Deserialize;

/// It shows the timelines of its projects.
const PROJECT_SERVICE: &str = "project-service";

/// The routes, for those who may take them.
pub(super) fn routes() -> Router {
    internal(Router::new().route("/internal/activity", get(activity)), &[PROJECT_SERVICE])
}

/// What happened to which project, and where to read on.
#[derive(Debug, Deserialize)]
struct ActivityParameters {
    project: Uuid,
    request: Uuid,
    /// The cursor of the last row that the caller has.
    after: Option<String>,
    /// 1 to [`LIMIT_MAX`]; [`LIMIT_DEFAULT`] unless given.
    limit: Option<u16>,
}

/// The rows that belong to a project or to the request that it came from, oldest first.
async fn activity(Query(parameters): Query<ActivityParameters>) -> Result<Json<Vec<ActivityAnswer>>> {
    let (after, limit) = reading(&parameters)?;
    let rows = store::timeline(&Database, (parameters.project, parameters.request), after, limit.into())?;
    Ok(Json(rows.into_iter().map(answer).collect()))
}

/// Where to begin, and how many rows to give.
fn reading(parameters: &ActivityParameters) -> Result<(Position, u16)> {
    let mut errors = FieldErrors::default();
    let after = parameters.after.as_deref().map_or_else(|| Ok(Position::start()), str::parse);
    errors.check(after.is_ok(), "after", "is no cursor that a row of the log has");
    let limit = parameters.limit.unwrap_or(LIMIT_DEFAULT);
    errors.check((1..=LIMIT_MAX).contains(&limit), "limit", "must be 1 to 100");
    errors.finish()?;
    Ok((after.unwrap_or_else(|_| Position::start()), limit))
}

fn answer(row: LoggedActivity) -> ActivityAnswer {
    ActivityAnswer {
        event_id: row.event_id,
        cursor: row.position().to_string(),
        user_id: row.user_id.map(|id| id.uuid()),
        occurred_at: row.created_at.to_string(),
        kind: row.kind,
        entity_type: row.entity_type,
        entity_id: row.entity_id,
        description: row.description,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading_of(after: Option<&str>, limit: Option<u16>) -> Result<(Position, u16)> {
        let after = after.map(ToOwned::to_owned);
        reading(&ActivityParameters { project: Uuid::nil(), request: Uuid::nil(), after, limit })
    }

    #[test]
    fn reading_begins_at_the_start_or_after_the_cursor() {
        assert_eq!(reading_of(None, None), Ok((Position::start(), LIMIT_DEFAULT)));
        let cursor = Position { created_at: Position::start().created_at, id: Uuid::from_u128(7).into() };
        assert_eq!(reading_of(Some(&cursor.to_string()), Some(100)), Ok((cursor, 100)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let problem = reading_of(Some("the end"), Some(101)).unwrap_err();
        let fields: Vec<_> = problem.details().errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["after", "limit"]);
        assert!(reading_of(None, Some(0)).is_err());
    }
}
