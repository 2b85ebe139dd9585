//! Lists, a page at a time.
//!
//! A list is ordered by a key that no two rows share, usually the id: a page begins after the last key of the one before,
//! so rows that come and go meanwhile shift nothing.

use crate::json::FieldErrors;
use crate::problem::{Problem, Result};
use crate::query::Query;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::{IntoParams, ToSchema};

/// The most items on a page.
pub const LIMIT_MAX: u16 = 100;
/// The items on a page unless the client says otherwise.
pub const LIMIT_DEFAULT: u16 = 20;

/// Which page a client asks for: `limit` (1 to 100, default 20) and `cursor` (from the page before).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PagingParameters {
    /// How many items, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u16>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Which page a client asks for, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    limit: u16,
    after: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// The `cursor` of the next page; `null` on the last one.
    pub next_cursor: Option<String>,
}

impl Paging {
    /// How many rows to ask the database for: one more than fit, which tells whether there is a next page.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The last key of the page before; `None` on the first page.
    ///
    /// # Errors
    /// 422 when the cursor is none of this list.
    pub fn after<K: FromStr>(&self) -> Result<Option<K>> {
        let key = self.after.as_deref().map(str::parse).transpose();
        key.map_err(|_| malformed_cursor())
    }

    /// Makes a page of the rows that the database gave, where `key` is what the list is ordered by.
    pub fn page<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let is_last = rows.len() <= usize::from(self.limit);
        rows.truncate(usize::from(self.limit));
        let next_cursor = rows.last().filter(|_| !is_last).map(|row| URL_SAFE_NO_PAD.encode(key(row)));
        Page { items: rows, next_cursor }
    }
}

impl<T> Page<T> {
    /// The same page with each item as clients see it.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(view).collect(), next_cursor: self.next_cursor }
    }
}

impl TryFrom<PagingParameters> for Paging {
    type Error = Problem;

    fn try_from(parameters: PagingParameters) -> Result<Self> {
        let limit = parameters.limit.unwrap_or(LIMIT_DEFAULT);
        let mut errors = FieldErrors::default();
        errors.check((1..=LIMIT_MAX).contains(&limit), "limit", "must be 1 to 100");
        errors.finish()?;
        let after = parameters.cursor.map(|cursor| decode(&cursor).ok_or_else(malformed_cursor)).transpose()?;
        Ok(Self { limit, after })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Query(parameters) = Query::<PagingParameters>::from_request_parts(parts, state).await?;
        parameters.try_into()
    }
}

fn decode(cursor: &str) -> Option<String> {
    URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|key| String::from_utf8(key).ok())
}

fn malformed_cursor() -> Problem {
    let mut errors = FieldErrors::default();
    errors.check(false, "cursor", "is none that this list gave");
    errors.finish().err().unwrap_or_else(|| Problem::bad_request("malformed cursor"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paging(limit: Option<u16>, cursor: Option<&str>) -> Result<Paging> {
        PagingParameters { limit, cursor: cursor.map(ToOwned::to_owned) }.try_into()
    }

    #[test]
    fn limit_has_bounds_and_a_default() {
        assert_eq!(paging(None, None).unwrap().rows(), 21);
        assert_eq!(paging(Some(100), None).unwrap().rows(), 101);
        for limit in [0, 101] {
            assert_eq!(paging(Some(limit), None).unwrap_err().details().errors[0].field, "limit");
        }
    }

    #[test]
    fn foreign_cursor_is_refused() {
        for cursor in ["%", "/w", &URL_SAFE_NO_PAD.encode("no number")] {
            let key = paging(None, Some(cursor)).and_then(|paging| paging.after::<u32>());
            assert_eq!(key.unwrap_err().details().errors[0].field, "cursor");
        }
    }

    proptest! {
        #[test]
        fn pages_together_are_the_list(length in 0_u32..300, limit in 1_u16..=100) {
            let list: Vec<u32> = (1..=length).collect();
            let (mut seen, mut cursor) = (Vec::new(), None);
            loop {
                let paging = paging(Some(limit), cursor.as_deref()).unwrap();
                let after = paging.after::<u32>().unwrap().unwrap_or(0);
                let rows = list.iter().copied().filter(|key| *key > after).take(usize::from(limit) + 1).collect();
                let page = paging.page(rows, ToString::to_string);
                seen.extend(page.items);
                cursor = page.next_cursor;
                if cursor.is_none() { break }
            }
            prop_assert_eq!(seen, list);
        }
    }
}
