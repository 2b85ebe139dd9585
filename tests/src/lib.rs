//! What the whole-system tests share: applications made of guests, a stage on which they run beside a bystander, people
//! who use the repository's own application and the deals that they make, a look into the databases, and a list of claims
//! that are checked one after the other.
//!
//! Starting a system costs about a second, so the claims of one file share a stage. A claim that fails does not keep the
//! others from being checked, and is named at the end.

mod application;
mod cast;
mod chance;
mod databases;
mod deal;
mod examples;
mod load;
mod memory;
mod outside;
mod paced;
mod people;
mod stage;
mod stories;
mod versions;

pub use application::{Guest, GuestApplication};
pub use cast::{Artist, Cast, Person, artist, created, done, got, music_xml, once, pdf, person, uploaded, wav};
pub use chance::seed;
pub use databases::Databases;
pub use deal::{Deal, filed, milestone, paid, project_of, reaches};
pub use examples::{behind_the_gateway, example_lines, extended_system, replaced};
pub use load::{Load, LoadReport};
pub use memory::{peak_memory_bytes, reset_peak_memory};
pub use outside::OutsideServer;
pub use paced::paced;
pub use people::{
    ADMIN_EMAIL, ADMIN_PASSWORD, Login, PASSWORD, SESSION_LAG, admin, gone_within, items, login, refresh, register,
    registration, repository_app, repository_system, text, try_login, unhurried_system, user_id,
};
pub use stage::Stage;
pub use stories::{Ledger, Line, Stories};
pub use versions::at_version;

/// Checks each of the claims, async functions that take `&$stage`, and gives those that failed with their reasons.
#[macro_export]
macro_rules! check_claims {
    ($stage:expr; $($claim:ident),+ $(,)?) => {{
        let mut failed: Vec<String> = Vec::new();
        $(
            let started = std::time::Instant::now();
            let outcome = $claim(&$stage).await;
            println!("{} {} in {:?}", if outcome.is_ok() { "holds:" } else { "FAILS:" }, stringify!($claim), started.elapsed());
            if let Err(error) = outcome {
                failed.push(format!("{}: {error:#}", stringify!($claim)));
            }
        )+
        failed
    }};
}
