//! What happens to a package, each within a transaction that tells of it.

use crate::announcements as announce;
use crate::domain::package::{DeliveryType, FILES_MAX, PackageStatus, becomes_primary, may_see, place};
use crate::domain::project::{Standing, standing};
use crate::domain::{FileId, PackageId};
use crate::store::{self, ONCE_IN_A_PACKAGE, ONE_APPROVED_FINAL, Package, PackageFile};
use mutrapro_sdk::identity::{User, UserId};
use mutrapro_sdk::problem::{OnConstraint, Problem, Result};
use mutrapro_sdk::sql::{Reader, Transaction};
use mutrapro_sdk::state;
use mutrapro_sdk::time::Instant;

/// A file that is put into a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Addition {
    pub(crate) file_id: FileId,
    /// Whether it is to be what the package is about.
    pub(crate) is_primary: bool,
    /// Its place, from 1 on; the end unless given.
    pub(crate) position: Option<u32>,
}

/// The package, whoever asks.
///
/// # Errors
/// 404.
pub(crate) fn found(db: &impl Reader, id: PackageId) -> Result<Package> {
    store::package(db, id)?.ok_or_else(no_such_package)
}

/// The package, and who `user` is to its project. Customers do not know of what was not delivered to them.
///
/// # Errors
/// 404 when `user` may not know of it.
pub(crate) fn visible(db: &impl Reader, id: PackageId, user: &User) -> Result<(Package, Standing)> {
    let package = found(db, id)?;
    let standing = standing(user, package.customer_user_id, package.coordinator_user_id);
    let is_visible = may_see(standing, package.delivered_at.is_some());
    if is_visible { Ok((package, standing)) } else { Err(no_such_package()) }
}

/// Puts a file into a package, and gives its files.
///
/// # Errors
/// 409 when the package is not being prepared, has the file, or has as many as any.
pub(crate) fn add_file(tx: &Transaction<'_>, id: PackageId, new: Addition, now: Instant) -> Result<Vec<PackageFile>> {
    hold(tx, id, now)?;
    let others = u32::try_from(store::files(tx, id)?.len()).unwrap_or(u32::MAX);
    if others >= FILES_MAX {
        return Err(Problem::conflict("too_many_files", format!("a package has at most {FILES_MAX} files")));
    }
    let file = PackageFile {
        file_id: new.file_id,
        position: place(others, new.position),
        is_primary: becomes_primary(others, new.is_primary),
    };
    if file.is_primary {
        store::clear_primary(tx, id, now)?;
    }
    store::make_room(tx, id, file.position, now)?;
    store::insert_file(tx, id, file, now)
        .on_constraint(ONCE_IN_A_PACKAGE, || Problem::conflict("file_in_package", "the package has this file"))?;
    Ok(store::files(tx, id)?)
}

/// Takes a file out of a package, and gives the others. The first of them follows a primary one.
///
/// # Errors
/// 404 when the file is not in it, 409 when the package is not being prepared.
pub(crate) fn remove_file(
    tx: &Transaction<'_>,
    id: PackageId,
    file_id: FileId,
    now: Instant,
) -> Result<Vec<PackageFile>> {
    hold(tx, id, now)?;
    let files = store::files(tx, id)?;
    let file = files.iter().find(|file| file.file_id == file_id).ok_or_else(|| Problem::not_found("file"))?;
    store::delete_file(tx, id, file_id)?;
    store::close_gap(tx, id, file.position, now)?;
    if file.is_primary {
        store::make_first_primary(tx, id, now)?;
    }
    Ok(store::files(tx, id)?)
}

/// Goes on only while a package is being prepared, and keeps others from its files until the transaction ends: two at once
/// would both be the first file, or take the same place.
fn hold(tx: &Transaction<'_>, id: PackageId, now: Instant) -> Result<()> {
    if store::hold_package(tx, id, now)? {
        return Ok(());
    }
    let status = found(tx, id)?.status;
    let detail = format!("the package is {status}: files change only while it is {}", PackageStatus::Preparing);
    Err(Problem::conflict("package_not_preparing", detail))
}

/// Closes a package.
///
/// # Errors
/// 409 when it is not being prepared, or is empty.
pub(crate) fn ready(tx: &Transaction<'_>, package: &Package, by: UserId, now: Instant) -> Result<Vec<PackageFile>> {
    state::check(package.status, PackageStatus::Ready)?;
    if !store::mark_ready(tx, package.id, now)? {
        return Err(state::changed_meanwhile("package"));
    }
    let files = store::files(tx, package.id)?;
    if files.is_empty() {
        return Err(Problem::conflict("package_empty", "add a file first"));
    }
    tx.emit(&announce::package_prepared(package, &files, by))?;
    Ok(files)
}

/// Hands a package to the customer.
///
/// # Errors
/// 409 when it is not ready, or is a final one after the final one.
pub(crate) fn deliver(tx: &Transaction<'_>, package: &Package, by: UserId, now: Instant) -> Result<Vec<PackageFile>> {
    state::check(package.status, PackageStatus::Delivered)?;
    if package.delivery_type == DeliveryType::Final && store::has_approved_final(tx, package.project_id)? {
        return Err(final_package_approved());
    }
    if !store::mark_delivered(tx, package.id, now)? {
        return Err(state::changed_meanwhile("package"));
    }
    let files = store::files(tx, package.id)?;
    tx.emit(&announce::package_delivered(package, &files, by))?;
    Ok(files)
}

/// The customer takes a package.
///
/// # Errors
/// 409 when it is not delivered or decided on already; for a final one also when another package was delivered since, or a
/// revision is still to be done.
pub(crate) fn approve(tx: &Transaction<'_>, package: &Package, by: UserId, now: Instant) -> Result<Vec<PackageFile>> {
    state::check(package.status, PackageStatus::Approved)?;
    let is_decided = store::decide_package(tx, package.id, PackageStatus::Approved, None, now)
        .on_constraint(ONE_APPROVED_FINAL, final_package_approved)?;
    if !is_decided {
        return Err(state::changed_meanwhile("package"));
    }
    // After the update, which whoever asks for a revision meanwhile waits for, or made this wait for.
    if package.delivery_type == DeliveryType::Final {
        check_ends_the_work(tx, package)?;
    }
    let files = store::files(tx, package.id)?;
    tx.emit(&announce::package_approved(package, &files, by))?;
    Ok(files)
}

/// Goes on only if with this final package everything is delivered: its files are those that the project ends with.
fn check_ends_the_work(tx: &Transaction<'_>, package: &Package) -> Result<()> {
    if store::latest_delivered(tx, package.project_id)? != Some(package.id) {
        let detail = "another package was delivered since: approve the latest final one, or reject what came after";
        return Err(Problem::conflict("newer_package_delivered", detail));
    }
    if !store::unfinished_revisions(tx, package.project_id)?.is_empty() {
        let detail =
            "a revision is still to be decided on or to be done: wait for it, or ask the coordinator to reject it";
        return Err(Problem::conflict("revision_open", detail));
    }
    Ok(())
}

/// The customer does not take a package.
///
/// # Errors
/// 409 when it is not delivered or decided on already.
pub(crate) fn reject(
    tx: &Transaction<'_>,
    package: &Package,
    reason: &str,
    by: UserId,
    now: Instant,
) -> Result<Vec<PackageFile>> {
    state::check(package.status, PackageStatus::Rejected)?;
    if !store::decide_package(tx, package.id, PackageStatus::Rejected, Some(reason), now)? {
        return Err(state::changed_meanwhile("package"));
    }
    let files = store::files(tx, package.id)?;
    tx.emit(&announce::package_rejected(package, &files, reason.to_owned(), by))?;
    Ok(files)
}

fn final_package_approved() -> Problem {
    Problem::conflict("final_package_approved", "the customer has taken a final package of the project already")
}

fn no_such_package() -> Problem {
    Problem::not_found("package")
}
