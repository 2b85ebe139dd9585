//! INSERT, UPDATE and DELETE.

use super::{Walk, names, refused, shortened};
use crate::bindings::mutrapro::sql::database::Error;
use sqlparser::ast::{
    Assignment, AssignmentTarget, ConflictTarget, Delete, DoUpdate, FromTable, Insert, OnConflict, OnConflictAction,
    OnInsert, TableAliasWithoutColumns, TableFactor, TableObject, TableWithJoins, Update, UpdateTableFromKind,
};

impl Walk<'_> {
    pub(super) fn insert(&mut self, insert: &Insert) -> Result<(), Error> {
        let Insert {
            insert_token: _,
            optimizer_hints,
            or: None,
            ignore: false,
            into: true,
            table: TableObject::TableName(table),
            table_alias,
            columns,
            overwrite: false,
            source,
            assignments,
            partitioned: None,
            after_columns,
            has_table_keyword: false,
            on,
            returning,
            output: None,
            replace_into: false,
            priority: None,
            insert_alias: None,
            settings: None,
            format_clause: None,
            multi_table_insert_type: None,
            multi_table_into_clauses,
            multi_table_when_clauses,
            multi_table_else_clause: None,
        } = insert
        else {
            return Err(refused("INSERT OR …, REPLACE or the like", "write INSERT INTO … ON CONFLICT"));
        };
        let plain = optimizer_hints.is_empty() && assignments.is_empty() && after_columns.is_empty();
        if !(plain && multi_table_into_clauses.is_empty() && multi_table_when_clauses.is_empty()) {
            return Err(refused("INSERT … SET and several tables", "write INSERT INTO … (columns) VALUES"));
        }
        self.names.own_table(table)?;
        if let Some(TableAliasWithoutColumns { explicit: _, alias }) = table_alias {
            names::column(alias)?;
        }
        columns.iter().try_for_each(names::plain_column)?;
        if let Some(source) = source {
            self.query(source)?;
        }
        match on {
            None => {}
            Some(OnInsert::OnConflict(conflict)) => self.on_conflict(conflict)?,
            Some(_) => return Err(refused("ON DUPLICATE KEY", "write ON CONFLICT (columns) DO UPDATE")),
        }
        self.projection(returning.as_deref().unwrap_or_default())
    }

    fn on_conflict(&mut self, conflict: &OnConflict) -> Result<(), Error> {
        let OnConflict { conflict_target, action } = conflict;
        match conflict_target {
            None => {}
            Some(ConflictTarget::Columns(columns)) => columns.iter().try_for_each(names::column)?,
            Some(ConflictTarget::OnConstraint(name)) => {
                return Err(refused(&format!("ON CONSTRAINT {name}"), "name the columns instead"));
            }
        }
        match action {
            OnConflictAction::DoNothing => Ok(()),
            OnConflictAction::DoUpdate(DoUpdate { assignments, selection }) => {
                if conflict_target.is_none() {
                    return Err(refused("DO UPDATE without columns", "write ON CONFLICT (columns) DO UPDATE"));
                }
                self.assignments(assignments)?;
                selection.iter().try_for_each(|condition| self.expression(condition))
            }
        }
    }

    pub(super) fn update(&mut self, update: &Update) -> Result<(), Error> {
        let Update {
            update_token: _,
            optimizer_hints,
            table,
            assignments,
            from,
            selection,
            returning,
            output: None,
            or: None,
            order_by,
            limit: None,
        } = update
        else {
            return Err(refused("UPDATE OR … and UPDATE … LIMIT", "select the rows in WHERE"));
        };
        if !(optimizer_hints.is_empty() && order_by.is_empty()) {
            return Err(refused("UPDATE … ORDER BY", "select the rows in WHERE"));
        }
        self.changed_table(table)?;
        match from {
            None => {}
            Some(UpdateTableFromKind::AfterSet(tables)) => {
                tables.iter().try_for_each(|table| self.table_with_joins(table))?;
            }
            Some(UpdateTableFromKind::BeforeSet(_)) => return Err(refused("FROM before SET", "write it after SET")),
        }
        self.assignments(assignments)?;
        selection.iter().try_for_each(|condition| self.expression(condition))?;
        self.projection(returning.as_deref().unwrap_or_default())
    }

    pub(super) fn delete(&mut self, delete: &Delete) -> Result<(), Error> {
        let Delete {
            delete_token: _,
            optimizer_hints,
            tables,
            from: FromTable::WithFromKeyword(from),
            using: None,
            selection,
            returning,
            output: None,
            order_by,
            limit: None,
        } = delete
        else {
            return Err(refused("DELETE with USING or LIMIT, or without FROM", "write DELETE FROM … WHERE"));
        };
        if !(optimizer_hints.is_empty() && tables.is_empty() && order_by.is_empty()) {
            return Err(refused("DELETE with ORDER BY or several tables", "write DELETE FROM … WHERE"));
        }
        match from.as_slice() {
            [table] => self.changed_table(table)?,
            _ => return Err(refused("DELETE from several tables", "write one DELETE for each")),
        }
        selection.iter().try_for_each(|condition| self.expression(condition))?;
        self.projection(returning.as_deref().unwrap_or_default())
    }

    /// One own table: what is changed cannot be a query.
    fn changed_table(&mut self, table: &TableWithJoins) -> Result<(), Error> {
        let TableWithJoins { relation, joins } = table;
        match relation {
            TableFactor::Table { name, .. } if joins.is_empty() => {
                self.names.own_table(name)?;
                self.table_factor(relation)
            }
            other => Err(refused(&format!("a change of {}", shortened(other)), "change one table, without joins")),
        }
    }

    fn assignments(&mut self, assignments: &[Assignment]) -> Result<(), Error> {
        assignments.iter().try_for_each(|Assignment { target, value }| {
            match target {
                AssignmentTarget::ColumnName(name) => names::plain_column(name)?,
                AssignmentTarget::Tuple(_) => return Err(refused("SET (a, b) = …", "assign each column by itself")),
            }
            self.expression(value)
        })
    }
}
