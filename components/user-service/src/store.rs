//! All SQL of the service, one function a statement.

mod lists;
mod profiles;
mod roles;
mod users;

pub(crate) use lists::*;
pub(crate) use profiles::*;
pub(crate) use roles::*;
pub(crate) use users::*;
