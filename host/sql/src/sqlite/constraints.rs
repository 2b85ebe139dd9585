//! The names of violated constraints, which SQLite tells only in part.
//!
//! SQLite names the columns of a unique constraint, the name or text of a check, the column that may not be null, and
//! of a foreign key nothing at all. The names come from the schema as it was written, or by convention.

use sqlparser::ast::{
    AssignmentTarget, ColumnOption, CreateIndex, CreateTable, Expr, FromTable, Ident, IndexColumn, ObjectName,
    Statement, TableConstraint, TableFactor, TableObject,
};
use sqlparser::dialect::SQLiteDialect;
use sqlparser::parser::Parser;
use std::collections::HashMap;

/// Extended result codes: <https://sqlite.org/rescode.html>.
const CHECK: i32 = 275;
const FOREIGN_KEY: i32 = 787;
const NOT_NULL: i32 = 1299;
const PRIMARY_KEY: i32 = 1555;
const UNIQUE: i32 = 2067;
const ROW_ID: i32 = 2579;

/// The constraints of one database.
#[derive(Debug, Default)]
pub(super) struct Constraints {
    /// By what SQLite says of them: `table.column, table.column`.
    unique: HashMap<String, String>,
    /// The same for primary keys.
    primary: HashMap<String, String>,
    /// By the text of their expression without spaces; only those without a name.
    checks: HashMap<String, String>,
    foreign: Vec<ForeignKey>,
}

#[derive(Debug)]
struct ForeignKey {
    name: String,
    table: String,
    columns: Vec<String>,
    parent: String,
}

impl Constraints {
    /// Reads the definitions of a schema's tables and indexes. One that cannot be parsed is left to the conventions.
    pub(super) fn read(definitions: impl Iterator<Item = String>) -> Self {
        let mut constraints = Self::default();
        for definition in definitions {
            match Parser::parse_sql(&SQLiteDialect {}, &definition).as_deref() {
                Ok([Statement::CreateTable(table)]) => constraints.add_table(table),
                Ok([Statement::CreateIndex(index)]) if index.unique => constraints.add_unique_index(index),
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, "a definition whose constraints go by convention"),
            }
        }
        constraints
    }

    /// The name of the constraint that refused `statement`.
    pub(super) fn name_of(&self, code: i32, message: &str, statement: &str) -> String {
        let detail = message.split_once("failed: ").map_or("", |(_, detail)| detail);
        match code {
            UNIQUE => match detail.strip_prefix("index ") {
                Some(index) => index.trim_matches('\'').to_owned(),
                None => self.unique.get(detail).cloned().unwrap_or_else(|| by_convention(detail, "key")),
            },
            PRIMARY_KEY | ROW_ID => {
                let table = detail.split('.').next().unwrap_or_default();
                self.primary.get(detail).cloned().unwrap_or_else(|| format!("{table}_pkey"))
            }
            NOT_NULL => by_convention(detail, "not_null"),
            CHECK => self.checks.get(&squeezed(detail)).cloned().unwrap_or_else(|| detail.to_owned()),
            FOREIGN_KEY => self.foreign_key_of(statement),
            _ => message.to_owned(),
        }
    }

    /// The only foreign key that `statement` can have violated, or `foreign_key` when it may have been several.
    fn foreign_key_of(&self, statement: &str) -> String {
        let candidates: Vec<&ForeignKey> = match target_of(statement) {
            Some(Target::Inserted(table)) => self.foreign.iter().filter(|key| key.table == table).collect(),
            Some(Target::Deleted(table)) => self.foreign.iter().filter(|key| key.parent == table).collect(),
            Some(Target::Updated(table, columns)) => {
                let touched = |key: &&ForeignKey| {
                    (key.table == table && key.columns.iter().any(|column| columns.contains(column)))
                        || key.parent == table
                };
                self.foreign.iter().filter(touched).collect()
            }
            None => Vec::new(),
        };
        match candidates.as_slice() {
            [only] => only.name.clone(),
            _ => "foreign_key".to_owned(),
        }
    }

    fn add_table(&mut self, definition: &CreateTable) {
        let table = last_name(&definition.name);
        for column in &definition.columns {
            let columns = [lower(&column.name)];
            for option in &column.options {
                let name = option.name.as_ref().map(lower);
                match &option.option {
                    ColumnOption::Unique(_) => self.add_unique(&table, &columns, name),
                    ColumnOption::PrimaryKey(_) => self.add_primary(&table, &columns, name),
                    ColumnOption::Check(check) => self.add_check(&table, &columns, name, &check.expr),
                    ColumnOption::ForeignKey(key) => self.add_foreign(&table, &columns, name, &key.foreign_table),
                    _ => {}
                }
            }
        }
        for constraint in &definition.constraints {
            match constraint {
                TableConstraint::Unique(unique) => {
                    self.add_unique(&table, &index_columns(&unique.columns), unique.name.as_ref().map(lower));
                }
                TableConstraint::PrimaryKey(primary) => {
                    self.add_primary(&table, &index_columns(&primary.columns), primary.name.as_ref().map(lower));
                }
                TableConstraint::Check(check) => {
                    self.add_check(&table, &[], check.name.as_ref().map(lower), &check.expr);
                }
                TableConstraint::ForeignKey(key) => {
                    let columns: Vec<String> = key.columns.iter().map(lower).collect();
                    self.add_foreign(&table, &columns, key.name.as_ref().map(lower), &key.foreign_table);
                }
                _ => {}
            }
        }
    }

    fn add_unique_index(&mut self, definition: &CreateIndex) {
        let table = last_name(&definition.table_name);
        let name = definition.name.as_ref().map(last_name);
        self.add_unique(&table, &index_columns(&definition.columns), name);
    }

    fn add_unique(&mut self, table: &str, columns: &[String], name: Option<String>) {
        let detail = detail(table, columns);
        let name = name.unwrap_or_else(|| by_convention(&detail, "key"));
        // A name that was given comes before one by convention, and the first before later ones.
        self.unique.entry(detail).or_insert(name);
    }

    fn add_primary(&mut self, table: &str, columns: &[String], name: Option<String>) {
        self.primary.insert(detail(table, columns), name.unwrap_or_else(|| format!("{table}_pkey")));
    }

    fn add_check(&mut self, table: &str, columns: &[String], name: Option<String>, expression: &Expr) {
        if name.is_none() {
            let name = by_convention(&detail(table, columns), "check");
            self.checks.insert(squeezed(&expression.to_string()), name);
        }
    }

    fn add_foreign(&mut self, table: &str, columns: &[String], name: Option<String>, parent: &ObjectName) {
        let name = name.unwrap_or_else(|| by_convention(&detail(table, columns), "fkey"));
        let columns = columns.to_vec();
        self.foreign.push(ForeignKey { name, table: table.to_owned(), columns, parent: last_name(parent) });
    }
}

/// What a statement changes.
enum Target {
    Inserted(String),
    Deleted(String),
    /// The table and the columns that are set.
    Updated(String, Vec<String>),
}

/// Parsed only after a violation; statements of the host are as simple as those of guests.
fn target_of(statement: &str) -> Option<Target> {
    let parsed = Parser::parse_sql(&sqlparser::dialect::PostgreSqlDialect {}, statement).ok()?;
    let relation = |factor: &TableFactor| match factor {
        TableFactor::Table { name, .. } => Some(last_name(name)),
        _ => None,
    };
    match parsed.first()? {
        Statement::Insert(insert) => match &insert.table {
            TableObject::TableName(name) => Some(Target::Inserted(last_name(name))),
            _ => None,
        },
        Statement::Update(update) => {
            let columns = update.assignments.iter().flat_map(|assignment| match &assignment.target {
                AssignmentTarget::ColumnName(name) => vec![last_name(name)],
                AssignmentTarget::Tuple(names) => names.iter().map(last_name).collect(),
            });
            Some(Target::Updated(relation(&update.table.relation)?, columns.collect()))
        }
        Statement::Delete(delete) => match &delete.from {
            FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables) => {
                relation(&tables.first()?.relation).map(Target::Deleted)
            }
        },
        _ => None,
    }
}

/// As SQLite writes the columns of a constraint: `table.column, table.column`.
fn detail(table: &str, columns: &[String]) -> String {
    let qualified: Vec<String> = columns.iter().map(|column| format!("{table}.{column}")).collect();
    if qualified.is_empty() { table.to_owned() } else { qualified.join(", ") }
}

/// `table_column_column_suffix` from `table.column, table.column`.
fn by_convention(detail: &str, suffix: &str) -> String {
    let table = detail.split('.').next().unwrap_or_default();
    let columns = detail.split(", ").filter_map(|column| column.split_once('.')).map(|(_, column)| column);
    let mut name = table.to_owned();
    for part in columns.chain([suffix]) {
        name.push('_');
        name.push_str(part);
    }
    name
}

fn index_columns(columns: &[IndexColumn]) -> Vec<String> {
    columns.iter().map(|column| column.column.expr.to_string().to_ascii_lowercase()).collect()
}

fn last_name(name: &ObjectName) -> String {
    name.0.last().and_then(|part| part.as_ident()).map(lower).unwrap_or_default()
}

fn lower(name: &Ident) -> String {
    name.value.to_ascii_lowercase()
}

/// Without spaces and in lower case: SQLite repeats a check as it was written, the parser in its own form.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase()
}
