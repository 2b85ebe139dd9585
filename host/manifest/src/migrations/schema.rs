//! Plays migrations through: which tables and named constraints there are after each statement.

use super::Service;
use super::constraints::{added_column_findings, check_name, foreign_keys, table_findings};
use super::portable::{Finding, findings};
use crate::app::Migration;
use crate::database::is_host_table;
use crate::limits::IDENTIFIER_BYTES_MAX;
use crate::names::is_snake;
use crate::problem::{Place, Report};
use sqlparser::ast::{
    AlterTable, AlterTableOperation, CreateIndex, CreateTable, Expr, Ident, ObjectName, ObjectType, Query,
    RenameTableNameKind, Spanned, Statement, Visit, Visitor,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// The schema as it stands after the migrations so far.
pub(super) struct Schema<'a> {
    service: &'a Service<'a>,
    /// Where each table was created or got its name.
    tables: BTreeMap<String, Place>,
    /// The table of each index and named constraint: on PostgreSQL an index and a key share one space of names.
    names: BTreeMap<String, String>,
}

/// The statement at hand.
struct Cursor<'r> {
    file: Arc<Path>,
    line: u64,
    report: &'r mut Report,
}

impl Cursor<'_> {
    /// The line of `span`, or the statement's first where the parser kept none.
    fn place(&self, span: Span) -> Place {
        let line = if span.start.line > 0 { span.start.line } else { self.line };
        Place::line(self.file.clone(), usize::try_from(line).unwrap_or(usize::MAX))
    }

    fn add(&mut self, span: Span, message: impl Into<String>, remedy: impl Into<String>) {
        let place = self.place(span);
        self.report.add(&place, message, remedy);
    }

    fn add_all(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            self.add(finding.span, finding.message, finding.remedy);
        }
    }
}

impl<'a> Schema<'a> {
    pub(super) fn new(service: &'a Service<'a>) -> Self {
        Self { service, tables: BTreeMap::new(), names: BTreeMap::new() }
    }

    /// Applies a migration and reports what is wrong with it; `false` when a part of it could not be parsed.
    pub(super) fn apply(&mut self, migration: &Migration, report: &mut Report) -> bool {
        let mut cursor = Cursor { file: migration.path.as_path().into(), line: 1, report };
        match self.apply_statements(&migration.sql, &mut cursor) {
            Ok(()) => true,
            Err(error) => {
                let (line, message) = located(&error.to_string(), cursor.line);
                cursor.line = line;
                let remedy = "write SQL that both SQLite and PostgreSQL understand";
                cursor.add(Span::empty(), format!("the migration does not parse: {message}"), remedy);
                false
            }
        }
    }

    /// Reports declared tables that no migration creates, and created ones that are not declared.
    pub(super) fn compare_with_declared(&self, report: &mut Report) {
        let component = self.service.component;
        for table in self.service.tables.iter().filter(|table| !self.tables.contains_key(&table.value)) {
            // A name that is not the service's to use is reported as such; there is no migration to wish for.
            if !is_host_table(&table.value) && self.service.owners.of(&table.value) == Some(component) {
                let message =
                    format!("table \"{}\" is declared, and no migration of `{component}` creates it", table.value);
                report.add(&table.place, message, "add a migration with CREATE TABLE, or remove it from `tables`");
            }
        }
        let is_declared = |name: &str| self.service.tables.iter().any(|table| table.value == name);
        for (name, place) in self.tables.iter().filter(|(name, _)| !is_declared(name)) {
            let message = format!("the migration creates table \"{name}\", which `{component}` does not declare");
            report.add(place, message, format!("add \"{name}\" to the `tables` of `{component}`, or drop it again"));
        }
    }

    fn apply_statements(&mut self, sql: &str, cursor: &mut Cursor<'_>) -> Result<(), ParserError> {
        let mut parser = Parser::new(&PostgreSqlDialect {}).try_with_sql(sql)?;
        loop {
            while parser.consume_token(&Token::SemiColon) {}
            let first = parser.peek_token_ref();
            if first.token == Token::EOF {
                return Ok(());
            }
            cursor.line = first.span.start.line;
            let statement = parser.parse_statement()?;
            let next = parser.peek_token_ref();
            if !matches!(next.token, Token::SemiColon | Token::EOF) {
                let found = format!("expected `;`, found: {}{}", next.token, next.span.start);
                return Err(ParserError::ParserError(found));
            }
            cursor.add_all(findings(&statement));
            self.apply_statement(&statement, cursor);
        }
    }

    fn apply_statement(&mut self, statement: &Statement, cursor: &mut Cursor<'_>) {
        match statement {
            Statement::CreateTable(table) => self.create_table(table, cursor),
            Statement::CreateIndex(index) => self.create_index(index, cursor),
            Statement::AlterTable(alter) => self.alter_table(alter, cursor),
            Statement::Drop { object_type: ObjectType::Table, names, if_exists, .. } => {
                names.iter().for_each(|name| self.drop_table(name, *if_exists, cursor));
            }
            Statement::Drop { object_type: ObjectType::Index, names, if_exists, .. } => {
                names.iter().for_each(|name| self.drop_index(name, *if_exists, cursor));
            }
            Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => self.check_rows(statement, cursor),
            // No migration may run any other statement: the findings say so.
            _ => {}
        }
    }

    fn create_table(&mut self, table: &CreateTable, cursor: &mut Cursor<'_>) {
        let Some(name) = self.new_table(&table.name, cursor) else {
            return;
        };
        self.tables.insert(name.clone(), cursor.place(table.name.span()));
        let (findings, constraints) = table_findings(&name, table);
        cursor.add_all(findings);
        constraints.iter().for_each(|constraint| self.take_name(constraint, &name, cursor));
        // After the table itself, which its own rows may refer to.
        for target in foreign_keys(table) {
            self.check_foreign_key(target, cursor);
        }
    }

    fn create_index(&mut self, index: &CreateIndex, cursor: &mut Cursor<'_>) {
        let Some(table) = self.existing_table(&index.table_name, cursor) else {
            return;
        };
        let Some(name) = index.name.as_ref().and_then(|name| single(name)) else {
            let remedy = format!("name it: `{table}_<columns>_idx`, or `…_key` when it is unique");
            cursor.add(index.table_name.span(), "the index has no plain name", remedy);
            return;
        };
        if index.unique {
            let columns: Option<Vec<&Ident>> =
                index.columns.iter().map(|column| identifier(&column.column.expr)).collect();
            cursor.add_all(check_name(Some(name), &table, columns.as_deref(), "key").into_iter().collect());
        }
        self.take_name(name, &table, cursor);
    }

    fn alter_table(&mut self, alter: &AlterTable, cursor: &mut Cursor<'_>) {
        let Some(table) = self.existing_table(&alter.name, cursor) else {
            return;
        };
        for operation in &alter.operations {
            match operation {
                AlterTableOperation::AddColumn { column_def, .. } => {
                    let (findings, constraints, targets) = added_column_findings(&table, column_def);
                    cursor.add_all(findings);
                    constraints.iter().for_each(|constraint| self.take_name(constraint, &table, cursor));
                    targets.into_iter().for_each(|target| self.check_foreign_key(target, cursor));
                }
                AlterTableOperation::RenameTable { table_name: RenameTableNameKind::To(new) } => {
                    self.rename_table(&table, new, cursor);
                }
                // Columns are not followed, and the findings speak of everything else.
                _ => {}
            }
        }
    }

    fn rename_table(&mut self, old: &str, new: &ObjectName, cursor: &mut Cursor<'_>) {
        let Some(name) = self.new_table(new, cursor) else {
            return;
        };
        self.tables.remove(old);
        self.tables.insert(name.clone(), cursor.place(new.span()));
        self.names.values_mut().filter(|table| *table == old).for_each(|table| table.clone_from(&name));
    }

    fn drop_table(&mut self, name: &ObjectName, if_exists: bool, cursor: &mut Cursor<'_>) {
        let is_absent = if_exists && single(name).is_some_and(|name| self.is_free(&folded(name)));
        if is_absent {
            return;
        }
        if let Some(table) = self.existing_table(name, cursor) {
            self.tables.remove(&table);
            self.names.retain(|_, owner| *owner != table);
        }
    }

    fn drop_index(&mut self, name: &ObjectName, if_exists: bool, cursor: &mut Cursor<'_>) {
        let is_known = single(name).is_some_and(|name| self.names.remove(&folded(name)).is_some());
        if !is_known && !if_exists {
            let message = format!("index \"{name}\" does not exist at this point");
            cursor.add(name.span(), message, "correct the name, or remove the statement");
        }
    }

    fn check_rows(&mut self, statement: &Statement, cursor: &mut Cursor<'_>) {
        let mut relations = Relations::default();
        let _: ControlFlow<()> = statement.visit(&mut relations);
        let Relations { tables, local } = relations;
        for table in tables.iter().filter(|table| !single(table).is_some_and(|name| local.contains(&folded(name)))) {
            self.existing_table(table, cursor);
        }
    }

    fn check_foreign_key(&mut self, target: &ObjectName, cursor: &mut Cursor<'_>) {
        let owner = single(target).and_then(|name| self.service.owners.of(&folded(name)));
        if let Some(owner) = owner.filter(|owner| *owner != self.service.component) {
            let message = format!("the foreign key leaves the service: \"{target}\" belongs to `{owner}`");
            let remedy =
                "keep the id as a plain column with an index, and check it by a call or keep it right by events";
            cursor.add(target.span(), message, remedy);
        } else {
            self.existing_table(target, cursor);
        }
    }

    /// The name of a table that may be created here, unless it is reported.
    fn new_table(&mut self, name: &ObjectName, cursor: &mut Cursor<'_>) -> Option<String> {
        let table = self.own_table(name, cursor)?;
        if self.tables.contains_key(&table) {
            let message = format!("table \"{table}\" exists already at this point");
            cursor.add(name.span(), message, "remove the statement, or change the table with ALTER TABLE");
            return None;
        }
        if !is_snake(&table) {
            let remedy = format!("use lower-case words with underscores, {IDENTIFIER_BYTES_MAX} characters at most");
            cursor.add(name.span(), format!("{table:?} is no name for a table"), remedy);
        }
        Some(table)
    }

    /// The name of a table that exists at this point, unless it is reported.
    fn existing_table(&mut self, name: &ObjectName, cursor: &mut Cursor<'_>) -> Option<String> {
        let table = self.own_table(name, cursor)?;
        if !self.tables.contains_key(&table) {
            let message = format!("table \"{table}\" does not exist at this point");
            cursor.add(name.span(), message, "create it in an earlier statement, or correct the name");
            return None;
        }
        Some(table)
    }

    /// The name of a table that belongs to nobody else, unless it is reported.
    fn own_table(&self, name: &ObjectName, cursor: &mut Cursor<'_>) -> Option<String> {
        let component = self.service.component;
        let Some(ident) = single(name) else {
            let message = format!("\"{name}\" names a table with its schema, which is not portable");
            cursor.add(name.span(), message, "write the table's name alone");
            return None;
        };
        let table = folded(ident);
        if is_host_table(&table) {
            let remedy = "leave it out: the host creates and changes its own tables";
            cursor.add(name.span(), format!("table \"{table}\" belongs to the host"), remedy);
            return None;
        }
        if let Some(owner) = self.service.owners.of(&table).filter(|owner| *owner != component) {
            let message = format!("`{component}` does not own \"{table}\" (`{owner}` does)");
            cursor.add(name.span(), message, format!("move the statement to the migrations of `{owner}`"));
            return None;
        }
        Some(table)
    }

    fn is_free(&self, table: &str) -> bool {
        let is_others = self.service.owners.of(table).is_some_and(|owner| owner != self.service.component);
        !self.tables.contains_key(table) && !is_host_table(table) && !is_others
    }

    fn take_name(&mut self, name: &Ident, table: &str, cursor: &mut Cursor<'_>) {
        let folded = folded(name);
        if folded.len() > IDENTIFIER_BYTES_MAX {
            let message = format!("the name \"{folded}\" is longer than PostgreSQL keeps");
            cursor.add(
                name.span,
                message,
                format!("use {IDENTIFIER_BYTES_MAX} characters at most: shorten table or columns"),
            );
        }
        match self.names.entry(folded) {
            Entry::Vacant(free) => {
                free.insert(table.to_owned());
            }
            Entry::Occupied(taken) => {
                let message = format!("the name \"{}\" is taken by another index or constraint", taken.key());
                cursor.add(name.span, message, "give every index and constraint of a database its own name");
            }
        }
    }
}

/// The tables that a statement names, and the names that it gives to its own subqueries.
#[derive(Default)]
struct Relations {
    tables: Vec<ObjectName>,
    local: BTreeSet<String>,
}

impl Visitor for Relations {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        self.local.extend(ctes.map(|cte| folded(&cte.alias.name)));
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        self.tables.push(relation.clone());
        ControlFlow::Continue(())
    }
}

/// The identifier of a name that has no schema.
fn single(name: &ObjectName) -> Option<&Ident> {
    match name.0.as_slice() {
        [part] => part.as_ident(),
        _ => None,
    }
}

fn identifier(expression: &Expr) -> Option<&Ident> {
    match expression {
        Expr::Identifier(ident) => Some(ident),
        _ => None,
    }
}

/// The name that both engines mean: without quotes, upper case does not count.
pub(super) fn folded(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_ascii_lowercase() }
}

/// Line and text of a parser's message, which carries its position at the end and nowhere else.
fn located(message: &str, statement_line: u64) -> (u64, String) {
    let message = message.strip_prefix("sql parser error: ").unwrap_or(message);
    let position = message.rsplit_once(" at Line: ").and_then(|(text, position)| {
        let (line, _) = position.split_once(',')?;
        Some((line.trim().parse().ok()?, text.to_owned()))
    });
    position.unwrap_or_else(|| (statement_line, message.to_owned()))
}
