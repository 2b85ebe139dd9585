//! The table `skills`.

use crate::domain::{CategoryId, SkillId};
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// Skills have names of their own.
pub(crate) const SKILL_NAME: &str = "skills_name_key";

const COLUMNS: &str = "id, category_id, name, description, is_active, created_at, updated_at";

row! {
    /// What a specialist can have learnt.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct Skill {
        /// The skill's id.
        pub(crate) id: SkillId,
        /// What it is sorted into.
        pub(crate) category_id: CategoryId,
        /// What it is called.
        pub(crate) name: String,
        /// What it is.
        pub(crate) description: Option<String>,
        /// Whether it can be chosen.
        pub(crate) is_active: bool,
        /// When it was made.
        pub(crate) created_at: Instant,
        /// When it last changed.
        pub(crate) updated_at: Instant,
    }
}

/// The constraint [`SKILL_NAME`] refuses a name that there is.
pub(crate) fn insert_skill(tx: &Transaction<'_>, skill: &Skill) -> Result<(), Error> {
    tx.execute(
        &format!("INSERT INTO skills ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)"),
        params![
            skill.id,
            skill.category_id,
            skill.name,
            skill.description,
            skill.is_active,
            skill.created_at,
            skill.updated_at,
        ],
    )?;
    Ok(())
}

pub(crate) fn skill(db: &impl Reader, id: SkillId) -> Result<Option<Skill>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM skills WHERE id = $1"), params![id])
}

/// At most `rows_max` skills that are active, or are not, after the one with the id `after`.
pub(crate) fn skills(
    db: &impl Reader,
    (category, is_active): (Option<CategoryId>, bool),
    after: Option<SkillId>,
    rows_max: i64,
) -> Result<Vec<Skill>, Error> {
    let (statement, parameters) = Filter::default()
        .with("is_active = ", Some(is_active))
        .with("category_id = ", category)
        .with("id > ", after)
        .statement(&format!("SELECT {COLUMNS} FROM skills"), "ORDER BY id", rows_max);
    db.query(&statement, &parameters)
}

/// Whether a category has a skill that can be chosen.
pub(crate) fn has_active_skills(db: &impl Reader, category_id: CategoryId) -> Result<bool, Error> {
    let statement = "SELECT id FROM skills WHERE category_id = $1 AND is_active LIMIT 1";
    Ok(!db.rows(statement, params![category_id])?.is_empty())
}

/// Writes `after` over `before`. `false` when the skill is in another category, or is active or not, unlike `before`.
pub(crate) fn replace_skill(tx: &Transaction<'_>, before: &Skill, after: &Skill) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE skills SET category_id = $4, name = $5, description = $6, is_active = $7, updated_at = $8
         WHERE id = $1 AND category_id = $2 AND is_active = $3",
        params![
            before.id,
            before.category_id,
            before.is_active,
            after.category_id,
            after.name,
            after.description,
            after.is_active,
            after.updated_at,
        ],
    )?;
    Ok(changed == 1)
}
