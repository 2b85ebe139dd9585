//! What the service tells others: events made of its rows.

use crate::store::{Package, PackageFile, Revision};
use mutrapro_contracts::revision as told;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::UserId;

/// An event that tells of a revision, with what else it tells.
macro_rules! of_revision {
    ($event:ident, $revision:expr, { $($field:ident: $value:expr),* $(,)? }) => {
        told::$event {
            revision_id: $revision.id.uuid(),
            project_id: $revision.project_id.uuid(),
            request_id: $revision.request_id.uuid(),
            quotation_id: $revision.quotation_id.uuid(),
            project_name: $revision.project_name.clone(),
            revision_number: $revision.revision_number,
            revision_type: $revision.revision_type.to_string(),
            is_free: $revision.is_free,
            fee: $revision.fee,
            currency: $revision.currency.to_string(),
            customer_id: $revision.customer_id.uuid(),
            customer_user_id: $revision.customer_user_id.uuid(),
            coordinator_id: $revision.coordinator_id.uuid(),
            coordinator_user_id: $revision.coordinator_user_id.uuid(),
            $($field: $value),*
        }
    };
}

/// An event that tells of a package and its files, with what else it tells.
macro_rules! of_package {
    ($event:ident, $package:expr, $files:expr, { $($field:ident: $value:expr),* $(,)? }) => {
        told::$event {
            package_id: $package.id.uuid(),
            project_id: $package.project_id.uuid(),
            request_id: $package.request_id.uuid(),
            quotation_id: $package.quotation_id.uuid(),
            project_name: $package.project_name.clone(),
            package_name: $package.name.clone(),
            delivery_type: $package.delivery_type.to_string(),
            file_ids: file_ids($files),
            customer_id: $package.customer_id.uuid(),
            customer_user_id: $package.customer_user_id.uuid(),
            coordinator_id: $package.coordinator_id.uuid(),
            coordinator_user_id: $package.coordinator_user_id.uuid(),
            $($field: $value),*
        }
    };
}

pub(crate) fn revision_requested(revision: &Revision) -> told::RevisionRequested {
    of_revision!(RevisionRequested, revision, { requested_by: revision.requested_by.uuid() })
}

/// `by` is `None` when the fee was paid.
pub(crate) fn revision_approved(revision: &Revision, by: Option<UserId>) -> told::RevisionApproved {
    of_revision!(RevisionApproved, revision, { approved_by: by.map(UserId::uuid) })
}

/// `by` is `None` when the project was cancelled.
pub(crate) fn revision_rejected(
    revision: &Revision,
    reason: Option<String>,
    by: Option<UserId>,
) -> told::RevisionRejected {
    of_revision!(RevisionRejected, revision, { reason: reason, rejected_by: by.map(UserId::uuid) })
}

/// `by` is `None` when its task was completed.
pub(crate) fn revision_completed(revision: &Revision, by: Option<UserId>) -> told::RevisionCompleted {
    of_revision!(RevisionCompleted, revision, { completed_by: by.map(UserId::uuid) })
}

pub(crate) fn package_prepared(package: &Package, files: &[PackageFile], by: UserId) -> told::PackagePrepared {
    of_package!(PackagePrepared, package, files, { prepared_by: by.uuid() })
}

pub(crate) fn package_delivered(package: &Package, files: &[PackageFile], by: UserId) -> told::PackageDelivered {
    of_package!(PackageDelivered, package, files, { delivered_by: by.uuid() })
}

pub(crate) fn package_approved(package: &Package, files: &[PackageFile], by: UserId) -> told::PackageApproved {
    of_package!(PackageApproved, package, files, { approved_by: by.uuid() })
}

pub(crate) fn package_rejected(
    package: &Package,
    files: &[PackageFile],
    reason: String,
    by: UserId,
) -> told::PackageRejected {
    of_package!(PackageRejected, package, files, { reason: Some(reason), rejected_by: by.uuid() })
}

fn file_ids(files: &[PackageFile]) -> Vec<Uuid> {
    files.iter().map(|file| file.file_id.uuid()).collect()
}
