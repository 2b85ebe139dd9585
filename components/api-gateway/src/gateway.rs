//! What happens to a request, in order.

use crate::problems::{Refusal, not_answered};
use crate::rate::{Bucket, HostPermits, Meter};
use crate::routes::{self, Access, Route};
use crate::settings::Settings;
use crate::{access, docs, headers, openapi, sessions};
use axum::Router;
use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use mutrapro_contracts::access_token::Claims;
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::proxy;
use mutrapro_sdk::time::Instant;

/// Everything comes here: which path is whose is for the table in `routes` to say.
pub(crate) fn router() -> Router {
    Router::new().route("/", any(serve)).route("/{*path}", any(serve))
}

async fn serve(request: Request) -> Response {
    let request_id = headers::request_id(request.headers());
    let mut response = match Settings::get() {
        Ok(settings) => serve_with(settings, request).await,
        Err(problem) => problem.into_response(),
    };
    let status = response.status();
    headers::complete(status, request_id, response.headers_mut());
    response
}

async fn serve_with(settings: &Settings, request: Request) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = match settings.cors.preflight(request.method(), request.headers()) {
        Some(preflight) => preflight,
        None => answer(settings, request).await.unwrap_or_else(IntoResponse::into_response),
    };
    settings.cors.decorate(origin.as_ref(), response.headers_mut());
    response
}

/// A request that streams comes twice, first as a record, and takes its permits twice: nothing is known of it before.
async fn answer(settings: &Settings, mut request: Request) -> std::result::Result<Response, Refusal> {
    let address = headers::client_address(request.headers());
    let mut meter = Meter::new(&settings.limits, HostPermits);
    meter.take(Bucket::Address(address))?;
    if docs::is_at(request.uri().path()) {
        return Ok(docs::answer(request.method(), request.uri().path(), request.headers())?);
    }
    let path = routes::inner_path(request.uri().path()).ok_or_else(no_such_path)?;
    if path == openapi::PATH && matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(openapi::document(&settings.routes)?);
    }
    let route = settings.routes.find(request.method(), path).ok_or_else(no_such_path)?;
    let uri = inner_uri(path, request.uri().query())?;
    if route.access == Access::SignIn {
        meter.take(Bucket::SignIn(address))?;
    }
    let claims = identify(settings, route, request.headers())?;
    if let Some(claims) = &claims {
        meter.take(Bucket::User(claims.user_id))?;
    }
    headers::set_identity(request.headers_mut(), claims.as_ref())?;
    *request.uri_mut() = uri;
    let outcome = proxy::forward(route.service, request).await;
    let mut response = outcome.map_err(|error| not_answered(route.service, error))?;
    meter.tell(response.headers_mut());
    Ok(response)
}

/// Whose token it is, on a route that needs one.
fn identify(settings: &Settings, route: &Route, headers: &HeaderMap) -> Result<Option<Claims>> {
    match route.access {
        Access::SignIn | Access::Public => Ok(None),
        Access::Nobody => Err(no_such_path()),
        Access::Authenticated => {
            let elapsed = Instant::now().since(Instant::UNIX_EPOCH);
            let now_s = i64::try_from(elapsed.as_secs()).map_err(Problem::internal)?;
            access::authenticate(settings, headers, now_s, sessions::is_active).map(Some)
        }
    }
}

fn inner_uri(path: &str, query: Option<&str>) -> Result<Uri> {
    let text = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    // Parts of a path and query that were parsed before.
    let path_and_query: PathAndQuery = text.parse().map_err(Problem::internal)?;
    Ok(Uri::from(path_and_query))
}

fn no_such_path() -> Problem {
    Problem::not_found("path")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_sees_its_own_path_with_the_query() {
        assert_eq!(inner_uri("/users", Some("q=a%20b&limit=5")).unwrap(), "/users?q=a%20b&limit=5");
        assert_eq!(inner_uri("/users/me", None).unwrap(), "/users/me");
    }
}
