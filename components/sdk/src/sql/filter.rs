//! The conditions of a list that clients filter.
//!
//! A condition that is not asked for is not in the statement, so that each combination finds its index.

use super::{ToValue, Value};

/// The conditions of a SELECT and the values of its parameters.
///
/// ```
/// # use mutrapro_sdk::sql::Filter;
/// let (statement, parameters) =
///     Filter::default().with("rating = ", Some(5)).with("type = ", None::<String>).statement("SELECT id FROM t", "ORDER BY id", 21);
/// assert_eq!(statement, "SELECT id FROM t WHERE rating = $1 ORDER BY id LIMIT $2");
/// assert_eq!(parameters.len(), 2);
/// ```
#[derive(Debug, Default)]
pub struct Filter {
    conditions: Vec<String>,
    parameters: Vec<Value>,
}

impl Filter {
    /// Adds a condition, such as `("rating = ", 5)`, if there is a value. It stands at the end, or in the place of `?`.
    #[must_use]
    pub fn with(mut self, condition: &'static str, value: Option<impl ToValue>) -> Self {
        if let Some(value) = value {
            let parameter = self.parameter(&value);
            self.conditions.push(match condition.split_once('?') {
                Some((before, after)) => format!("{before}{parameter}{after}"),
                None => format!("{condition}{parameter}"),
            });
        }
        self
    }

    /// Adds the condition that `(first, second)` comes before the pair of values, if there are any.
    #[must_use]
    pub fn before(mut self, columns: &'static str, pair: Option<(impl ToValue, impl ToValue)>) -> Self {
        if let Some((first, second)) = pair {
            let (first, second) = (self.parameter(&first), self.parameter(&second));
            self.conditions.push(format!("{columns} < ({first}, {second})"));
        }
        self
    }

    /// Adds a condition without a parameter, if `is_wanted`.
    #[must_use]
    pub fn when(mut self, is_wanted: bool, condition: &'static str) -> Self {
        if is_wanted {
            self.conditions.push(condition.to_owned());
        }
        self
    }

    /// Adds the condition that one of `columns` equals `value`, if there is one.
    #[must_use]
    pub fn any(mut self, columns: &[&'static str], value: Option<impl ToValue>) -> Self {
        if let Some(value) = value {
            let parameter = self.parameter(&value);
            let equal: Vec<_> = columns.iter().map(|column| format!("{column} = {parameter}")).collect();
            self.conditions.push(format!("({})", equal.join(" OR ")));
        }
        self
    }

    /// The whole statement: `select`, the conditions, `order`, and a limit; and the values of its parameters.
    pub fn statement(mut self, select: &str, order: &str, rows_max: i64) -> (String, Vec<Value>) {
        let limit = self.parameter(&rows_max);
        let conditions = match self.conditions.as_slice() {
            [] => String::new(),
            conditions => format!(" WHERE {}", conditions.join(" AND ")),
        };
        (format!("{select}{conditions} {order} LIMIT {limit}"), self.parameters)
    }

    fn parameter(&mut self, value: &impl ToValue) -> String {
        self.parameters.push(value.to_value());
        format!("${}", self.parameters.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_without_a_value_are_left_out() {
        let filter = Filter::default().with("rating = ", None::<i64>).before("(a, b)", None::<(i64, i64)>);
        let (statement, parameters) = filter.statement("SELECT a FROM t", "ORDER BY a", 21);
        assert_eq!(statement, "SELECT a FROM t ORDER BY a LIMIT $1");
        assert_eq!(parameters, [Value::Integer(21)]);
    }

    #[test]
    fn value_in_one_of_several_columns_is_one_parameter() {
        let filter = Filter::default().any(&["a", "b"], Some(7_i64)).any(&["c"], None::<i64>).when(true, "d IS NULL");
        let (statement, parameters) = filter.when(false, "e").statement("SELECT a FROM t", "ORDER BY a", 21);
        assert_eq!(statement, "SELECT a FROM t WHERE (a = $1 OR b = $1) AND d IS NULL ORDER BY a LIMIT $2");
        assert_eq!(parameters, [Value::Integer(7), Value::Integer(21)]);
    }

    #[test]
    fn question_mark_is_the_place_of_the_value() {
        let filter = Filter::default().with("(a IS NULL OR a = ?)", Some(7_i64));
        assert_eq!(
            filter.statement("SELECT a FROM t", "", 1).0,
            "SELECT a FROM t WHERE (a IS NULL OR a = $1)  LIMIT $2"
        );
    }

    #[test]
    fn parameters_are_numbered_in_the_order_of_their_values() {
        let filter = Filter::default().with("rating = ", Some(5_i64)).before("(a, b)", Some((1_i64, 2_i64)));
        let (statement, parameters) = filter.with("type = ", Some("x")).statement("SELECT a FROM t", "ORDER BY a", 21);
        assert_eq!(
            statement,
            "SELECT a FROM t WHERE rating = $1 AND (a, b) < ($2, $3) AND type = $4 ORDER BY a LIMIT $5"
        );
        let expected = [5, 1, 2].map(Value::Integer).into_iter();
        assert_eq!(parameters, expected.chain([Value::Text("x".into()), Value::Integer(21)]).collect::<Vec<_>>());
    }
}
