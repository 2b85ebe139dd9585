//! Studios, their equipment and bookings.

use crate::accounts::id_of;
use crate::actors::Actor;
use crate::things::World;
use anyhow::Result;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use mutrapro_testkit::Client;
use mutrapro_tests::{created, done, once};
use serde_json::{Value, json};

/// Makes what `name` stands for, if that is here.
///
/// # Errors
/// When one of the steps is refused.
pub(crate) async fn make(world: &World, name: &str) -> Result<Option<String>> {
    let admin = world.client(Actor::Admin)?;
    Ok(Some(match name {
        "studio" => studio(world, &admin).await?,
        "closed_studio" => {
            let studio = studio(world, &admin).await?;
            retired(&admin, &format!("studios/{studio}")).await?;
            studio
        }
        "equipment_category" => {
            id_of(&created(&admin, "equipment-categories", &json!({ "name": world.new_name() })).await?)?
        }
        "equipment" => equipment(world, &admin).await?,
        "retired_equipment" => {
            let equipment = equipment(world, &admin).await?;
            retired(&admin, &format!("equipment/{equipment}")).await?;
            equipment
        }
        "pieces" => {
            let (equipment, studio) = (world.thing("equipment").await?, world.thing("studio").await?);
            let pieces = json!({ "equipment_id": equipment, "studio_id": studio, "quantity": 2 });
            id_of(&created(&admin, "studio-equipment", &pieces).await?)?
        }
        "slot" => slot(world)?,
        "singer" => world.company.artist_profile.clone(),
        "own_booking" => booking(world, None, &[]).await?,
        "quiet_booking" => quiet_booking(world).await?,
        "booking" | "pending_booking" => held_booking(world, &[]).await?,
        "confirmed_booking" => held_booking(world, &["confirm"]).await?,
        "begun_booking" => held_booking(world, &["confirm", "start"]).await?,
        _ => return Ok(None),
    }))
}

/// A day and an hour, in UTC, at which nothing is booked.
fn slot(world: &World) -> Result<String> {
    let first = Timestamp::now().to_zoned(TimeZone::UTC).checked_add(1.day())?;
    Ok(first.checked_add(i64::from(world.new_hour()).hours())?.strftime("%Y-%m-%dT%H").to_string())
}

async fn studio(world: &World, admin: &Client) -> Result<String> {
    let studio = json!({
        "name": world.new_name(), "location": "Hà Nội", "capacity": 8, "hourly_rate": 300_000, "opens_at_minute": 0,
        "closes_at_minute": 1440,
    });
    id_of(&created(admin, "studios", &studio).await?)
}

async fn equipment(world: &World, admin: &Client) -> Result<String> {
    let category = world.thing("equipment_category").await?;
    let equipment =
        json!({ "category_id": category, "name": world.new_name(), "brand": "Neumann", "model": "U 87 Ai" });
    id_of(&created(admin, "equipment", &equipment).await?)
}

async fn retired(admin: &Client, path: &str) -> Result<()> {
    admin.patch(&format!("/api/v1/{path}"), &json!({ "is_active": false })).await?.expect(200)?;
    Ok(())
}

/// What the owner asks for, with the artist, for `request` if there is one.
async fn session(world: &World, request: Option<&str>) -> Result<Value> {
    let slot = slot(world)?;
    Ok(json!({
        "studio_id": world.thing("studio").await?, "session_type": "artist_assisted", "request_id": request,
        "starts_at": format!("{slot}:00:00Z"), "ends_at": format!("{slot}:59:00Z"),
        "artists": [{ "specialist_id": world.company.artist_profile, "role": "vocalist" }],
    }))
}

/// A booking of the owner on which the holder took `steps`.
async fn booking(world: &World, request: Option<&str>, steps: &[&str]) -> Result<String> {
    let session = session(world, request).await?;
    let booking = once(&world.client(Actor::Owner)?, "bookings", &world.new_name(), &session).await?;
    let booking = id_of(&booking.expect(201)?.json()?)?;
    for step in steps {
        done(&world.client(Actor::Holder)?, &format!("bookings/{booking}/{step}"), &json!({})).await?;
    }
    Ok(booking)
}

/// One for a request that the holder sees through.
async fn held_booking(world: &World, steps: &[&str]) -> Result<String> {
    booking(world, Some(&world.thing("request").await?), steps).await
}

/// One in which nobody but the owner sings.
async fn quiet_booking(world: &World) -> Result<String> {
    let slot = slot(world)?;
    let session = json!({
        "studio_id": world.thing("studio").await?, "session_type": "self_recording",
        "starts_at": format!("{slot}:00:00Z"), "ends_at": format!("{slot}:59:00Z"),
    });
    let booking = once(&world.client(Actor::Owner)?, "bookings", &world.new_name(), &session).await?;
    id_of(&booking.expect(201)?.json()?)
}
