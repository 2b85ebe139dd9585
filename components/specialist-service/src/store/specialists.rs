//! The table `specialists`.

use crate::domain::account::Account;
use crate::domain::profile::Specialization;
use crate::domain::rating::{Rating, Stars};
use crate::domain::{SkillId, SpecialistId};
use mutrapro_sdk::identity::{Role, UserId};
use mutrapro_sdk::json::Patch;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// A user has one profile.
pub(crate) const ONE_PROFILE: &str = "specialists_user_id_key";

const COLUMNS: &str = "id, user_id, full_name, is_account_active, is_transcriber, is_arranger, is_recording_artist, \
                       specialization, experience_years, hourly_rate, currency, max_concurrent_tasks, portfolio_url, \
                       rating_sum, rating_count, rating_bp, total_projects, created_at, updated_at";

row! {
    /// A specialist.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct Specialist {
        /// The specialist's id.
        pub(crate) id: SpecialistId,
        /// The user who is that specialist.
        pub(crate) user_id: UserId,
        /// As the user writes it.
        pub(crate) full_name: String,
        #[serde(skip)]
        pub(crate) is_account_active: bool,
        #[serde(skip)]
        pub(crate) is_transcriber: bool,
        #[serde(skip)]
        pub(crate) is_arranger: bool,
        #[serde(skip)]
        pub(crate) is_recording_artist: bool,
        /// What they do first of all.
        pub(crate) specialization: Specialization,
        /// How long they have done it, in years.
        pub(crate) experience_years: u32,
        /// What an hour of theirs costs, in minor units.
        pub(crate) hourly_rate: i64,
        /// What amounts are counted in.
        pub(crate) currency: Currency,
        /// How many tasks they take on at once.
        pub(crate) max_concurrent_tasks: u32,
        /// Where more of their work can be found.
        pub(crate) portfolio_url: Option<String>,
        #[serde(skip)]
        pub(crate) rating_sum: i64,
        /// How many ratings there are.
        pub(crate) rating_count: u32,
        /// The mean of all ratings, in basis points of a star: 4 stars are 40000. 0 without a rating.
        pub(crate) rating_bp: u32,
        /// How many projects that they worked on were completed.
        pub(crate) total_projects: u32,
        /// When the profile was made.
        pub(crate) created_at: Instant,
        /// When it last changed.
        pub(crate) updated_at: Instant,
    }
}

impl Specialist {
    /// The copy of the user's account.
    pub(crate) fn account(&self) -> Account {
        Account {
            full_name: self.full_name.clone(),
            is_active: self.is_account_active,
            is_transcriber: self.is_transcriber,
            is_arranger: self.is_arranger,
            is_recording_artist: self.is_recording_artist,
        }
    }

    pub(crate) fn rating(&self) -> Rating {
        Rating { sum: self.rating_sum, count: self.rating_count }
    }
}

/// What a PATCH may change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ProfileChange {
    pub(crate) specialization: Option<Specialization>,
    pub(crate) experience_years: Option<u32>,
    pub(crate) hourly_rate: Option<i64>,
    pub(crate) currency: Option<Currency>,
    pub(crate) max_concurrent_tasks: Option<u32>,
    pub(crate) portfolio_url: Patch<String>,
}

/// Which specialists to list: all conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SpecialistFilter {
    pub(crate) specialization: Option<Specialization>,
    pub(crate) skill: Option<SkillId>,
    pub(crate) min_rating: Option<Stars>,
}

/// The constraint [`ONE_PROFILE`] refuses a second one of a user.
pub(crate) fn insert_specialist(tx: &Transaction<'_>, specialist: &Specialist) -> Result<(), Error> {
    tx.execute(
        &format!(
            "INSERT INTO specialists ({COLUMNS})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"
        ),
        params![
            specialist.id,
            specialist.user_id,
            specialist.full_name,
            specialist.is_account_active,
            specialist.is_transcriber,
            specialist.is_arranger,
            specialist.is_recording_artist,
            specialist.specialization,
            specialist.experience_years,
            specialist.hourly_rate,
            specialist.currency,
            specialist.max_concurrent_tasks,
            specialist.portfolio_url,
            specialist.rating_sum,
            specialist.rating_count,
            specialist.rating_bp,
            specialist.total_projects,
            specialist.created_at,
            specialist.updated_at,
        ],
    )?;
    Ok(())
}

pub(crate) fn specialist(db: &impl Reader, id: SpecialistId) -> Result<Option<Specialist>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM specialists WHERE id = $1"), params![id])
}

pub(crate) fn specialist_of_user(db: &impl Reader, user_id: UserId) -> Result<Option<Specialist>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM specialists WHERE user_id = $1"), params![user_id])
}

/// At most `rows_max` specialists who can work, after the one with the id `after`.
pub(crate) fn specialists(
    db: &impl Reader,
    filter: SpecialistFilter,
    after: Option<SpecialistId>,
    rows_max: i64,
) -> Result<Vec<Specialist>, Error> {
    let (statement, parameters) = Filter::default()
        .when(true, "is_account_active AND (is_transcriber OR is_arranger OR is_recording_artist)")
        .with("specialization = ", filter.specialization)
        .with(
            "EXISTS (SELECT 1 FROM specialist_skills k WHERE k.specialist_id = specialists.id AND k.skill_id = ?)",
            filter.skill,
        )
        .with("rating_bp >= ", filter.min_rating.map(|stars| stars.bp))
        .with("id > ", after)
        .statement(&format!("SELECT {COLUMNS} FROM specialists"), "ORDER BY id", rows_max);
    db.query(&statement, &parameters)
}

/// Marks a profile as changed, and keeps every other transaction that does so waiting until this one ends. `false` when
/// there is no such profile.
pub(crate) fn hold_specialist(tx: &Transaction<'_>, id: SpecialistId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute("UPDATE specialists SET updated_at = $2 WHERE id = $1", params![id, now])?;
    Ok(changed == 1)
}

/// Changes the fields that are given. `false` when there is no such profile.
pub(crate) fn update_specialist(
    tx: &Transaction<'_>,
    id: SpecialistId,
    change: &ProfileChange,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE specialists SET
            specialization = COALESCE($2, specialization), experience_years = COALESCE($3, experience_years),
            hourly_rate = COALESCE($4, hourly_rate), currency = COALESCE($5, currency),
            max_concurrent_tasks = COALESCE($6, max_concurrent_tasks),
            portfolio_url = CASE WHEN $7 THEN $8 ELSE portfolio_url END, updated_at = $9
         WHERE id = $1",
        params![
            id,
            change.specialization,
            change.experience_years,
            change.hourly_rate,
            change.currency,
            change.max_concurrent_tasks,
            change.portfolio_url.is_given(),
            change.portfolio_url.value(),
            now,
        ],
    )?;
    Ok(changed == 1)
}

/// Replaces the copy of an account. `false` when it is not `from` any more, because an event was quicker.
pub(crate) fn replace_account(
    tx: &Transaction<'_>,
    id: SpecialistId,
    (from, to): (&Account, &Account),
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE specialists SET
            full_name = $7, is_account_active = $8, is_transcriber = $9, is_arranger = $10, is_recording_artist = $11,
            updated_at = $12
         WHERE id = $1 AND full_name = $2 AND is_account_active = $3 AND is_transcriber = $4 AND is_arranger = $5
            AND is_recording_artist = $6",
        params![
            id,
            from.full_name,
            from.is_active,
            from.is_transcriber,
            from.is_arranger,
            from.is_recording_artist,
            to.full_name,
            to.is_active,
            to.is_transcriber,
            to.is_arranger,
            to.is_recording_artist,
            now,
        ],
    )?;
    Ok(changed == 1)
}

/// Keeps the name of a user, and whether the account can be used. `false` when the user has no profile.
pub(crate) fn keep_user(
    tx: &Transaction<'_>,
    user_id: UserId,
    (full_name, is_active): (&str, bool),
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE specialists SET full_name = $2, is_account_active = $3, updated_at = $4 WHERE user_id = $1",
        params![user_id, full_name, is_active, now],
    )?;
    Ok(changed == 1)
}

/// Keeps that an account cannot be used any more. `false` when the user has no profile.
pub(crate) fn keep_closed(tx: &Transaction<'_>, user_id: UserId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE specialists SET is_account_active = $2, updated_at = $3 WHERE user_id = $1",
        params![user_id, false, now],
    )?;
    Ok(changed == 1)
}

/// Keeps whether a user holds a role. `false` when the user has no profile, or the role is none of a specialist's.
pub(crate) fn keep_role(
    tx: &Transaction<'_>,
    user_id: UserId,
    (role, is_held): (Role, bool),
    now: Instant,
) -> Result<bool, Error> {
    let column = match role {
        Role::TranscriptionSpecialist => "is_transcriber",
        Role::ArrangementSpecialist => "is_arranger",
        Role::RecordingArtist => "is_recording_artist",
        Role::Customer | Role::ServiceCoordinator | Role::SystemAdmin => return Ok(false),
    };
    let changed = tx.execute(
        &format!("UPDATE specialists SET {column} = $2, updated_at = $3 WHERE user_id = $1"),
        params![user_id, is_held, now],
    )?;
    Ok(changed == 1)
}

/// `false` when the ratings are not `from` any more.
pub(crate) fn replace_rating(
    tx: &Transaction<'_>,
    id: SpecialistId,
    (from, to): (Rating, Rating),
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE specialists SET rating_sum = $3, rating_count = $4, rating_bp = $5, updated_at = $6
         WHERE id = $1 AND rating_count = $2",
        params![id, from.count, to.sum, to.count, to.mean_bp(), now],
    )?;
    Ok(changed == 1)
}

/// One completed project more. `false` when there is no such profile.
pub(crate) fn count_project(tx: &Transaction<'_>, id: SpecialistId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE specialists SET total_projects = total_projects + 1, updated_at = $2 WHERE id = $1",
        params![id, now],
    )?;
    Ok(changed == 1)
}
