//! What is said because of quotation-service: of requests, quotations and milestones.

use super::{Topic, except};
use crate::domain::text::{because, days_left, excerpt, money, spoken, time};
use crate::domain::{Message, NotificationType};
use mutrapro_contracts::quotation::{
    Milestone, MilestoneDue, MilestoneOverdue, MilestonePaid, MilestoneReminded, QuotationApproved, QuotationExpired,
    QuotationRejected, QuotationRevised, QuotationSent, RequestCancelled, RequestCreated, RequestUpdated,
};
use mutrapro_sdk::id::Uuid;

/// What `request.updated` calls a new coordinator.
const COORDINATOR: &str = "coordinator";
/// What `request.updated` calls a new status: each follows from an event that tells more.
const STATUS: &str = "status";

/// A receipt. Coordinators find it among those that nobody has claimed: the event names none of them.
pub(super) fn request_created(event: &RequestCreated) -> Vec<Message> {
    let title = excerpt(&event.title);
    let text = format!("We have your request “{title}”. A coordinator will take it up and send you a quotation.");
    vec![request(event.request_id).tell(event.customer_user_id, "Request received", text)]
}

pub(super) fn request_updated(event: &RequestUpdated) -> Vec<Message> {
    let topic = request(event.request_id);
    let title = excerpt(&event.title);
    let mut messages = Vec::new();
    if event.changed.iter().any(|field| field == COORDINATOR) && event.coordinator_user_id.is_some() {
        let text = format!("A coordinator has taken up “{title}” and will send you a quotation.");
        messages.push(topic.tell(event.customer_user_id, "Your request has a coordinator", text));
        let text = format!("You are the coordinator of “{title}” now.");
        messages.extend(event.coordinator_user_id.map(|user| topic.tell(user, "You have a new request", text)));
    }
    let fields: Vec<_> = event.changed.iter().filter(|field| *field != COORDINATOR && *field != STATUS).collect();
    if !fields.is_empty() {
        let fields = fields.into_iter().map(|field| spoken(field)).collect::<Vec<_>>().join(", ");
        let text = format!("This changed in the request “{title}”: {fields}.");
        let people = [Some(event.customer_user_id), event.coordinator_user_id].into_iter().flatten();
        messages.extend(topic.tell_all(people, "Request changed", &text));
    }
    except(event.updated_by, messages)
}

pub(super) fn request_cancelled(event: &RequestCancelled) -> Vec<Message> {
    // It was cancelled with its project, of which the same people were told.
    if event.cancelled_by.is_none() {
        return Vec::new();
    }
    let text = format!("The request “{}” was cancelled{}", excerpt(&event.title), because(event.reason.as_deref()));
    let people = [Some(event.customer_user_id), event.coordinator_user_id].into_iter().flatten();
    except(event.cancelled_by, request(event.request_id).tell_all(people, "Request cancelled", &text))
}

pub(super) fn sent(event: &QuotationSent) -> Vec<Message> {
    let which = if event.version > 1 {
        format!("Version {} of the quotation", event.version)
    } else {
        "The quotation".to_owned()
    };
    let (title, total) = (excerpt(&event.title), money(event.total_price, &event.currency));
    let until = time(&event.valid_until);
    let text = format!(
        "{which} for “{title}” is here: {total} in all. You can approve it, reject it or ask for a change until {until}."
    );
    vec![quotation(event.quotation_id).tell(event.customer_user_id, "A quotation for you", text)]
}

pub(super) fn revised(event: &QuotationRevised) -> Vec<Message> {
    let (version, title) = (event.version, excerpt(&event.title));
    let reason = because(Some(&event.reason));
    let text = format!("The customer would like version {version} of the quotation for “{title}” changed{reason}");
    let messages = vec![quotation(event.quotation_id).tell(event.coordinator_user_id, "Change asked for", text)];
    except(event.revised_by, messages)
}

/// The customer gets a receipt of what they agreed to.
pub(super) fn approved(event: &QuotationApproved) -> Vec<Message> {
    let title = excerpt(&event.title);
    let amount = |amount| money(amount, &event.currency);
    let total = amount(event.total_price);
    let shares = match (event.deposit_amount, event.final_amount) {
        (0, _) => "All of it is paid at the end.".to_owned(),
        (deposit, 0) => format!("Work begins when the deposit of {} is paid.", amount(deposit)),
        (deposit, rest) => format!(
            "Work begins when the deposit of {} is paid; {} are paid at the end.",
            amount(deposit),
            amount(rest)
        ),
    };
    let text = format!("The quotation for “{title}” is approved: {total} in all. {shares}");
    let topic = quotation(event.quotation_id);
    let mut messages = vec![topic.tell(event.coordinator_user_id, "Quotation approved", text.clone())];
    messages = except(event.approved_by, messages);
    messages.push(topic.tell(event.customer_user_id, "Quotation approved", text));
    messages
}

pub(super) fn rejected(event: &QuotationRejected) -> Vec<Message> {
    let (version, title) = (event.version, excerpt(&event.title));
    let reason = because(event.reason.as_deref());
    let text = format!("Version {version} of the quotation for “{title}” was rejected, which ends the request{reason}");
    let people = [event.coordinator_user_id, event.customer_user_id];
    except(event.rejected_by, quotation(event.quotation_id).tell_all(people, "Quotation rejected", &text))
}

pub(super) fn expired(event: &QuotationExpired) -> Vec<Message> {
    let title = excerpt(&event.title);
    let topic = Topic::new(NotificationType::DeadlineAlert, "quotation", event.quotation_id);
    let told = |next: &str| format!("The time to decide on the quotation for “{title}” is over. {next}");
    vec![
        topic.tell(
            event.customer_user_id,
            "Quotation expired",
            told("Your request stays open: the coordinator can send you a new one."),
        ),
        topic.tell(
            event.coordinator_user_id,
            "Quotation expired",
            told("The request waits for a new version, if the customer still wants it."),
        ),
    ]
}

pub(super) fn milestone_due(event: &MilestoneDue) -> Vec<Message> {
    let milestone = &event.milestone;
    let by = until(milestone);
    let text = format!("{} can be paid now; please do so{by}.", named(milestone));
    vec![topic(milestone).tell(milestone.customer_user_id, "Payment due", text)]
}

/// The customer gets a receipt.
pub(super) fn milestone_paid(event: &MilestonePaid) -> Vec<Message> {
    let milestone = &event.milestone;
    let text = format!("{} is paid.", named(milestone));
    vec![
        topic(milestone).tell(milestone.customer_user_id, "Payment received", format!("{text} Thank you.")),
        topic(milestone).tell(milestone.coordinator_user_id, "Payment received", text),
    ]
}

pub(super) fn milestone_overdue(event: &MilestoneOverdue) -> Vec<Message> {
    let milestone = &event.milestone;
    let text = format!("{} should have been paid{}.", named(milestone), until(milestone));
    vec![
        topic(milestone).tell(milestone.customer_user_id, "Payment overdue", format!("{text} Please pay it soon.")),
        topic(milestone).tell(milestone.coordinator_user_id, "Payment overdue", text),
    ]
}

pub(super) fn milestone_reminded(event: &MilestoneReminded) -> Vec<Message> {
    let milestone = &event.milestone;
    let left = days_left(event.days_left);
    let text = format!("{left}: {} is to be paid{}.", named(milestone), until(milestone));
    vec![topic(milestone).tell(milestone.customer_user_id, "Payment due soon", text)]
}

/// `Deposit for “Diễm xưa” (80,000 VND)`.
fn named(milestone: &Milestone) -> String {
    let amount = money(milestone.amount, &milestone.currency);
    format!("{} for “{}” ({amount})", excerpt(&milestone.name), excerpt(&milestone.title))
}

fn until(milestone: &Milestone) -> String {
    milestone.due_at.as_deref().map(|due_at| format!(" by {}", time(due_at))).unwrap_or_default()
}

const fn request(id: Uuid) -> Topic {
    Topic::new(NotificationType::ProjectUpdate, "request", id)
}

const fn quotation(id: Uuid) -> Topic {
    Topic::new(NotificationType::ProjectUpdate, "quotation", id)
}

const fn topic(milestone: &Milestone) -> Topic {
    Topic::new(NotificationType::PaymentReminder, "milestone", milestone.milestone_id)
}
