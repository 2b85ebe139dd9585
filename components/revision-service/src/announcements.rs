//! What the service tells others: events made of its rows.

use crate::store::{Package, PackageFile, Revision};
use mutrapro_contracts::revision as told;
use mutrapro_sdk::identity::UserId;

pub(crate) fn revision_requested(revision: &Revision) -> told::RevisionRequested {
    told::RevisionRequested { revision: of_revision(revision), requested_by: revision.requested_by.uuid() }
}

/// `by` is `None` when the fee was paid.
pub(crate) fn revision_approved(revision: &Revision, by: Option<UserId>) -> told::RevisionApproved {
    told::RevisionApproved { revision: of_revision(revision), approved_by: by.map(UserId::uuid) }
}

/// `by` is `None` when the project was cancelled.
pub(crate) fn revision_rejected(
    revision: &Revision,
    reason: Option<String>,
    by: Option<UserId>,
) -> told::RevisionRejected {
    told::RevisionRejected { revision: of_revision(revision), reason, rejected_by: by.map(UserId::uuid) }
}

/// `by` is `None` when its task was completed.
pub(crate) fn revision_completed(revision: &Revision, by: Option<UserId>) -> told::RevisionCompleted {
    told::RevisionCompleted { revision: of_revision(revision), completed_by: by.map(UserId::uuid) }
}

pub(crate) fn package_prepared(package: &Package, files: &[PackageFile], by: UserId) -> told::PackagePrepared {
    told::PackagePrepared { package: of_package(package, files), prepared_by: by.uuid() }
}

pub(crate) fn package_delivered(package: &Package, files: &[PackageFile], by: UserId) -> told::PackageDelivered {
    told::PackageDelivered { package: of_package(package, files), delivered_by: by.uuid() }
}

pub(crate) fn package_approved(package: &Package, files: &[PackageFile], by: UserId) -> told::PackageApproved {
    told::PackageApproved { package: of_package(package, files), approved_by: by.uuid() }
}

pub(crate) fn package_rejected(
    package: &Package,
    files: &[PackageFile],
    reason: String,
    by: UserId,
) -> told::PackageRejected {
    told::PackageRejected { package: of_package(package, files), reason: Some(reason), rejected_by: by.uuid() }
}

/// What every event of a revision tells of it.
fn of_revision(revision: &Revision) -> told::Revision {
    told::Revision {
        revision_id: revision.id.uuid(),
        project_id: revision.project_id.uuid(),
        request_id: revision.request_id.uuid(),
        quotation_id: revision.quotation_id.uuid(),
        project_name: revision.project_name.clone(),
        revision_number: revision.revision_number,
        revision_type: revision.revision_type.to_string(),
        is_free: revision.is_free,
        fee: revision.fee,
        currency: revision.currency.to_string(),
        customer_id: revision.customer_id.uuid(),
        customer_user_id: revision.customer_user_id.uuid(),
        coordinator_id: revision.coordinator_id.uuid(),
        coordinator_user_id: revision.coordinator_user_id.uuid(),
    }
}

/// What every event of a package tells of it.
fn of_package(package: &Package, files: &[PackageFile]) -> told::Package {
    told::Package {
        package_id: package.id.uuid(),
        project_id: package.project_id.uuid(),
        request_id: package.request_id.uuid(),
        quotation_id: package.quotation_id.uuid(),
        project_name: package.project_name.clone(),
        package_name: package.name.clone(),
        delivery_type: package.delivery_type.to_string(),
        file_ids: files.iter().map(|file| file.file_id.uuid()).collect(),
        customer_id: package.customer_id.uuid(),
        customer_user_id: package.customer_user_id.uuid(),
        coordinator_id: package.coordinator_id.uuid(),
        coordinator_user_id: package.coordinator_user_id.uuid(),
    }
}
