//! Names of constraints. A service learns from a violated constraint's name which rule refused a row, so every
//! constraint has one that is the same on both engines: `<table>_<columns>_key`, `…_fkey`, and `<table>_…_check`.
//!
//! SQLite tells of a violated key the columns only, and the host works out the name from them: hence the exact form.

use super::portable::Finding;
use super::schema::folded;
use sqlparser::ast::{
    ColumnDef, ColumnOption, CreateTable, DataType, Expr, Ident, IndexColumn, ObjectName, Spanned, TableConstraint,
    Value,
};
use sqlparser::tokenizer::Span;

/// What is wrong with the constraints of a new table, and the names that they take.
pub(super) fn table_findings<'t>(name: &str, table: &'t CreateTable) -> (Vec<Finding>, Vec<&'t Ident>) {
    let mut findings = Vec::new();
    let mut names = Vec::new();
    for column in &table.columns {
        findings.extend(column_findings(name, column));
        names.extend(column.options.iter().filter_map(|option| option.name.as_ref()));
    }
    for constraint in &table.constraints {
        findings.extend(constraint_findings(name, constraint, &table.columns));
        names.extend(name_of(constraint));
    }
    (findings, names)
}

/// The tables that a new table refers to.
pub(super) fn foreign_keys(table: &CreateTable) -> Vec<&ObjectName> {
    let of_table = table.constraints.iter().filter_map(|constraint| match constraint {
        TableConstraint::ForeignKey(key) => Some(&key.foreign_table),
        _ => None,
    });
    table.columns.iter().flat_map(column_targets).chain(of_table).collect()
}

/// As [`table_findings`] and [`foreign_keys`], for a column added to a table that exists.
pub(super) fn added_column_findings<'c>(
    table: &str,
    column: &'c ColumnDef,
) -> (Vec<Finding>, Vec<&'c Ident>, Vec<&'c ObjectName>) {
    let mut findings = column_findings(table, column);
    let options = || column.options.iter().map(|option| &option.option);
    if options().any(|option| matches!(option, ColumnOption::PrimaryKey(_) | ColumnOption::Unique(_))) {
        findings.push(Finding::new(
            column.name.span,
            format!("SQLite cannot add the column \"{}\" with a key", column.name),
            "add the column, then CREATE UNIQUE INDEX on it",
        ));
    }
    let has_default = options().any(|option| matches!(option, ColumnOption::Default(value) if !is_null(value)));
    if is_not_null(column) && !has_default {
        findings.push(Finding::new(
            column.name.span,
            format!("the column \"{}\" is added NOT NULL without a DEFAULT for the rows that exist", column.name),
            "give it a DEFAULT, or let it be null",
        ));
    }
    let names = column.options.iter().filter_map(|option| option.name.as_ref()).collect();
    (findings, names, column_targets(column).collect())
}

/// Whether `name` is what a constraint on `columns` of `table` has to be called; without columns, its two ends count.
pub(super) fn check_name(
    name: Option<&Ident>,
    table: &str,
    columns: Option<&[&Ident]>,
    suffix: &str,
) -> Option<Finding> {
    let expected = columns.map(|columns| {
        let columns: Vec<_> = columns.iter().map(|column| folded(column)).collect();
        format!("{table}_{}_{suffix}", columns.join("_"))
    });
    let shown = expected.clone().unwrap_or_else(|| format!("{table}_<what it says>_{suffix}"));
    let Some(name) = name else {
        let message = format!("a constraint of table \"{table}\" has no name");
        return Some(Finding::new(Span::empty(), message, format!("name it: `CONSTRAINT {shown} …`")));
    };
    let folded = folded(name);
    let fits = match &expected {
        Some(expected) => folded == *expected,
        None => folded.starts_with(&format!("{table}_")) && folded.ends_with(&format!("_{suffix}")),
    };
    let message = || format!("constraint \"{name}\" of table \"{table}\" is not named by the convention");
    (!fits).then(|| Finding::new(name.span, message(), format!("call it `{shown}`")))
}

fn column_findings(table: &str, column: &ColumnDef) -> Vec<Finding> {
    let columns = [&column.name];
    let check = |option: &sqlparser::ast::ColumnOptionDef| {
        let name = option.name.as_ref();
        let finding = match &option.option {
            ColumnOption::Unique(_) => check_name(name, table, Some(&columns), "key"),
            ColumnOption::ForeignKey(_) => check_name(name, table, Some(&columns), "fkey"),
            ColumnOption::Check(_) => check_name(name, table, None, "check"),
            ColumnOption::PrimaryKey(_) => primary_key_finding(column),
            _ => None,
        };
        finding.map(|finding| finding.or_at(column.name.span))
    };
    column.options.iter().filter_map(check).collect()
}

fn constraint_findings(table: &str, constraint: &TableConstraint, columns: &[ColumnDef]) -> Vec<Finding> {
    let finding = match constraint {
        TableConstraint::Unique(unique) => {
            check_name(unique.name.as_ref(), table, Some(&plain_columns(&unique.columns)), "key")
        }
        TableConstraint::ForeignKey(key) => {
            let columns: Vec<_> = key.columns.iter().collect();
            check_name(key.name.as_ref(), table, Some(&columns), "fkey")
        }
        TableConstraint::Check(check) => check_name(check.name.as_ref(), table, None, "check"),
        TableConstraint::PrimaryKey(key) => {
            let members = plain_columns(&key.columns);
            let is_member = |column: &&ColumnDef| members.iter().any(|member| folded(member) == folded(&column.name));
            // Only a single column can become SQLite's row number; a composite key cannot.
            let check = |column: &ColumnDef| match members.len() {
                1 => primary_key_finding(column),
                _ => null_key_finding(column),
            };
            return columns.iter().filter(is_member).filter_map(check).collect();
        }
        _ => None,
    };
    finding.map(|finding| finding.or_at(constraint.span())).into_iter().collect()
}

/// A primary key that means the same on both engines: SQLite lets one be null, and numbers an INTEGER one by itself.
fn primary_key_finding(column: &ColumnDef) -> Option<Finding> {
    if matches!(column.data_type, DataType::Integer(_)) {
        let message =
            format!("SQLite numbers the INTEGER primary key \"{}\" by itself, PostgreSQL does not", column.name);
        return Some(Finding::new(column.name.span, message, "make it BIGINT NOT NULL PRIMARY KEY, or a UUID"));
    }
    null_key_finding(column)
}

fn null_key_finding(column: &ColumnDef) -> Option<Finding> {
    let message = || format!("SQLite lets the primary key \"{}\" be null, PostgreSQL does not", column.name);
    let remedy = || format!("write `{} {} NOT NULL`", column.name, column.data_type);
    (!is_not_null(column)).then(|| Finding::new(column.name.span, message(), remedy()))
}

fn column_targets(column: &ColumnDef) -> impl Iterator<Item = &ObjectName> {
    column.options.iter().filter_map(|option| match &option.option {
        ColumnOption::ForeignKey(key) => Some(&key.foreign_table),
        _ => None,
    })
}

fn name_of(constraint: &TableConstraint) -> Option<&Ident> {
    match constraint {
        TableConstraint::Unique(unique) => unique.name.as_ref(),
        TableConstraint::PrimaryKey(key) => key.name.as_ref(),
        TableConstraint::ForeignKey(key) => key.name.as_ref(),
        TableConstraint::Check(check) => check.name.as_ref(),
        _ => None,
    }
}

/// The columns of a key that are no expressions; those are refused as not portable.
fn plain_columns(columns: &[IndexColumn]) -> Vec<&Ident> {
    columns
        .iter()
        .filter_map(|column| match &column.column.expr {
            Expr::Identifier(ident) => Some(ident),
            _ => None,
        })
        .collect()
}

fn is_not_null(column: &ColumnDef) -> bool {
    column.options.iter().any(|option| matches!(option.option, ColumnOption::NotNull))
}

fn is_null(expression: &Expr) -> bool {
    matches!(expression, Expr::Value(value) if value.value == Value::Null)
}
