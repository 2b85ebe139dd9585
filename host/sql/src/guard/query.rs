//! SELECT and what it reads from.

use super::{Walk, forbidden, names, refused, shortened};
use crate::bindings::mutrapro::sql::database::Error;
use sqlparser::ast::{
    Cte, Distinct, GroupByExpr, Join, JoinConstraint, JoinOperator, LimitClause, Offset, OffsetRows, OrderBy,
    OrderByExpr, OrderByKind, OrderByOptions, OrderBySort, Query, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, SetQuantifier, TableAlias, TableFactor, TableWithJoins, Values,
    WildcardAdditionalOptions, With,
};

impl Walk<'_> {
    pub(super) fn query(&mut self, query: &Query) -> Result<(), Error> {
        self.nested(|walk| walk.query_parts(query))
    }

    fn query_parts(&mut self, query: &Query) -> Result<(), Error> {
        // Every struct of the tree is taken apart completely, so that a field that the parser learns is noticed here.
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch: None,
            locks,
            for_clause: None,
            settings: None,
            format_clause: None,
            pipe_operators,
        } = query
        else {
            return Err(refused("FETCH, FOR or SETTINGS", "write LIMIT"));
        };
        if !locks.is_empty() {
            return Err(refused("FOR UPDATE", "a transaction is alone with its changes; make the UPDATE conditional"));
        }
        if !pipe_operators.is_empty() {
            return Err(refused("a pipe", "write a subquery"));
        }
        if let Some(with) = with {
            self.with(with)?;
        }
        self.set_expression(body)?;
        if let Some(order_by) = order_by {
            self.order_by(order_by)?;
        }
        match limit_clause {
            Some(clause) => self.limit(clause),
            None => Ok(()),
        }
    }

    fn with(&mut self, with: &With) -> Result<(), Error> {
        let With { with_token: _, recursive: _, cte_tables } = with;
        // All names first: a recursive query reads from itself.
        for table in cte_tables {
            self.common_tables.insert(self.names.common_table(&table.alias.name)?);
        }
        for table in cte_tables {
            let Cte { alias, query, from: None, materialized: None, closing_paren_token: _ } = table else {
                return Err(refused("MATERIALIZED", "leave it to the database"));
            };
            self.alias(Some(alias))?;
            self.query(query)?;
        }
        Ok(())
    }

    fn set_expression(&mut self, body: &SetExpr) -> Result<(), Error> {
        // UNION chains lean to the left, so they are walked without nesting.
        let mut body = body;
        while let SetExpr::SetOperation { left, op: _, set_quantifier, right } = body {
            if !matches!(set_quantifier, SetQuantifier::None | SetQuantifier::All) {
                return Err(refused("BY NAME or DISTINCT after a set operation", "list the columns in the same order"));
            }
            self.nested(|walk| walk.set_expression(right))?;
            body = left;
        }
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::Values(Values { explicit_row: false, value_keyword: false, rows }) => {
                rows.iter().try_for_each(|row| self.expressions(&row.content))
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(refused("a change inside or after WITH", "make it a statement of its own"))
            }
            other => Err(refused(&shortened(other), "write SELECT")),
        }
    }

    fn select(&mut self, select: &Select) -> Result<(), Error> {
        let Select {
            select_token: _,
            optimizer_hints,
            distinct,
            select_modifiers: None,
            top: None,
            top_before_distinct: false,
            projection,
            exclude: None,
            into: None,
            from,
            lateral_views,
            prewhere: None,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify: None,
            window_before_qualify: false,
            value_table_mode: None,
            flavor: SelectFlavor::Standard,
        } = select
        else {
            return Err(refused("SELECT with INTO, TOP, QUALIFY or the like", "use WHERE, LIMIT and a subquery"));
        };
        let plain = optimizer_hints.is_empty() && lateral_views.is_empty() && connect_by.is_empty();
        if !(plain && cluster_by.is_empty() && distribute_by.is_empty() && sort_by.is_empty()) {
            return Err(refused("a hint, LATERAL VIEW or CONNECT BY", "use joins and WITH RECURSIVE"));
        }
        if !named_window.is_empty() {
            return Err(refused("WINDOW", "write the window after OVER"));
        }
        if matches!(distinct, Some(Distinct::On(_))) {
            return Err(refused("DISTINCT ON", "use row_number() in a subquery"));
        }
        from.iter().try_for_each(|table| self.table_with_joins(table))?;
        self.projection(projection)?;
        for condition in [selection, having].into_iter().flatten() {
            self.expression(condition)?;
        }
        match group_by {
            GroupByExpr::Expressions(expressions, modifiers) if modifiers.is_empty() => self.expressions(expressions),
            _ => Err(refused("GROUP BY ALL or with a modifier", "list the expressions")),
        }
    }

    pub(super) fn projection(&mut self, items: &[SelectItem]) -> Result<(), Error> {
        items.iter().try_for_each(|item| match item {
            SelectItem::UnnamedExpr(expression) => self.expression(expression),
            SelectItem::ExprWithAlias { expr, alias } => {
                names::column(alias)?;
                self.expression(expr)
            }
            SelectItem::Wildcard(options) => plain_wildcard(options),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                if name.0.len() != 1 {
                    return Err(refused(&format!("{name}.*"), "name the table or alias alone"));
                }
                plain_wildcard(options)
            }
            other => Err(refused(&shortened(other), "select expressions with one alias each")),
        })
    }

    pub(super) fn table_with_joins(&mut self, table: &TableWithJoins) -> Result<(), Error> {
        let TableWithJoins { relation, joins } = table;
        self.table_factor(relation)?;
        joins.iter().try_for_each(|join| self.join(join))
    }

    fn join(&mut self, join: &Join) -> Result<(), Error> {
        let Join { relation, global: false, join_operator } = join else {
            return Err(refused("GLOBAL", "leave it out"));
        };
        self.table_factor(relation)?;
        let constraint = match join_operator {
            JoinOperator::CrossJoin(JoinConstraint::None) => return Ok(()),
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint)
            | JoinOperator::Right(constraint)
            | JoinOperator::RightOuter(constraint)
            | JoinOperator::FullOuter(constraint) => constraint,
            _ => return Err(refused("this kind of join", "use INNER, LEFT, RIGHT, FULL or CROSS JOIN")),
        };
        match constraint {
            JoinConstraint::On(condition) => self.expression(condition),
            JoinConstraint::Using(columns) => columns.iter().try_for_each(names::plain_column),
            JoinConstraint::Natural => Err(refused("NATURAL JOIN", "name the columns with ON or USING")),
            JoinConstraint::None => Err(refused("a join without a condition", "add ON or write CROSS JOIN")),
        }
    }

    pub(super) fn table_factor(&mut self, factor: &TableFactor) -> Result<(), Error> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
                if args.is_some() {
                    return Err(forbidden(&format!("{name}() is a table function: read from your own tables")));
                }
                self.alias(alias.as_ref())?;
                self.names.readable_table(name, &self.common_tables)
            }
            TableFactor::Derived { lateral: false, subquery, alias, sample: None } => {
                self.alias(alias.as_ref())?;
                self.query(subquery)
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                self.nested(|walk| walk.table_with_joins(table_with_joins))
            }
            other => Err(refused(&shortened(other), "read from your own tables and subqueries")),
        }
    }

    pub(super) fn alias(&self, alias: Option<&TableAlias>) -> Result<(), Error> {
        match alias {
            None => Ok(()),
            Some(TableAlias { explicit: _, name, columns, at: None })
                if columns.iter().all(|c| c.data_type.is_none()) =>
            {
                names::column(name)?;
                columns.iter().try_for_each(|column| names::column(&column.name))
            }
            Some(other) => Err(refused(&shortened(other), "an alias is a name, with a list of columns at most")),
        }
    }

    fn order_by(&mut self, order_by: &OrderBy) -> Result<(), Error> {
        match order_by {
            OrderBy { kind: OrderByKind::Expressions(terms), interpolate: None } => self.order_terms(terms),
            _ => Err(refused("ORDER BY ALL", "list the expressions")),
        }
    }

    pub(super) fn order_terms(&mut self, terms: &[OrderByExpr]) -> Result<(), Error> {
        terms.iter().try_for_each(|term| {
            let OrderByExpr { expr, options: OrderByOptions { sort, nulls_first: _ }, with_fill: None } = term else {
                return Err(refused("WITH FILL", "fill the gaps in the service"));
            };
            if !matches!(sort, None | Some(OrderBySort::Asc | OrderBySort::Desc)) {
                return Err(refused("ORDER BY … USING", "write ASC or DESC"));
            }
            self.expression(expr)
        })
    }

    fn limit(&mut self, clause: &LimitClause) -> Result<(), Error> {
        let LimitClause::LimitOffset { limit, offset, limit_by } = clause else {
            return Err(refused("LIMIT with a comma", "write LIMIT … OFFSET …"));
        };
        if !limit_by.is_empty() {
            return Err(refused("LIMIT BY", "use row_number() in a subquery"));
        }
        if let Some(limit) = limit {
            self.expression(limit)?;
        }
        match offset {
            Some(Offset { value, rows: OffsetRows::None }) if limit.is_some() => self.expression(value),
            Some(_) => Err(refused("OFFSET without LIMIT or with ROWS", "write LIMIT … OFFSET …")),
            None => Ok(()),
        }
    }
}

fn plain_wildcard(options: &WildcardAdditionalOptions) -> Result<(), Error> {
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike: None,
        opt_exclude: None,
        opt_except: None,
        opt_replace: None,
        opt_rename: None,
        opt_alias: None,
    } = options
    else {
        return Err(refused("* with options", "list the columns"));
    };
    Ok(())
}
