//! The service's paths.

use crate::accounts::{self, Account, Login, Registration};
use crate::domain::{EndReason, Ending, Presented, TokenHash, is_active, over_if_last_seen_at};
use crate::openapi::Document;
use crate::problems::{invalid_credentials, invalid_refresh_token, no_such_session, refresh_token_reused};
use crate::sessions::{self, Granted};
use crate::store::{self, Session};
use crate::tokens::{self, Tokens};
use axum::Router;
use axum::http::{HeaderName, StatusCode, header};
use axum::routing::{delete, get, post};
use mutrapro_sdk::client_info::ClientInfo;
use mutrapro_sdk::identity::{GATEWAY, SessionId, User, internal};
use mutrapro_sdk::json::{Json, Validate};
use mutrapro_sdk::openapi;
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Tokens are for the client alone (RFC 6749, section 5.1).
const NO_STORE: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// It asks for as long as a stream of notifications is open.
const NOTIFICATION_SERVICE: &str = "notification-service";

type TokenResponse = ([(HeaderName, &'static str); 1], Json<Tokens>);

pub(crate) fn router() -> Router {
    let session_states = Router::new().route("/internal/sessions/{id}", get(session_state));
    Router::new()
        .route("/auth/register", post(register))
        .route("/auth/login", post(login))
        .route("/auth/refresh", post(refresh))
        .route("/auth/logout", post(logout))
        .route("/auth/logout-all", post(logout_all))
        .route("/auth/sessions", get(list_sessions))
        .route("/auth/sessions/{id}", delete(end_session))
        .merge(internal(session_states, &[GATEWAY, NOTIFICATION_SERVICE]))
        .merge(openapi::routes::<Document>())
}

/// A refresh token to exchange.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "refresh_token": "q1wjP8Jb0dBeuyBOO8c1lrVwqSVxEV2kQxqyfZV2x0E" }))]
pub(crate) struct Refresh {
    /// The one that was given last.
    refresh_token: String,
}

impl Validate for Refresh {}

/// A session as its user sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionView {
    /// The session's id.
    id: SessionId,
    /// Where the sign-in came from.
    ip_address: Option<String>,
    /// What the client said that it is.
    user_agent: Option<String>,
    /// The sign-in.
    created_at: Instant,
    /// The sign-in or the last refresh.
    last_seen_at: Instant,
    /// Whether this very request came through it.
    is_current: bool,
}

/// Whether a session is worth something.
#[derive(Serialize)]
struct SessionState {
    active: bool,
}

/// Creates a customer's account. It does not sign in.
///
/// Unlike signing in, this does tell whether an address is taken: its owner has to know.
#[utoipa::path(post, path = "/auth/register", tag = "auth", request_body = Registration, responses(
    (status = 201, description = "The account", body = Account),
    (status = 409, description = "`email_taken`, `username_taken`", body = Details),
    (status = 422, description = "`invalid_fields`", body = Details),
))]
pub(crate) async fn register(Json(registration): Json<Registration>) -> Result<(StatusCode, Json<Account>)> {
    Ok((StatusCode::CREATED, Json(accounts::register(&registration)?)))
}

/// Signs in: starts a session.
#[utoipa::path(post, path = "/auth/login", tag = "auth", request_body = Login, responses(
    (status = 200, description = "A new session", body = Tokens),
    (status = 401, description = "`invalid_credentials`, whatever the reason", body = Details),
    (status = 422, description = "`invalid_fields`", body = Details),
))]
pub(crate) async fn login(client: ClientInfo, Json(login): Json<Login>) -> Result<TokenResponse> {
    let key = tokens::key()?;
    let user_id = accounts::verify(&login)?.id;
    let now = Instant::now();
    let Granted { session_id, refresh_token } = sessions::start(user_id, client, now)?;
    // Asked again now that the session is there: had the account been deactivated in between, its event might have come
    // before there was a session to end.
    let Some(user) = accounts::find_active(user_id)? else {
        transaction(|tx| sessions::end(tx, session_id, EndReason::UserDeactivated, now))?;
        return Err(invalid_credentials());
    };
    Ok((NO_STORE, Json(tokens::issue(&key, user, session_id, &refresh_token, now)?)))
}

/// Exchanges a refresh token, once, for new tokens with the user's roles as they are now.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", request_body = Refresh, responses(
    (status = 200, description = "The next tokens of the session", body = Tokens),
    (status = 401, description = "`invalid_refresh_token`; `refresh_token_reused`: the session has ended",
        body = Details),
    (status = 422, description = "`invalid_fields`", body = Details),
))]
pub(crate) async fn refresh(Json(request): Json<Refresh>) -> Result<TokenResponse> {
    let key = tokens::key()?;
    let hash = TokenHash::of(&request.refresh_token);
    let token = store::token_by_hash(&Database, &hash)?.ok_or_else(invalid_refresh_token)?;
    match token.life.presented(Instant::now()) {
        Presented::Fresh => {}
        Presented::Expired => return Err(invalid_refresh_token()),
        Presented::Reused => {
            sessions::punish_reuse(&token, Instant::now())?;
            return Err(refresh_token_reused());
        }
    }
    let user = accounts::find_active(token.user_id)?.ok_or_else(invalid_refresh_token)?;
    let now = Instant::now();
    let Granted { session_id, refresh_token } = sessions::rotate(&token, now)?.ok_or_else(refresh_token_reused)?;
    Ok((NO_STORE, Json(tokens::issue(&key, user, session_id, &refresh_token, now)?)))
}

/// Ends the session that the request came through, and its tokens.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", responses(
    (status = 204, description = "The session has ended"),
    (status = 401, description = "`not_authenticated`", body = Details),
))]
pub(crate) async fn logout(user: User) -> Result<StatusCode> {
    let id = user.session_id.ok_or_else(|| Problem::unauthorized("not_authenticated", "log in first"))?;
    transaction(|tx| sessions::end(tx, id, EndReason::Logout, Instant::now()))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends every session of the user.
#[utoipa::path(post, path = "/auth/logout-all", tag = "auth", responses(
    (status = 204, description = "All sessions have ended"),
    (status = 401, description = "`not_authenticated`", body = Details),
))]
pub(crate) async fn logout_all(user: User) -> Result<StatusCode> {
    let ending = Ending { user_id: user.id, kept: None, reason: EndReason::LogoutAll };
    transaction(|tx| sessions::end_all(tx, ending, Instant::now()))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The user's active sessions, newest first.
#[utoipa::path(get, path = "/auth/sessions", tag = "auth", params(PagingParameters), responses(
    (status = 200, description = "A page of them", body = Page<SessionView>),
    (status = 401, description = "`not_authenticated`", body = Details),
    (status = 422, description = "`invalid_fields`", body = Details),
))]
pub(crate) async fn list_sessions(user: User, paging: Paging) -> Result<Json<Page<SessionView>>> {
    let seen_after = over_if_last_seen_at(Instant::now());
    let rows = store::active_sessions(&Database, user.id, seen_after, paging.after()?, paging.rows())?;
    let page = paging.page(rows, |session| session.id.to_string());
    Ok(Json(page.map(|session| SessionView::new(session, user.session_id))))
}

/// Ends one of the user's sessions, wherever it is. One that has ended before stays so.
#[utoipa::path(delete, path = "/auth/sessions/{id}", tag = "auth",
    params(("id" = SessionId, Path, description = "The session")),
    responses(
        (status = 204, description = "The session has ended"),
        (status = 401, description = "`not_authenticated`", body = Details),
        (status = 404, description = "`not_found`: the user has no such session", body = Details),
    ))]
pub(crate) async fn end_session(user: User, Path(id): Path<SessionId>) -> Result<StatusCode> {
    transaction(|tx| {
        let session = store::session(tx, id)?.filter(|session| session.user_id == user.id);
        session.ok_or_else(no_such_session)?;
        sessions::end(tx, id, EndReason::Logout, Instant::now())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a session is active, for those who serve somebody through it. One that nobody knows is not.
async fn session_state(Path(id): Path<SessionId>) -> Result<Json<SessionState>> {
    let session = store::session(&Database, id)?;
    let now = Instant::now();
    let active = session.is_some_and(|session| is_active(session.revoked_at, session.last_seen_at, now));
    Ok(Json(SessionState { active }))
}

impl SessionView {
    fn new(session: Session, current: Option<SessionId>) -> Self {
        Self {
            is_current: current == Some(session.id),
            id: session.id,
            ip_address: session.client.ip_address,
            user_agent: session.client.user_agent,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
        }
    }
}
