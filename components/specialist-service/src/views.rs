//! What the service shows of its rows.

use crate::domain::availability::Availability;
use crate::store::{Demo, Specialist, SpecialistSkill};
use serde::Serialize;
use utoipa::ToSchema;

/// A specialist in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ListedSpecialist {
    /// The profile.
    #[serde(flatten)]
    pub(crate) specialist: Specialist,
    /// How much room they have for more.
    pub(crate) availability: Availability,
}

/// A specialist, with what they can do and let others hear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SpecialistDetails {
    /// The profile.
    #[serde(flatten)]
    pub(crate) listed: ListedSpecialist,
    /// By category and name.
    pub(crate) skills: Vec<SpecialistSkill>,
    /// Those that are public, newest first.
    pub(crate) demos: Vec<Demo>,
}

/// A specialist's own profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct OwnProfile {
    /// The profile.
    #[serde(flatten)]
    pub(crate) specialist: Specialist,
    /// By category and name.
    pub(crate) skills: Vec<SpecialistSkill>,
}
