//! What a migration may say so that SQLite and PostgreSQL understand the same: an allow-list, so that what nobody
//! thought of is refused.

use sqlparser::ast::helpers::stmt_create_table::CreateTableBuilder;
use sqlparser::ast::{
    AlterTable, AlterTableOperation, BinaryOperator, CastKind, ColumnDef, ColumnOption, ConflictTarget, CreateIndex,
    CreateTable, DataType, Delete, Expr, Insert, ObjectType, OnInsert, OrderBySort, RenameTableNameKind, Spanned,
    Statement, TableConstraint, UnaryOperator, Update, Value, visit_expressions,
};
use sqlparser::tokenizer::Span;
use std::ops::ControlFlow;

/// Types of columns, spelled in the one way that both engines' drivers recognise.
const TYPES: [&str; 10] =
    ["UUID", "TEXT", "BIGINT", "INTEGER", "SMALLINT", "BOOLEAN", "TIMESTAMPTZ", "DATE", "JSONB", "BYTEA"];

/// Types that CAST gives on both engines; to SQLite the others are numbers.
const CAST_TYPES: [&str; 4] = ["TEXT", "BIGINT", "INTEGER", "SMALLINT"];

const FUNCTIONS: [&str; 13] = [
    "abs", "coalesce", "count", "length", "lower", "ltrim", "max", "min", "nullif", "replace", "rtrim", "sum", "upper",
];

const STATEMENTS: &str = "use CREATE TABLE, CREATE INDEX, ALTER TABLE (one ADD, DROP or RENAME), DROP TABLE or INDEX, \
                          INSERT, UPDATE or DELETE";

/// Something wrong with a statement.
pub(super) struct Finding {
    /// Where; empty for the statement as a whole.
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) remedy: String,
}

impl Finding {
    pub(super) fn new(span: Span, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { span, message: message.into(), remedy: remedy.into() }
    }

    /// At `span` unless it knows its own.
    pub(super) fn or_at(self, span: Span) -> Self {
        Self { span: if self.span == Span::empty() { span } else { self.span }, ..self }
    }
}

/// What is not portable in `statement`.
pub(super) fn findings(statement: &Statement) -> Vec<Finding> {
    let mut findings = match statement {
        Statement::CreateTable(table) => create_table(table),
        Statement::CreateIndex(index) => create_index(index),
        Statement::AlterTable(alter) => alter_table(alter),
        Statement::Drop { object_type: ObjectType::Table | ObjectType::Index, .. } => drop_object(statement),
        Statement::Insert(insert) => insert_rows(insert),
        Statement::Update(update) => update_rows(update),
        Statement::Delete(delete) => delete_rows(delete),
        _ => {
            vec![Finding::new(Span::empty(), format!("a migration may not run: {}", shortened(statement)), STATEMENTS)]
        }
    };
    let _: ControlFlow<()> = visit_expressions(statement, |expression| {
        findings.extend(expression_finding(expression));
        ControlFlow::Continue(())
    });
    findings
}

fn create_table(table: &CreateTable) -> Vec<Finding> {
    let plain = CreateTableBuilder::new(table.name.clone())
        .if_not_exists(table.if_not_exists)
        .columns(table.columns.clone())
        .constraints(table.constraints.clone())
        .build();
    let mut findings: Vec<_> = table.columns.iter().flat_map(column).collect();
    findings.extend(table.constraints.iter().filter_map(constraint));
    // Whatever the parser understands beyond columns and constraints, now or in a later version, makes a difference.
    if plain != *table || table.columns.is_empty() {
        let message = format!("CREATE TABLE \"{}\" uses an option that is not portable", table.name);
        findings.push(Finding::new(table.name.span(), message, "keep to columns and constraints"));
    }
    findings
}

fn column(column: &ColumnDef) -> Vec<Finding> {
    let span = column.name.span;
    let mut findings = Vec::new();
    if !is_one_of(&column.data_type, &TYPES) {
        let message = format!("column \"{}\" has the type {}, which is not portable", column.name, column.data_type);
        findings.push(Finding::new(span, message, format!("use one of {}", TYPES.join(", "))));
    }
    for option in column.options.iter().map(|option| &option.option) {
        let is_portable = match option {
            ColumnOption::Null | ColumnOption::NotNull | ColumnOption::Check(_) => true,
            ColumnOption::Default(value) => is_literal(value),
            ColumnOption::PrimaryKey(key) => key.characteristics.is_none(),
            ColumnOption::Unique(_) => option.to_string() == "UNIQUE",
            ColumnOption::ForeignKey(key) => key.match_kind.is_none(),
            _ => false,
        };
        if !is_portable {
            let message = format!("column \"{}\" has an option that is not portable: {option}", column.name);
            let remedy = "keep to PRIMARY KEY, NOT NULL, UNIQUE, CHECK, REFERENCES and a literal DEFAULT";
            findings.push(Finding::new(span, message, remedy));
        }
    }
    findings
}

fn constraint(constraint: &TableConstraint) -> Option<Finding> {
    let is_portable = match constraint {
        // As text, since a plain one has one form, and everything else that it may carry shows.
        TableConstraint::Unique(unique) => {
            let columns: Vec<_> = unique.columns.iter().map(|column| plain(&column.column.expr)).collect();
            constraint.to_string().ends_with(&format!("UNIQUE ({})", columns.join(", ")))
        }
        TableConstraint::PrimaryKey(key) => {
            let columns: Vec<_> = key.columns.iter().map(|column| plain(&column.column.expr)).collect();
            constraint.to_string().ends_with(&format!("PRIMARY KEY ({})", columns.join(", ")))
        }
        TableConstraint::ForeignKey(key) => key.match_kind.is_none() && key.index_name.is_none(),
        TableConstraint::Check(check) => !check.no_inherit && check.enforced.is_none(),
        _ => false,
    };
    let message = || format!("constraint is not portable: {}", shortened(constraint));
    let remedy = "keep to PRIMARY KEY, UNIQUE and FOREIGN KEY on plain columns, and CHECK";
    (!is_portable).then(|| Finding::new(constraint.span(), message(), remedy))
}

fn create_index(index: &CreateIndex) -> Vec<Finding> {
    let columns_are_plain = index.columns.iter().all(|column| {
        let options = &column.column.options;
        column.operator_class.is_none()
            && column.column.with_fill.is_none()
            && options.nulls_first.is_none()
            && !matches!(options.sort, Some(OrderBySort::Using(_)))
    });
    let is_plain = index.using.is_none()
        && !index.concurrently
        && !index.r#async
        && index.include.is_empty()
        && index.nulls_distinct.is_none()
        && index.with.is_empty()
        && index.index_options.is_empty()
        && index.alter_options.is_empty();
    finding_unless(
        is_plain && columns_are_plain,
        index.table_name.span(),
        "the index uses an option that is not portable",
        "keep to columns or expressions, ASC or DESC, UNIQUE and WHERE",
    )
}

fn alter_table(alter: &AlterTable) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_portable = match alter.operations.as_slice() {
        [AlterTableOperation::AddColumn { if_not_exists, column_def, column_position, .. }] => {
            findings = column(column_def);
            !*if_not_exists && column_position.is_none()
        }
        [AlterTableOperation::DropColumn { column_names, if_exists, drop_behavior, .. }] => {
            column_names.len() == 1 && !*if_exists && drop_behavior.is_none()
        }
        [AlterTableOperation::RenameColumn { .. }] => true,
        [AlterTableOperation::RenameTable { table_name: RenameTableNameKind::To(_) }] => true,
        _ => false,
    };
    let is_plain = !alter.if_exists
        && !alter.only
        && alter.location.is_none()
        && alter.on_cluster.is_none()
        && alter.table_type.is_none();
    findings.extend(finding_unless(
        is_portable && is_plain,
        alter.name.span(),
        format!("not portable: {}", shortened(alter)),
        "write one ADD COLUMN, DROP COLUMN, RENAME COLUMN or RENAME TO a statement, without IF EXISTS or CASCADE",
    ));
    findings
}

fn drop_object(statement: &Statement) -> Vec<Finding> {
    let Statement::Drop { names, cascade, restrict, purge, temporary, table, .. } = statement else {
        return Vec::new();
    };
    let is_plain = names.len() == 1 && !cascade && !restrict && !purge && !temporary && table.is_none();
    let remedy = "drop one thing a statement, without CASCADE or RESTRICT";
    finding_unless(is_plain, Span::empty(), format!("not portable: {}", shortened(statement)), remedy)
}

fn insert_rows(insert: &Insert) -> Vec<Finding> {
    let conflict_is_plain = match &insert.on {
        None => true,
        Some(OnInsert::OnConflict(conflict)) => {
            !matches!(conflict.conflict_target, Some(ConflictTarget::OnConstraint(_)))
        }
        Some(_) => false,
    };
    let is_plain = insert.or.is_none()
        && !insert.ignore
        && !insert.overwrite
        && !insert.replace_into
        && insert.assignments.is_empty()
        && insert.source.is_some();
    finding_unless(
        is_plain && conflict_is_plain,
        insert.table.span(),
        format!("not portable: {}", shortened(insert)),
        "write INSERT INTO … VALUES or SELECT, with ON CONFLICT (<columns>) where it is needed",
    )
}

fn update_rows(update: &Update) -> Vec<Finding> {
    let is_plain = update.or.is_none() && update.order_by.is_empty() && update.limit.is_none();
    finding_unless(
        is_plain,
        update.table.span(),
        format!("not portable: {}", shortened(update)),
        "write UPDATE … SET … WHERE, without OR, ORDER BY or LIMIT",
    )
}

fn delete_rows(delete: &Delete) -> Vec<Finding> {
    let is_plain =
        delete.tables.is_empty() && delete.using.is_none() && delete.order_by.is_empty() && delete.limit.is_none();
    finding_unless(
        is_plain,
        delete.from.span(),
        format!("not portable: {}", shortened(delete)),
        "write DELETE FROM … WHERE, without USING, ORDER BY or LIMIT",
    )
}

fn expression_finding(expression: &Expr) -> Option<Finding> {
    let is_portable = match expression {
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Nested(_)
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::Tuple(_) => true,
        Expr::Like { any, .. } => !any,
        Expr::BinaryOp { op, .. } => is_portable_operator(op),
        Expr::UnaryOp { op, .. } => matches!(op, UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::Not),
        Expr::Value(value) => is_portable_value(&value.value),
        Expr::Function(function) => is_portable_function(&function.name.to_string()),
        Expr::Cast { kind: CastKind::Cast, data_type, format: None, .. } => is_one_of(data_type, &CAST_TYPES),
        // With commas between its arguments: SQLite has no FROM and FOR there.
        Expr::Substring { special, .. } => *special,
        Expr::Trim { trim_where: None, trim_what: None, trim_characters: None, .. } => true,
        _ => false,
    };
    let message = || format!("not portable: {}", shortened(expression));
    let remedy = format!(
        "keep to columns, literals, comparisons, AND, OR, NOT, arithmetic, CASE, CAST to {}, trim, substr and {}",
        CAST_TYPES.join(" or "),
        FUNCTIONS.join(", "),
    );
    (!is_portable).then(|| Finding::new(expression.span(), message(), remedy))
}

fn is_portable_operator(operator: &BinaryOperator) -> bool {
    use BinaryOperator::{And, Divide, Eq, Gt, GtEq, Lt, LtEq, Minus, Modulo, Multiply, NotEq, Or, Plus, StringConcat};
    matches!(
        operator,
        And | Or | Eq | NotEq | Lt | LtEq | Gt | GtEq | Plus | Minus | Multiply | Divide | Modulo | StringConcat
    )
}

fn is_portable_function(name: &str) -> bool {
    FUNCTIONS.contains(&name.to_ascii_lowercase().as_str())
}

/// Strings with escapes, bytes in hexadecimal and the like are read differently, or not at all, on one of the engines.
fn is_portable_value(value: &Value) -> bool {
    matches!(value, Value::Number(..) | Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null)
}

fn is_literal(expression: &Expr) -> bool {
    match expression {
        Expr::Value(value) => is_portable_value(&value.value),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => is_literal(expr),
        _ => false,
    }
}

fn is_one_of(data_type: &DataType, types: &[&str]) -> bool {
    types.contains(&data_type.to_string().as_str())
}

/// A key's column by its name; nothing for an expression, so that it differs from what is written.
fn plain(expression: &Expr) -> String {
    match expression {
        Expr::Identifier(ident) => ident.to_string(),
        _ => String::new(),
    }
}

fn finding_unless(holds: bool, span: Span, message: impl Into<String>, remedy: &str) -> Vec<Finding> {
    if holds { Vec::new() } else { vec![Finding::new(span, message, remedy)] }
}

/// Enough of `sql` to recognise it in a message.
fn shortened(sql: &impl ToString) -> String {
    const CHARACTERS_MAX: usize = 80;
    let text = sql.to_string();
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
