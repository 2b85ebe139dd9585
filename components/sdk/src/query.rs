//! What a request's path and query say, with problems for what is malformed.

use crate::json::{UNSTORABLE, field_error};
use crate::problem::{FieldError, Problem, Result};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// The parameters in a path. One that is malformed names nothing: 404.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        // Without a cause, which would be logged: whoever asks for nonsense is no one's concern but their own.
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|_| Problem::not_found("thing"))
    }
}

/// The parameters in a query; one that is malformed is told with its name: 422.
///
/// Do not deny unknown fields here: `limit` and `cursor` belong to [`Paging`](crate::page::Paging).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T> {
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if value.contains('\0') {
            let (code, message) = (Cow::Borrowed("invalid"), UNSTORABLE.to_owned());
            return Err(Problem::unprocessable(vec![FieldError { field: name.into_owned(), code, message }]));
        }
    }
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| Problem::unprocessable(vec![field_error(&error)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Role;
    use axum::Router;
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use axum::routing::get;
    use futures::FutureExt;
    use serde::Deserialize;
    use tower_service::Service;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Filter {
        role: Option<Role>,
        active: Option<bool>,
    }

    #[test]
    fn malformed_path_names_nothing_and_is_not_logged() {
        let mut router = Router::new().route("/{id}", get(async |Path(id): Path<u8>| id.to_string()));
        let mut ask = |path: &str| {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            router.call(request).now_or_never().unwrap().unwrap()
        };
        assert_eq!(ask("/7").status(), StatusCode::OK);
        let refused = ask("/seven");
        assert_eq!(refused.status(), StatusCode::NOT_FOUND);
        // The cause of a problem follows in brackets.
        assert_eq!(refused.extensions().get::<Problem>().unwrap().to_string(), "not_found: there is no such thing");
    }

    #[test]
    fn filters_are_read_and_others_left_to_others() {
        let filter: Filter = parse("role=system_admin&limit=5").unwrap();
        assert_eq!(filter, Filter { role: Some(Role::SystemAdmin), active: None });
    }

    #[test]
    fn malformed_filters_are_named() {
        for (query, field) in [("role=king", "role"), ("active=perhaps", "active"), ("q=a%00b", "q")] {
            let problem = parse::<Filter>(query).unwrap_err();
            assert_eq!(problem.details().errors[0].field, field, "{problem}");
        }
    }
}
