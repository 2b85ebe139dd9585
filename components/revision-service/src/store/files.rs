//! The table `package_files`.

use crate::domain::{FileId, PackageId, ProjectId};
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// A file is in a package once.
pub(crate) const ONCE_IN_A_PACKAGE: &str = "package_files_package_id_file_id_key";

row! {
    /// A file of a package.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct PackageFile {
        /// The file; file-service gives its content.
        pub(crate) file_id: FileId,
        /// Its place, from 1 on.
        pub(crate) position: u32,
        /// Whether it is what the package is about.
        pub(crate) is_primary: bool,
    }
}

/// The files of a package, in their order.
pub(crate) fn files(db: &impl Reader, package_id: PackageId) -> Result<Vec<PackageFile>, Error> {
    db.query(
        "SELECT file_id, position, is_primary FROM package_files WHERE package_id = $1 ORDER BY position",
        params![package_id],
    )
}

/// Whether a file is in a package that was delivered in a project; in `package_id`, if that is given.
pub(crate) fn is_delivered(
    db: &impl Reader,
    project_id: ProjectId,
    package_id: Option<PackageId>,
    file_id: FileId,
) -> Result<bool, Error> {
    let (statement, parameters) = Filter::default()
        .with("package_files.file_id = ", Some(file_id))
        .with("deliverable_packages.project_id = ", Some(project_id))
        .when(true, "deliverable_packages.delivered_at IS NOT NULL")
        .with("deliverable_packages.id = ", package_id)
        .statement(
            "SELECT deliverable_packages.id FROM package_files
             JOIN deliverable_packages ON deliverable_packages.id = package_files.package_id",
            "ORDER BY deliverable_packages.id",
            1,
        );
    Ok(!db.rows(&statement, &parameters)?.is_empty())
}

row! {
    struct Recipient {
        customer_user_id: UserId,
    }
}

/// The customers to whom a file was delivered, each once.
pub(crate) fn recipients(db: &impl Reader, file_id: FileId) -> Result<Vec<UserId>, Error> {
    let recipients: Vec<Recipient> = db.query(
        "SELECT DISTINCT deliverable_packages.customer_user_id AS customer_user_id FROM package_files
         JOIN deliverable_packages ON deliverable_packages.id = package_files.package_id
         WHERE package_files.file_id = $1 AND deliverable_packages.delivered_at IS NOT NULL
         ORDER BY customer_user_id",
        params![file_id],
    )?;
    Ok(recipients.into_iter().map(|recipient| recipient.customer_user_id).collect())
}

/// The constraint [`ONCE_IN_A_PACKAGE`] refuses a file that is in the package already.
pub(crate) fn insert_file(
    tx: &Transaction<'_>,
    package_id: PackageId,
    file: PackageFile,
    now: Instant,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO package_files (package_id, file_id, position, is_primary, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5)",
        params![package_id, file.file_id, file.position, file.is_primary, now],
    )?;
    Ok(())
}

pub(crate) fn delete_file(tx: &Transaction<'_>, package_id: PackageId, file_id: FileId) -> Result<(), Error> {
    tx.execute("DELETE FROM package_files WHERE package_id = $1 AND file_id = $2", params![package_id, file_id])?;
    Ok(())
}

/// Moves the files of a package from the place `from` on by one, to make room there.
pub(crate) fn make_room(tx: &Transaction<'_>, package_id: PackageId, from: u32, now: Instant) -> Result<(), Error> {
    tx.execute(
        "UPDATE package_files SET position = position + 1, updated_at = $3 WHERE package_id = $1 AND position >= $2",
        params![package_id, from, now],
    )?;
    Ok(())
}

/// Moves the files of a package after the place `gap` back by one, to close it.
pub(crate) fn close_gap(tx: &Transaction<'_>, package_id: PackageId, gap: u32, now: Instant) -> Result<(), Error> {
    tx.execute(
        "UPDATE package_files SET position = position - 1, updated_at = $3 WHERE package_id = $1 AND position > $2",
        params![package_id, gap, now],
    )?;
    Ok(())
}

/// Leaves a package without a primary file.
pub(crate) fn clear_primary(tx: &Transaction<'_>, package_id: PackageId, now: Instant) -> Result<(), Error> {
    tx.execute(
        "UPDATE package_files SET is_primary = FALSE, updated_at = $2 WHERE package_id = $1 AND is_primary",
        params![package_id, now],
    )?;
    Ok(())
}

/// Makes the first file of a package the primary one.
pub(crate) fn make_first_primary(tx: &Transaction<'_>, package_id: PackageId, now: Instant) -> Result<(), Error> {
    tx.execute(
        "UPDATE package_files SET is_primary = TRUE, updated_at = $2 WHERE package_id = $1 AND position = 1",
        params![package_id, now],
    )?;
    Ok(())
}
