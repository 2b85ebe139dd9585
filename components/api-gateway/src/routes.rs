//! Which service answers a path, and who may take it: a table.

use axum::http::Method;

/// What public paths begin with.
pub(crate) const PREFIX: &str = "/api/v1";

const AUTH: &str = "auth-service";
const USER: &str = "user-service";
const QUOTATION: &str = "quotation-service";
const NOTIFICATION: &str = "notification-service";
const FEEDBACK: &str = "feedback-service";

/// Who may take a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever brings a valid access token.
    Authenticated,
    /// Everyone; nobody is told who it is.
    Public,
    /// Everyone, but seldom: they get tokens here, or guess at them.
    SignIn,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// Segments without a slash in front; `*` stands for any one.
    path: &'static str,
    /// The only method, at exactly the path; with `None` it is every method, at the path and below.
    method: Option<Method>,
    /// Who answers it.
    pub(crate) service: &'static str,
    /// Who may take it.
    pub(crate) access: Access,
}

/// Everything at and below `path`, with any method.
const fn authenticated(path: &'static str, service: &'static str) -> Route {
    Route { path, method: None, service, access: Access::Authenticated }
}

/// POST at exactly `path`.
const fn sign_in(path: &'static str, service: &'static str) -> Route {
    Route { path, method: Some(Method::POST), service, access: Access::SignIn }
}

/// `method` at exactly `path`, for everyone.
const fn public(method: Method, path: &'static str, service: &'static str) -> Route {
    Route { path, method: Some(method), service, access: Access::Public }
}

/// The first row that fits counts, so rows that say more come first.
static TABLE: [Route; 16] = [
    sign_in("auth/register", AUTH),
    sign_in("auth/login", AUTH),
    sign_in("auth/refresh", AUTH),
    public(Method::GET, "pricing", QUOTATION),
    public(Method::POST, "pricing/estimate", QUOTATION),
    authenticated("auth", AUTH),
    authenticated("users", USER),
    authenticated("coordinators", USER),
    authenticated("requests", QUOTATION),
    authenticated("quotations", QUOTATION),
    authenticated("milestones", QUOTATION),
    authenticated("pricing", QUOTATION),
    authenticated("notifications", NOTIFICATION),
    authenticated("feedback", FEEDBACK),
    authenticated("activity", FEEDBACK),
    authenticated("specialists/*/rating", FEEDBACK),
];

impl Route {
    fn fits(&self, method: &Method, path: &str) -> bool {
        let mut segments = path.split('/');
        let begins = self.path.split('/').all(|own| segments.next().is_some_and(|other| own == "*" || own == other));
        begins && self.method.as_ref().is_none_or(|own| own == method && segments.next().is_none())
    }
}

/// The path as services know it: without [`PREFIX`]. `None` when it is not below it, or not in plain form.
pub(crate) fn inner_path(path: &str) -> Option<&str> {
    let inner = path.strip_prefix(PREFIX)?;
    inner.strip_prefix('/')?.split('/').all(is_plain).then_some(inner)
}

/// The route of a path in the form that [`inner_path`] gives.
pub(crate) fn find(method: &Method, inner_path: &str) -> Option<&'static Route> {
    let path = inner_path.strip_prefix('/')?;
    TABLE.iter().find(|route| route.fits(method, path))
}

/// Every service that the table names, once.
pub(crate) fn services() -> Vec<&'static str> {
    let mut services: Vec<_> = TABLE.iter().map(|route| route.service).collect();
    services.dedup();
    services.sort_unstable();
    services.dedup();
    services
}

/// A segment that no one could take for a way up, or for two.
fn is_plain(segment: &str) -> bool {
    let decoded = segment.to_ascii_lowercase().replace("%2e", ".");
    let hides_a_slash = decoded.contains("%2f") || decoded.contains("%5c") || decoded.contains('\\');
    !hides_a_slash && !matches!(decoded.as_str(), "" | "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn service(method: Method, path: &str) -> Option<(&'static str, Access)> {
        find(&method, inner_path(path)?).map(|route| (route.service, route.access))
    }

    #[test]
    fn paths_lead_to_their_services() {
        for (path, expected) in [
            ("/api/v1/auth/sessions", AUTH),
            ("/api/v1/users/me", USER),
            ("/api/v1/users", USER),
            ("/api/v1/coordinators", USER),
            ("/api/v1/requests/7/quotations", QUOTATION),
            ("/api/v1/quotations/7/milestones", QUOTATION),
            ("/api/v1/milestones/7", QUOTATION),
            ("/api/v1/notifications/stream", NOTIFICATION),
            ("/api/v1/feedback", FEEDBACK),
            ("/api/v1/activity", FEEDBACK),
            ("/api/v1/specialists/7/rating", FEEDBACK),
        ] {
            assert_eq!(service(Method::GET, path), Some((expected, Access::Authenticated)), "{path}");
        }
    }

    #[test]
    fn only_a_post_at_exactly_the_path_signs_in() {
        for path in ["/api/v1/auth/register", "/api/v1/auth/login", "/api/v1/auth/refresh"] {
            assert_eq!(service(Method::POST, path), Some((AUTH, Access::SignIn)), "{path}");
            assert_eq!(service(Method::GET, path), Some((AUTH, Access::Authenticated)), "{path}");
            let below = format!("{path}/more");
            assert_eq!(service(Method::POST, &below), Some((AUTH, Access::Authenticated)), "{below}");
        }
        assert_eq!(service(Method::POST, "/api/v1/auth/logout"), Some((AUTH, Access::Authenticated)));
    }

    #[test]
    fn prices_are_for_everyone_to_see_and_for_people_to_change() {
        let public = Some((QUOTATION, Access::Public));
        let authenticated = Some((QUOTATION, Access::Authenticated));
        assert_eq!(service(Method::GET, "/api/v1/pricing"), public);
        assert_eq!(service(Method::POST, "/api/v1/pricing/estimate"), public);
        assert_eq!(service(Method::POST, "/api/v1/pricing"), authenticated);
        assert_eq!(service(Method::PATCH, "/api/v1/pricing/7"), authenticated);
        assert_eq!(service(Method::GET, "/api/v1/pricing/estimate"), authenticated);
    }

    #[test]
    fn internal_paths_cannot_be_reached() {
        for path in [
            "/api/v1/internal/users/7",
            "/api/v1/users/../internal/users",
            "/api/v1/users/%2e%2E/internal/users",
            "/api/v1/users/.%2e/internal/users",
            "/api/v1/users/..%2finternal",
            "/api/v1/users/..%5Cinternal",
            "/api/v1/users/..\\internal",
            "/api/v1/%69nternal/users",
            "/api/v1//internal/users",
            "/api/v1/./internal/users",
            "/internal/users",
            "/api/v1internal/users",
        ] {
            assert_eq!(service(Method::GET, path), None, "{path}");
        }
    }

    #[test]
    fn what_is_not_in_the_table_is_nowhere() {
        for path in ["/api/v1", "/api/v1/", "/api/v2/users", "/api/v1/usersx", "/api/v1/specialists/7", "/api/v1/Users"]
        {
            assert_eq!(service(Method::GET, path), None, "{path}");
        }
    }

    #[test]
    fn services_are_named_once() {
        assert_eq!(services(), [AUTH, FEEDBACK, NOTIFICATION, QUOTATION, USER]);
    }

    proptest! {
        #[test]
        fn no_path_leads_up_or_to_the_inside(path in "(/|\\.|%2[eEfF]|%5c|internal|users|[a-z]{0,3}){0,12}") {
            let path = format!("{PREFIX}/{path}");
            if let Some(inner) = inner_path(&path).filter(|inner| find(&Method::GET, inner).is_some()) {
                prop_assert!(!inner.starts_with("/internal"));
                prop_assert!(inner.split('/').all(|segment| segment != ".." && segment != "."));
            }
        }
    }
}
