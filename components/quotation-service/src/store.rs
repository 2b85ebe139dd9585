//! All SQL over `service_requests`, `quotations`, `pricing_matrix` and `payment_milestones`.

mod milestones;
mod prices;
mod quotations;
mod requests;

pub(crate) use milestones::*;
pub(crate) use prices::*;
pub(crate) use quotations::*;
pub(crate) use requests::*;
