//! What auth-service knows of sessions; all calls to it.

use mutrapro_sdk::client::Client;
use mutrapro_sdk::identity::SessionId;
use mutrapro_sdk::log;
use serde::Deserialize;

const AUTH_SERVICE: Client = Client::new("auth-service");

#[derive(Deserialize)]
struct State {
    active: bool,
}

/// Whether the session is active; `None` when auth-service does not say.
pub(crate) fn is_active(id: SessionId) -> Option<bool> {
    match AUTH_SERVICE.get::<State>(&format!("/internal/sessions/{id}")) {
        Ok(State { active }) => Some(active),
        Err(error) => {
            log::warn!("nobody says whether session {id} goes on: {error}");
            None
        }
    }
}
