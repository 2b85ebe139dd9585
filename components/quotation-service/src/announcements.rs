//! What the service tells others: events made of its rows.

use crate::domain::PaymentId;
use crate::store::{Milestone, Quotation, Request};
use mutrapro_contracts::quotation as told;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::UserId;

pub(crate) fn request_created(request: &Request) -> told::RequestCreated {
    told::RequestCreated {
        request_id: request.id.uuid(),
        customer_id: request.customer_id.uuid(),
        customer_user_id: request.customer_user_id.uuid(),
        request_type: request.request_type.to_string(),
        title: request.title.clone(),
        priority: request.priority.to_string(),
    }
}

/// `request` is as it is now; `by` is `None` for what nobody did.
pub(crate) fn request_updated(request: &Request, changed: &[&str], by: Option<UserId>) -> told::RequestUpdated {
    told::RequestUpdated {
        request_id: request.id.uuid(),
        customer_id: request.customer_id.uuid(),
        customer_user_id: request.customer_user_id.uuid(),
        coordinator_id: request.coordinator_id.map(|id| id.uuid()),
        coordinator_user_id: request.coordinator_user_id.map(UserId::uuid),
        title: request.title.clone(),
        status: request.status.to_string(),
        changed: changed.iter().map(|field| (*field).to_owned()).collect(),
        updated_by: by.map(UserId::uuid),
    }
}

pub(crate) fn request_cancelled(
    request: &Request,
    reason: Option<String>,
    by: Option<UserId>,
) -> told::RequestCancelled {
    told::RequestCancelled {
        request_id: request.id.uuid(),
        customer_id: request.customer_id.uuid(),
        customer_user_id: request.customer_user_id.uuid(),
        coordinator_id: request.coordinator_id.map(|id| id.uuid()),
        coordinator_user_id: request.coordinator_user_id.map(UserId::uuid),
        title: request.title.clone(),
        reason,
        cancelled_by: by.map(UserId::uuid),
    }
}

pub(crate) fn quotation_sent(quotation: &Quotation, request: &Request, valid_until: String) -> told::QuotationSent {
    told::QuotationSent {
        quotation_id: quotation.id.uuid(),
        request_id: request.id.uuid(),
        title: request.title.clone(),
        version: quotation.version,
        customer_id: quotation.customer_id.uuid(),
        customer_user_id: quotation.customer_user_id.uuid(),
        coordinator_id: quotation.coordinator_id.uuid(),
        coordinator_user_id: quotation.coordinator_user_id.uuid(),
        total_price: quotation.total_price,
        currency: quotation.currency.to_string(),
        valid_until,
    }
}

pub(crate) fn quotation_revised(
    quotation: &Quotation,
    request: &Request,
    reason: String,
    by: UserId,
) -> told::QuotationRevised {
    told::QuotationRevised {
        quotation_id: quotation.id.uuid(),
        request_id: request.id.uuid(),
        title: request.title.clone(),
        version: quotation.version,
        customer_id: quotation.customer_id.uuid(),
        customer_user_id: quotation.customer_user_id.uuid(),
        coordinator_id: quotation.coordinator_id.uuid(),
        coordinator_user_id: quotation.coordinator_user_id.uuid(),
        reason,
        revised_by: by.uuid(),
    }
}

pub(crate) fn quotation_approved(
    quotation: &Quotation,
    request: &Request,
    milestones: &[Milestone],
    by: UserId,
) -> told::QuotationApproved {
    told::QuotationApproved {
        quotation_id: quotation.id.uuid(),
        request_id: request.id.uuid(),
        request_type: request.request_type.to_string(),
        title: request.title.clone(),
        version: quotation.version,
        priority: quotation.priority.to_string(),
        customer_id: quotation.customer_id.uuid(),
        customer_user_id: quotation.customer_user_id.uuid(),
        coordinator_id: quotation.coordinator_id.uuid(),
        coordinator_user_id: quotation.coordinator_user_id.uuid(),
        total_price: quotation.total_price,
        deposit_amount: quotation.deposit_amount,
        final_amount: quotation.final_amount,
        currency: quotation.currency.to_string(),
        milestone_ids: milestones.iter().map(|milestone| milestone.id.uuid()).collect(),
        approved_by: by.uuid(),
    }
}

pub(crate) fn quotation_rejected(
    quotation: &Quotation,
    request: &Request,
    reason: Option<String>,
    by: UserId,
) -> told::QuotationRejected {
    told::QuotationRejected {
        quotation_id: quotation.id.uuid(),
        request_id: request.id.uuid(),
        title: request.title.clone(),
        version: quotation.version,
        customer_id: quotation.customer_id.uuid(),
        customer_user_id: quotation.customer_user_id.uuid(),
        coordinator_id: quotation.coordinator_id.uuid(),
        coordinator_user_id: quotation.coordinator_user_id.uuid(),
        reason,
        rejected_by: by.uuid(),
    }
}

pub(crate) fn quotation_expired(quotation: &Quotation, request: &Request) -> told::QuotationExpired {
    told::QuotationExpired {
        quotation_id: quotation.id.uuid(),
        request_id: request.id.uuid(),
        title: request.title.clone(),
        version: quotation.version,
        customer_id: quotation.customer_id.uuid(),
        customer_user_id: quotation.customer_user_id.uuid(),
        coordinator_id: quotation.coordinator_id.uuid(),
        coordinator_user_id: quotation.coordinator_user_id.uuid(),
    }
}

pub(crate) fn milestones_generated(quotation: &Quotation, milestones: &[Milestone]) -> told::MilestonesGenerated {
    let generated = |milestone: &Milestone| told::GeneratedMilestone {
        milestone_id: milestone.id.uuid(),
        milestone_type: milestone.milestone_type.to_string(),
        name: milestone.name.clone(),
        amount: milestone.amount,
        currency: milestone.currency.to_string(),
    };
    told::MilestonesGenerated {
        quotation_id: quotation.id.uuid(),
        request_id: quotation.request_id.uuid(),
        customer_id: quotation.customer_id.uuid(),
        customer_user_id: quotation.customer_user_id.uuid(),
        milestones: milestones.iter().map(generated).collect(),
    }
}

pub(crate) fn milestone_due(milestone: told::Milestone) -> told::MilestoneDue {
    told::MilestoneDue { milestone }
}

pub(crate) fn milestone_paid(milestone: told::Milestone, payment_id: PaymentId) -> told::MilestonePaid {
    told::MilestonePaid { milestone, payment_id: payment_id.uuid() }
}

/// What every event of a milestone tells of it. `milestone` is as it is now.
pub(crate) fn of_milestone(milestone: &Milestone, quotation: &Quotation, request: &Request) -> told::Milestone {
    told::Milestone {
        milestone_id: milestone.id.uuid(),
        quotation_id: quotation.id.uuid(),
        request_id: request.id.uuid(),
        title: request.title.clone(),
        milestone_type: milestone.milestone_type.to_string(),
        name: milestone.name.clone(),
        amount: milestone.amount,
        currency: milestone.currency.to_string(),
        due_at: milestone.due_at.map(|instant| instant.to_string()),
        customer_id: quotation.customer_id.uuid(),
        customer_user_id: quotation.customer_user_id.uuid(),
        coordinator_id: quotation.coordinator_id.uuid(),
        coordinator_user_id: quotation.coordinator_user_id.uuid(),
        revision_id: milestone.revision_id.map(|id| -> Uuid { id.uuid() }),
    }
}
