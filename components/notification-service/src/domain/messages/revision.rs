//! What is said because of revision-service: of revisions and packages.

use super::{Topic, except};
use crate::domain::text::{because, excerpt, money, spoken};
use crate::domain::{Message, NotificationType};
use mutrapro_contracts::revision::{
    PackageApproved, PackageDelivered, PackagePrepared, PackageRejected, RevisionApproved, RevisionCompleted,
    RevisionRejected, RevisionRequested,
};
use mutrapro_sdk::id::Uuid;

pub(super) fn requested(event: &RevisionRequested) -> Vec<Message> {
    let revision = numbered(event.revision_number, &event.project_name);
    let cost = if event.is_free {
        "It is free: please approve or reject it.".to_owned()
    } else {
        format!("It costs {} and is approved when that is paid.", money(event.fee, &event.currency))
    };
    let text = format!("{revision} was asked for: {}. {cost}", spoken(&event.revision_type));
    let people = [event.coordinator_user_id, event.customer_user_id];
    except(event.requested_by, revision_topic(event.revision_id).tell_all(people, "Revision asked for", &text))
}

pub(super) fn approved(event: &RevisionApproved) -> Vec<Message> {
    let text = format!("{} is approved and will be done.", numbered(event.revision_number, &event.project_name));
    let people = [event.customer_user_id, event.coordinator_user_id];
    except(event.approved_by, revision_topic(event.revision_id).tell_all(people, "Revision approved", &text))
}

pub(super) fn rejected(event: &RevisionRejected) -> Vec<Message> {
    // It ended with its project, of which the same people were told.
    if event.rejected_by.is_none() {
        return Vec::new();
    }
    let revision = numbered(event.revision_number, &event.project_name);
    let text = format!("{revision} will not be done{}", because(event.reason.as_deref()));
    let people = [event.customer_user_id, event.coordinator_user_id];
    except(event.rejected_by, revision_topic(event.revision_id).tell_all(people, "Revision rejected", &text))
}

pub(super) fn completed(event: &RevisionCompleted) -> Vec<Message> {
    let topic = revision_topic(event.revision_id);
    let text = format!("{} is done.", numbered(event.revision_number, &event.project_name));
    let messages = vec![
        topic.tell(event.customer_user_id, "Revision done", format!("{text} It comes to you with the next package.")),
        topic.tell(event.coordinator_user_id, "Revision done", format!("{text} It can be delivered.")),
    ];
    except(event.completed_by, messages)
}

/// Customers know of what is delivered alone.
pub(super) fn package_prepared(event: &PackagePrepared) -> Vec<Message> {
    let text = format!("{} is ready to be delivered.", package(&event.package_name, &event.project_name));
    let messages = vec![package_topic(event.package_id).tell(event.coordinator_user_id, "Package ready", text)];
    except(event.prepared_by, messages)
}

pub(super) fn package_delivered(event: &PackageDelivered) -> Vec<Message> {
    let topic = package_topic(event.package_id);
    let package = package(&event.package_name, &event.project_name);
    let (kind, files) = (spoken(&event.delivery_type), files(event.file_ids.len()));
    let for_customer =
        format!("{package} is here ({kind}, {files}). You can accept it, or say what is to be different.");
    let messages = vec![
        topic.tell(event.customer_user_id, "A package for you", for_customer),
        topic.tell(event.coordinator_user_id, "Package delivered", format!("{package} is with the customer now.")),
    ];
    except(event.delivered_by, messages)
}

pub(super) fn package_approved(event: &PackageApproved) -> Vec<Message> {
    let text = format!("{} was accepted.", package(&event.package_name, &event.project_name));
    let people = [event.coordinator_user_id, event.customer_user_id];
    except(event.approved_by, package_topic(event.package_id).tell_all(people, "Package accepted", &text))
}

pub(super) fn package_rejected(event: &PackageRejected) -> Vec<Message> {
    let package = package(&event.package_name, &event.project_name);
    let text = format!("{package} was not accepted{}", because(event.reason.as_deref()));
    let people = [event.coordinator_user_id, event.customer_user_id];
    except(event.rejected_by, package_topic(event.package_id).tell_all(people, "Package not accepted", &text))
}

/// `Revision 2 of “Diễm xưa”`.
fn numbered(number: u32, project_name: &str) -> String {
    format!("Revision {number} of “{}”", excerpt(project_name))
}

/// `The package “Score” of “Diễm xưa”`.
fn package(name: &str, project_name: &str) -> String {
    format!("The package “{}” of “{}”", excerpt(name), excerpt(project_name))
}

fn files(number: usize) -> String {
    if number == 1 { "1 file".to_owned() } else { format!("{number} files") }
}

const fn revision_topic(id: Uuid) -> Topic {
    Topic::new(NotificationType::ProjectUpdate, "revision", id)
}

const fn package_topic(id: Uuid) -> Topic {
    Topic::new(NotificationType::ProjectUpdate, "package", id)
}
