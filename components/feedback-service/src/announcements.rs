//! What the service tells others: events made of its rows.

use crate::store::Feedback;
use mutrapro_contracts::answers::{ProjectAnswer, RequestAnswer};
use mutrapro_contracts::feedback::FeedbackCreated;

/// With everyone who worked on `project`, so that their ratings move and they are told.
pub(crate) fn created(feedback: &Feedback, request: &RequestAnswer, project: &ProjectAnswer) -> FeedbackCreated {
    FeedbackCreated {
        feedback_id: feedback.id.uuid(),
        request_id: feedback.request_id,
        customer_id: feedback.customer_id,
        customer_user_id: feedback.customer_user_id.uuid(),
        project_id: Some(project.id),
        rating: feedback.rating,
        feedback_type: feedback.feedback_type.to_string(),
        specialist_ids: project.specialist_ids.clone(),
        specialist_user_ids: project.specialist_user_ids.clone(),
        coordinator_user_id: Some(project.coordinator_user_id),
        title: Some(request.title.clone()),
    }
}
