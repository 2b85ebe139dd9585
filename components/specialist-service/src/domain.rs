//! The rules of profiles, skills, demos and ratings. Nothing here touches the database or another service.

pub(crate) mod account;
pub(crate) mod availability;
pub(crate) mod demo;
pub(crate) mod profile;
pub(crate) mod rating;
pub(crate) mod text;

mutrapro_sdk::id! {
    /// A specialist.
    pub(crate) SpecialistId
}

mutrapro_sdk::id! {
    /// A category of skills.
    pub(crate) CategoryId
}

mutrapro_sdk::id! {
    /// A skill.
    pub(crate) SkillId
}

mutrapro_sdk::id! {
    /// A demo.
    pub(crate) DemoId
}

mutrapro_sdk::id! {
    /// A file; file-service answers for it.
    pub(crate) FileId
}
