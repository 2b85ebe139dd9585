//! Events of specialist-service. Their aggregates are the specialist, the skill, and the artist who publishes a demo.

use crate::event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `specialist.created`: a user has a profile as a specialist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialistCreated {
    /// The specialist.
    pub specialist_id: Uuid,
    /// The user who is that specialist.
    pub specialist_user_id: Uuid,
    /// For example `transcription`.
    pub specialization: String,
    /// The administrator who did it.
    pub created_by: Uuid,
}
event!(SpecialistCreated, "specialist.created", "specialist", specialist_id);

/// `specialist.updated`: something about the profile or its skills changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialistUpdated {
    /// The specialist.
    pub specialist_id: Uuid,
    /// The user who is that specialist.
    pub specialist_user_id: Uuid,
    /// What changed, for example `hourly_rate` or `skills`.
    pub changed: Vec<String>,
    /// Who did it; `None` when a rating or a finished project did.
    pub updated_by: Option<Uuid>,
}
event!(SpecialistUpdated, "specialist.updated", "specialist", specialist_id);

/// `skill.updated`: a skill was added to the catalogue, or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillUpdated {
    /// The skill.
    pub skill_id: Uuid,
    /// What it is called.
    pub name: String,
    /// Whether it can be chosen.
    pub is_active: bool,
    /// The administrator who did it.
    pub updated_by: Uuid,
}
event!(SkillUpdated, "skill.updated", "skill", skill_id);

/// `artist.demo.published`: everyone can hear a demo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtistDemoPublished {
    /// The specialist.
    pub specialist_id: Uuid,
    /// The user who is that specialist.
    pub specialist_user_id: Uuid,
    /// The demo.
    pub demo_id: Uuid,
    /// What it is called.
    pub title: String,
    /// The file that holds it.
    pub file_id: Option<Uuid>,
    /// The user who did it.
    pub published_by: Uuid,
}
event!(ArtistDemoPublished, "artist.demo.published", "artist", specialist_id);
