//! Accounts, sessions, notifications, and profiles of specialists.

use crate::actors::Actor;
use crate::things::World;
use anyhow::{Context, Result};
use mutrapro_testkit::eventually;
use mutrapro_tests::{PASSWORD, created, done, got, items, person, text};
use serde_json::{Value, json};

/// Makes what `name` stands for, if that is here.
///
/// # Errors
/// When one of the steps is refused.
pub(crate) async fn make(world: &World, name: &str) -> Result<Option<String>> {
    Ok(Some(match name {
        "name" => world.new_name(),
        "password" => PASSWORD.to_owned(),
        "role" => "recording_artist".to_owned(),
        "user" => user(world).await?,
        "inactive_user" => {
            let id = user(world).await?;
            done(&world.client(Actor::Admin)?, &format!("users/{id}/deactivate"), &json!({})).await?;
            id
        }
        "artist_user" => {
            let id = user(world).await?;
            let role = json!({ "role": "recording_artist" });
            created(&world.client(Actor::Admin)?, &format!("users/{id}/roles"), &role).await?;
            id
        }
        "refresh_token" => world.company.sign_in(Actor::Owner).await?.refresh_token,
        "session" => session(world).await?,
        "notification" => notification(world).await?,
        "worker_profile" => world.company.worker_profile.clone(),
        "skill_category" => {
            let category = json!({ "name": world.new_name() });
            id_of(&created(&world.client(Actor::Admin)?, "skill-categories", &category).await?)?
        }
        "skill" => {
            let skill = json!({ "category_id": world.thing("skill_category").await?, "name": world.new_name() });
            id_of(&created(&world.client(Actor::Admin)?, "skills", &skill).await?)?
        }
        "demo" => {
            let demo = json!({
                "role": "instrumentalist", "title": "Diễm xưa", "preview_url": "https://example.com/demo",
            });
            id_of(&created(&world.client(Actor::Worker)?, "specialists/me/demos", &demo).await?)?
        }
        _ => return Ok(None),
    }))
}

/// The id in what was created.
///
/// # Errors
/// When there is none.
pub(crate) fn id_of(thing: &Value) -> Result<String> {
    Ok(text(thing, "id")?.to_owned())
}

async fn user(world: &World) -> Result<String> {
    Ok(person(&world.client(Actor::Nobody)?, &world.new_name()).await?.user_id)
}

/// A session of the owner beside the one that they use.
async fn session(world: &World) -> Result<String> {
    let other = world.company.sign_in(Actor::Owner).await?.client;
    let sessions = got(&other, "auth/sessions?limit=100").await?;
    let current = items(&sessions)?.iter().find(|session| session.get("is_current") == Some(&json!(true)));
    id_of(current.context("the session is listed")?)
}

/// Something that the owner was told.
async fn notification(world: &World) -> Result<String> {
    let owner = world.client(Actor::Owner)?;
    eventually("the owner was told something", async || {
        let notifications = got(&owner, "notifications").await?;
        items(&notifications)?.first().map(id_of).transpose()
    })
    .await
}
