//! Migrations: reads a folder of `NNNN_<change>.sql`, and plays it through to know which tables there are in the end.
//!
//! Promise: migrations that pass create the declared tables and no others, touch nothing that belongs to somebody else,
//! and mean the same on SQLite and on PostgreSQL. Deliberately absent: columns. Whether a statement names one that
//! exists is for the database to say, and it says so loudly.

mod constraints;
mod portable;
mod schema;

use crate::app::Migration;
use crate::database::Owners;
use crate::document::read_text;
use crate::limits::FILE_BYTES_MAX;
use crate::names::is_snake;
use crate::problem::{Place, Report};
use crate::raw::Located;
use schema::Schema;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;

/// The service whose migrations are looked at.
pub(crate) struct Service<'a> {
    pub(crate) component: &'a str,
    /// The tables that it declares.
    pub(crate) tables: &'a [Located<String>],
    pub(crate) owners: &'a Owners,
}

/// The migrations in `folder`, named at `place`, by version; `None` when the folder or one of its files cannot be read.
/// Everything wrong with them is reported.
pub(crate) fn read_migrations(folder: &Path, place: &Place, report: &mut Report) -> Option<Vec<Migration>> {
    let names = match file_names(folder) {
        Ok(names) => names,
        Err(error) => {
            let message = format!("cannot read the migrations in {}: {error}", folder.display());
            report.add(place, message, "correct the path, or create the folder with `0001_<change>.sql` in it");
            return None;
        }
    };
    let mut migrations = Vec::new();
    let mut is_complete = true;
    for name in names {
        let path = folder.join(&name);
        let start = Place::line(path.as_path().into(), 1);
        let Some((version, change)) = name.to_str().and_then(parse_name) else {
            let message = format!("{} is no name for a migration", name.display());
            report.add(
                &start,
                message,
                "name it `NNNN_<change>.sql`, from 0001, in lower case; keep other files elsewhere",
            );
            is_complete = false;
            continue;
        };
        match read_text(&path, FILE_BYTES_MAX) {
            Ok(sql) => migrations.push(Migration { version, name: change.to_owned(), sql, path }),
            Err(error) => {
                report.add(&start, format!("cannot read the migration: {error}"), "make it a readable text file");
                is_complete = false;
            }
        }
    }
    check_versions(&migrations, report);
    if migrations.is_empty() && is_complete {
        let message = format!("there are no migrations in {}", folder.display());
        report.add(place, message, "add `0001_<change>.sql`, which creates the tables");
        return None;
    }
    is_complete.then_some(migrations)
}

/// Plays `migrations` through and reports what they must not do, and in the end which tables are missing or too many.
pub(crate) fn check_migrations(migrations: Option<&[Migration]>, service: &Service<'_>, report: &mut Report) {
    // With a file unread or unparsed nobody knows which tables there are: no guesses on top of the real problem.
    let Some(migrations) = migrations else {
        return;
    };
    let mut schema = Schema::new(service);
    let mut is_understood = true;
    for migration in migrations {
        is_understood &= schema.apply(migration, report);
    }
    if is_understood {
        schema.compare_with_declared(report);
    }
}

/// The names in a folder in order, without hidden ones.
fn file_names(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if !name.as_encoded_bytes().starts_with(b".") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Version and change of `NNNN_<change>.sql`.
fn parse_name(name: &str) -> Option<(u32, &str)> {
    let (digits, change) = name.strip_suffix(".sql")?.split_once('_')?;
    let is_well_formed = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()) && is_snake(change);
    let version = digits.parse().ok().filter(|version| *version > 0)?;
    is_well_formed.then_some((version, change))
}

/// Reports gaps and duplicates in versions that ascend.
fn check_versions(migrations: &[Migration], report: &mut Report) {
    let mut previous = 0;
    for migration in migrations {
        let place = Place::line(migration.path.as_path().into(), 1);
        let version = migration.version;
        if version == previous {
            let message = format!("migration {version:04} exists twice");
            report.add(&place, message, format!("give `{}` the next free number", migration.name));
        } else if version > previous + 1 {
            let message = format!("migration {version:04} follows {previous:04}: there is a gap");
            report.add(&place, message, format!("number it {:04}, or add what is missing", previous + 1));
        }
        previous = version;
    }
}
