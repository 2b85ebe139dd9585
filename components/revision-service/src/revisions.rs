//! What happens to a revision, each within a transaction that tells of it.

use crate::announcements as announce;
use crate::domain::project::{Standing, is_open, standing};
use crate::domain::revision::{Obstacle, Offer, RevisionStatus, RevisionType, offer};
use crate::domain::{FileId, PackageId, ProjectId, RevisionId};
use crate::store::{self, ONE_OF_A_KEY, ONE_OF_A_NUMBER, Revision};
use mutrapro_contracts::answers::ProjectAnswer;
use mutrapro_sdk::identity::{User, UserId};
use mutrapro_sdk::json::FieldErrors;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::problem::{OnConstraint, Problem, Result};
use mutrapro_sdk::sql::{Reader, Transaction, transaction};
use mutrapro_sdk::time::Instant;
use mutrapro_sdk::{idempotency, state};

/// The code of a request that another one came before, between looking and writing.
const PRECEDED: &str = "requested_meanwhile";
/// How often a request looks for a number: so many of one project can be filed at the same instant.
const LOOKS_MAX: u32 = 32;

/// What a customer asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) file_id: Option<FileId>,
    pub(crate) package_id: Option<PackageId>,
    pub(crate) revision_type: RevisionType,
    pub(crate) description: String,
    /// The user who asks.
    pub(crate) by: UserId,
    /// By which a repetition is known.
    pub(crate) idempotency_key: Option<String>,
}

/// The revision, whoever asks.
///
/// # Errors
/// 404.
pub(crate) fn found(db: &impl Reader, id: RevisionId) -> Result<Revision> {
    store::revision(db, id)?.ok_or_else(no_such_revision)
}

/// The revision, and who `user` is to its project.
///
/// # Errors
/// 404 when `user` may not know of it.
pub(crate) fn visible(db: &impl Reader, id: RevisionId, user: &User) -> Result<(Revision, Standing)> {
    let revision = found(db, id)?;
    match standing(user, revision.customer_user_id, revision.coordinator_user_id) {
        Standing::Stranger => Err(no_such_revision()),
        standing => Ok((revision, standing)),
    }
}

/// Files a revision of `project` in a transaction of its own; a repeated wish gives the revision that the first one made.
///
/// # Errors
/// 409 when the project takes none, 422 when what is to be changed was not delivered.
pub(crate) fn request(project: &ProjectAnswer, wish: &Wish, now: Instant) -> Result<Revision> {
    let mut looks = 1;
    loop {
        match transaction(|tx| request_once(tx, project, wish, now)) {
            // Another took the number, or this very request came twice at once: the next look sees which. Each that fails is
            // one that another one succeeded in.
            Err(problem) if problem.code() == PRECEDED && looks < LOOKS_MAX => looks += 1,
            outcome => return outcome,
        }
    }
}

fn request_once(tx: &Transaction<'_>, project: &ProjectAnswer, wish: &Wish, now: Instant) -> Result<Revision> {
    let project_id = ProjectId::from(project.id);
    if let Some(before) = repeated(tx, project_id, wish)? {
        return Ok(before);
    }
    check_delivered(tx, project_id, wish)?;
    // A final package is approved while no revision is open: held first, so that this and that follow each other.
    store::hold_final_packages(tx, project_id)?;
    let counted = store::counted_revisions(tx, project_id)?;
    let is_final_approved = store::has_approved_final(tx, project_id)?;
    if let Some(obstacle) = Obstacle::find(is_open(project), is_final_approved, counted.len()) {
        return Err(obstacle.into());
    }
    let taken: Vec<_> = counted.iter().map(|revision| revision.revision_number).collect();
    let revision = revision(project, wish, offer(&taken, project.free_revisions_included, project.revision_fee), now)?;
    store::insert_revision(tx, &revision)
        .on_constraint(ONE_OF_A_NUMBER, preceded)
        .on_constraint(ONE_OF_A_KEY, preceded)?;
    tx.emit(&announce::revision_requested(&revision))?;
    Ok(revision)
}

/// What the first of several requests under the same key made.
fn repeated(db: &impl Reader, project_id: ProjectId, wish: &Wish) -> Result<Option<Revision>> {
    let Some(key) = &wish.idempotency_key else {
        return Ok(None);
    };
    let Some(before) = store::revision_of_key(db, wish.by, key)? else {
        return Ok(None);
    };
    if before.project_id == project_id && is_made_of(&before, wish) {
        Ok(Some(before))
    } else {
        Err(idempotency::reused())
    }
}

fn is_made_of(revision: &Revision, wish: &Wish) -> bool {
    let Wish { file_id, package_id, revision_type, description, by: _, idempotency_key: _ } = wish;
    revision.file_id == *file_id
        && revision.package_id == *package_id
        && revision.revision_type == *revision_type
        && revision.description == *description
}

/// Goes on only if what is to be changed was delivered: the customer knows of nothing else.
fn check_delivered(db: &impl Reader, project_id: ProjectId, wish: &Wish) -> Result<()> {
    let mut errors = FieldErrors::default();
    if let Some(package_id) = wish.package_id {
        let package = store::package(db, package_id)?;
        let was_delivered =
            package.is_some_and(|package| package.project_id == project_id && package.delivered_at.is_some());
        errors.check(was_delivered, "package_id", "must be a package that was delivered in this project");
    }
    if let Some(file_id) = wish.file_id {
        let was_delivered = store::is_delivered(db, project_id, wish.package_id, file_id)?;
        errors.check(was_delivered, "file_id", "must be a file of a package that was delivered in this project");
    }
    errors.finish()
}

fn revision(project: &ProjectAnswer, wish: &Wish, offer: Offer, now: Instant) -> Result<Revision> {
    Ok(Revision {
        id: RevisionId::generate(),
        project_id: project.id.into(),
        request_id: project.request_id.into(),
        quotation_id: project.quotation_id.into(),
        project_name: project.name.clone(),
        customer_id: project.customer_id.into(),
        customer_user_id: project.customer_user_id.into(),
        coordinator_id: project.coordinator_id.into(),
        coordinator_user_id: project.coordinator_user_id.into(),
        file_id: wish.file_id,
        package_id: wish.package_id,
        requested_by: wish.by,
        revision_number: offer.number,
        revision_type: wish.revision_type,
        description: wish.description.clone(),
        is_free: offer.is_free,
        fee: offer.fee,
        currency: currency(project)?,
        status: RevisionStatus::Pending,
        reason: None,
        decided_at: None,
        completed_at: None,
        idempotency_key: wish.idempotency_key.clone(),
        created_at: now,
        updated_at: now,
    })
}

/// What a project's amounts are counted in.
///
/// # Errors
/// 500 when project-service tells another currency than there are.
pub(crate) fn currency(project: &ProjectAnswer) -> Result<Currency> {
    project.currency.parse().map_err(|error| Problem::internal(format!("currency of project {}: {error}", project.id)))
}

/// The coordinator agrees to a free revision.
///
/// # Errors
/// 409 when it is decided already, or has a fee, whose payment approves it.
pub(crate) fn approve(tx: &Transaction<'_>, revision: &Revision, by: UserId, now: Instant) -> Result<Revision> {
    state::check(revision.status, RevisionStatus::Approved)?;
    if !revision.is_free {
        let detail = "its fee is not paid: paying it approves the revision";
        return Err(Problem::conflict("fee_not_paid", detail));
    }
    if !approved(tx, revision, Some(by), now)? {
        return Err(state::changed_meanwhile("revision"));
    }
    found(tx, revision.id)
}

/// The fee of a revision is paid, which approves it. One that was rejected stays so: its fee is given back.
pub(crate) fn fee_paid(tx: &Transaction<'_>, id: RevisionId, now: Instant) -> Result<()> {
    let revision = found(tx, id)?;
    approved(tx, &revision, None, now).map(drop)
}

/// `false` when the revision is not pending.
fn approved(tx: &Transaction<'_>, revision: &Revision, by: Option<UserId>, now: Instant) -> Result<bool> {
    let is_approved = store::approve_revision(tx, revision.id, now)?;
    if is_approved {
        tx.emit(&announce::revision_approved(revision, by))?;
    }
    Ok(is_approved)
}

/// The coordinator declines a revision.
///
/// # Errors
/// 409 when it is decided already.
pub(crate) fn reject(
    tx: &Transaction<'_>,
    revision: &Revision,
    reason: &str,
    by: UserId,
    now: Instant,
) -> Result<Revision> {
    state::check(revision.status, RevisionStatus::Rejected)?;
    if !store::reject_revision(tx, revision.id, RevisionStatus::Pending, Some(reason), now)? {
        return Err(state::changed_meanwhile("revision"));
    }
    tx.emit(&announce::revision_rejected(revision, Some(reason.to_owned()), Some(by)))?;
    found(tx, revision.id)
}

/// The project was cancelled: what is not done will not be done.
///
/// # Errors
/// 503, which asks for another delivery, when a revision was moved by another.
pub(crate) fn project_cancelled(
    tx: &Transaction<'_>,
    project_id: ProjectId,
    reason: Option<&str>,
    now: Instant,
) -> Result<()> {
    for revision in store::unfinished_revisions(tx, project_id)? {
        if !store::reject_revision(tx, revision.id, revision.status, reason, now)? {
            return Err(moved_meanwhile());
        }
        tx.emit(&announce::revision_rejected(&revision, reason.map(ToOwned::to_owned), None))?;
    }
    Ok(())
}

/// The coordinator says that a revision is done.
///
/// # Errors
/// 409 when it is not approved.
pub(crate) fn complete(tx: &Transaction<'_>, revision: &Revision, by: UserId, now: Instant) -> Result<Revision> {
    // What needed no task passes through `in_progress` on the way.
    if revision.status != RevisionStatus::Approved {
        state::check(revision.status, RevisionStatus::Completed)?;
    }
    if !completed(tx, revision, Some(by), now)? {
        return Err(state::changed_meanwhile("revision"));
    }
    found(tx, revision.id)
}

/// Work on a revision began.
///
/// # Errors
/// 503, which asks for another delivery, while it is not approved.
pub(crate) fn task_started(tx: &Transaction<'_>, id: RevisionId, now: Instant) -> Result<()> {
    let revision = decided(tx, id)?;
    // Further tasks of a revision find it in progress, or done.
    store::start_revision(tx, revision.id, now)?;
    Ok(())
}

/// The work on a revision is done.
///
/// # Errors
/// 503, which asks for another delivery, while it is not approved, and when it was moved by another.
pub(crate) fn task_completed(tx: &Transaction<'_>, id: RevisionId, now: Instant) -> Result<()> {
    let revision = decided(tx, id)?;
    if matches!(revision.status, RevisionStatus::Completed | RevisionStatus::Rejected) {
        return Ok(());
    }
    if completed(tx, &revision, None, now)? { Ok(()) } else { Err(moved_meanwhile()) }
}

/// A revision that tasks can be about.
fn decided(tx: &Transaction<'_>, id: RevisionId) -> Result<Revision> {
    let revision = found(tx, id)?;
    if revision.status == RevisionStatus::Pending {
        return Err(Problem::unavailable("overtaken", "the revision is pending, and will be approved"));
    }
    Ok(revision)
}

/// `false` when the revision is neither approved nor in progress, or was moved by another.
fn completed(tx: &Transaction<'_>, revision: &Revision, by: Option<UserId>, now: Instant) -> Result<bool> {
    if revision.status == RevisionStatus::Approved && !store::start_revision(tx, revision.id, now)? {
        return Ok(false);
    }
    let is_completed = store::complete_revision(tx, revision.id, now)?;
    if is_completed {
        tx.emit(&announce::revision_completed(revision, by))?;
    }
    Ok(is_completed)
}

fn preceded() -> Problem {
    Problem::conflict(PRECEDED, "another revision of the project was asked for at the same time: try again")
}

/// Asks for another delivery of an event.
fn moved_meanwhile() -> Problem {
    Problem::unavailable("overtaken", "the revision was moved by another at the same time")
}

fn no_such_revision() -> Problem {
    Problem::not_found("revision")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;

    fn project(currency: &str) -> ProjectAnswer {
        let id = Uuid::from_u128;
        ProjectAnswer {
            id: id(10),
            request_id: id(11),
            quotation_id: id(12),
            name: "Diễm xưa".into(),
            status: "review".into(),
            customer_id: id(101),
            customer_user_id: id(1),
            coordinator_id: id(102),
            coordinator_user_id: id(2),
            free_revisions_included: 1,
            used_revisions: 1,
            revision_fee: 2_000,
            currency: currency.into(),
            specialist_ids: Vec::new(),
            specialist_user_ids: Vec::new(),
        }
    }

    fn wish() -> Wish {
        Wish {
            file_id: None,
            package_id: None,
            revision_type: RevisionType::MajorChange,
            description: "In another key".into(),
            by: Uuid::from_u128(1).into(),
            idempotency_key: Some("k".into()),
        }
    }

    fn made(project: &ProjectAnswer, taken: &[u32]) -> Result<Revision> {
        let offer = offer(taken, project.free_revisions_included, project.revision_fee);
        revision(project, &wish(), offer, Instant::UNIX_EPOCH)
    }

    #[test]
    fn fee_is_the_project_s_in_its_currency() {
        let paid = made(&project("EUR"), &[1]).unwrap();
        let terms = (paid.revision_number, paid.is_free, paid.fee, paid.currency, paid.status);
        assert_eq!(terms, (2, false, 2_000, Currency::Eur, RevisionStatus::Pending));
        let free = made(&project("EUR"), &[]).unwrap();
        assert_eq!((free.revision_number, free.is_free, free.fee), (1, true, 0));
    }

    #[test]
    fn unknown_currency_is_a_mistake_and_no_revision() {
        assert_eq!(made(&project("XAU"), &[]).unwrap_err().code(), "internal_error");
    }

    #[test]
    fn repetition_says_the_same_as_the_first() {
        let first = made(&project("VND"), &[]).unwrap();
        assert!(is_made_of(&first, &wish()));
        for other in [
            Wish { description: "In yet another key".into(), ..wish() },
            Wish { revision_type: RevisionType::StyleChange, ..wish() },
            Wish { package_id: Some(PackageId::generate()), ..wish() },
            Wish { file_id: Some(FileId::generate()), ..wish() },
        ] {
            assert!(!is_made_of(&first, &other), "{other:?}");
        }
    }

    #[test]
    fn events_tell_whom_it_concerns_and_who_did_it() {
        let revision = made(&project("VND"), &[1]).unwrap();
        let requested = announce::revision_requested(&revision);
        let told = &requested.revision;
        assert_eq!((requested.requested_by, told.coordinator_user_id), (Uuid::from_u128(1), Uuid::from_u128(2)));
        assert_eq!((told.is_free, told.fee, told.revision_type.as_str()), (false, 2_000, "major_change"));
        assert_eq!(announce::revision_approved(&revision, None).approved_by, None);
        let by = UserId::from(Uuid::from_u128(2));
        assert_eq!(announce::revision_completed(&revision, Some(by)).completed_by, Some(by.uuid()));
    }
}
