//! All SQL over `revision_requests`, `deliverable_packages` and `package_files`.

mod files;
mod packages;
mod revisions;

pub(crate) use files::*;
pub(crate) use packages::*;
pub(crate) use revisions::*;

use crate::domain::project::Scope;
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::sql::Filter;

/// The condition that a row belongs to a project in `scope`.
fn scoped(scope: Scope) -> Filter {
    let Scope::Own { user, as_coordinator, as_customer } = scope else {
        return Filter::default();
    };
    let columns: &[&'static str] = match (as_coordinator, as_customer) {
        (true, true) => &["coordinator_user_id", "customer_user_id"],
        (true, false) => &["coordinator_user_id"],
        (false, true) => &["customer_user_id"],
        // Who is neither owns nothing.
        (false, false) => return Filter::default().when(true, "FALSE"),
    };
    Filter::default().any(columns, Some(user))
}

/// The condition that a package in `scope` may be known: customers know of what was delivered to them.
fn scoped_delivered(scope: Scope) -> Filter {
    let (is_customer_alone, either) = match scope {
        Scope::Own { as_coordinator: false, .. } => (true, None::<UserId>),
        Scope::Own { user, as_coordinator: true, as_customer: true } => (false, Some(user)),
        Scope::All | Scope::Own { .. } => (false, None),
    };
    scoped(scope)
        .when(is_customer_alone, "delivered_at IS NOT NULL")
        .with("(delivered_at IS NOT NULL OR coordinator_user_id = ?)", either)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;
    use mutrapro_sdk::sql::ToValue;

    fn own(as_coordinator: bool, as_customer: bool) -> Scope {
        Scope::Own { user: Uuid::from_u128(7).into(), as_coordinator, as_customer }
    }

    fn conditions(filter: Filter) -> (String, usize) {
        let (statement, parameters) = filter.statement("", "", 21);
        let own = parameters.iter().filter(|value| **value == Uuid::from_u128(7).to_value()).count();
        (statement.replace("  LIMIT ", " LIMIT ").trim().to_owned(), own)
    }

    #[test]
    fn lists_hold_what_is_ones_own() {
        let of = |scope| conditions(scoped(scope));
        assert_eq!(of(Scope::All), ("LIMIT $1".into(), 0));
        assert_eq!(of(own(false, true)), ("WHERE (customer_user_id = $1) LIMIT $2".into(), 1));
        assert_eq!(of(own(true, false)), ("WHERE (coordinator_user_id = $1) LIMIT $2".into(), 1));
        let both = "WHERE (coordinator_user_id = $1 OR customer_user_id = $1) LIMIT $2";
        assert_eq!(of(own(true, true)), (both.into(), 1));
        assert_eq!(of(own(false, false)), ("WHERE FALSE LIMIT $1".into(), 0));
    }

    #[test]
    fn packages_are_hidden_from_customers_until_they_are_delivered() {
        let of = |scope| conditions(scoped_delivered(scope)).0;
        assert_eq!(of(Scope::All), "LIMIT $1");
        assert_eq!(of(own(true, false)), "WHERE (coordinator_user_id = $1) LIMIT $2");
        assert_eq!(of(own(false, true)), "WHERE (customer_user_id = $1) AND delivered_at IS NOT NULL LIMIT $2");
        let both = "WHERE (coordinator_user_id = $1 OR customer_user_id = $1) \
                    AND (delivered_at IS NOT NULL OR coordinator_user_id = $2) LIMIT $3";
        assert_eq!(of(own(true, true)), both);
    }
}
