//! What happens to skills and their categories. An active skill is always in an active category.

use crate::announcements as announce;
use crate::domain::{CategoryId, SkillId};
use crate::profiles::wrong_field;
use crate::store::{self, CATEGORY_NAME, CategoryChange, SKILL_NAME, Skill, SkillCategory};
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::json::Patch;
use mutrapro_sdk::problem::{OnConstraint, Problem, Result};
use mutrapro_sdk::sql::Transaction;
use mutrapro_sdk::state;
use mutrapro_sdk::time::Instant;

/// What a PATCH may change of a skill.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SkillChange {
    pub(crate) category_id: Option<CategoryId>,
    pub(crate) name: Option<String>,
    pub(crate) description: Patch<String>,
    pub(crate) is_active: Option<bool>,
}

impl SkillChange {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The skill as it is after the change.
    fn applied(&self, skill: &Skill, now: Instant) -> Skill {
        Skill {
            id: skill.id,
            category_id: self.category_id.unwrap_or(skill.category_id),
            name: self.name.clone().unwrap_or_else(|| skill.name.clone()),
            description: match &self.description {
                Patch::Unchanged => skill.description.clone(),
                given => given.value().cloned(),
            },
            is_active: self.is_active.unwrap_or(skill.is_active),
            created_at: skill.created_at,
            updated_at: now,
        }
    }
}

/// Adds a skill.
///
/// # Errors
/// 409 when there is one of this name or the category is not active, 422 when there is no such category.
pub(crate) fn add_skill(tx: &Transaction<'_>, skill: &Skill, by: UserId) -> Result<()> {
    check_category(tx, skill)?;
    store::insert_skill(tx, skill).on_constraint(SKILL_NAME, skill_exists)?;
    Ok(tx.emit(&announce::skill_updated(skill, by))?)
}

/// Changes a skill.
///
/// # Errors
/// 404; 409 when there is one of this name, the category is not active, or the skill was changed by another; 422 when
/// there is no such category.
pub(crate) fn change_skill(
    tx: &Transaction<'_>,
    id: SkillId,
    change: &SkillChange,
    by: UserId,
    now: Instant,
) -> Result<Skill> {
    let before = store::skill(tx, id)?.ok_or_else(|| Problem::not_found("skill"))?;
    if change.is_nothing() {
        return Ok(before);
    }
    let after = change.applied(&before, now);
    if change.category_id.is_some() || change.is_active.is_some() {
        check_category(tx, &after)?;
    }
    if !store::replace_skill(tx, &before, &after).on_constraint(SKILL_NAME, skill_exists)? {
        return Err(state::changed_meanwhile("skill"));
    }
    tx.emit(&announce::skill_updated(&after, by))?;
    Ok(after)
}

/// Goes on only if the skill may be in its category, which stays as it is until the transaction ends.
fn check_category(tx: &Transaction<'_>, skill: &Skill) -> Result<()> {
    if skill.is_active && store::hold_active_category(tx, skill.category_id)? {
        return Ok(());
    }
    if store::category(tx, skill.category_id)?.is_none() {
        return Err(wrong_field("category_id", "unknown", "is none of a category's: list skill-categories"));
    }
    if skill.is_active {
        return Err(Problem::conflict(
            "category_inactive",
            "only an active category has active skills: activate it first",
        ));
    }
    Ok(())
}

/// Adds a category.
///
/// # Errors
/// 409 when there is one of this name.
pub(crate) fn add_category(tx: &Transaction<'_>, category: &SkillCategory) -> Result<()> {
    store::insert_category(tx, category).on_constraint(CATEGORY_NAME, category_exists)
}

/// Changes a category.
///
/// # Errors
/// 404; 409 when there is one of this name, or it would end while it has active skills.
pub(crate) fn change_category(
    tx: &Transaction<'_>,
    id: CategoryId,
    change: &CategoryChange,
    now: Instant,
) -> Result<SkillCategory> {
    if *change != CategoryChange::default()
        && store::update_category(tx, id, change, now).on_constraint(CATEGORY_NAME, category_exists)?
    {
        // After the update, which waits for who is just adding a skill.
        if change.is_active == Some(false) && store::has_active_skills(tx, id)? {
            let detail = "the category has active skills: end them or move them first";
            return Err(Problem::conflict("category_in_use", detail));
        }
    }
    store::category(tx, id)?.ok_or_else(|| Problem::not_found("skill category"))
}

fn skill_exists() -> Problem {
    Problem::conflict("skill_exists", "there is a skill of this name: change it, or choose another name")
}

fn category_exists() -> Problem {
    Problem::conflict("category_exists", "there is a category of this name: change it, or choose another name")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;

    fn skill() -> Skill {
        Skill {
            id: Uuid::from_u128(1).into(),
            category_id: Uuid::from_u128(2).into(),
            name: "Piano".into(),
            description: Some("Eighty-eight keys".into()),
            is_active: true,
            created_at: Instant::UNIX_EPOCH,
            updated_at: Instant::UNIX_EPOCH,
        }
    }

    #[test]
    fn only_what_is_given_changes() {
        let change = SkillChange { is_active: Some(false), ..SkillChange::default() };
        let now: Instant = "2026-01-31T09:30:00Z".parse().unwrap();
        assert_eq!(change.applied(&skill(), now), Skill { is_active: false, updated_at: now, ..skill() });
        let change = SkillChange {
            category_id: Some(Uuid::from_u128(3).into()),
            name: Some("Grand piano".into()),
            description: Patch::Cleared,
            is_active: None,
        };
        let changed = change.applied(&skill(), now);
        assert_eq!((changed.category_id, changed.name.as_str()), (Uuid::from_u128(3).into(), "Grand piano"));
        assert_eq!((changed.description, changed.is_active), (None, true));
    }

    #[test]
    fn empty_change_is_nothing() {
        assert!(SkillChange::default().is_nothing());
        assert!(!SkillChange { description: Patch::Cleared, ..SkillChange::default() }.is_nothing());
    }
}
