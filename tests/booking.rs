//! The part of the story that happens in the studio: a recording request books it with a vocalist and a microphone, nobody
//! else gets the slot, and everyone concerned is told once.

use anyhow::{Context, Result, ensure};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};
use mutrapro_testkit::{System, eventually};
use mutrapro_tests::{Cast, Person, created, done, got, items, once, repository_system, text};
use serde_json::{Value, json};

/// Two hours of the studio at 300,000.
const STUDIO_FEE: i64 = 600_000;
/// Two hours of the singer at 150,000.
const ARTIST_FEE: i64 = 300_000;
const ADMIN_FEE: i64 = 20_000;
/// One microphone for the session.
const EQUIPMENT_FEE: i64 = 50_000;

#[tokio::test]
async fn a_recording_request_books_the_studio_and_nobody_else_gets_the_slot() -> Result<()> {
    let system = repository_system().start().await?;
    let cast = Cast::of(&system).await?;
    let (studio, microphone) = studio(&cast.admin).await?;
    let request = json!({
        "request_type": "recording", "title": "Lead vocals", "description": "Two verses and a chorus, in one take",
    });
    let request = text(&created(&cast.customer.client, "requests", &request).await?, "id")?.to_owned();
    done(&cast.coordinator.client, &format!("requests/{request}/claim"), &json!({})).await?;
    let session = session(&studio, &microphone, &request, &cast.singer.specialist_id)?;

    let quote = done(&cast.customer.client, "bookings/quote", &session).await?;
    let booking = once(&cast.customer.client, "bookings", "first", &session).await?.expect(201)?.json()?;
    let again = once(&cast.customer.client, "bookings", "first", &session).await?.json()?;
    ensure!(text(&again, "id")? == text(&booking, "id")?, "the same key is the same booking: {again}");
    costs_what_was_quoted(&quote, &booking)?;
    nobody_else_gets_the_slot(&cast, &session).await?;

    let path = format!("bookings/{}", text(&booking, "id")?);
    for who in [&cast.customer, &cast.coordinator, &cast.singer.person, &cast.admin] {
        got(&who.client, &path).await?;
    }
    for who in [&cast.other_customer, &cast.other_coordinator, &cast.transcriber.person] {
        who.client.get(&format!("/api/v1/{path}")).await?.problem(404)?;
    }
    let confirmed = done(&cast.coordinator.client, &format!("{path}/confirm"), &json!({})).await?;
    ensure!(text(&confirmed, "status")? == "confirmed", "{confirmed}");
    for step in ["start", "complete"] {
        done(&cast.coordinator.client, &format!("{path}/{step}"), &json!({})).await?;
    }
    cast.customer.client.post(&format!("/api/v1/{path}/cancel"), &json!({})).await?.problem(409)?;

    system.settled().await?;
    everyone_is_told_once(&cast).await?;
    the_log_holds_each_step(&cast, &system).await
}

/// A studio that is open all day and its one microphone.
async fn studio(admin: &Person) -> Result<(String, String)> {
    let studio = json!({
        "name": "Room A", "location": "Hà Nội", "capacity": 6, "hourly_rate": 300_000, "admin_fee": ADMIN_FEE,
        "currency": "VND", "opens_at_minute": 480, "closes_at_minute": 1320,
    });
    let studio = text(&created(&admin.client, "studios", &studio).await?, "id")?.to_owned();
    let category = created(&admin.client, "equipment-categories", &json!({ "name": "Microphones" })).await?;
    let model = json!({
        "category_id": text(&category, "id")?, "name": "Condenser microphone", "brand": "Neumann", "model": "U 87 Ai",
    });
    let model = created(&admin.client, "equipment", &model).await?;
    let pieces = json!({
        "equipment_id": text(&model, "id")?, "studio_id": studio, "quantity": 1, "condition": "excellent",
        "rental_fee": EQUIPMENT_FEE,
    });
    let microphone = text(&created(&admin.client, "studio-equipment", &pieces).await?, "id")?.to_owned();
    Ok((studio, microphone))
}

/// Ten to twelve in the studio's day after tomorrow.
fn session(studio: &str, microphone: &str, request: &str, singer: &str) -> Result<Value> {
    let clock = TimeZone::fixed(Offset::from_hours(7)?);
    let day = Timestamp::now().to_zoned(clock.clone()).date().checked_add(2.days())?;
    let at = |hour| anyhow::Ok(day.at(hour, 0, 0, 0).to_zoned(clock.clone())?.timestamp().to_string());
    Ok(json!({
        "studio_id": studio, "session_type": "artist_assisted", "request_id": request,
        "starts_at": at(10)?, "ends_at": at(12)?,
        "artists": [{ "specialist_id": singer, "role": "vocalist" }],
        "equipment": [{ "studio_equipment_id": microphone, "quantity": 1 }],
    }))
}

fn costs_what_was_quoted(quote: &Value, booking: &Value) -> Result<()> {
    let total = STUDIO_FEE + ARTIST_FEE + ADMIN_FEE + EQUIPMENT_FEE;
    for (field, expected) in [
        ("billable_minutes", 120),
        ("studio_fee", STUDIO_FEE),
        ("artist_fee", ARTIST_FEE),
        ("admin_fee", ADMIN_FEE),
        ("equipment_fee", EQUIPMENT_FEE),
        ("total_cost", total),
    ] {
        for answer in [quote, booking] {
            ensure!(answer.get(field) == Some(&json!(expected)), "{field} is {expected}: {answer}");
        }
    }
    Ok(())
}

async fn nobody_else_gets_the_slot(cast: &Cast, session: &Value) -> Result<()> {
    let mut other = session.clone();
    let body = other.as_object_mut().context("a session is an object")?;
    for field in ["request_id", "artists", "equipment"] {
        body.remove(field);
    }
    body.insert("session_type".to_owned(), json!("self_recording"));
    let code = once(&cast.other_customer.client, "bookings", "other", &other).await?.problem(409)?;
    ensure!(code == "slot_taken", "{code}");
    Ok(())
}

async fn everyone_is_told_once(cast: &Cast) -> Result<()> {
    for who in [&cast.customer, &cast.coordinator, &cast.singer.person] {
        let notifications = got(&who.client, "notifications?limit=100").await?;
        let told: Vec<_> =
            items(&notifications)?.iter().filter(|one| one.get("reference_type") == Some(&json!("booking"))).collect();
        ensure!(!told.is_empty(), "{} is not told of the booking: {notifications}", who.user_id);
        let mut titles: Vec<_> = told.iter().filter_map(|one| one.get("title")).map(Value::to_string).collect();
        titles.sort();
        titles.dedup();
        ensure!(titles.len() == told.len(), "{} is told something twice: {notifications}", who.user_id);
    }
    Ok(())
}

async fn the_log_holds_each_step(cast: &Cast, system: &System) -> Result<()> {
    let actions = eventually("the log holds three steps", async || {
        let activity = got(&cast.admin.client, "activity?entity=booking&limit=100").await?;
        let actions: Vec<_> =
            items(&activity)?.iter().filter_map(|one| Some(one.get("action")?.as_str()?.to_owned())).collect();
        Ok((actions.len() >= 3).then_some(actions))
    })
    .await?;
    ensure!(actions == ["completed", "confirmed", "created"], "newest first: {actions:?}");
    system.no_dead_letters().await?;
    Ok(())
}
