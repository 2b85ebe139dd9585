//! What a customer may say of a request. Nothing here touches the database.

use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::json::{FieldErrors, Validate};
use serde::Deserialize;
use utoipa::ToSchema;

/// The longest comment, in characters.
pub(crate) const COMMENT_CHARACTERS_MAX: usize = 1000;
/// The worst rating and the best.
pub(crate) const RATINGS: std::ops::RangeInclusive<u8> = 1..=5;

mutrapro_sdk::id! {
    /// A piece of feedback.
    pub(crate) FeedbackId
}

mutrapro_sdk::text_enum! {
    /// The side of a request that is rated; each is rated once.
    pub(crate) enum FeedbackType {
        /// How good the work is.
        ServiceQuality = "service_quality",
        /// How well people talked to each other.
        Communication = "communication",
        /// Whether it came in time.
        Timeliness = "timeliness",
        /// All in all.
        OverallExperience = "overall_experience",
    }
}

/// Feedback as a customer gives it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "request_id": "0190f3a0-0000-7000-8000-000000000001", "rating": 5, "type": "overall_experience",
    "comment": "Every note as on the recording"
}))]
pub(crate) struct NewFeedback {
    /// The request that is rated.
    #[schema(format = "uuid", value_type = String)]
    pub(crate) request_id: Uuid,
    /// 1, the worst, to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub(crate) rating: u8,
    /// At most 1000 characters.
    #[schema(max_length = 1000)]
    comment: Option<String>,
    #[serde(rename = "type")]
    pub(crate) feedback_type: FeedbackType,
}

impl NewFeedback {
    /// The comment without white space around it; `None` when nothing is left.
    pub(crate) fn comment(&self) -> Option<&str> {
        self.comment.as_deref().map(str::trim).filter(|comment| !comment.is_empty())
    }
}

impl Validate for NewFeedback {
    fn validate(&self, errors: &mut FieldErrors) {
        errors.check(RATINGS.contains(&self.rating), "rating", "must be 1 to 5");
        let comment_characters = self.comment().unwrap_or_default().chars().count();
        if comment_characters > COMMENT_CHARACTERS_MAX {
            errors.add("comment", "too_long", format!("must have at most {COMMENT_CHARACTERS_MAX} characters"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn parsed(rating: u8, comment: Value) -> NewFeedback {
        let body = json!({ "request_id": Uuid::nil(), "rating": rating, "comment": comment, "type": "timeliness" });
        serde_json::from_value(body).unwrap()
    }

    /// The fields that are wrong.
    fn wrong(feedback: &NewFeedback) -> Vec<String> {
        let mut errors = FieldErrors::default();
        feedback.validate(&mut errors);
        let problem = errors.finish().err();
        let errors = problem.iter().flat_map(|problem| &problem.details().errors);
        errors.map(|error| error.field.clone()).collect()
    }

    #[test]
    fn comment_may_be_left_out() {
        let body = json!({ "request_id": Uuid::nil(), "rating": 5, "type": "service_quality" });
        let feedback: NewFeedback = serde_json::from_value(body).unwrap();
        assert_eq!((feedback.comment(), wrong(&feedback).len()), (None, 0));
    }

    #[test]
    fn blank_comment_is_none() {
        assert_eq!(parsed(3, " \n".into()).comment(), None);
        assert_eq!(parsed(3, " well done ".into()).comment(), Some("well done"));
    }

    #[test]
    fn comment_is_counted_in_characters() {
        assert_eq!(wrong(&parsed(3, "ễ".repeat(COMMENT_CHARACTERS_MAX).into())), [""; 0]);
        assert_eq!(wrong(&parsed(3, "ễ".repeat(COMMENT_CHARACTERS_MAX + 1).into())), ["comment"]);
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        assert_eq!(wrong(&parsed(6, "x".repeat(2000).into())), ["rating", "comment"]);
    }

    #[test]
    fn misspelt_field_is_an_error() {
        let body = json!({ "request_id": Uuid::nil(), "rating": 5, "type": "timeliness", "coment": "x" });
        assert!(serde_json::from_value::<NewFeedback>(body).is_err());
    }

    proptest! {
        #[test]
        fn ratings_are_one_to_five(rating: u8) {
            prop_assert_eq!(wrong(&parsed(rating, Value::Null)).is_empty(), (1..=5).contains(&rating));
        }
    }
}
