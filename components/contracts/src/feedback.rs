//! Events of feedback-service. Their aggregate is the feedback.

use crate::event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `feedback.created`: a customer rated a finished request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedbackCreated {
    /// The new feedback.
    pub feedback_id: Uuid,
    /// The request that was rated.
    pub request_id: Uuid,
    /// The customer profile that rated.
    pub customer_id: Uuid,
    /// The user who rated.
    pub customer_user_id: Uuid,
    /// The project that came of it.
    pub project_id: Option<Uuid>,
    /// 1 to 5.
    pub rating: u8,
    /// What was rated: `service_quality`, `communication`, `timeliness` or `overall_experience`.
    #[serde(rename = "type")]
    pub feedback_type: String,
    /// The specialists who worked on the request, whose rating moves.
    pub specialist_ids: Vec<Uuid>,
    /// The users who are those specialists, in the same order.
    #[serde(default)]
    pub specialist_user_ids: Vec<Uuid>,
    /// The user who saw the request through.
    pub coordinator_user_id: Option<Uuid>,
    /// What the customer calls the request.
    pub title: Option<String>,
}
event!(FeedbackCreated, "feedback.created", "feedback", feedback_id);
