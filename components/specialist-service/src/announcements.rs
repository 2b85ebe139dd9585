//! What the service tells others: events made of its rows.

use crate::store::{Demo, Skill, Specialist};
use mutrapro_contracts::specialist as told;
use mutrapro_sdk::identity::UserId;

pub(crate) fn specialist_created(specialist: &Specialist, by: UserId) -> told::SpecialistCreated {
    told::SpecialistCreated {
        specialist_id: specialist.id.uuid(),
        specialist_user_id: specialist.user_id.uuid(),
        specialization: specialist.specialization.to_string(),
        created_by: by.uuid(),
    }
}

/// `by` is `None` for what a rating or a finished project did.
pub(crate) fn specialist_updated(
    specialist: &Specialist,
    changed: &[&str],
    by: Option<UserId>,
) -> told::SpecialistUpdated {
    told::SpecialistUpdated {
        specialist_id: specialist.id.uuid(),
        specialist_user_id: specialist.user_id.uuid(),
        changed: changed.iter().map(|field| (*field).to_owned()).collect(),
        updated_by: by.map(UserId::uuid),
    }
}

pub(crate) fn skill_updated(skill: &Skill, by: UserId) -> told::SkillUpdated {
    told::SkillUpdated {
        skill_id: skill.id.uuid(),
        name: skill.name.clone(),
        is_active: skill.is_active,
        updated_by: by.uuid(),
    }
}

pub(crate) fn demo_published(demo: &Demo, specialist: &Specialist, by: UserId) -> told::ArtistDemoPublished {
    told::ArtistDemoPublished {
        specialist_id: specialist.id.uuid(),
        specialist_user_id: specialist.user_id.uuid(),
        demo_id: demo.id.uuid(),
        title: demo.title.clone(),
        file_id: demo.file_id.map(|id| id.uuid()),
        published_by: by.uuid(),
    }
}
