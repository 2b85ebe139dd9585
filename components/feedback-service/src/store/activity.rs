//! The table `activity_logs`.

use crate::domain::activity::{Activity, ActivityId, Position};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

const COLUMNS: &str = "id, event_id, kind, user_id, entity_type, entity_id, action, project_id, request_id, description, \
                       ip_address, user_agent, trace_id, created_at";

row! {
    /// Something that happened, as administrators see it.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct LoggedActivity {
        pub(crate) id: ActivityId,
        /// The event that told of it.
        #[schema(format = "uuid", value_type = String)]
        pub(crate) event_id: Uuid,
        /// The event's kind, for example `user.role_granted`.
        pub(crate) kind: String,
        /// Who did it, or whom it happened to.
        pub(crate) user_id: Option<UserId>,
        /// The kind of thing that it happened to, for example `user`.
        pub(crate) entity_type: String,
        /// Which one.
        pub(crate) entity_id: String,
        /// The fact, for example `role_granted`.
        action: String,
        /// The project that it belongs to.
        #[schema(format = "uuid", value_type = Option<String>)]
        project_id: Option<Uuid>,
        /// The request that it belongs to.
        #[schema(format = "uuid", value_type = Option<String>)]
        request_id: Option<Uuid>,
        /// For people.
        pub(crate) description: Option<String>,
        ip_address: Option<String>,
        user_agent: Option<String>,
        /// By which to find what led to it in logs.
        trace_id: Option<String>,
        /// When it happened.
        pub(crate) created_at: Instant,
    }
}

impl LoggedActivity {
    /// Where the row stands.
    pub(crate) const fn position(&self) -> Position {
        Position { created_at: self.created_at, id: self.id }
    }
}

/// Adds a row to the log, unless its event is logged already, by a delivery whose mark has been purged since.
pub(crate) fn insert_activity(tx: &Transaction<'_>, id: ActivityId, activity: &Activity) -> Result<(), Error> {
    let statement = format!(
        "INSERT INTO activity_logs ({COLUMNS}) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (event_id) DO NOTHING"
    );
    let parameters = params![
        id,
        activity.event_id,
        activity.kind,
        activity.user_id,
        activity.entity_type,
        activity.entity_id,
        activity.action,
        activity.project_id,
        activity.request_id,
        activity.description,
        activity.ip_address,
        activity.user_agent,
        activity.trace_id,
        activity.occurred_at,
    ];
    tx.execute(&statement, parameters).map(drop)
}

/// Which rows of the log are meant: all conditions hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ActivityFilter {
    pub(crate) entity_type: Option<String>,
    pub(crate) entity_id: Option<String>,
    pub(crate) user: Option<UserId>,
    pub(crate) action: Option<String>,
    /// From this instant on.
    pub(crate) from: Option<Instant>,
    /// Before this instant.
    pub(crate) to: Option<Instant>,
}

/// At most `rows_max` rows of the log that happened before `before`, newest first.
pub(crate) fn activity(
    reader: &impl Reader,
    filter: ActivityFilter,
    before: Option<Position>,
    rows_max: i64,
) -> Result<Vec<LoggedActivity>, Error> {
    let (statement, parameters) = Filter::default()
        .with("entity_type = ", filter.entity_type)
        .with("entity_id = ", filter.entity_id)
        .with("user_id = ", filter.user)
        .with("action = ", filter.action)
        .with("created_at >= ", filter.from)
        .with("created_at < ", filter.to)
        .before("(created_at, id)", before.map(|position| (position.created_at, position.id)))
        .statement(&format!("SELECT {COLUMNS} FROM activity_logs"), "ORDER BY created_at DESC, id DESC", rows_max);
    reader.query(&statement, &parameters)
}

/// At most `rows_max` rows of the log that belong to the project or to the request and happened after `after`, oldest
/// first.
pub(crate) fn timeline(
    reader: &impl Reader,
    (project_id, request_id): (Uuid, Uuid),
    after: Position,
    rows_max: i64,
) -> Result<Vec<LoggedActivity>, Error> {
    let statement = format!(
        "SELECT {COLUMNS} FROM activity_logs \
         WHERE (project_id = $1 OR request_id = $2) AND (created_at, id) > ($3, $4) ORDER BY created_at, id LIMIT $5"
    );
    reader.query(&statement, params![project_id, request_id, after.created_at, after.id, rows_max])
}
