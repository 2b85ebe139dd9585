//! All SQL over `specialists`, `skill_categories`, `skills`, `specialist_skills` and `artist_demos`.

mod categories;
mod demos;
mod skills;
mod specialist_skills;
mod specialists;

pub(crate) use categories::*;
pub(crate) use demos::*;
pub(crate) use skills::*;
pub(crate) use specialist_skills::*;
pub(crate) use specialists::*;
