//! All SQL over the tables of studios, equipment and bookings.

mod bookings;
mod categories;
mod equipment;
mod occupation;
mod parts;
mod studio_equipment;
mod studios;

pub(crate) use bookings::*;
pub(crate) use categories::*;
pub(crate) use equipment::*;
pub(crate) use occupation::*;
pub(crate) use parts::*;
pub(crate) use studio_equipment::*;
pub(crate) use studios::*;
