//! Events of revision-service. Their aggregates are the revision and the package.

use crate::event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What every event of a revision tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The revision.
    pub revision_id: Uuid,
    /// The project.
    pub project_id: Uuid,
    /// The request that it came from.
    pub request_id: Uuid,
    /// The quotation that was approved.
    pub quotation_id: Uuid,
    /// What the project is called.
    pub project_name: String,
    /// 1 for the first one of a project.
    pub revision_number: u32,
    /// For example `minor_adjustment`.
    pub revision_type: String,
    /// Whether it is among the free ones.
    pub is_free: bool,
    /// In minor units; 0 for a free one.
    pub fee: i64,
    /// `VND`, `USD` or `EUR`.
    pub currency: String,
    /// The customer.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// Who sees it through.
    pub coordinator_id: Uuid,
    /// The user who is that coordinator.
    pub coordinator_user_id: Uuid,
}

/// `revision.requested`: the customer wants something changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionRequested {
    /// The revision as it is now.
    #[serde(flatten)]
    pub revision: Revision,
    /// The user who asked.
    pub requested_by: Uuid,
}
event!(RevisionRequested, "revision.requested", "revision", revision.revision_id);

/// `revision.approved`: it will be done: it was free, or its fee is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionApproved {
    /// The revision as it is now.
    #[serde(flatten)]
    pub revision: Revision,
    /// Who did it; `None` when the fee was paid.
    pub approved_by: Option<Uuid>,
}
event!(RevisionApproved, "revision.approved", "revision", revision.revision_id);

/// `revision.rejected`: it will not be done, and a fee is not due or given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionRejected {
    /// The revision as it is now.
    #[serde(flatten)]
    pub revision: Revision,
    /// In the words of who did it.
    pub reason: Option<String>,
    /// Who did it; `None` when the project was cancelled.
    pub rejected_by: Option<Uuid>,
}
event!(RevisionRejected, "revision.rejected", "revision", revision.revision_id);

/// `revision.completed`: it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionCompleted {
    /// The revision as it is now.
    #[serde(flatten)]
    pub revision: Revision,
    /// Who did it; `None` when its task was completed.
    pub completed_by: Option<Uuid>,
}
event!(RevisionCompleted, "revision.completed", "revision", revision.revision_id);

/// What every event of a package tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The package.
    pub package_id: Uuid,
    /// The project.
    pub project_id: Uuid,
    /// The request that it came from.
    pub request_id: Uuid,
    /// The quotation that was approved.
    pub quotation_id: Uuid,
    /// What the project is called.
    pub project_name: String,
    /// What the package is called.
    pub package_name: String,
    /// `draft`, `milestone`, `final` or `revision`.
    pub delivery_type: String,
    /// Its files, in their order.
    pub file_ids: Vec<Uuid>,
    /// The customer.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// Who sees it through.
    pub coordinator_id: Uuid,
    /// The user who is that coordinator.
    pub coordinator_user_id: Uuid,
}

/// `package.prepared`: a package is complete and can be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackagePrepared {
    /// The package as it is now.
    #[serde(flatten)]
    pub package: Package,
    /// The user who did it.
    pub prepared_by: Uuid,
}
event!(PackagePrepared, "package.prepared", "package", package.package_id);

/// `package.delivered`: the customer can look at it and decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageDelivered {
    /// The package as it is now.
    #[serde(flatten)]
    pub package: Package,
    /// The user who did it.
    pub delivered_by: Uuid,
}
event!(PackageDelivered, "package.delivered", "package", package.package_id);

/// `package.approved`: the customer takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageApproved {
    /// The package as it is now.
    #[serde(flatten)]
    pub package: Package,
    /// The user who did it.
    pub approved_by: Uuid,
}
event!(PackageApproved, "package.approved", "package", package.package_id);

/// `package.rejected`: the customer does not take it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageRejected {
    /// The package as it is now.
    #[serde(flatten)]
    pub package: Package,
    /// In the words of who did it.
    pub reason: Option<String>,
    /// The user who did it.
    pub rejected_by: Uuid,
}
event!(PackageRejected, "package.rejected", "package", package.package_id);
