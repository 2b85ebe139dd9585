//! All SQL over `feedback` and `activity_logs`.

use crate::domain::activity::{Activity, ActivityId, Position};
use crate::domain::feedback::{FeedbackId, FeedbackType, NewFeedback};
use mutrapro_contracts::answers::RequestAnswer;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// One customer rates one side of a request, once.
pub(crate) const FEEDBACK_ONCE: &str = "feedback_request_id_type_key";

row! {
    /// Feedback as it is read.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct Feedback {
        pub(crate) id: FeedbackId,
        /// The request that was rated.
        #[schema(format = "uuid", value_type = String)]
        pub(crate) request_id: Uuid,
        /// The customer who rated.
        #[schema(format = "uuid", value_type = String)]
        pub(crate) customer_id: Uuid,
        /// The user who is that customer.
        pub(crate) customer_user_id: UserId,
        /// 1, the worst, to 5.
        #[schema(minimum = 1, maximum = 5)]
        pub(crate) rating: u8,
        pub(crate) comment: Option<String>,
        #[serde(rename = "type")]
        pub(crate) feedback_type: FeedbackType,
        pub(crate) created_at: Instant,
    }
}

row! {
    /// Something that happened, as administrators see it.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct LoggedActivity {
        pub(crate) id: ActivityId,
        /// The event that told of it.
        #[schema(format = "uuid", value_type = String)]
        event_id: Uuid,
        /// Who did it, or whom it happened to.
        user_id: Option<UserId>,
        /// The kind of thing that it happened to, for example `user`.
        entity_type: String,
        /// Which one.
        entity_id: String,
        /// The fact, for example `role_granted`.
        action: String,
        /// For people.
        description: Option<String>,
        ip_address: Option<String>,
        user_agent: Option<String>,
        /// By which to find what led to it in logs.
        trace_id: Option<String>,
        /// When it happened.
        pub(crate) created_at: Instant,
    }
}

/// Writes what a customer said, and gives it as it is read.
///
/// The constraint [`FEEDBACK_ONCE`] refuses a second rating of the same side of a request.
pub(crate) fn insert_feedback(
    transaction: &Transaction<'_>,
    id: FeedbackId,
    request: &RequestAnswer,
    feedback: &NewFeedback,
    now: Instant,
) -> Result<Feedback, Error> {
    let statement = "INSERT INTO feedback (id, request_id, customer_id, customer_user_id, rating, comment, type, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         RETURNING id, request_id, customer_id, customer_user_id, rating, comment, type AS feedback_type, created_at";
    let NewFeedback { rating, feedback_type, .. } = feedback;
    let RequestAnswer { id: request_id, customer_id, customer_user_id, .. } = request;
    let comment = feedback.comment();
    transaction.query_one(
        statement,
        params![id, request_id, customer_id, customer_user_id, rating, comment, feedback_type, now],
    )
}

/// Which feedback is meant: all conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct FeedbackFilter {
    pub(crate) request: Option<Uuid>,
    pub(crate) customer: Option<UserId>,
    /// The user whose own is meant, whatever else is asked for.
    pub(crate) owner: Option<UserId>,
}

/// At most `rows_max` pieces of feedback that are older than `before`, newest first.
pub(crate) fn list_feedback(
    reader: &impl Reader,
    filter: FeedbackFilter,
    before: Option<FeedbackId>,
    rows_max: i64,
) -> Result<Vec<Feedback>, Error> {
    let (statement, parameters) = Filter::default()
        .with("request_id = ", filter.request)
        .with("customer_user_id = ", filter.customer)
        .with("customer_user_id = ", filter.owner)
        .with("id < ", before)
        .statement(
            "SELECT id, request_id, customer_id, customer_user_id, rating, comment, type AS feedback_type, created_at \
             FROM feedback",
            "ORDER BY id DESC",
            rows_max,
        );
    reader.query(&statement, &parameters)
}

/// Adds a row to the log, unless its event is logged already, by a delivery whose mark has been purged since.
pub(crate) fn insert_activity(transaction: &Transaction<'_>, id: ActivityId, activity: &Activity) -> Result<(), Error> {
    let statement = "INSERT INTO activity_logs (id, event_id, user_id, entity_type, entity_id, action, description, \
         ip_address, user_agent, trace_id, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (event_id) DO NOTHING";
    let parameters = params![
        id,
        activity.event_id,
        activity.user_id,
        activity.entity_type,
        activity.entity_id,
        activity.action,
        activity.description,
        activity.ip_address,
        activity.user_agent,
        activity.trace_id,
        activity.occurred_at,
    ];
    transaction.execute(statement, parameters).map(drop)
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

/// At most `rows_max` rows of the log that stand after `after`, newest first.
pub(crate) fn list_activity(
    reader: &impl Reader,
    filter: ActivityFilter,
    after: Option<Position>,
    rows_max: i64,
) -> Result<Vec<LoggedActivity>, Error> {
    let (statement, parameters) = Filter::default()
        .with("entity_type = ", filter.entity_type)
        .with("entity_id = ", filter.entity_id)
        .with("user_id = ", filter.user)
        .with("action = ", filter.action)
        .with("created_at >= ", filter.from)
        .with("created_at < ", filter.to)
        .before("(created_at, id)", after.map(|position| (position.created_at, position.id)))
        .statement(
            "SELECT id, event_id, user_id, entity_type, entity_id, action, description, ip_address, user_agent, \
             trace_id, created_at FROM activity_logs",
            "ORDER BY created_at DESC, id DESC",
            rows_max,
        );
    reader.query(&statement, &parameters)
}
