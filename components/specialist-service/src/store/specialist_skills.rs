//! The table `specialist_skills`.

use crate::domain::profile::Proficiency;
use crate::domain::{CategoryId, SkillId, SpecialistId};
use mutrapro_sdk::sql::{Error, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

const SELECT: &str = "SELECT k.skill_id, s.name, s.category_id, c.name AS category, k.proficiency, k.years_experience, \
                      k.last_used_at, k.is_certified, k.certification_details, k.created_at, k.updated_at \
                      FROM specialist_skills k JOIN skills s ON s.id = k.skill_id \
                      JOIN skill_categories c ON c.id = s.category_id";

row! {
    /// A skill that a specialist has.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct SpecialistSkill {
        /// The skill.
        pub(crate) skill_id: SkillId,
        /// What it is called.
        pub(crate) name: String,
        /// What it is sorted into.
        pub(crate) category_id: CategoryId,
        /// What that is called.
        pub(crate) category: String,
        /// How well they can do it.
        pub(crate) proficiency: Proficiency,
        /// How long they have done it, in years.
        pub(crate) years_experience: u32,
        /// When they last did it.
        pub(crate) last_used_at: Option<Instant>,
        /// Whether they hold a certificate.
        pub(crate) is_certified: bool,
        /// Which one.
        pub(crate) certification_details: Option<String>,
        /// When they added it.
        pub(crate) created_at: Instant,
        /// When they last changed it.
        pub(crate) updated_at: Instant,
    }
}

/// How well a specialist can do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mastery {
    pub(crate) proficiency: Proficiency,
    pub(crate) years_experience: u32,
    pub(crate) last_used_at: Option<Instant>,
    pub(crate) is_certified: bool,
    pub(crate) certification_details: Option<String>,
}

row! {
    struct Count {
        skills: i64,
    }
}

pub(crate) fn specialist_skill(
    db: &impl Reader,
    id: SpecialistId,
    skill_id: SkillId,
) -> Result<Option<SpecialistSkill>, Error> {
    db.query_optional(&format!("{SELECT} WHERE k.specialist_id = $1 AND k.skill_id = $2"), params![id, skill_id])
}

/// At most `rows_max` skills of a specialist, by category and name.
pub(crate) fn specialist_skills(
    db: &impl Reader,
    id: SpecialistId,
    rows_max: i64,
) -> Result<Vec<SpecialistSkill>, Error> {
    db.query(&format!("{SELECT} WHERE k.specialist_id = $1 ORDER BY c.name, s.name LIMIT $2"), params![id, rows_max])
}

pub(crate) fn count_specialist_skills(db: &impl Reader, id: SpecialistId) -> Result<i64, Error> {
    let count: Count =
        db.query_one("SELECT COUNT(*) AS skills FROM specialist_skills WHERE specialist_id = $1", params![id])?;
    Ok(count.skills)
}

pub(crate) fn insert_specialist_skill(
    tx: &Transaction<'_>,
    (id, skill_id): (SpecialistId, SkillId),
    mastery: &Mastery,
    now: Instant,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO specialist_skills (specialist_id, skill_id, proficiency, years_experience, last_used_at,
            is_certified, certification_details, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        params![
            id,
            skill_id,
            mastery.proficiency,
            mastery.years_experience,
            mastery.last_used_at,
            mastery.is_certified,
            mastery.certification_details,
            now,
        ],
    )?;
    Ok(())
}

/// `false` when the specialist does not have the skill.
pub(crate) fn update_specialist_skill(
    tx: &Transaction<'_>,
    (id, skill_id): (SpecialistId, SkillId),
    mastery: &Mastery,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE specialist_skills SET
            proficiency = $3, years_experience = $4, last_used_at = $5, is_certified = $6, certification_details = $7,
            updated_at = $8
         WHERE specialist_id = $1 AND skill_id = $2",
        params![
            id,
            skill_id,
            mastery.proficiency,
            mastery.years_experience,
            mastery.last_used_at,
            mastery.is_certified,
            mastery.certification_details,
            now,
        ],
    )?;
    Ok(changed == 1)
}

/// `false` when the specialist does not have the skill.
pub(crate) fn delete_specialist_skill(
    tx: &Transaction<'_>,
    id: SpecialistId,
    skill_id: SkillId,
) -> Result<bool, Error> {
    let deleted =
        tx.execute("DELETE FROM specialist_skills WHERE specialist_id = $1 AND skill_id = $2", params![id, skill_id])?;
    Ok(deleted == 1)
}
