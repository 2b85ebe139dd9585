//! What is said because of revision-service: of revisions and packages.

use super::{Topic, except};
use crate::domain::text::{because, excerpt, money, spoken};
use crate::domain::{Message, NotificationType};
use mutrapro_contracts::revision::{
    Package, PackageApproved, PackageDelivered, PackagePrepared, PackageRejected, Revision, RevisionApproved,
    RevisionCompleted, RevisionRejected, RevisionRequested,
};

pub(super) fn requested(event: &RevisionRequested) -> Vec<Message> {
    let revision = &event.revision;
    let named = numbered(revision);
    let cost = if revision.is_free {
        "It is free: please approve or reject it.".to_owned()
    } else {
        format!("It costs {} and is approved when that is paid.", money(revision.fee, &revision.currency))
    };
    let text = format!("{named} was asked for: {}. {cost}", spoken(&revision.revision_type));
    let people = [revision.coordinator_user_id, revision.customer_user_id];
    except(event.requested_by, revision_topic(revision).tell_all(people, "Revision asked for", &text))
}

pub(super) fn approved(event: &RevisionApproved) -> Vec<Message> {
    let revision = &event.revision;
    let text = format!("{} is approved and will be done.", numbered(revision));
    let people = [revision.customer_user_id, revision.coordinator_user_id];
    except(event.approved_by, revision_topic(revision).tell_all(people, "Revision approved", &text))
}

pub(super) fn rejected(event: &RevisionRejected) -> Vec<Message> {
    // It ended with its project, of which the same people were told.
    if event.rejected_by.is_none() {
        return Vec::new();
    }
    let revision = &event.revision;
    let named = numbered(revision);
    let text = format!("{named} will not be done{}", because(event.reason.as_deref()));
    let people = [revision.customer_user_id, revision.coordinator_user_id];
    except(event.rejected_by, revision_topic(revision).tell_all(people, "Revision rejected", &text))
}

pub(super) fn completed(event: &RevisionCompleted) -> Vec<Message> {
    let revision = &event.revision;
    let topic = revision_topic(revision);
    let text = format!("{} is done.", numbered(revision));
    let messages = vec![
        topic.tell(
            revision.customer_user_id,
            "Revision done",
            format!("{text} It comes to you with the next package."),
        ),
        topic.tell(revision.coordinator_user_id, "Revision done", format!("{text} It can be delivered.")),
    ];
    except(event.completed_by, messages)
}

/// Customers know of what is delivered alone.
pub(super) fn package_prepared(event: &PackagePrepared) -> Vec<Message> {
    let package = &event.package;
    let text = format!("{} is ready to be delivered.", named(package));
    let messages = vec![package_topic(package).tell(package.coordinator_user_id, "Package ready", text)];
    except(event.prepared_by, messages)
}

pub(super) fn package_delivered(event: &PackageDelivered) -> Vec<Message> {
    let package = &event.package;
    let topic = package_topic(package);
    let named = named(package);
    let (kind, files) = (spoken(&package.delivery_type), files(package.file_ids.len()));
    let for_customer = format!("{named} is here ({kind}, {files}). You can accept it, or say what is to be different.");
    let messages = vec![
        topic.tell(package.customer_user_id, "A package for you", for_customer),
        topic.tell(package.coordinator_user_id, "Package delivered", format!("{named} is with the customer now.")),
    ];
    except(event.delivered_by, messages)
}

pub(super) fn package_approved(event: &PackageApproved) -> Vec<Message> {
    let package = &event.package;
    let text = format!("{} was accepted.", named(package));
    let people = [package.coordinator_user_id, package.customer_user_id];
    except(event.approved_by, package_topic(package).tell_all(people, "Package accepted", &text))
}

pub(super) fn package_rejected(event: &PackageRejected) -> Vec<Message> {
    let package = &event.package;
    let named = named(package);
    let text = format!("{named} was not accepted{}", because(event.reason.as_deref()));
    let people = [package.coordinator_user_id, package.customer_user_id];
    except(event.rejected_by, package_topic(package).tell_all(people, "Package not accepted", &text))
}

/// `Revision 2 of “Diễm xưa”`.
fn numbered(revision: &Revision) -> String {
    format!("Revision {} of “{}”", revision.revision_number, excerpt(&revision.project_name))
}

/// `The package “Score” of “Diễm xưa”`.
fn named(package: &Package) -> String {
    format!("The package “{}” of “{}”", excerpt(&package.package_name), excerpt(&package.project_name))
}

fn files(number: usize) -> String {
    if number == 1 { "1 file".to_owned() } else { format!("{number} files") }
}

const fn revision_topic(revision: &Revision) -> Topic {
    Topic::new(NotificationType::ProjectUpdate, "revision", revision.revision_id)
}

const fn package_topic(package: &Package) -> Topic {
    Topic::new(NotificationType::ProjectUpdate, "package", package.package_id)
}
