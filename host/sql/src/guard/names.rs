//! The last look: names of tables and columns.

use super::{forbidden, refused};
use crate::bindings::mutrapro::sql::database::Error;
use crate::migrations::{HOST_RECORD, SERVICE_RECORD};
use mutrapro_manifest::{App, ComponentId, Service};
use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};
use std::collections::{BTreeSet, HashMap};

/// The host's own tables, which are in every service's database.
const HOST_TABLES: [&str; 4] = ["outbox_events", "consumed_events", SERVICE_RECORD, HOST_RECORD];
/// Names that begin so belong to an engine.
const ENGINE_PREFIXES: [&str; 3] = ["sqlite_", "pg_", "information_schema"];
/// Columns that one of the engines adds to every table, and words that PostgreSQL reads as calls.
const ENGINE_COLUMNS: [&str; 17] = [
    "rowid",
    "oid",
    "_rowid_",
    "ctid",
    "xmin",
    "xmax",
    "cmin",
    "cmax",
    "tableoid",
    "current_role",
    "current_user",
    "session_user",
    "current_schema",
    "current_catalog",
    "current_date",
    "current_time",
    "current_timestamp",
];

/// Who owns which table, as one service sees it.
#[derive(Debug)]
pub(super) struct Names {
    service: ComponentId,
    own: BTreeSet<String>,
    others: HashMap<String, ComponentId>,
}

impl Names {
    pub(super) fn new(app: &App, service: &Service) -> Self {
        let own = service.database.as_ref().map(|database| database.tables.clone()).unwrap_or_default();
        let others = app
            .services
            .values()
            .filter(|other| other.id != service.id)
            .filter_map(|other| Some((other, other.database.as_ref()?)))
            .flat_map(|(other, database)| database.tables.iter().map(|table| (table.clone(), other.id.clone())))
            .collect();
        Self { service: service.id.clone(), own, others }
    }

    /// Accepts a table that the service owns.
    pub(super) fn own_table(&self, name: &ObjectName) -> Result<(), Error> {
        let table = single(name)?;
        if self.own.contains(&table) && !is_reserved(&table) {
            return Ok(());
        }
        Err(self.not_own(&table))
    }

    /// Accepts a table that the service owns, or one of the statement's common tables.
    pub(super) fn readable_table(&self, name: &ObjectName, common_tables: &BTreeSet<String>) -> Result<(), Error> {
        if common_tables.contains(&single(name)?) {
            return Ok(());
        }
        self.own_table(name)
    }

    /// The name of a common table, if it can be taken for no table there is.
    pub(super) fn common_table(&self, name: &Ident) -> Result<String, Error> {
        let table = lower(name);
        if is_reserved(&table) || self.own.contains(&table) || self.others.contains_key(&table) {
            return Err(refused(&format!("the name {table:?} for a WITH query"), "choose one that is no table's"));
        }
        Ok(table)
    }

    fn not_own(&self, table: &str) -> Error {
        let service = &self.service;
        if HOST_TABLES.contains(&table) {
            return forbidden(&format!(
                "{table:?} belongs to the host: emit events with mutrapro:events/outbox, and subscribe to handle them"
            ));
        }
        if is_reserved(table) {
            return forbidden(&format!("{table:?} belongs to the database engine: use your own tables"));
        }
        match self.others.get(table) {
            Some(owner) => forbidden(&format!("{service} does not own {table:?} ({owner} does)")),
            None => forbidden(&format!(
                "{service} does not own {table:?}: nobody does; declare it in `tables` and create it in a migration"
            )),
        }
    }
}

/// Accepts the name of a column or alias.
pub(super) fn column(name: &Ident) -> Result<(), Error> {
    let column = lower(name);
    if ENGINE_COLUMNS.contains(&column.as_str()) {
        return Err(refused(&format!("{column:?}"), "only columns that migrations create are there on every engine"));
    }
    Ok(())
}

/// Accepts `column`, as the target of a change.
pub(super) fn plain_column(name: &ObjectName) -> Result<(), Error> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] => column(name),
        _ => Err(refused(&format!("the column {name}"), "name it without its table")),
    }
}

/// A table's name in lower case, as both engines read it.
fn single(name: &ObjectName) -> Result<String, Error> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] => Ok(lower(name)),
        _ => Err(refused(&format!("the schema-qualified name {name}"), "name the table alone")),
    }
}

fn is_reserved(table: &str) -> bool {
    HOST_TABLES.contains(&table) || ENGINE_PREFIXES.iter().any(|prefix| table.starts_with(prefix))
}

fn lower(name: &Ident) -> String {
    name.value.to_ascii_lowercase()
}
