//! What happens to demos, each within a transaction that tells of it.

use crate::announcements as announce;
use crate::dependencies;
use crate::domain::demo::{DEMOS_MAX, DemoRole};
use crate::domain::{DemoId, FileId, SkillId, SpecialistId};
use crate::profiles::{self, wrong_field};
use crate::store::{self, Demo, Specialist};
use mutrapro_contracts::answers::FileAnswer;
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::json::Patch;
use mutrapro_sdk::log;
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::sql::{Reader, Transaction, transaction};
use mutrapro_sdk::state;
use mutrapro_sdk::time::Instant;

/// What a PATCH may change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct DemoChange {
    pub(crate) role: Option<DemoRole>,
    pub(crate) title: Option<String>,
    pub(crate) description: Patch<String>,
    pub(crate) instrument_skill_id: Patch<SkillId>,
    pub(crate) vocal_range: Patch<String>,
    pub(crate) genre: Patch<String>,
    pub(crate) file_id: Patch<FileId>,
    pub(crate) preview_url: Patch<String>,
    pub(crate) is_public: Option<bool>,
}

impl DemoChange {
    /// The demo as it is after the change.
    ///
    /// # Errors
    /// 422 when it could be heard nowhere, or in two places.
    fn applied(&self, demo: &Demo, now: Instant) -> Result<Demo> {
        let recording = demo.recording().and_then(|recording| recording.changed(&self.file_id, &self.preview_url));
        let recording = recording.ok_or_else(no_recording)?;
        Ok(Demo {
            id: demo.id,
            specialist_id: demo.specialist_id,
            role: self.role.unwrap_or(demo.role),
            title: self.title.clone().unwrap_or_else(|| demo.title.clone()),
            description: patched(&self.description, &demo.description),
            instrument_skill_id: patched(&self.instrument_skill_id, &demo.instrument_skill_id),
            vocal_range: patched(&self.vocal_range, &demo.vocal_range),
            genre: patched(&self.genre, &demo.genre),
            file_id: recording.file_id(),
            preview_url: recording.preview_url().map(ToOwned::to_owned),
            is_public: self.is_public.unwrap_or(demo.is_public),
            created_at: demo.created_at,
            updated_at: now,
        })
    }
}

fn patched<T: Clone>(patch: &Patch<T>, value: &Option<T>) -> Option<T> {
    match patch {
        Patch::Unchanged => value.clone(),
        given => given.value().cloned(),
    }
}

/// The demo of this specialist.
///
/// # Errors
/// 404.
pub(crate) fn found(db: &impl Reader, specialist: &Specialist, id: DemoId) -> Result<Demo> {
    store::demo(db, specialist.id, id)?.ok_or_else(no_such_demo)
}

/// Adds a demo whose file, if it has one, was checked.
///
/// # Errors
/// 409 when the profile is full, 422 when the instrument is none.
pub(crate) fn add(tx: &Transaction<'_>, specialist: &Specialist, demo: &Demo, now: Instant) -> Result<()> {
    profiles::hold(tx, specialist.id, now)?;
    // The profile is held, so nobody adds another one between the count and the row.
    if store::count_demos(tx, specialist.id)? >= DEMOS_MAX {
        let detail = format!("a profile has at most {DEMOS_MAX} demos: delete one first");
        return Err(Problem::conflict("too_many_demos", detail));
    }
    check_part(demo)?;
    check_instrument(tx, demo.instrument_skill_id)?;
    store::insert_demo(tx, demo)?;
    tell(tx, specialist, None, demo)
}

/// The file that has to be checked before a change: one that is new, or that others are to hear.
///
/// # Errors
/// 422 as [`change`].
pub(crate) fn file_to_check(demo: &Demo, change: &DemoChange, now: Instant) -> Result<Option<FileId>> {
    let after = change.applied(demo, now)?;
    let is_shown_now = after.is_public && !demo.is_public;
    Ok(after.file_id.filter(|_| is_shown_now || after.file_id != demo.file_id))
}

/// Changes a demo; `checked` is the file that was checked.
///
/// # Errors
/// 404; 409 when another file would have to be checked by now; 422 when what comes out is no demo.
pub(crate) fn change(
    tx: &Transaction<'_>,
    specialist: &Specialist,
    (id, change): (DemoId, &DemoChange),
    checked: Option<FileId>,
    now: Instant,
) -> Result<Demo> {
    profiles::hold(tx, specialist.id, now)?;
    let before = found(tx, specialist, id)?;
    if *change == DemoChange::default() {
        return Ok(before);
    }
    let to_check = file_to_check(&before, change, now)?;
    if to_check.is_some() && to_check != checked {
        return Err(state::changed_meanwhile("demo"));
    }
    let after = change.applied(&before, now)?;
    check_part(&after)?;
    if after.instrument_skill_id != before.instrument_skill_id {
        check_instrument(tx, after.instrument_skill_id)?;
    }
    if !store::update_demo(tx, &after)? {
        return Err(no_such_demo());
    }
    tell(tx, specialist, Some(&before), &after)?;
    Ok(after)
}

/// Deletes a demo; its file stays.
///
/// # Errors
/// 404.
pub(crate) fn delete(tx: &Transaction<'_>, specialist: &Specialist, id: DemoId, now: Instant) -> Result<()> {
    profiles::hold(tx, specialist.id, now)?;
    if !store::delete_demo(tx, specialist.id, id)? {
        return Err(no_such_demo());
    }
    Ok(tx.emit(&announce::specialist_updated(specialist, &["demos"], Some(specialist.user_id)))?)
}

/// Goes on only if the file is a demo of this specialist, by the answer of file-service.
///
/// # Errors
/// 422, the same for a file that there is not and one of somebody else.
pub(crate) fn check_file(specialist: &Specialist, file: Option<&FileAnswer>) -> Result<()> {
    // Of all files, demos alone belong to a specialist.
    let is_own_demo = |file: &FileAnswer| {
        file.specialist_id == Some(specialist.id.uuid()) && file.owner_user_id == specialist.user_id.uuid()
    };
    if file.is_some_and(is_own_demo) {
        return Ok(());
    }
    Err(wrong_field("file_id", "unknown", "is no demo of yours: upload one to files, with the source portfolio_demo"))
}

/// Looks again at the file of a demo that was just written, and gives the demo as it is then: the event that would have
/// hidden it may have come when there was nothing to hide.
///
/// # Errors
/// What the database makes of it. That file-service does not answer is no error: the demo stands, and is wrong only if
/// its file was deleted at this very moment.
pub(crate) fn settled(specialist: &Specialist, demo: Demo, now: Instant) -> Result<Demo> {
    let Some(file_id) = demo.file_id.filter(|_| demo.is_public) else {
        return Ok(demo);
    };
    match dependencies::file(file_id) {
        Ok(Some(_)) => Ok(demo),
        Ok(None) => transaction(|tx| {
            hide_demos(tx, specialist.id, file_id, specialist.user_id, now)?;
            found(tx, specialist, demo.id)
        }),
        Err(problem) => {
            log::warn!("the file of demo {} was not looked at again: {problem}", demo.id);
            Ok(demo)
        }
    }
}

/// Hides a specialist's demos of a file that is there no more. They keep it, so that its owner sees which one it was.
pub(crate) fn hide_demos(
    tx: &Transaction<'_>,
    specialist_id: SpecialistId,
    file_id: FileId,
    by: UserId,
    now: Instant,
) -> Result<()> {
    // Nobody publishes one of them between the look and the change.
    profiles::hold(tx, specialist_id, now)?;
    for demo in store::public_demos_of_file(tx, file_id)? {
        if store::hide_demo(tx, demo.id, file_id, now)? {
            let specialist = profiles::found(tx, demo.specialist_id)?;
            tx.emit(&announce::specialist_updated(&specialist, &["demos"], Some(by)))?;
        }
    }
    Ok(())
}

/// Tells of a demo that is new or changed: as published when others see it for the first time.
fn tell(tx: &Transaction<'_>, specialist: &Specialist, before: Option<&Demo>, after: &Demo) -> Result<()> {
    let by = specialist.user_id;
    if after.is_public && !before.is_some_and(|before| before.is_public) {
        return Ok(tx.emit(&announce::demo_published(after, specialist, by))?);
    }
    Ok(tx.emit(&announce::specialist_updated(specialist, &["demos"], Some(by)))?)
}

/// Singers have a range, and players an instrument.
fn check_part(demo: &Demo) -> Result<()> {
    if demo.vocal_range.is_some() && !demo.role.sings() {
        return Err(wrong_field("vocal_range", "invalid", "is for who sings: leave it out, or change the role"));
    }
    if demo.instrument_skill_id.is_some() && !demo.role.plays() {
        return Err(wrong_field(
            "instrument_skill_id",
            "invalid",
            "is for who plays: leave it out, or change the role",
        ));
    }
    Ok(())
}

fn check_instrument(db: &impl Reader, id: Option<SkillId>) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    match store::skill(db, id)? {
        Some(skill) if skill.is_active => Ok(()),
        _ => Err(wrong_field("instrument_skill_id", "unknown", "is no skill that can be chosen: list skills")),
    }
}

/// 422: a demo can be heard in one place.
pub(crate) fn no_recording() -> Problem {
    wrong_field("file_id", "invalid", "or preview_url: a demo has exactly one of the two")
}

fn no_such_demo() -> Problem {
    Problem::not_found("demo of yours")
}

#[cfg(test)]
mod tests;
