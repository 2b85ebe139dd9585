//! Forward-only migrations: the host's own tables first, then the service's, each in its own transaction.
//!
//! Every applied migration is recorded with the SHA-256 of its text, so that a changed or missing file is noticed.
//! Several hosts may migrate at once: each step reads the record again inside the transaction that applies it.

use crate::bindings::mutrapro::sql::database::{Error, RowSet, Value};
use crate::database::Database;
use crate::error::MigrateError;
use crate::instant::canonical_instant;
use jiff::Timestamp;
use mutrapro_manifest::{ComponentId, Migration};
use sha2::{Digest, Sha256};
use std::fmt;

/// Where the migrations of the host's own tables are recorded.
pub(crate) const HOST_RECORD: &str = "host_migrations";
/// Where the service's own migrations are recorded.
pub(crate) const SERVICE_RECORD: &str = "schema_migrations";

/// A migration that has just been applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedMigration {
    /// The service whose database it changed.
    pub service: ComponentId,
    /// Its number.
    pub version: u32,
    /// Its name, without number and ending.
    pub name: String,
    /// Whether it is one of the host's own tables.
    pub of_host: bool,
}

impl fmt::Display for AppliedMigration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = if self.of_host { "the host's tables" } else { "its own tables" };
        write!(f, "{}: {:04} {} ({owner})", self.service, self.version, self.name)
    }
}

/// A migration that has yet to be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingMigration {
    /// The service whose database it changes.
    pub service: ComponentId,
    /// Its file, or the name of one of the host's own.
    pub migration: String,
}

impl fmt::Display for PendingMigration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.service, self.migration)
    }
}

/// A migration as it should be.
struct Step<'a> {
    version: u32,
    name: &'a str,
    sql: &'a str,
    /// The file, or the name of one of the host's own.
    place: String,
}

/// A migration as it was recorded.
struct Recorded {
    version: u32,
    name: String,
    checksum: String,
}

impl Step<'_> {
    fn as_recorded(&self) -> Recorded {
        Recorded { version: self.version, name: self.name.to_owned(), checksum: checksum(self.sql) }
    }
}

/// Applies what is pending in one service's database, oldest first.
pub(crate) async fn migrate(
    database: &dyn Database,
    service: &ComponentId,
    migrations: &[Migration],
) -> Result<Vec<AppliedMigration>, MigrateError> {
    let [host_steps, service_steps] = steps(database.host_migrations(), migrations);
    let mut applied = Vec::new();
    for (record, steps) in [(HOST_RECORD, &host_steps), (SERVICE_RECORD, &service_steps)] {
        while let Some(step) = apply_next(database, service, record, steps).await? {
            applied.push(AppliedMigration {
                service: service.clone(),
                version: step.version,
                name: step.name.to_owned(),
                of_host: record == HOST_RECORD,
            });
        }
    }
    let refreshed = database.refresh_schema().await;
    refreshed.map_err(|reason| MigrateError::Unavailable { service: service.clone(), reason })?;
    Ok(applied)
}

/// What [`migrate`] would apply in one service's database, oldest first.
pub(crate) async fn pending(
    database: &dyn Database,
    service: &ComponentId,
    migrations: &[Migration],
) -> Result<Vec<PendingMigration>, MigrateError> {
    let [host_steps, service_steps] = steps(database.host_migrations(), migrations);
    let mut pending = Vec::new();
    for (record, steps) in [(HOST_RECORD, host_steps), (SERVICE_RECORD, service_steps)] {
        let mut recorded = match database.query(&read_statement(record), Vec::new()).await {
            Ok(rows) => read_record(rows),
            // There is no such table yet.
            Err(Error::Invalid(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
        .map_err(|reason| MigrateError::Unreadable { service: service.clone(), reason })?;
        // What a newer version has applied only adds, so that hosts of this one go on until they are replaced.
        let newest = steps.iter().map(|step| step.version).max().unwrap_or(0);
        recorded.retain(|entry| entry.version <= newest);
        while let Some(step) = first_pending(service, &steps, &recorded)? {
            pending.push(PendingMigration { service: service.clone(), migration: step.place.clone() });
            recorded.push(step.as_recorded());
        }
    }
    Ok(pending)
}

/// The same for psql: applies what is pending there, each migration in its own transaction, and records it.
pub(crate) fn script(host_migrations: &[(u32, &str, &str)], migrations: &[Migration]) -> String {
    let [host_steps, service_steps] = steps(host_migrations, migrations);
    let mut text = String::new();
    for (record, steps) in [(HOST_RECORD, host_steps), (SERVICE_RECORD, service_steps)] {
        text += &format!("{};\n", create_statement(record));
        for Step { version, name, sql, .. } in steps {
            let (checksum, applied_at) = (checksum(sql), canonical_instant(Timestamp::now()));
            text += &format!(
                "SELECT NOT EXISTS (SELECT FROM {record} WHERE version = {version}) AS pending \\gset\n\
                 \\if :pending\nBEGIN;\n{sql};\n\
                 INSERT INTO {record} (version, name, checksum, applied_at) \
                 VALUES ({version}, '{name}', '{checksum}', '{applied_at}');\nCOMMIT;\n\\endif\n"
            );
        }
    }
    text
}

/// The host's own migrations and the service's.
fn steps<'a>(host_migrations: &[(u32, &'a str, &'a str)], migrations: &'a [Migration]) -> [Vec<Step<'a>>; 2] {
    let of_host = host_migrations.iter().map(|(version, name, sql)| Step {
        version: *version,
        name,
        sql,
        place: format!("the host's own {name}"),
    });
    let of_service = migrations.iter().map(|migration| Step {
        version: migration.version,
        name: &migration.name,
        sql: &migration.sql,
        place: migration.path.display().to_string(),
    });
    [of_host.collect(), of_service.collect()]
}

fn create_statement(record: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {record} (\
         version BIGINT NOT NULL CONSTRAINT {record}_pkey PRIMARY KEY, name TEXT NOT NULL, \
         checksum TEXT NOT NULL, applied_at TEXT NOT NULL)"
    )
}

fn read_statement(record: &str) -> String {
    format!("SELECT version, name, checksum FROM {record} ORDER BY version")
}

/// Applies the first pending step, if there is one.
async fn apply_next<'a>(
    database: &dyn Database,
    service: &ComponentId,
    record: &str,
    steps: &'a [Step<'a>],
) -> Result<Option<&'a Step<'a>>, MigrateError> {
    let unavailable = |reason| MigrateError::Unavailable { service: service.clone(), reason };
    let mut transaction = database.begin_unlimited().await.map_err(unavailable)?;
    transaction.run_script(&create_statement(record)).await.map_err(unavailable)?;
    let rows = transaction.query(&read_statement(record), Vec::new()).await.map_err(unavailable)?;
    let recorded = read_record(rows).map_err(unavailable)?;
    let Some(step) = first_pending(service, steps, &recorded)? else {
        transaction.commit().await.map_err(unavailable)?;
        return Ok(None);
    };
    let failed = |reason| MigrateError::Failed { service: service.clone(), migration: step.place.clone(), reason };
    transaction.run_script(step.sql).await.map_err(failed)?;
    let parameters = vec![
        Value::Integer(step.version.into()),
        Value::Text(step.name.to_owned()),
        Value::Text(checksum(step.sql)),
        Value::Text(canonical_instant(Timestamp::now())),
    ];
    let insert = format!("INSERT INTO {record} (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)");
    transaction.execute(&insert, parameters).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(Some(step))
}

/// The first step that is not recorded, after checking that the record is a beginning of the steps.
fn first_pending<'a>(
    service: &ComponentId,
    steps: &'a [Step<'a>],
    recorded: &[Recorded],
) -> Result<Option<&'a Step<'a>>, MigrateError> {
    for entry in recorded {
        let Some(step) = steps.iter().find(|step| step.version == entry.version) else {
            return Err(MigrateError::Missing {
                service: service.clone(),
                version: entry.version,
                name: entry.name.clone(),
            });
        };
        if checksum(step.sql) != entry.checksum {
            return Err(MigrateError::Changed { service: service.clone(), migration: step.place.clone() });
        }
    }
    let highest = recorded.iter().map(|entry| entry.version).max().unwrap_or(0);
    let pending = steps
        .iter()
        .filter(|step| recorded.iter().all(|entry| entry.version != step.version))
        .min_by_key(|step| step.version);
    match pending {
        Some(step) if step.version < highest => {
            Err(MigrateError::OutOfOrder { service: service.clone(), migration: step.place.clone(), applied: highest })
        }
        pending => Ok(pending),
    }
}

fn read_record(rows: RowSet) -> Result<Vec<Recorded>, Error> {
    let malformed = || Error::Unavailable("the record of applied migrations is damaged".to_owned());
    rows.rows
        .into_iter()
        .map(|row| match <[Value; 3]>::try_from(row) {
            Ok([Value::Integer(version), Value::Text(name), Value::Text(checksum)]) => {
                let version = u32::try_from(version).map_err(|_| malformed())?;
                Ok(Recorded { version, name, checksum })
            }
            _ => Err(malformed()),
        })
        .collect()
}

/// SHA-256 in lower-case hexadecimal.
fn checksum(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut digits, byte| {
        digits.push_str(&format!("{byte:02x}"));
        digits
    })
}
