//! All SQL over `task_assignments`.
//!
//! What is open (assigned, accepted, in progress) is what has a slot: a constraint of the table says so.

mod due;
mod progress;
mod tasks;

pub(crate) use due::*;
pub(crate) use progress::*;
pub(crate) use tasks::*;
