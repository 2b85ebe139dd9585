//! The HTTP API. Everyone reads their own notifications, whatever their roles.

use crate::domain::NotificationId;
use crate::store::{self, Notification, Reading};
use crate::stream;
use axum::Router;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use mutrapro_sdk::identity::User;
use mutrapro_sdk::json::Json;
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::streaming::streaming;
use mutrapro_sdk::time::Instant;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

/// Every route of the service.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/notifications", get(list))
        .route("/notifications/unread-count", get(unread_count))
        .route("/notifications/{id}/read", post(read))
        .route("/notifications/read-all", post(read_all))
        .route("/notifications/stream", streaming(get(follow)))
        .merge(mutrapro_sdk::openapi::routes::<Document>())
}

#[derive(OpenApi)]
#[openapi(
    paths(list, unread_count, read, read_all, follow),
    tags((name = "notifications", description = "What users were told"))
)]
struct Document;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// `true` for those that are not read yet, `false` for the others; both without it.
    unread: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
struct UnreadCount {
    /// How many notifications the user has not read.
    unread: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
struct ReadAll {
    /// How many notifications were unread before.
    read: u64,
}

impl From<Filter> for Reading {
    fn from(filter: Filter) -> Self {
        match filter.unread {
            None => Self::Any,
            Some(true) => Self::Unread,
            Some(false) => Self::Read,
        }
    }
}

/// The user's notifications, newest first.
#[utoipa::path(
    get,
    path = "/notifications",
    operation_id = "list_notifications",
    tag = "notifications",
    params(Filter, PagingParameters),
    responses(
        (status = 200, body = Page<Notification>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 422, body = Details, content_type = "application/problem+json"),
    )
)]
async fn list(user: User, Query(filter): Query<Filter>, paging: Paging) -> Result<Json<Page<Notification>>> {
    let rows = store::older(&Database, user.id, filter.into(), paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |notification| notification.id.to_string())))
}

/// How many notifications the user has not read.
#[utoipa::path(
    get,
    path = "/notifications/unread-count",
    operation_id = "count_unread_notifications",
    tag = "notifications",
    responses(
        (status = 200, body = UnreadCount),
        (status = 401, body = Details, content_type = "application/problem+json"),
    )
)]
async fn unread_count(user: User) -> Result<Json<UnreadCount>> {
    Ok(Json(UnreadCount { unread: store::unread_count(&Database, user.id)? }))
}

/// Marks a notification as read. Marking it again changes nothing.
#[utoipa::path(
    post,
    path = "/notifications/{id}/read",
    operation_id = "read_notification",
    tag = "notifications",
    params(("id" = NotificationId, Path)),
    responses(
        (status = 200, body = Notification),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, description = "The user has no such notification", body = Details,
            content_type = "application/problem+json"),
    )
)]
async fn read(user: User, Path(id): Path<NotificationId>) -> Result<Json<Notification>> {
    let now = Instant::now();
    let notification = transaction(|transaction| Ok(store::mark_read(transaction, user.id, id, now)?))?;
    notification.map(Json).ok_or_else(|| Problem::not_found("notification"))
}

/// Marks all of the user's notifications as read.
#[utoipa::path(
    post,
    path = "/notifications/read-all",
    operation_id = "read_all_notifications",
    tag = "notifications",
    responses(
        (status = 200, body = ReadAll),
        (status = 401, body = Details, content_type = "application/problem+json"),
    )
)]
async fn read_all(user: User) -> Result<Json<ReadAll>> {
    let now = Instant::now();
    let read = transaction(|transaction| Ok(store::mark_all_read(transaction, user.id, now)?))?;
    Ok(Json(ReadAll { read }))
}

/// What the user is told from now on, as server-sent events: `event: notification`, `id` of the notification, and the
/// notification itself as JSON. With `Last-Event-ID` everything after that event comes first. A comment at least every
/// 8 s shows that the stream is alive. It ends after 10 minutes, and a client comes back; it ends about a second after the
/// session did that it was opened through, and whoever comes back then gets 401.
#[utoipa::path(
    get,
    path = "/notifications/stream",
    operation_id = "stream_notifications",
    tag = "notifications",
    params(("Last-Event-ID" = Option<NotificationId>, Header, description = "The last event that the client has")),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 401, body = Details, content_type = "application/problem+json"),
    )
)]
async fn follow(user: User, headers: HeaderMap) -> Result<Response> {
    stream::open(&user, &headers)
}
