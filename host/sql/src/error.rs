//! Why the databases do not start. What a running database answers is the contract's own
//! [`Error`](crate::bindings::mutrapro::sql::database::Error).

use crate::bindings::mutrapro::sql::database::Error;
use mutrapro_manifest::ComponentId;
use std::path::PathBuf;

/// Why the databases could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder for the database files cannot be made: check the path and its rights.
    #[error("cannot create the data folder {directory}: choose another or make it writable", directory = .directory.display())]
    Directory {
        /// The folder.
        directory: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The database's name cannot be a file's name: change the manifest.
    #[error(
        "{service}: the database name {name:?} is not 1 to 63 letters, digits and underscores: change `database` in its [[trigger.mutrapro]] entry"
    )]
    Name {
        /// The service whose database it is.
        service: ComponentId,
        /// The name in the manifest.
        name: String,
    },
    /// A database does not answer: check the file and the disk.
    #[error("cannot open the database of {service}, {path}", path = .path.display())]
    Database {
        /// The service whose database it is.
        service: ComponentId,
        /// The database's file.
        path: PathBuf,
        /// What the database said.
        source: anyhow::Error,
    },
    /// The service's role would be the host's, or PostgreSQL would cut its name: give the component another id.
    #[error("{service}: its role {role:?} is the host's own or has more than 63 bytes: give the component another id")]
    Role {
        /// The service whose role it is.
        service: ComponentId,
        /// The role.
        role: String,
    },
    /// The server does not let a role sign in: bring roles and databases to what the manifest says.
    #[error(
        "{role} cannot sign in to {database}, the database of {service}: {source}; run `mutrapro migrate`, and give every host the key that it used"
    )]
    SignIn {
        /// The service whose database it is.
        service: ComponentId,
        /// The database.
        database: String,
        /// Who signs in.
        role: String,
        /// What the server said.
        source: sqlx::Error,
    },
    /// The server does not answer: check its address, its certificate and how many connections it allows.
    #[error(
        "cannot reach {database}, the database of {service}: {source}; check the address of the PostgreSQL server and its max_connections"
    )]
    Server {
        /// The service whose database it is.
        service: ComponentId,
        /// The database.
        database: String,
        /// What the server or the network said.
        source: sqlx::Error,
    },
}

/// Why migrations were not applied. Those before the failed one are, and stay.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The text of an applied migration has changed: restore the file, and put the change into a new one.
    #[error(
        "{service}: {migration} was changed after it had been applied: restore it and put the change into a new migration"
    )]
    Changed {
        /// The service whose database it is.
        service: ComponentId,
        /// The migration's file, or the name of one of the host's own.
        migration: String,
    },
    /// An applied migration is not there any more: restore the file, or run a host that is not older than the database.
    #[error(
        "{service}: migration {version:04}_{name} has been applied but is missing: restore its file or run the newer version that has it"
    )]
    Missing {
        /// The service whose database it is.
        service: ComponentId,
        /// The number of the missing migration.
        version: u32,
        /// The name that it was applied under.
        name: String,
    },
    /// A new migration has a lower number than an applied one: give it the next number.
    #[error(
        "{service}: {migration} comes before version {applied:04}, which has been applied: give it a higher number"
    )]
    OutOfOrder {
        /// The service whose database it is.
        service: ComponentId,
        /// The migration's file, or the name of one of the host's own.
        migration: String,
        /// The highest version that has been applied.
        applied: u32,
    },
    /// A migration's SQL failed; nothing of it stands: correct the file.
    #[error("{service}: {migration} failed and was undone: {reason}")]
    Failed {
        /// The service whose database it is.
        service: ComponentId,
        /// The migration's file, or the name of one of the host's own.
        migration: String,
        /// What the database said.
        reason: Error,
    },
    /// What has been applied is not to be seen: give the role its rights, or mend the record.
    #[error("{service}: the record of applied migrations cannot be read: {reason}: run `mutrapro migrate`")]
    Unreadable {
        /// The service whose database it is.
        service: ComponentId,
        /// What the database said.
        reason: Error,
    },
    /// The database did not answer: try again.
    #[error("{service}: the database did not answer: {reason}")]
    Unavailable {
        /// The service whose database it is.
        service: ComponentId,
        /// What the database said.
        reason: Error,
    },
}
