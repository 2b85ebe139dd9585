//! What is said because of feedback-service.

use super::{Topic, except};
use crate::domain::text::{excerpt, spoken};
use crate::domain::{Message, NotificationType};
use mutrapro_contracts::feedback::FeedbackCreated;

/// Who worked on the request, and who saw it through, hear what the customer thought.
pub(super) fn created(event: &FeedbackCreated) -> Vec<Message> {
    let what = event.title.as_deref().map_or_else(|| "a request".to_owned(), |title| format!("“{}”", excerpt(title)));
    let text = format!("A customer gave {what} {} of 5 for {}.", event.rating, spoken(&event.feedback_type));
    let people = event.specialist_user_ids.iter().copied().chain(event.coordinator_user_id);
    let topic = Topic::new(NotificationType::ProjectUpdate, "feedback", event.feedback_id);
    except(event.customer_user_id, topic.tell_all(people, "Your work was rated", &text))
}
