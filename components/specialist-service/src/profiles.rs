//! What happens to profiles and their skills, each within a transaction that tells of it.

use crate::announcements as announce;
use crate::domain::account::SPECIALIST_ROLES;
use crate::domain::profile::SKILLS_MAX;
use crate::domain::{SkillId, SpecialistId};
use crate::store::{self, Mastery, ONE_PROFILE, ProfileChange, Specialist, SpecialistSkill};
use mutrapro_contracts::feedback::FeedbackCreated;
use mutrapro_contracts::project::ProjectCompleted;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::json::FieldErrors;
use mutrapro_sdk::problem::{OnConstraint, Problem, Result};
use mutrapro_sdk::sql::{Reader, Transaction};
use mutrapro_sdk::time::Instant;
use std::collections::BTreeSet;

/// The profile, whoever asks.
///
/// # Errors
/// 404.
pub(crate) fn found(db: &impl Reader, id: SpecialistId) -> Result<Specialist> {
    store::specialist(db, id)?.ok_or_else(no_such_specialist)
}

/// The profile as `user` may see it: those who cannot work any more are known to administrators alone.
///
/// # Errors
/// 404.
pub(crate) fn visible(db: &impl Reader, id: SpecialistId, user: &User) -> Result<Specialist> {
    let specialist = found(db, id)?;
    if is_visible(&specialist, user) { Ok(specialist) } else { Err(no_such_specialist()) }
}

fn is_visible(specialist: &Specialist, user: &User) -> bool {
    specialist.account().can_work() || user.is(Role::SystemAdmin)
}

/// The profile of who can be given work.
///
/// # Errors
/// 404.
pub(crate) fn working(specialist: Option<Specialist>) -> Result<Specialist> {
    specialist.filter(|specialist| specialist.account().can_work()).ok_or_else(no_such_specialist)
}

/// The user's own profile.
///
/// # Errors
/// 403 for who is no specialist, 404 for a specialist to whom no administrator gave a profile.
pub(crate) fn own(db: &impl Reader, user: &User) -> Result<Specialist> {
    user.require_any(&SPECIALIST_ROLES)?;
    store::specialist_of_user(db, user.id)?.ok_or_else(|| Problem::not_found("specialist profile of yours"))
}

/// Writes a new profile.
///
/// # Errors
/// 409 when the user has one.
pub(crate) fn create(tx: &Transaction<'_>, specialist: &Specialist, by: UserId) -> Result<()> {
    store::insert_specialist(tx, specialist).on_constraint(ONE_PROFILE, || {
        Problem::conflict("specialist_exists", "the user has a profile already: they can change it themselves")
    })?;
    Ok(tx.emit(&announce::specialist_created(specialist, by))?)
}

/// Changes the fields that `changed` names.
///
/// # Errors
/// 404 when the profile is gone.
pub(crate) fn change(
    tx: &Transaction<'_>,
    specialist: &Specialist,
    change: &ProfileChange,
    changed: &[&str],
    now: Instant,
) -> Result<Specialist> {
    if !changed.is_empty() {
        if !store::update_specialist(tx, specialist.id, change, now)? {
            return Err(no_such_specialist());
        }
        tx.emit(&announce::specialist_updated(specialist, changed, Some(specialist.user_id)))?;
    }
    found(tx, specialist.id)
}

/// Adds a skill to a profile, or says how well it is mastered now; `true` when it is new.
///
/// # Errors
/// 404 when there is no such skill, 409 when it cannot be chosen any more or the profile is full.
pub(crate) fn master(
    tx: &Transaction<'_>,
    specialist: &Specialist,
    skill_id: SkillId,
    mastery: &Mastery,
    now: Instant,
) -> Result<(SpecialistSkill, bool)> {
    hold(tx, specialist.id, now)?;
    let is_new = !store::update_specialist_skill(tx, (specialist.id, skill_id), mastery, now)?;
    if is_new {
        let skill = store::skill(tx, skill_id)?.ok_or_else(|| Problem::not_found("skill"))?;
        if !skill.is_active {
            return Err(Problem::conflict("skill_inactive", "the skill cannot be chosen any more"));
        }
        // The profile is held, so nobody adds another one between the count and the row.
        if store::count_specialist_skills(tx, specialist.id)? >= SKILLS_MAX {
            let detail = format!("a profile has at most {SKILLS_MAX} skills: remove one first");
            return Err(Problem::conflict("too_many_skills", detail));
        }
        store::insert_specialist_skill(tx, (specialist.id, skill_id), mastery, now)?;
    }
    tx.emit(&announce::specialist_updated(specialist, &["skills"], Some(specialist.user_id)))?;
    let skill = store::specialist_skill(tx, specialist.id, skill_id)?.ok_or_else(|| Problem::not_found("skill"))?;
    Ok((skill, is_new))
}

/// Takes a skill off a profile.
///
/// # Errors
/// 404 when it is not on it.
pub(crate) fn forget(tx: &Transaction<'_>, specialist: &Specialist, skill_id: SkillId, now: Instant) -> Result<()> {
    hold(tx, specialist.id, now)?;
    if !store::delete_specialist_skill(tx, specialist.id, skill_id)? {
        return Err(Problem::not_found("skill of yours"));
    }
    Ok(tx.emit(&announce::specialist_updated(specialist, &["skills"], Some(specialist.user_id)))?)
}

/// Keeps other changes of the profile's skills and demos waiting until this transaction ends.
///
/// # Errors
/// 404 when the profile is gone.
pub(crate) fn hold(tx: &Transaction<'_>, id: SpecialistId, now: Instant) -> Result<()> {
    if store::hold_specialist(tx, id, now)? { Ok(()) } else { Err(no_such_specialist()) }
}

/// A customer rated what specialists did: each one's rating moves.
///
/// # Errors
/// 404, which gives the event up, for a specialist whom nobody has heard of: ids are given out here, so none can be
/// early.
pub(crate) fn rated(tx: &Transaction<'_>, event: &FeedbackCreated, now: Instant) -> Result<()> {
    for id in each_once(&event.specialist_ids) {
        let specialist = found(tx, id)?;
        let rating = specialist.rating();
        if !store::replace_rating(tx, id, (rating, rating.with(event.rating)), now)? {
            return Err(Problem::unavailable("busy", "another rating of the specialist came at the same time"));
        }
        tx.emit(&announce::specialist_updated(&specialist, &["rating_bp", "rating_count"], None))?;
    }
    Ok(())
}

/// A project was completed: each specialist who worked on it has one more.
///
/// # Errors
/// 404, which gives the event up, for a specialist whom nobody has heard of.
pub(crate) fn project_completed(tx: &Transaction<'_>, event: &ProjectCompleted, now: Instant) -> Result<()> {
    for id in each_once(&event.specialist_ids) {
        if !store::count_project(tx, id, now)? {
            return Err(no_such_specialist());
        }
        tx.emit(&announce::specialist_updated(&found(tx, id)?, &["total_projects"], None))?;
    }
    Ok(())
}

/// In one order everywhere, so that two transactions that change several profiles never wait for each other.
fn each_once(ids: &[Uuid]) -> BTreeSet<SpecialistId> {
    ids.iter().copied().map(SpecialistId::from).collect()
}

pub(crate) fn no_such_specialist() -> Problem {
    Problem::not_found("specialist")
}

/// 422 for one field.
pub(crate) fn wrong_field(field: &str, code: &'static str, message: &str) -> Problem {
    let mut errors = FieldErrors::default();
    errors.add(field, code, message);
    errors.finish().err().unwrap_or_else(|| Problem::bad_request(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::profile::Specialization;
    use mutrapro_sdk::money::Currency;

    fn specialist(is_account_active: bool, is_transcriber: bool) -> Specialist {
        Specialist {
            id: Uuid::from_u128(1).into(),
            user_id: Uuid::from_u128(2).into(),
            full_name: "Thu".into(),
            is_account_active,
            is_transcriber,
            is_arranger: false,
            is_recording_artist: false,
            specialization: Specialization::Transcription,
            experience_years: 6,
            hourly_rate: 150_000,
            currency: Currency::Vnd,
            max_concurrent_tasks: 5,
            portfolio_url: None,
            rating_sum: 9,
            rating_count: 2,
            rating_bp: 45_000,
            total_projects: 1,
            created_at: Instant::UNIX_EPOCH,
            updated_at: Instant::UNIX_EPOCH,
        }
    }

    #[test]
    fn those_who_cannot_work_are_known_to_administrators_alone() {
        let user = |role| User { id: Uuid::from_u128(7).into(), roles: vec![role], session_id: None };
        for (account_active, transcriber) in [(false, true), (true, false), (false, false)] {
            let retired = specialist(account_active, transcriber);
            assert!(!is_visible(&retired, &user(Role::ServiceCoordinator)));
            assert!(is_visible(&retired, &user(Role::SystemAdmin)));
            assert_eq!(working(Some(retired)).unwrap_err().status().as_u16(), 404);
        }
        assert!(is_visible(&specialist(true, true), &user(Role::Customer)));
        assert_eq!(working(Some(specialist(true, true))), Ok(specialist(true, true)));
    }

    #[test]
    fn clients_see_neither_the_copies_nor_the_sum() {
        let shown = serde_json::to_value(specialist(true, true)).unwrap();
        for field in ["is_account_active", "is_transcriber", "is_arranger", "is_recording_artist", "rating_sum"] {
            assert!(shown.get(field).is_none(), "{field}");
        }
        assert_eq!(shown["rating_bp"], 45_000);
    }

    #[test]
    fn nobody_counts_twice_for_one_event() {
        let ids = [3, 1, 3].map(Uuid::from_u128);
        assert_eq!(each_once(&ids), [1, 3].map(|id| SpecialistId::from(Uuid::from_u128(id))).into());
    }
}
