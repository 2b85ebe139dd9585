//! albums: a complete service, with a table, a route, an event of its own and a handler for another's.
//!
//! CREATE TABLE albums (id UUID NOT NULL, user_id UUID NOT NULL, title TEXT NOT NULL, created_at TIMESTAMPTZ NOT NULL,
//!     CONSTRAINT albums_id_key PRIMARY KEY (id), CONSTRAINT albums_user_id_title_key UNIQUE (user_id, title));

use axum::{Router, http::StatusCode, routing::post};
use mutrapro_contracts::{Event, user::UserDeactivated};
use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Json, Validate};
use mutrapro_sdk::problem::{OnConstraint, Problem, Result};
use mutrapro_sdk::sql::{Transaction, params, transaction};
use mutrapro_sdk::time::Instant;
use serde::{Deserialize, Serialize};

mutrapro_sdk::service! { router: router, events: handle }

mutrapro_sdk::id! {
    /// An album.
    AlbumId
}

fn router() -> Router {
    Router::new().route("/albums", post(create))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAlbum {
    title: String,
}

impl Validate for NewAlbum {
    fn validate(&self, errors: &mut FieldErrors) {
        errors.check((1..=200).contains(&self.title.chars().count()), "title", "must be 1 to 200 characters");
    }
}

/// `album.created`; in a real service it stands in `components/contracts`.
#[derive(Serialize)]
struct AlbumCreated {
    album_id: Uuid,
    user_id: Uuid,
    title: String,
}

impl Event for AlbumCreated {
    const KIND: &'static str = "album.created";
    const AGGREGATE: &'static str = "album";

    fn aggregate_id(&self) -> String {
        self.album_id.to_string()
    }
}

async fn create(user: User, Json(body): Json<NewAlbum>) -> Result<(StatusCode, Json<AlbumCreated>)> {
    user.require(Role::Customer)?;
    let event = AlbumCreated { album_id: AlbumId::generate().uuid(), user_id: user.id.uuid(), title: body.title };
    transaction(|tx| {
        tx.execute(
            "INSERT INTO albums (id, user_id, title, created_at) VALUES ($1, $2, $3, $4)",
            params![event.album_id, event.user_id, event.title, Instant::now()],
        )
        .on_constraint("albums_user_id_title_key", || Problem::conflict("title_taken", "you have such an album"))?;
        Ok(tx.emit(&event)?)
    })?;
    Ok((StatusCode::CREATED, Json(event)))
}

fn handle(event: &Incoming, tx: &Transaction<'_>) -> Result<(), Refusal> {
    if event.kind != UserDeactivated::KIND {
        return Err(event.unknown());
    }
    let user: UserDeactivated = event.parse()?;
    tx.execute("DELETE FROM albums WHERE user_id = $1", params![user.user_id])?;
    Ok(())
}
