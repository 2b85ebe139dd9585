//! Which service answers a path, and who may take it: a table, and what the studio adds to it.

use axum::http::Method;

/// What public paths begin with.
pub(crate) const PREFIX: &str = "/api/v1";

const AUTH: &str = "auth-service";
const USER: &str = "user-service";
const SPECIALIST: &str = "specialist-service";
const QUOTATION: &str = "quotation-service";
const PROJECT: &str = "project-service";
const TASK: &str = "task-service";
const STUDIO: &str = "studio-service";
const PAYMENT: &str = "payment-service";
const FILE: &str = "file-service";
const NOTIFICATION: &str = "notification-service";
const FEEDBACK: &str = "feedback-service";
const REVISION: &str = "revision-service";

/// Who may take a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever brings a valid access token.
    Authenticated,
    /// Everyone; nobody is told who it is.
    Public,
    /// Everyone, but seldom: they get tokens here, or guess at them.
    SignIn,
    /// Nobody: there is nothing here, although rows below would fit.
    Nobody,
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

/// Nothing at and below `path`.
const fn nothing(path: &'static str, service: &'static str) -> Route {
    Route { path, method: None, service, access: Access::Nobody }
}

/// The first row that fits counts, so rows that say more come first.
static TABLE: [Route; 34] = [
    sign_in("auth/register", AUTH),
    sign_in("auth/login", AUTH),
    sign_in("auth/refresh", AUTH),
    authenticated("auth", AUTH),
    authenticated("users", USER),
    authenticated("coordinators", USER),
    authenticated("specialists/*/rating", FEEDBACK),
    authenticated("specialists/*/workload", TASK),
    authenticated("specialists", SPECIALIST),
    authenticated("skills", SPECIALIST),
    authenticated("skill-categories", SPECIALIST),
    public(Method::GET, "pricing", QUOTATION),
    public(Method::POST, "pricing/estimate", QUOTATION),
    authenticated("pricing", QUOTATION),
    authenticated("requests", QUOTATION),
    authenticated("quotations", QUOTATION),
    authenticated("milestones", QUOTATION),
    authenticated("projects/*/revision-eligibility", REVISION),
    authenticated("projects", PROJECT),
    authenticated("tasks", TASK),
    authenticated("studios", STUDIO),
    authenticated("equipment", STUDIO),
    authenticated("equipment-categories", STUDIO),
    authenticated("studio-equipment", STUDIO),
    authenticated("bookings", STUDIO),
    // A payment gateway has no account here: it signs what it says, and payment-service checks that.
    public(Method::POST, "payments/webhooks/*", PAYMENT),
    nothing("payments/webhooks", PAYMENT),
    authenticated("payments", PAYMENT),
    authenticated("files", FILE),
    authenticated("notifications", NOTIFICATION),
    authenticated("feedback", FEEDBACK),
    authenticated("activity", FEEDBACK),
    authenticated("revisions", REVISION),
    authenticated("packages", REVISION),
];

impl Route {
    fn fits(&self, method: &Method, path: &str) -> bool {
        let mut segments = path.split('/');
        let begins = self.path.split('/').all(|own| segments.next().is_some_and(|other| own == "*" || own == other));
        begins && self.method.as_ref().is_none_or(|own| is_served_by(method, own) && segments.next().is_none())
    }
}

/// Whether what answers `own` answers `method`: HEAD is GET without the content (RFC 9110, section 9.3.2).
fn is_served_by(method: &Method, own: &Method) -> bool {
    own == method || (own == Method::GET && method == Method::HEAD)
}

/// The path as services know it: without [`PREFIX`]. `None` when it is not below it, or not in plain form.
pub(crate) fn inner_path(path: &str) -> Option<&str> {
    let inner = path.strip_prefix(PREFIX)?;
    inner.strip_prefix('/')?.split('/').all(is_plain).then_some(inner)
}

/// The first segments that are no service's.
const RESERVED: [&str; 3] = ["docs", "internal", "openapi.json"];

/// The table with what the studio adds to it.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    added: Vec<Route>,
}

impl Routes {
    /// Adds the routes in `text`, `<first segment>=<service>` separated by commas, each for whoever brings a valid access
    /// token. `refused` is told of each that cannot be added, and why.
    pub(crate) fn with(text: &str, mut refused: impl FnMut(&str, String)) -> Self {
        let mut routes = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            match routes.read(entry) {
                Ok(route) => routes.added.push(route),
                Err(reason) => refused(entry, reason),
            }
        }
        routes
    }

    fn read(&self, entry: &str) -> Result<Route, String> {
        let (segment, service) = entry.split_once('=').ok_or("write it as loyalty=loyalty-service")?;
        let (segment, service) = (segment.trim(), service.trim());
        for name in [segment, service] {
            if !is_name(name) {
                return Err(format!("{name:?} is no name of small letters, digits and hyphens"));
            }
        }
        let first = |route: &Route| route.path.split('/').next() == Some(segment);
        if RESERVED.contains(&segment) || TABLE.iter().chain(&self.added).any(first) {
            return Err(format!("{segment} is taken: choose another first segment"));
        }
        // Read once, and kept as long as the instance.
        Ok(authenticated(segment.to_owned().leak(), service.to_owned().leak()))
    }

    /// The route of a path in the form that [`inner_path`] gives.
    pub(crate) fn find(&self, method: &Method, inner_path: &str) -> Option<&Route> {
        let path = inner_path.strip_prefix('/')?;
        let found = TABLE.iter().chain(&self.added).find(|route| route.fits(method, path));
        found.filter(|route| route.access != Access::Nobody)
    }

    /// Every service that was added, once.
    pub(crate) fn added_services(&self) -> Vec<&'static str> {
        services_of(&self.added)
    }
}

/// Every service that the table names, once.
pub(crate) fn services() -> Vec<&'static str> {
    services_of(&TABLE)
}

fn services_of(routes: &[Route]) -> Vec<&'static str> {
    let mut services: Vec<_> = routes.iter().map(|route| route.service).collect();
    services.sort_unstable();
    services.dedup();
    services
}

/// What a component may be called, and a segment that needs no encoding.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// A segment that no one could take for a way up, or for two.
fn is_plain(segment: &str) -> bool {
    let decoded = segment.to_ascii_lowercase().replace("%2e", ".");
    let hides_a_slash = decoded.contains("%2f") || decoded.contains("%5c") || decoded.contains('\\');
    !hides_a_slash && !matches!(decoded.as_str(), "" | "." | "..")
}

#[cfg(test)]
mod tests;
