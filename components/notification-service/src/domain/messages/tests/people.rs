//! Who is told.

use super::kinds::subscribed;
use super::payloads::{ACTORS, ADMIN, ARTIST, COORDINATOR, CUSTOMER, SPECIALIST, THING, said, told, with};
use crate::domain::{NotificationType, Reference};
use NotificationType::{
    BookingConfirmation, DeadlineAlert, PaymentReminder, ProjectUpdate, SystemAnnouncement, TaskAssignment,
};
use mutrapro_sdk::id::Uuid;
use serde_json::json;
use std::collections::BTreeSet;

/// A kind, who is told of what an administrator did, of which type, and what it refers to.
type Telling = (&'static str, &'static [Uuid], NotificationType, &'static str);

const BOTH: &[Uuid] = &[CUSTOMER, COORDINATOR];
const SESSION: &[Uuid] = &[CUSTOMER, COORDINATOR, ARTIST];

const TABLE: [Telling; 44] = [
    ("user.registered", &[CUSTOMER], SystemAnnouncement, "user"),
    ("user.role_granted", &[CUSTOMER], SystemAnnouncement, "user"),
    ("user.role_revoked", &[CUSTOMER], SystemAnnouncement, "user"),
    ("request.created", &[CUSTOMER], ProjectUpdate, "request"),
    ("request.updated", BOTH, ProjectUpdate, "request"),
    ("request.cancelled", BOTH, ProjectUpdate, "request"),
    ("quotation.sent", &[CUSTOMER], ProjectUpdate, "quotation"),
    ("quotation.revised", &[COORDINATOR], ProjectUpdate, "quotation"),
    ("quotation.approved", BOTH, ProjectUpdate, "quotation"),
    ("quotation.rejected", BOTH, ProjectUpdate, "quotation"),
    ("quotation.expired", BOTH, DeadlineAlert, "quotation"),
    ("milestone.due", &[CUSTOMER], PaymentReminder, "milestone"),
    ("milestone.paid", BOTH, PaymentReminder, "milestone"),
    ("milestone.overdue", BOTH, PaymentReminder, "milestone"),
    ("milestone.reminded", &[CUSTOMER], PaymentReminder, "milestone"),
    ("project.created", &[COORDINATOR], ProjectUpdate, "project"),
    ("project.started", BOTH, ProjectUpdate, "project"),
    ("project.completed", &[CUSTOMER, COORDINATOR, SPECIALIST], ProjectUpdate, "project"),
    ("project.cancelled", BOTH, ProjectUpdate, "project"),
    ("task.assigned", &[SPECIALIST], TaskAssignment, "task"),
    ("task.accepted", &[COORDINATOR], TaskAssignment, "task"),
    ("task.rejected", &[COORDINATOR], TaskAssignment, "task"),
    ("task.in_progress", &[COORDINATOR], ProjectUpdate, "task"),
    ("task.completed", &[COORDINATOR], ProjectUpdate, "task"),
    ("task.cancelled", &[COORDINATOR, SPECIALIST], TaskAssignment, "task"),
    ("task.overdue", &[COORDINATOR, SPECIALIST], DeadlineAlert, "task"),
    ("task.reminded", &[SPECIALIST], DeadlineAlert, "task"),
    ("booking.created", SESSION, BookingConfirmation, "booking"),
    ("booking.confirmed", SESSION, BookingConfirmation, "booking"),
    ("booking.completed", &[CUSTOMER], BookingConfirmation, "booking"),
    ("booking.cancelled", SESSION, BookingConfirmation, "booking"),
    ("booking.no_show", SESSION, BookingConfirmation, "booking"),
    ("booking.reminded", SESSION, DeadlineAlert, "booking"),
    ("payment.failed", &[CUSTOMER], PaymentReminder, "payment"),
    ("payment.refunded", BOTH, PaymentReminder, "payment"),
    ("revision.requested", BOTH, ProjectUpdate, "revision"),
    ("revision.approved", BOTH, ProjectUpdate, "revision"),
    ("revision.rejected", BOTH, ProjectUpdate, "revision"),
    ("revision.completed", BOTH, ProjectUpdate, "revision"),
    ("package.prepared", &[COORDINATOR], ProjectUpdate, "package"),
    ("package.delivered", BOTH, ProjectUpdate, "package"),
    ("package.approved", BOTH, ProjectUpdate, "package"),
    ("package.rejected", BOTH, ProjectUpdate, "package"),
    ("feedback.created", &[COORDINATOR, SPECIALIST], ProjectUpdate, "feedback"),
];

/// What people are told although they did it: receipts.
const RECEIPTS: [(&str, Uuid); 5] = [
    ("user.role_granted", CUSTOMER),
    ("user.role_revoked", CUSTOMER),
    ("quotation.approved", CUSTOMER),
    ("booking.created", CUSTOMER),
    ("payment.refunded", CUSTOMER),
];

/// Kinds that do not say who did it: nobody did, or it is clear, and then that one is not told.
const NAMELESS: [&str; 22] = [
    "user.registered",
    "request.created",
    "quotation.sent",
    "quotation.expired",
    "milestone.due",
    "milestone.paid",
    "milestone.overdue",
    "milestone.reminded",
    "project.created",
    "project.started",
    "project.completed",
    "task.accepted",
    "task.rejected",
    "task.in_progress",
    "task.completed",
    "task.overdue",
    "task.reminded",
    "booking.completed",
    "booking.no_show",
    "booking.reminded",
    "payment.failed",
    "feedback.created",
];

/// What follows from another event, which told those who are missing here.
const FOLLOWING: [(&str, &[Uuid]); 9] = [
    ("request.cancelled", &[]),
    ("project.cancelled", &[]),
    ("revision.rejected", &[]),
    ("task.cancelled", &[SPECIALIST]),
    ("booking.cancelled", SESSION),
    ("booking.confirmed", SESSION),
    ("revision.approved", BOTH),
    ("revision.completed", BOTH),
    ("payment.refunded", BOTH),
];

fn sorted(mut people: Vec<Uuid>) -> Vec<Uuid> {
    people.sort();
    people
}

#[test]
fn table_has_every_kind_that_the_manifest_subscribes_to() {
    let table: BTreeSet<_> = TABLE.iter().map(|(kind, ..)| (*kind).to_owned()).collect();
    assert_eq!(table, subscribed());
}

#[test]
fn people_concerned_are_told_once() {
    for (kind, people, notification_type, thing) in TABLE {
        let messages = said(kind, &with(json!({})));
        let told = messages.iter().map(|message| message.user_id.uuid()).collect();
        assert_eq!(sorted(told), people, "{kind}");
        for message in messages {
            let id = if thing == "user" { CUSTOMER } else { THING };
            assert_eq!(message.notification_type, notification_type, "{kind}");
            assert_eq!(message.reference, Some(Reference { kind: thing, id }), "{kind}");
        }
    }
}

#[test]
fn nobody_is_told_what_they_did_but_for_receipts() {
    for (kind, people, ..) in TABLE {
        for person in [CUSTOMER, COORDINATOR, SPECIALIST, ARTIST] {
            let did = ACTORS.iter().map(|actor| ((*actor).to_owned(), json!(person))).collect();
            let told = sorted(told(kind, &with(serde_json::Value::Object(did))));
            let is_told = RECEIPTS.contains(&(kind, person)) || NAMELESS.contains(&kind);
            let others: Vec<_> = people.iter().copied().filter(|other| *other != person || is_told).collect();
            assert_eq!(told, others, "{kind} by {person}");
        }
    }
}

#[test]
fn what_follows_from_another_event_is_told_to_those_who_did_not_hear_of_that() {
    for (kind, people) in FOLLOWING {
        let nobody = ACTORS.iter().map(|actor| ((*actor).to_owned(), json!(null))).collect();
        assert_eq!(sorted(told(kind, &with(serde_json::Value::Object(nobody)))), people, "{kind}");
    }
}

#[test]
fn who_refunds_their_own_payment_gets_the_receipt() {
    assert_eq!(told("payment.refunded", &with(json!({ "refunded_by": CUSTOMER }))), [CUSTOMER, COORDINATOR]);
    assert_eq!(told("payment.refunded", &with(json!({ "refunded_by": COORDINATOR }))), [CUSTOMER]);
}

#[test]
fn status_of_a_request_is_told_by_the_event_that_changed_it() {
    let changed = |changed: &[&str], by: Option<Uuid>| {
        sorted(told("request.updated", &with(json!({ "changed": changed, "updated_by": by }))))
    };
    assert!(changed(&["status"], None).is_empty());
    assert_eq!(changed(&["coordinator"], Some(COORDINATOR)), [CUSTOMER]);
    assert_eq!(changed(&["title", "deadline"], Some(CUSTOMER)), [COORDINATOR]);
}

#[test]
fn request_that_nobody_has_claimed_has_no_coordinator_to_tell() {
    let unclaimed = |changes: serde_json::Value| {
        let mut payload = with(changes);
        payload["coordinator_user_id"] = json!(null);
        payload
    };
    assert_eq!(told("request.updated", &unclaimed(json!({ "changed": ["title"] }))), [CUSTOMER]);
    assert_eq!(told("request.cancelled", &unclaimed(json!({}))), [CUSTOMER]);
    assert!(told("request.cancelled", &unclaimed(json!({ "cancelled_by": CUSTOMER }))).is_empty());
}

#[test]
fn specialist_who_let_an_offer_pass_is_told() {
    assert_eq!(told("task.rejected", &with(json!({ "is_expired": true }))), [COORDINATOR, SPECIALIST]);
}

#[test]
fn role_that_came_with_the_account_is_told_by_the_welcome_alone() {
    let granted =
        |is_primary| told("user.role_granted", &with(json!({ "granted_by": null, "is_primary": is_primary })));
    assert!(granted(true).is_empty());
    assert_eq!(granted(false), [CUSTOMER]);
}

#[test]
fn who_is_two_people_is_told_once() {
    for (kind, ..) in TABLE {
        let one = with(json!({
            "customer_user_id": ADMIN, "coordinator_user_id": ADMIN, "specialist_user_id": ADMIN,
            "specialist_user_ids": [ADMIN, ADMIN], "artist_user_ids": [ADMIN, ADMIN], "payer_user_id": ADMIN,
            "user_id": ADMIN, "granted_by": CUSTOMER, "cancelled_by": CUSTOMER,
        }));
        assert!(told(kind, &one).len() <= 1, "{kind}");
    }
}
