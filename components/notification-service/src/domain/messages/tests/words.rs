//! What people are told.

use super::kinds::subscribed;
use super::payloads::{ARTIST, COORDINATOR, CUSTOMER, SPECIALIST, payload, said, said_to, with};
use mutrapro_sdk::id::Uuid;
use proptest::prelude::*;
use serde_json::{Value, json};

fn text(user: Uuid, kind: &str, changes: Value) -> String {
    said_to(user, kind, &with(changes)).text
}

#[test]
fn new_customer_is_welcomed_by_name() {
    let message = said_to(CUSTOMER, "user.registered", &payload());
    assert_eq!(message.title, "Welcome to MuTraPro");
    assert!(message.text.starts_with("Hello Lan Trần,") && message.text.contains("request"), "{}", message.text);
}

#[test]
fn only_customers_are_asked_for_a_request() {
    let text = text(CUSTOMER, "user.registered", json!({ "role": "system_admin" }));
    assert!(!text.contains("request") && text.contains("system admin"), "{text}");
}

#[test]
fn roles_are_named_as_people_say_them() {
    let title = |kind| said_to(CUSTOMER, kind, &with(json!({ "role": "recording_artist" }))).title;
    assert_eq!(title("user.role_granted"), "New role: recording artist");
    assert_eq!(title("user.role_revoked"), "Role withdrawn: recording artist");
    assert!(text(CUSTOMER, "user.role_granted", json!({ "is_primary": true })).contains("primary"));
    assert!(!text(CUSTOMER, "user.role_granted", json!({ "is_primary": false })).contains("primary"));
}

#[test]
fn quotation_tells_what_it_costs_and_until_when() {
    assert_eq!(
        text(CUSTOMER, "quotation.sent", json!({ "version": 1 })),
        "The quotation for “Diễm xưa” is here: 200,000 VND in all. You can approve it, reject it or ask for a change \
         until 31 Jan 2026, 09:30 UTC."
    );
    assert!(text(CUSTOMER, "quotation.sent", json!({ "version": 3 })).starts_with("Version 3 of the quotation"));
}

#[test]
fn receipt_of_an_approval_tells_what_is_paid_when() {
    let ends = |deposit: i64, rest: i64| {
        let changes = json!({ "deposit_amount": deposit, "final_amount": rest, "currency": "USD" });
        let text = text(CUSTOMER, "quotation.approved", changes);
        text.split_once("in all. ").unwrap().1.to_owned()
    };
    assert_eq!(ends(8_050, 100), "Work begins when the deposit of 80.50 USD is paid; 1.00 USD are paid at the end.");
    assert_eq!(ends(8_050, 0), "Work begins when the deposit of 80.50 USD is paid.");
    assert_eq!(ends(0, 8_050), "All of it is paid at the end.");
}

#[test]
fn what_is_to_be_paid_is_told_with_its_date() {
    let due = "Diễm xưa for “Diễm xưa” (80,000 VND)";
    let date = "31 Jan 2026, 09:30 UTC";
    let of = |kind| text(CUSTOMER, kind, json!({}));
    assert_eq!(of("milestone.due"), format!("{due} can be paid now; please do so by {date}."));
    assert_eq!(of("milestone.reminded"), format!("1 day is left: {due} is to be paid by {date}."));
    assert_eq!(of("milestone.overdue"), format!("{due} should have been paid by {date}. Please pay it soon."));
    assert_eq!(of("milestone.paid"), format!("{due} is paid. Thank you."));
    assert_eq!(
        text(CUSTOMER, "milestone.due", json!({ "due_at": null })),
        format!("{due} can be paid now; please do so.")
    );
}

#[test]
fn deposit_of_a_started_project_is_kept() {
    let told = |was_started: bool| text(CUSTOMER, "project.cancelled", json!({ "was_started": was_started }));
    assert!(told(true).contains("The deposit is kept"), "{}", told(true));
    assert!(told(false).ends_with("“too dear”. Whatever was paid is given back."), "{}", told(false));
    assert!(!text(COORDINATOR, "project.cancelled", json!({})).contains("deposit"));
}

#[test]
fn rush_offers_tell_how_long_there_is_to_answer() {
    let task = "“Diễm xưa” (transcription)";
    assert_eq!(
        text(SPECIALIST, "task.assigned", json!({})),
        format!("{task} is yours, due by 31 Jan 2026, 09:30 UTC. Please accept it.")
    );
    let offer = text(SPECIALIST, "task.assigned", json!({ "rush_response_deadline": "2026-01-30T13:30:00Z" }));
    assert!(offer.ends_with("Please accept or decline it by 30 Jan 2026, 13:30 UTC."), "{offer}");
}

#[test]
fn sessions_are_told_with_place_time_and_cost() {
    let held = "Studio A on 31 Jan 2026, 09:30 to 11:00 UTC is held until 31 Jan 2026, 09:30 UTC and has to be \
                confirmed by then. It costs 500,000 VND.";
    assert_eq!(text(CUSTOMER, "booking.created", json!({})), held);
    let booked = text(CUSTOMER, "booking.created", json!({ "hold_expires_at": null }));
    assert!(booked.ends_with("is booked. It costs 500,000 VND."), "{booked}");
    let asked = text(ARTIST, "booking.created", json!({}));
    assert!(!asked.contains("VND") && asked.contains("Studio A on 31 Jan 2026"), "{asked}");
}

#[test]
fn failed_payment_tells_why() {
    assert_eq!(
        text(CUSTOMER, "payment.failed", json!({})),
        "Your payment of 80,000 VND (Deposit) did not go through: “card declined”. You can try again."
    );
}

#[test]
fn free_revisions_are_to_be_decided_and_others_to_be_paid() {
    let told = |is_free: bool| text(COORDINATOR, "revision.requested", json!({ "is_free": is_free }));
    assert!(told(true).ends_with("It is free: please approve or reject it."), "{}", told(true));
    assert!(told(false).ends_with("It costs 20,000 VND and is approved when that is paid."), "{}", told(false));
}

#[test]
fn packages_tell_how_many_files_they_have() {
    let told = |files: Value| text(CUSTOMER, "package.delivered", json!({ "file_ids": files }));
    assert!(told(json!([CUSTOMER])).contains("(final, 1 file)"));
    assert!(told(json!([CUSTOMER, ARTIST])).contains("(final, 2 files)"));
}

#[test]
fn feedback_that_names_its_request_is_told_with_it() {
    let told = |title: Value| text(SPECIALIST, "feedback.created", json!({ "title": title }));
    assert_eq!(told(json!("Diễm xưa")), "A customer gave “Diễm xưa” 4 of 5 for timeliness.");
    assert_eq!(told(json!(null)), "A customer gave a request 4 of 5 for timeliness.");
}

#[test]
fn sentences_end_and_nothing_technical_is_in_them() {
    for kind in subscribed() {
        for message in said(&kind, &payload()) {
            let (title, text) = (&message.title, &message.text);
            assert!(!title.is_empty() && !title.ends_with('.'), "{kind}: {title}");
            assert!(text.ends_with('.') && !text.contains(".."), "{kind}: {text}");
            assert!(
                text.chars().next().is_some_and(|first| first.is_uppercase() || first == '“' || first.is_numeric())
            );
            assert!(!text.contains(['_', '{', '}']) && !text.contains("T09:30"), "{kind}: {text}");
        }
    }
}

proptest! {
    #[test]
    fn whatever_people_and_roles_are_called_they_are_told(name in ".*", role in ".*") {
        let told = said("user.registered", &with(json!({ "full_name": name, "role": role })));
        prop_assert_eq!(told.len(), 1);
        prop_assert!(told[0].text.contains(&name) && !told[0].title.is_empty());
    }

    #[test]
    fn whatever_things_are_called_messages_stay_short(
        kind in prop::sample::select(subscribed().into_iter().filter(|kind| kind != "user.registered").collect::<Vec<_>>()),
        words in "\\PC{0,3000}",
    ) {
        let fields = ["title", "name", "project_name", "package_name", "studio_name", "reason", "failure_reason", "role"];
        let changes = fields.into_iter().map(|field| (field.to_owned(), json!(words))).collect();
        for message in said(&kind, &with(Value::Object(changes))) {
            prop_assert!(message.text.chars().count() <= 1000 && message.title.chars().count() <= 250);
        }
    }
}
