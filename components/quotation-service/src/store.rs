//! All SQL over `service_requests`, `quotations`, `quotation_lines`, `pricing_matrix` and `payment_milestones`.

mod lines;
mod milestones;
mod prices;
mod quotations;
mod requests;

pub(crate) use lines::*;
pub(crate) use milestones::*;
pub(crate) use prices::*;
pub(crate) use quotations::*;
pub(crate) use requests::*;
