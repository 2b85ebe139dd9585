//! Expressions: operators, functions, casts and subqueries.

use super::functions::{self, Kind};
use super::{Walk, names, refused, shortened};
use crate::bindings::mutrapro::sql::database::Error;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectNamePart, UnaryOperator, Value, WindowSpec, WindowType,
};

impl Walk<'_> {
    pub(super) fn expressions(&mut self, expressions: &[Expr]) -> Result<(), Error> {
        expressions.iter().try_for_each(|expression| self.expression(expression))
    }

    pub(super) fn expression(&mut self, expression: &Expr) -> Result<(), Error> {
        // Chains such as `a AND b AND c` lean to the left, so they are walked without nesting.
        let mut expression = expression;
        while let Expr::BinaryOp { left, op, right } = expression {
            binary_operator(op)?;
            self.nested(|walk| walk.expression(right))?;
            expression = left;
        }
        self.nested(|walk| walk.operand(expression))
    }

    fn operand(&mut self, expression: &Expr) -> Result<(), Error> {
        match expression {
            Expr::Identifier(name) => names::column(name),
            Expr::CompoundIdentifier(parts) => qualified_column(parts),
            Expr::Value(value) => literal(&value.value),
            Expr::Nested(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner) => self.expression(inner),
            Expr::UnaryOp { op: UnaryOperator::Not | UnaryOperator::Minus | UnaryOperator::Plus, expr } => {
                self.expression(expr)
            }
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                self.expression(left)?;
                self.expression(right)
            }
            Expr::Between { expr, negated: _, low, high } => {
                [expr, low, high].into_iter().try_for_each(|part| self.expression(part))
            }
            Expr::InList { expr, list, negated: _ } => {
                self.expression(expr)?;
                self.expressions(list)
            }
            Expr::InSubquery { expr, subquery, negated: _ } => {
                self.expression(expr)?;
                self.query(subquery)
            }
            Expr::Exists { subquery, negated: _ } | Expr::Subquery(subquery) => self.query(subquery),
            Expr::Tuple(parts) => self.expressions(parts),
            Expr::Function(function) => self.function(function),
            other => self.special_form(other),
        }
    }

    /// What has syntax of its own.
    fn special_form(&mut self, expression: &Expr) -> Result<(), Error> {
        match expression {
            Expr::Like { negated: _, any: false, expr, pattern, escape_char } => {
                [Some(expr), Some(pattern), escape_char.as_ref()]
                    .into_iter()
                    .flatten()
                    .try_for_each(|part| self.expression(part))
            }
            Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
                for CaseWhen { condition, result } in conditions {
                    self.expression(condition)?;
                    self.expression(result)?;
                }
                [operand, else_result].into_iter().flatten().try_for_each(|part| self.expression(part))
            }
            Expr::Cast { kind: CastKind::Cast, expr, data_type, format: None } => {
                cast_target(data_type)?;
                self.expression(expr)
            }
            Expr::Substring { expr, substring_from: Some(from), substring_for, special: true, shorthand: _ } => {
                [Some(expr), Some(from), substring_for.as_ref()]
                    .into_iter()
                    .flatten()
                    .try_for_each(|part| self.expression(part))
            }
            Expr::Trim { trim_where: None, trim_what: None, expr, trim_characters: None } => self.expression(expr),
            Expr::ILike { .. } => Err(refused("ILIKE", "compare lower(…) with LIKE")),
            Expr::TypedString(_) | Expr::Interval(_) => Err(refused("a typed literal", "pass it as a text parameter")),
            Expr::AnyOp { .. } | Expr::AllOp { .. } => {
                Err(refused("ANY or ALL", "write IN, or EXISTS with a subquery"))
            }
            other => Err(refused(&shortened(other), "use operators and functions that SQLite and PostgreSQL share")),
        }
    }

    fn function(&mut self, function: &Function) -> Result<(), Error> {
        let Function {
            name,
            uses_odbc_syntax: false,
            parameters: FunctionArguments::None,
            args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment, args, clauses }),
            within_group,
            filter,
            null_treatment: None,
            over,
        } = function
        else {
            return Err(unknown_function(&function.name.to_string()));
        };
        let [ObjectNamePart::Identifier(Ident { value, .. })] = name.0.as_slice() else {
            return Err(unknown_function(&name.to_string()));
        };
        let known = functions::find(&value.to_ascii_lowercase()).ok_or_else(|| unknown_function(value))?;
        if !clauses.is_empty() || !within_group.is_empty() {
            return Err(refused(&format!("{value}() with clauses"), "order and limit in a subquery"));
        }
        if !known.arguments.contains(&args.len()) {
            return Err(refused(
                &format!("{value}() with {} arguments", args.len()),
                &format!("it takes {} to {}", known.arguments.start(), known.arguments.end()),
            ));
        }
        let aggregates = known.kind == Kind::Aggregate;
        if !aggregates && (duplicate_treatment.is_some() || filter.is_some()) {
            return Err(refused(&format!("{value}() with DISTINCT or FILTER"), "only aggregates take them"));
        }
        match over {
            Some(window) if known.kind != Kind::Scalar => self.window(window)?,
            Some(_) => return Err(refused(&format!("{value}() OVER"), "only aggregates and window functions take it")),
            None if known.kind == Kind::Window => {
                return Err(refused(&format!("{value}() without OVER"), "write OVER (…)"));
            }
            None => {}
        }
        filter.iter().try_for_each(|condition| self.expression(condition))?;
        let counts = value.eq_ignore_ascii_case("count") && duplicate_treatment.is_none();
        args.iter().try_for_each(|argument| self.argument(argument, counts))
    }

    fn argument(&mut self, argument: &FunctionArg, counts: bool) -> Result<(), Error> {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => self.expression(expression),
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) if counts => Ok(()),
            other => Err(refused(&format!("the argument {}", shortened(other)), "pass plain expressions")),
        }
    }

    fn window(&mut self, window: &WindowType) -> Result<(), Error> {
        let WindowType::WindowSpec(WindowSpec { window_name: None, partition_by, order_by, window_frame: None }) =
            window
        else {
            return Err(refused("a named window or a frame", "write OVER (PARTITION BY … ORDER BY …)"));
        };
        self.expressions(partition_by)?;
        self.order_terms(order_by)
    }
}

fn qualified_column(parts: &[Ident]) -> Result<(), Error> {
    match parts {
        [_, name] => names::column(name),
        _ => {
            let name = parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".");
            Err(refused(&format!("the schema-qualified name {name}"), "write table.column"))
        }
    }
}

fn literal(value: &Value) -> Result<(), Error> {
    match value {
        // What numbers, strings and parameters look like was checked with the text.
        Value::Number(_, false)
        | Value::SingleQuotedString(_)
        | Value::Boolean(_)
        | Value::Null
        | Value::Placeholder(_) => Ok(()),
        other => Err(refused(&format!("the literal {}", shortened(other)), "pass it as a parameter")),
    }
}

fn binary_operator(operator: &BinaryOperator) -> Result<(), Error> {
    use BinaryOperator::{And, Divide, Eq, Gt, GtEq, Lt, LtEq, Minus, Modulo, Multiply, NotEq, Or, Plus, StringConcat};
    match operator {
        And | Or | Eq | NotEq | Lt | LtEq | Gt | GtEq => Ok(()),
        Plus | Minus | Multiply | Divide | Modulo | StringConcat => Ok(()),
        other => {
            Err(refused(&format!("the operator {other}"), "use AND, OR, =, <>, <, <=, >, >=, +, -, *, /, % and ||"))
        }
    }
}

fn cast_target(data_type: &DataType) -> Result<(), Error> {
    match data_type {
        DataType::Text | DataType::BigInt(None) | DataType::Integer(None) | DataType::Int(None) | DataType::Boolean => {
            Ok(())
        }
        other => Err(refused(&format!("CAST to {other}"), "cast to TEXT, BIGINT, INTEGER or BOOLEAN")),
    }
}

fn unknown_function(name: &str) -> Error {
    refused(&format!("the function {name}"), &format!("SQLite and PostgreSQL share {}", functions::LIST))
}
