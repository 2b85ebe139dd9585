//! Who is asking: the component that calls, and the user on whose behalf the gateway does.
//!
//! The host says which component calls (`x-mutrapro-caller`), and lets nobody else say so. What the gateway says of the
//! user is believed because the gateway says it; from any other caller it is ignored.

use crate::problem::{Problem, Result};
use axum::Router;
use axum::extract::{FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};

/// The component that serves the outside.
pub const GATEWAY: &str = "api-gateway";
/// The calling component; set by the host.
pub const CALLER_HEADER: &str = "x-mutrapro-caller";
/// The id of the user; set by the gateway.
pub const USER_HEADER: &str = "x-mutrapro-user";
/// The user's active roles, separated by commas; set by the gateway.
pub const ROLES_HEADER: &str = "x-mutrapro-roles";
/// The id of the user's session; set by the gateway.
pub const SESSION_HEADER: &str = "x-mutrapro-session";

crate::id! {
    /// A user of the application; user-service answers for it.
    pub UserId
}

crate::id! {
    /// A session of a user; auth-service answers for it.
    pub SessionId
}

crate::text_enum! {
    /// What a user may be.
    pub enum Role {
        /// Files requests, pays, and sees only their own things.
        Customer = "customer",
        /// Writes down what is heard.
        TranscriptionSpecialist = "transcription_specialist",
        /// Arranges.
        ArrangementSpecialist = "arrangement_specialist",
        /// Sings or plays for recordings.
        RecordingArtist = "recording_artist",
        /// Quotes requests and sees them through.
        ServiceCoordinator = "service_coordinator",
        /// Everything.
        SystemAdmin = "system_admin",
    }
}

/// The component that sent the request. As an argument of a handler it answers 401 when there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(pub String);

/// The user on whose behalf the gateway sent the request. As an argument of a handler it answers 401 when there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// The roles that they hold.
    pub roles: Vec<Role>,
    /// The session that they use.
    pub session_id: Option<SessionId>,
}

impl User {
    /// Whether the user holds `role`.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Goes on only for holders of `role`.
    ///
    /// # Errors
    /// 403 `role_required`.
    pub fn require(&self, role: Role) -> Result<()> {
        self.require_any(&[role])
    }

    /// Goes on only for holders of one of `roles`.
    ///
    /// # Errors
    /// 403 `role_required`.
    pub fn require_any(&self, roles: &[Role]) -> Result<()> {
        if roles.iter().any(|role| self.is(*role)) {
            return Ok(());
        }
        let names: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
        Err(Problem::forbidden("role_required", format!("this is for {} only", names.join(" or "))))
    }

    fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if text(CALLER_HEADER) != Some(GATEWAY) {
            return None;
        }
        // A role that this service does not know grants nothing here.
        let roles = text(ROLES_HEADER).unwrap_or_default().split(',').filter_map(|role| role.trim().parse().ok());
        Some(Self {
            id: text(USER_HEADER)?.parse().ok()?,
            roles: roles.collect(),
            session_id: text(SESSION_HEADER).and_then(|id| id.parse().ok()),
        })
    }
}

impl Caller {
    fn from_headers(headers: &HeaderMap) -> Option<Self> {
        headers.get(CALLER_HEADER)?.to_str().ok().map(|name| Self(name.to_owned()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        Self::from_headers(&parts.headers)
            .ok_or_else(|| Problem::unauthorized("not_authenticated", "log in, and send the access token"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        Self::from_headers(&parts.headers)
            .ok_or_else(|| Problem::unauthorized("caller_required", "only components of the application may call this"))
    }
}

/// Lets only the components in `callers` reach the routes of `router`; everyone else gets 403 `caller_not_allowed`.
pub fn internal(router: Router, callers: &'static [&'static str]) -> Router {
    router.route_layer(from_fn(async move |caller: Caller, request: Request, next: Next| -> Response {
        if callers.contains(&caller.0.as_str()) {
            return next.run(request).await;
        }
        Problem::forbidden("caller_not_allowed", format!("{} may not call this", caller.0)).into_response()
    }))
}

/// Lets every component but the gateway reach the routes of `router`, as far as the manifest lets it call this service.
pub fn internal_to_all(router: Router) -> Router {
    router.route_layer(from_fn(async |caller: Caller, request: Request, next: Next| -> Response {
        if caller.0 == GATEWAY {
            return Problem::not_found("path").into_response();
        }
        next.run(request).await
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::get;
    use futures::FutureExt;
    use tower_service::Service;

    const USER: &str = "0190f3a0-0000-7000-8000-000000000001";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn gateway_is_believed() {
        let roles = "customer, system_admin,from_the_future";
        let told = headers(&[(CALLER_HEADER, GATEWAY), (USER_HEADER, USER), (ROLES_HEADER, roles)]);
        let user = User::from_headers(&told).unwrap();
        assert_eq!(user.id.to_string(), USER);
        assert_eq!(user.roles, [Role::Customer, Role::SystemAdmin]);
        assert_eq!(user.require(Role::SystemAdmin), Ok(()));
        let refused = user.require(Role::ServiceCoordinator).unwrap_err();
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    }

    #[test]
    fn nobody_else_is_believed() {
        for caller in [None, Some("file-service"), Some("API-GATEWAY"), Some("api-gateway,x")] {
            let mut told = headers(&[(USER_HEADER, USER), (ROLES_HEADER, "system_admin")]);
            if let Some(caller) = caller {
                told.insert(CALLER_HEADER, caller.parse().unwrap());
            }
            assert_eq!(User::from_headers(&told), None, "{caller:?}");
        }
    }

    #[test]
    fn malformed_user_is_nobody() {
        for user in ["", "7", "admin"] {
            assert_eq!(User::from_headers(&headers(&[(CALLER_HEADER, GATEWAY), (USER_HEADER, user)])), None);
        }
    }

    fn status(caller: Option<&str>) -> StatusCode {
        let mut router = internal(Router::new().route("/internal/x", get(async || "x")), &["auth-service"]);
        let mut request = Request::builder().uri("/internal/x");
        if let Some(caller) = caller {
            request = request.header(CALLER_HEADER, caller);
        }
        let response = router.call(request.body(Body::empty()).unwrap());
        response.now_or_never().unwrap().unwrap().status()
    }

    #[test]
    fn internal_routes_are_for_the_callers_they_name() {
        assert_eq!(status(Some("auth-service")), StatusCode::OK);
        assert_eq!(status(Some("file-service")), StatusCode::FORBIDDEN);
        assert_eq!(status(Some(GATEWAY)), StatusCode::FORBIDDEN);
        assert_eq!(status(None), StatusCode::UNAUTHORIZED);
    }
}
