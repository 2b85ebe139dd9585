//! Events of quotation-service. Their aggregates are the request, the quotation and the milestone; the generated milestones
//! of a quotation are an aggregate of their own, named by the quotation.

use crate::event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `request.created`: a customer filed a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCreated {
    /// The new request.
    pub request_id: Uuid,
    /// Whose it is.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// For example `transcription`.
    pub request_type: String,
    /// What the customer calls it.
    pub title: String,
    /// `normal` or `rush`.
    pub priority: String,
}
event!(RequestCreated, "request.created", "request", request_id);

/// `request.updated`: a field or the status of a request changed; claiming one is a change of its coordinator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestUpdated {
    /// The request.
    pub request_id: Uuid,
    /// Whose it is.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// Who sees it through, once it is claimed.
    pub coordinator_id: Option<Uuid>,
    /// The user who is that coordinator.
    pub coordinator_user_id: Option<Uuid>,
    /// What the customer calls it.
    pub title: String,
    /// As it is now.
    pub status: String,
    /// The fields that changed, for example `status` or `coordinator`.
    pub changed: Vec<String>,
    /// Who did it; `None` when it followed from an event or the passing of time.
    pub updated_by: Option<Uuid>,
}
event!(RequestUpdated, "request.updated", "request", request_id);

/// `request.cancelled`: nothing more will come of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCancelled {
    /// The request.
    pub request_id: Uuid,
    /// Whose it is.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// Who saw it through, if it was claimed.
    pub coordinator_id: Option<Uuid>,
    /// The user who is that coordinator.
    pub coordinator_user_id: Option<Uuid>,
    /// What the customer calls it.
    pub title: String,
    /// In the words of who cancelled it.
    pub reason: Option<String>,
    /// Who did it; `None` when its project was cancelled.
    pub cancelled_by: Option<Uuid>,
}
event!(RequestCancelled, "request.cancelled", "request", request_id);

/// `quotation.sent`: the customer can decide on a quotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotationSent {
    /// The quotation.
    pub quotation_id: Uuid,
    /// What it is for.
    pub request_id: Uuid,
    /// What the customer calls it.
    pub title: String,
    /// 1 for the first one of a request.
    pub version: u32,
    /// Whose decision it is.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// Who quoted.
    pub coordinator_id: Uuid,
    /// The user who is that coordinator.
    pub coordinator_user_id: Uuid,
    /// In minor units.
    pub total_price: i64,
    /// `VND`, `USD` or `EUR`.
    pub currency: String,
    /// RFC 3339: when it expires.
    pub valid_until: String,
}
event!(QuotationSent, "quotation.sent", "quotation", quotation_id);

/// `quotation.revised`: the customer asked for a change; the quotation is superseded, and the next version is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotationRevised {
    /// The quotation.
    pub quotation_id: Uuid,
    /// What it is for.
    pub request_id: Uuid,
    /// What the customer calls it.
    pub title: String,
    /// The version that was not right.
    pub version: u32,
    /// Who asked.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// Who is to write the next version.
    pub coordinator_id: Uuid,
    /// The user who is that coordinator.
    pub coordinator_user_id: Uuid,
    /// What is to be different, in the customer's words.
    pub reason: String,
    /// The user who asked.
    pub revised_by: Uuid,
}
event!(QuotationRevised, "quotation.revised", "quotation", quotation_id);

/// `quotation.approved`: the customer agreed; the deposit is due, and a project comes into being.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotationApproved {
    /// The quotation.
    pub quotation_id: Uuid,
    /// What it is for.
    pub request_id: Uuid,
    /// For example `transcription`.
    pub request_type: String,
    /// What the customer calls it, and what the project will be called.
    pub title: String,
    /// The version that was approved.
    pub version: u32,
    /// `normal` or `rush`.
    pub priority: String,
    /// Who agreed.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// Who sees the project through.
    pub coordinator_id: Uuid,
    /// The user who is that coordinator.
    pub coordinator_user_id: Uuid,
    /// In minor units.
    pub total_price: i64,
    /// In minor units.
    pub deposit_amount: i64,
    /// In minor units.
    pub final_amount: i64,
    /// `VND`, `USD` or `EUR`.
    pub currency: String,
    /// The milestones that have to be paid before the project can be completed.
    pub milestone_ids: Vec<Uuid>,
    /// The user who agreed.
    pub approved_by: Uuid,
}
event!(QuotationApproved, "quotation.approved", "quotation", quotation_id);

/// `quotation.rejected`: the customer does not want it, and the request ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotationRejected {
    /// The quotation.
    pub quotation_id: Uuid,
    /// What it is for.
    pub request_id: Uuid,
    /// What the customer calls it.
    pub title: String,
    /// The version that was rejected.
    pub version: u32,
    /// Who rejected.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// Who quoted.
    pub coordinator_id: Uuid,
    /// The user who is that coordinator.
    pub coordinator_user_id: Uuid,
    /// In the customer's words.
    pub reason: Option<String>,
    /// The user who rejected.
    pub rejected_by: Uuid,
}
event!(QuotationRejected, "quotation.rejected", "quotation", quotation_id);

/// `quotation.expired`: nobody decided in time; the request waits for another quotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotationExpired {
    /// The quotation.
    pub quotation_id: Uuid,
    /// What it is for.
    pub request_id: Uuid,
    /// What the customer calls it.
    pub title: String,
    /// The version that expired.
    pub version: u32,
    /// Who could have decided.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// Who quoted.
    pub coordinator_id: Uuid,
    /// The user who is that coordinator.
    pub coordinator_user_id: Uuid,
}
event!(QuotationExpired, "quotation.expired", "quotation", quotation_id);

/// `milestones.generated`: what has to be paid for an approved quotation, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestonesGenerated {
    /// The approved quotation.
    pub quotation_id: Uuid,
    /// What it is for.
    pub request_id: Uuid,
    /// Who pays.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// In the order in which they fall due.
    pub milestones: Vec<GeneratedMilestone>,
}
event!(MilestonesGenerated, "milestones.generated", "milestones", quotation_id);

/// One of [`MilestonesGenerated`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneratedMilestone {
    /// The milestone.
    pub milestone_id: Uuid,
    /// `deposit` or `final_payment`.
    pub milestone_type: String,
    /// For people.
    pub name: String,
    /// In minor units.
    pub amount: i64,
    /// `VND`, `USD` or `EUR`.
    pub currency: String,
}

/// What every event of a milestone tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    /// The milestone.
    pub milestone_id: Uuid,
    /// The quotation that it belongs to.
    pub quotation_id: Uuid,
    /// The request that it belongs to.
    pub request_id: Uuid,
    /// What the customer calls the request.
    pub title: String,
    /// `deposit`, `final_payment`, `revision_fee` or `rush_fee`.
    pub milestone_type: String,
    /// For people.
    pub name: String,
    /// In minor units.
    pub amount: i64,
    /// `VND`, `USD` or `EUR`.
    pub currency: String,
    /// RFC 3339; `None` before it is due.
    pub due_at: Option<String>,
    /// Who pays.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// Who sees the request through.
    pub coordinator_id: Uuid,
    /// The user who is that coordinator.
    pub coordinator_user_id: Uuid,
    /// The revision whose fee it is.
    pub revision_id: Option<Uuid>,
}

/// `milestone.due`: it can be paid, for the first time or again after a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneDue {
    /// The milestone as it is now.
    #[serde(flatten)]
    pub milestone: Milestone,
}
event!(MilestoneDue, "milestone.due", "milestone", milestone.milestone_id);

/// `milestone.overdue`: it should have been paid by now. Told once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneOverdue {
    /// The milestone as it is now.
    #[serde(flatten)]
    pub milestone: Milestone,
}
event!(MilestoneOverdue, "milestone.overdue", "milestone", milestone.milestone_id);

/// `milestone.cancelled`: nobody has to pay it any more; what was paid is given back as far as the rules say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneCancelled {
    /// The milestone as it is now.
    #[serde(flatten)]
    pub milestone: Milestone,
}
event!(MilestoneCancelled, "milestone.cancelled", "milestone", milestone.milestone_id);

/// `milestone.paid`: the money is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestonePaid {
    /// The milestone as it is now.
    #[serde(flatten)]
    pub milestone: Milestone,
    /// The payment that did it.
    pub payment_id: Uuid,
}
event!(MilestonePaid, "milestone.paid", "milestone", milestone.milestone_id);

/// `milestone.reminded`: 3, 1 or 0 days are left to pay. Each is told once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneReminded {
    /// The milestone as it is now.
    #[serde(flatten)]
    pub milestone: Milestone,
    /// 3, 1 or 0.
    pub days_left: u8,
}
event!(MilestoneReminded, "milestone.reminded", "milestone", milestone.milestone_id);
