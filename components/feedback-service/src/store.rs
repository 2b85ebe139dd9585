//! All SQL over `feedback` and `activity_logs`.

mod activity;
mod feedback;

pub(crate) use activity::*;
pub(crate) use feedback::*;
