//! A user's notifications as server-sent events.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use crate::domain::NotificationId;
use crate::domain::feed::{Feed, PAGE_ROWS, Step, recent_since};
use crate::domain::watch::Watch;
use crate::sessions;
use crate::store::{self, Notification};
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, StreamExt};
use mutrapro_sdk::identity::{SessionId, User, UserId};
use mutrapro_sdk::log;
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::sql::Database;
use mutrapro_sdk::time::Instant;
use spin_sdk::time::sleep;
use std::time::Duration;

/// Where a client that comes back says what it has.
pub(crate) const LAST_EVENT_ID: &str = "last-event-id";
/// The name of the events.
pub(crate) const EVENT: &str = "notification";
/// How long a client waits before it comes back.
const RECONNECT: Duration = Duration::from_secs(3);

/// A stream, and whose it is.
struct Following {
    user_id: UserId,
    session_id: SessionId,
    watch: Watch,
    feed: Feed,
}

/// Streams what `user` is told from now on, or since the event that the client names, while their session lasts.
///
/// # Errors
/// 401 without a session; what the database makes of it, before the stream begins.
pub(crate) fn open(user: &User, headers: &HeaderMap) -> Result<Response> {
    let session_id = user.session_id.ok_or_else(|| Problem::unauthorized("not_authenticated", "log in first"))?;
    let now = Instant::now();
    let recent = store::newer(&Database, user.id, recent_since(now), PAGE_ROWS.into())?;
    let feed = Feed::new(now, last_event_id(headers), recent.iter().map(|notification| notification.id));
    let watch = Watch::new();
    let following = Following { user_id: user.id, session_id, watch, feed };
    let steps = stream::unfold((following, Duration::ZERO), async |(mut following, wait)| {
        // The body is polled only once the last step was taken by the client, so one that is gone or slow costs nothing.
        if wait > Duration::ZERO {
            sleep(wait).await;
        }
        let step = following.next()?;
        let wait = step.wait;
        Some((events(step), (following, wait)))
    });
    Ok(Sse::new(steps.flat_map(stream::iter)).into_response())
}

/// The last event that the client has. An id that is none of ours is as good as none: the stream begins now.
fn last_event_id(headers: &HeaderMap) -> Option<NotificationId> {
    headers.get(LAST_EVENT_ID)?.to_str().ok()?.parse().ok()
}

impl Following {
    /// The next step; `None` ends the stream.
    fn next(&mut self) -> Option<Step<Notification>> {
        // First of all: nothing is told any more through a session that has ended.
        if !self.watch.goes_on(std::time::Instant::now(), || sessions::is_active(self.session_id)) {
            return None;
        }
        match store::newer(&Database, self.user_id, self.feed.after(), PAGE_ROWS.into()) {
            Ok(rows) => self.feed.step(Instant::now(), rows, |notification| notification.id),
            Err(error) => {
                // The client comes back and names the last event that it has, so nothing is lost.
                log::warn!("a stream of notifications ends early: {error}");
                None
            }
        }
    }
}

fn events(step: Step<Notification>) -> Vec<std::result::Result<Event, axum::Error>> {
    let heartbeat = step.heartbeat.then(|| Ok(Event::default().retry(RECONNECT).comment("still here")));
    heartbeat.into_iter().chain(step.news.iter().map(event)).collect()
}

fn event(notification: &Notification) -> std::result::Result<Event, axum::Error> {
    Event::default().id(notification.id.to_string()).event(EVENT).json_data(notification)
}
