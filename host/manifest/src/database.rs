//! What a service keeps: its database, its tables, and who owns which.

use crate::app::Database;
use crate::migrations::{Service, check_migrations, read_migrations};
use crate::names::is_snake;
use crate::problem::Report;
use crate::raw::{Located, RawTrigger};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Tables that the host itself keeps in every service's database.
const HOST_TABLES: [&str; 2] = ["outbox_events", "consumed_events"];
/// What begins like this belongs to the host or to the engine.
const HOST_PREFIXES: [&str; 3] = ["schema_", "sqlite_", "pg_"];
/// Names that a back end uses itself: `bus.sqlite` in the data folder, and PostgreSQL's own databases.
const RESERVED_DATABASES: [&str; 4] = ["bus", "postgres", "template0", "template1"];

/// Whether a table of this name is never a service's own.
pub(crate) fn is_host_table(table: &str) -> bool {
    HOST_TABLES.contains(&table) || HOST_PREFIXES.iter().any(|prefix| table.starts_with(prefix))
}

/// The component that owns each table.
#[derive(Debug, Default)]
pub(crate) struct Owners(BTreeMap<String, String>);

impl Owners {
    /// Gives each table to the first entry that claims it and reports the others.
    pub(crate) fn new(triggers: &[RawTrigger], report: &mut Report) -> Self {
        let mut owners = Self::default();
        for (component, table) in triggers.iter().flat_map(claims) {
            if let Some(owner) = owners.0.get(&table.value) {
                report.add(
                    &table.place,
                    format!("table \"{}\" is claimed twice: by `{owner}` and by `{component}`", table.value),
                    "leave it with the one service that writes it; the other asks by calls or learns by events",
                );
            } else {
                owners.0.insert(table.value.clone(), component.to_owned());
            }
        }
        owners
    }

    /// The component that owns `table`, if any does.
    pub(crate) fn of(&self, table: &str) -> Option<&str> {
        self.0.get(table).map(String::as_str)
    }
}

fn claims(trigger: &RawTrigger) -> impl Iterator<Item = (&str, &Located<String>)> {
    let component = trigger.component.as_ref().map_or("", |component| component.value.as_str());
    trigger.tables.iter().flat_map(|tables| &tables.value).map(move |table| (component, table))
}

/// The database of a trigger entry with its migrations, if it has one; whatever is wrong with them is reported.
pub(crate) fn check_database(
    trigger: &RawTrigger,
    component: &str,
    folder: &Path,
    owners: &Owners,
    report: &mut Report,
) -> Option<Database> {
    let Some(name) = &trigger.database else {
        refuse_what_needs_a_database(trigger, report);
        return None;
    };
    check_name(name, report);
    let tables = trigger.tables.as_ref().map(|tables| tables.value.as_slice()).unwrap_or_default();
    tables.iter().for_each(|table| check_table(table, report));
    if tables.is_empty() {
        let message = format!("database `{}` has no tables", name.value);
        report.add(&name.place, message, "list the service's tables: `tables = [\"…\"]`, or remove `database`");
    }
    let Some(migrations) = &trigger.migrations else {
        let remedy = format!("add `migrations = \"migrations/{component}\"`, the folder that creates the tables");
        report.add(&name.place, format!("database `{}` has no migrations", name.value), remedy);
        return None;
    };
    let steps = read_migrations(&folder.join(&migrations.value), &migrations.place, report);
    check_migrations(steps.as_deref(), &Service { component, tables, owners }, report);
    Some(Database {
        name: name.value.clone(),
        tables: tables.iter().map(|table| table.value.clone()).collect::<BTreeSet<_>>(),
        migrations: steps.unwrap_or_default(),
    })
}

fn refuse_what_needs_a_database(trigger: &RawTrigger, report: &mut Report) {
    let schedules = trigger.schedules.first().map(|schedule| &schedule.job.place);
    let places = [
        ("tables", trigger.tables.as_ref().map(|tables| &tables.place), "its tables live there"),
        ("migrations", trigger.migrations.as_ref().map(|folder| &folder.place), "they build it"),
        ("publishes", trigger.publishes.first().map(|kind| &kind.place), "events leave through its outbox"),
        ("subscribes", trigger.subscribes.first().map(|kind| &kind.place), "handled events are marked in it"),
        ("schedules", schedules, "ticks are claimed in it"),
    ];
    for (key, place, reason) in places {
        if let Some(place) = place {
            let remedy = format!("add `database = \"…\"`, since {reason}, or remove `{key}`");
            report.add(place, format!("`{key}` without a `database`"), remedy);
        }
    }
}

fn check_name(name: &Located<String>, report: &mut Report) {
    if !is_snake(&name.value) {
        let message = format!("{:?} is no name for a database", name.value);
        report.add(&name.place, message, "use lower-case words with underscores, 63 characters at most: `user_db`");
    } else if RESERVED_DATABASES.contains(&name.value.as_str()) {
        let message = format!("the database name `{}` is reserved for the back end", name.value);
        report.add(&name.place, message, "choose another, for example with `_db` at its end");
    }
}

fn check_table(table: &Located<String>, report: &mut Report) {
    if is_host_table(&table.value) {
        let message = format!("table \"{}\" belongs to the host", table.value);
        report.add(&table.place, message, "remove it, or choose another name: the host creates its own tables");
    } else if !is_snake(&table.value) {
        let message = format!("{:?} is no name for a table", table.value);
        report.add(&table.place, message, "use lower-case words with underscores, 63 characters at most");
    }
}
