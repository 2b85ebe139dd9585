//! Which function says what because of which kind of event.
//!
//! One file per producer. Each function names everyone whom its event concerns; who did it themselves is left out, unless
//! a receipt is what they expect. What follows from another event that told the same people says nothing again.

mod feedback;
mod payment;
mod project;
mod quotation;
mod revision;
mod studio;
mod task;
#[cfg(test)]
mod tests;
mod user;

use super::{Message, NotificationType, Reference};
use mutrapro_contracts::Event;
use mutrapro_contracts::feedback::FeedbackCreated;
use mutrapro_contracts::payment::{PaymentFailed, PaymentRefunded};
use mutrapro_contracts::project::{ProjectCancelled, ProjectCompleted, ProjectCreated, ProjectStarted};
use mutrapro_contracts::quotation::{
    MilestoneDue, MilestoneOverdue, MilestonePaid, MilestoneReminded, QuotationApproved, QuotationExpired,
    QuotationRejected, QuotationRevised, QuotationSent, RequestCancelled, RequestCreated, RequestUpdated,
};
use mutrapro_contracts::revision::{
    PackageApproved, PackageDelivered, PackagePrepared, PackageRejected, RevisionApproved, RevisionCompleted,
    RevisionRejected, RevisionRequested,
};
use mutrapro_contracts::studio::{
    BookingCancelled, BookingCompleted, BookingConfirmed, BookingCreated, BookingNoShow, BookingReminded,
};
use mutrapro_contracts::task::{
    TaskAccepted, TaskAssigned, TaskCancelled, TaskCompleted, TaskInProgress, TaskOverdue, TaskRejected, TaskReminded,
};
use mutrapro_contracts::user::{RoleGranted, RoleRevoked, UserRegistered};
use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::id::Uuid;

/// What is said because of `event`, and to whom; each user occurs at most once.
///
/// # Errors
/// Rejects a kind that has no function here, and a payload that is not what its producer documents.
pub(crate) fn messages(event: &Incoming) -> Result<Vec<Message>, Refusal> {
    let mut messages = said(event)?;
    // Who takes part in two roles is told the first thing, which is the one that concerns them most.
    let mut told = Vec::new();
    messages.retain(|message| {
        let is_new = !told.contains(&message.user_id);
        told.push(message.user_id);
        is_new
    });
    Ok(messages)
}

fn said(event: &Incoming) -> Result<Vec<Message>, Refusal> {
    Ok(match event.kind.as_str() {
        UserRegistered::KIND => user::registered(&event.parse()?),
        RoleGranted::KIND => user::role_granted(&event.parse()?),
        RoleRevoked::KIND => user::role_revoked(&event.parse()?),
        RequestCreated::KIND => quotation::request_created(&event.parse()?),
        RequestUpdated::KIND => quotation::request_updated(&event.parse()?),
        RequestCancelled::KIND => quotation::request_cancelled(&event.parse()?),
        QuotationSent::KIND => quotation::sent(&event.parse()?),
        QuotationRevised::KIND => quotation::revised(&event.parse()?),
        QuotationApproved::KIND => quotation::approved(&event.parse()?),
        QuotationRejected::KIND => quotation::rejected(&event.parse()?),
        QuotationExpired::KIND => quotation::expired(&event.parse()?),
        MilestoneDue::KIND => quotation::milestone_due(&event.parse()?),
        MilestonePaid::KIND => quotation::milestone_paid(&event.parse()?),
        MilestoneOverdue::KIND => quotation::milestone_overdue(&event.parse()?),
        MilestoneReminded::KIND => quotation::milestone_reminded(&event.parse()?),
        ProjectCreated::KIND => project::created(&event.parse()?),
        ProjectStarted::KIND => project::started(&event.parse()?),
        ProjectCompleted::KIND => project::completed(&event.parse()?),
        ProjectCancelled::KIND => project::cancelled(&event.parse()?),
        TaskAssigned::KIND => task::assigned(&event.parse()?),
        TaskAccepted::KIND => task::accepted(&event.parse()?),
        TaskRejected::KIND => task::rejected(&event.parse()?),
        TaskInProgress::KIND => task::in_progress(&event.parse()?),
        TaskCompleted::KIND => task::completed(&event.parse()?),
        TaskCancelled::KIND => task::cancelled(&event.parse()?),
        TaskOverdue::KIND => task::overdue(&event.parse()?),
        TaskReminded::KIND => task::reminded(&event.parse()?),
        BookingCreated::KIND => studio::created(&event.parse()?),
        BookingConfirmed::KIND => studio::confirmed(&event.parse()?),
        BookingCompleted::KIND => studio::completed(&event.parse()?),
        BookingCancelled::KIND => studio::cancelled(&event.parse()?),
        BookingNoShow::KIND => studio::no_show(&event.parse()?),
        BookingReminded::KIND => studio::reminded(&event.parse()?),
        PaymentFailed::KIND => payment::failed(&event.parse()?),
        PaymentRefunded::KIND => payment::refunded(&event.parse()?),
        RevisionRequested::KIND => revision::requested(&event.parse()?),
        RevisionApproved::KIND => revision::approved(&event.parse()?),
        RevisionRejected::KIND => revision::rejected(&event.parse()?),
        RevisionCompleted::KIND => revision::completed(&event.parse()?),
        PackagePrepared::KIND => revision::package_prepared(&event.parse()?),
        PackageDelivered::KIND => revision::package_delivered(&event.parse()?),
        PackageApproved::KIND => revision::package_approved(&event.parse()?),
        PackageRejected::KIND => revision::package_rejected(&event.parse()?),
        FeedbackCreated::KIND => feedback::created(&event.parse()?),
        _ => return Err(event.unknown()),
    })
}

/// What every message because of one event has in common.
#[derive(Debug, Clone, Copy)]
struct Topic {
    notification_type: NotificationType,
    reference: Reference,
}

impl Topic {
    const fn new(notification_type: NotificationType, kind: &'static str, id: Uuid) -> Self {
        Self { notification_type, reference: Reference { kind, id } }
    }

    fn tell(self, user: Uuid, title: impl Into<String>, text: impl Into<String>) -> Message {
        Message {
            user_id: user.into(),
            title: title.into(),
            text: text.into(),
            notification_type: self.notification_type,
            reference: Some(self.reference),
        }
    }

    /// Tells all of `users` the same.
    fn tell_all(self, users: impl IntoIterator<Item = Uuid>, title: &str, text: &str) -> Vec<Message> {
        users.into_iter().map(|user| self.tell(user, title, text)).collect()
    }
}

/// Without what `who` would be told: they did it.
fn except(who: impl Into<Option<Uuid>>, mut messages: Vec<Message>) -> Vec<Message> {
    let who = who.into();
    messages.retain(|message| Some(message.user_id.uuid()) != who);
    messages
}
