//! The table `feedback`.
//!
//! Lists of ids are text there, each id in its one text form with spaces between: the service owns no table that could
//! hold them as rows, and an id is found in such a list as a part of the text.

use crate::domain::feedback::{FeedbackId, FeedbackType, NewFeedback};
use crate::domain::rating::Tally;
use mutrapro_contracts::answers::{ProjectAnswer, RequestAnswer};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::sql::{Error, Filter, FromRow, Reader, Row, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// One customer rates one side of a request, once.
pub(crate) const FEEDBACK_ONCE: &str = "feedback_request_id_type_key";

const COLUMNS: &str =
    "id, request_id, customer_id, customer_user_id, rating, comment, type AS feedback_type, created_at";

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
        /// In the customer's words.
        pub(crate) comment: Option<String>,
        /// The side of the request that was rated.
        #[serde(rename = "type")]
        pub(crate) feedback_type: FeedbackType,
        pub(crate) created_at: Instant,
    }
}

impl FromRow for Tally {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self { feedback_type: row.get("feedback_type")?, rating: row.get("rating")?, count: row.get("ratings")? })
    }
}

/// Writes what the customer of `request` said, and gives it as it is read.
///
/// The constraint [`FEEDBACK_ONCE`] refuses a second rating of the same side of a request.
pub(crate) fn insert_feedback(
    tx: &Transaction<'_>,
    feedback: &NewFeedback,
    request: &RequestAnswer,
    project: &ProjectAnswer,
    now: Instant,
) -> Result<Feedback, Error> {
    let statement = format!(
        "INSERT INTO feedback (id, request_id, customer_id, customer_user_id, rating, comment, type, specialist_ids, \
         concerned_user_ids, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING {COLUMNS}"
    );
    let specialists = list(project.specialist_ids.iter().copied());
    let people = [request.customer_user_id, project.coordinator_user_id];
    let concerned = list(people.into_iter().chain(project.specialist_user_ids.iter().copied()));
    let parameters = params![
        FeedbackId::generate(),
        request.id,
        request.customer_id,
        request.customer_user_id,
        feedback.rating,
        feedback.comment(),
        feedback.feedback_type,
        specialists,
        concerned,
        now,
    ];
    tx.query_one(&statement, parameters)
}

/// Whose feedback is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everyone's.
    All,
    /// What the user said as a customer.
    Customer(UserId),
    /// What concerns the user: they said it, saw the request through, or worked on it.
    Concerned(UserId),
}

/// Which feedback is meant: all conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FeedbackFilter {
    pub(crate) scope: Scope,
    pub(crate) request: Option<Uuid>,
    pub(crate) customer: Option<UserId>,
}

/// At most `rows_max` pieces of feedback that are older than `before`, newest first.
pub(crate) fn feedback(
    reader: &impl Reader,
    filter: FeedbackFilter,
    before: Option<FeedbackId>,
    rows_max: i64,
) -> Result<Vec<Feedback>, Error> {
    let (own, concerned) = match filter.scope {
        Scope::All => (None, None),
        Scope::Customer(user) => (Some(user), None),
        Scope::Concerned(user) => (None, Some(containing(user.uuid()))),
    };
    let (statement, parameters) = Filter::default()
        .with("request_id = ", filter.request)
        .with("customer_user_id = ", filter.customer)
        .with("customer_user_id = ", own)
        .with("concerned_user_ids LIKE ", concerned)
        .with("id < ", before)
        .statement(&format!("SELECT {COLUMNS} FROM feedback"), "ORDER BY id DESC", rows_max);
    reader.query(&statement, &parameters)
}

/// How often each rating was given to each side of the requests that a specialist worked on.
pub(crate) fn tallies(reader: &impl Reader, specialist_id: Uuid) -> Result<Vec<Tally>, Error> {
    let statement = "SELECT type AS feedback_type, rating, count(*) AS ratings FROM feedback \
                     WHERE specialist_ids LIKE $1 GROUP BY type, rating";
    reader.query(statement, params![containing(specialist_id)])
}

/// Ids as one text, each once.
fn list(ids: impl IntoIterator<Item = Uuid>) -> String {
    let mut texts: Vec<_> = ids.into_iter().map(|id| id.to_string()).collect();
    texts.sort();
    texts.dedup();
    texts.join(" ")
}

/// The pattern of a [`list`] with `id` in it. All ids are of one length and have neither spaces nor wildcards, so nothing
/// else fits.
fn containing(id: Uuid) -> String {
    format!("%{id}%")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What LIKE does with a pattern that has a wildcard at each end and none within.
    fn is_like(text: &str, pattern: &str) -> bool {
        let inner = pattern.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')).unwrap();
        assert!(!inner.contains(['%', '_']), "{pattern}");
        text.contains(inner)
    }

    #[test]
    fn lists_hold_each_id_once() {
        let [a, b] = [1, 2].map(Uuid::from_u128);
        assert_eq!(list([b, a, b]), format!("{a} {b}"));
        assert_eq!(list([]), "");
    }

    proptest! {
        #[test]
        fn an_id_is_found_in_the_lists_that_hold_it_and_no_others(
            ids in prop::collection::vec(any::<u128>(), 0..8),
            other: u128,
        ) {
            let text = list(ids.iter().copied().map(Uuid::from_u128));
            for id in &ids {
                prop_assert!(is_like(&text, &containing(Uuid::from_u128(*id))));
            }
            prop_assert_eq!(is_like(&text, &containing(Uuid::from_u128(other))), ids.contains(&other));
        }
    }
}
