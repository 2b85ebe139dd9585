//! The examples in JavaScript, each in the repository's own application by the lines of its README, through the public API.

#![expect(clippy::indexing_slicing, reason = "what JSON does not have is null")]

#[path = "examples/webhook.rs"]
mod webhook;

use anyhow::{Context, Result, ensure};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{Timestamp, ToSpan};
use mutrapro_testkit::{System, eventually_within};
use mutrapro_tests::{
    Cast, Databases, Person, behind_the_gateway, created, done, example_lines, extended_system, got, items, once,
    person, register, replaced, text,
};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::Duration;
use webhook::Webhook;

/// A delivery that failed is tried again after half a minute.
const DELIVERY_PATIENCE: Duration = Duration::from_secs(90);
const SECRET: &str = "a secret of the webhook";
const RECIPIENT: &str = "lan@example.com";

#[tokio::test]
async fn whoever_has_waited_longest_is_called_once_for_each_booking_that_is_cancelled() -> Result<()> {
    let builder = extended_system(|manifest| {
        Ok(behind_the_gateway(&manifest, "waiting-list-service")? + &example_lines("waiting-list-service")?)
    })?;
    let mut system = builder.env("MUTRAPRO_GATEWAY_ROUTES", "waiting-list=waiting-list-service").start().await?;
    let cast = Cast::of(&system).await?;
    let people = [cast.other_customer, person(&system.client(), "nam").await?, person(&system.client(), "phuc").await?];
    let [leaver, first, second] = &people;
    let studio = studio(&cast.admin, "Room A").await?;
    let bookings = [booked(&cast.customer, &studio, 2).await?, booked(&cast.customer, &studio, 3).await?];
    let left = waits(leaver, &studio).await?;
    let [called, waiting] = [waits(first, &studio).await?, waits(second, &studio).await?];
    // Another studio is another list.
    let elsewhere = waits(first, &self::studio(&cast.admin, "Room B").await?).await?;
    asks_properly(first, &studio, &system).await?;
    leaves(leaver, &left, &called).await?;

    cancelled(&cast.customer, &bookings[0]).await?;
    // What was on its way when the host died arrives, and arrives once.
    system.kill_and_restart().await?;
    let [customer, leaver, first, second] =
        [&cast.customer, leaver, first, second].map(|person| moved(person, &system));
    system.settled().await?;
    has_entries(&first, &[(&elsewhere, "waiting"), (&called, "called")]).await?;
    has_entries(&second, &[(&waiting, "waiting")]).await?;
    has_entries(&leaver, &[(&left, "left")]).await?;
    let code = first.client.delete(&format!("/api/v1/waiting-list/{called}")).await?.problem(409)?;
    ensure!(code == "already_called", "the code is {code}");

    // Whoever was called and wants to wait on is the last.
    let again = waits(&first, &studio).await?;
    cancelled(&customer, &bookings[1]).await?;
    system.settled().await?;
    has_entries(&second, &[(&waiting, "called")]).await?;
    has_entries(&first, &[(&again, "waiting"), (&elsewhere, "waiting"), (&called, "called")]).await?;
    are_told_once(&system, &moved(&cast.admin, &system), &[(&called, &bookings[0]), (&waiting, &bookings[1])]).await?;
    is_described(&first).await?;
    system.no_dead_letters().await
}

/// What the API refuses, and how it gives a page.
async fn asks_properly(who: &Person, studio: &str, system: &System) -> Result<()> {
    let path = "/api/v1/waiting-list";
    let code = who.client.post(path, &json!({ "studio_id": studio })).await?.problem(409)?;
    ensure!(code == "already_waiting", "the code is {code}");
    for body in [json!({}), json!({ "studio_id": "Room A" }), json!({ "studio_id": studio, "urgent": true }), json!([])]
    {
        let code = who.client.post(path, &body).await?.problem(422)?;
        ensure!(code == "invalid_fields", "the code for {body} is {code}");
    }
    system.client().get(path).await?.problem(401)?;
    system.client().post(path, &json!({ "studio_id": studio })).await?.problem(401)?;
    who.client.patch(path, &json!({})).await?.problem(405)?;
    who.client.get("/api/v1/waiting-list?limit=0").await?.problem(422)?;
    let page = got(&who.client, "waiting-list?limit=1").await?;
    let next = got(&who.client, &format!("waiting-list?limit=1&cursor={}", text(&page, "next_cursor")?)).await?;
    let ids = [&page, &next].map(|page| page["items"][0]["id"].as_str().unwrap_or_default().to_owned());
    ensure!(ids[0] > ids[1] && next["next_cursor"].is_null(), "the newest first, and no more than two: {page} {next}");
    Ok(())
}

/// Leaves the list, and cannot make another leave it.
async fn leaves(who: &Person, own: &str, others: &str) -> Result<()> {
    for _ in 0..2 {
        who.client.delete(&format!("/api/v1/waiting-list/{own}")).await?.expect(204)?;
    }
    for id in [others, "nobody"] {
        let code = who.client.delete(&format!("/api/v1/waiting-list/{id}")).await?.problem(404)?;
        ensure!(code == "not_found", "the code is {code}");
    }
    Ok(())
}

async fn waits(who: &Person, studio: &str) -> Result<String> {
    let entry = created(&who.client, "waiting-list", &json!({ "studio_id": studio })).await?;
    ensure!(entry["state"] == "waiting" && entry["studio_id"] == studio, "{entry}");
    Ok(text(&entry, "id")?.to_owned())
}

/// `expected` are ids and states, the newest first.
async fn has_entries(who: &Person, expected: &[(&String, &str)]) -> Result<()> {
    let list = got(&who.client, "waiting-list").await?;
    let found: Vec<_> =
        items(&list)?.iter().map(|one| (&one["id"], &one["state"], one["called_at"].is_string())).collect();
    let fits = found.len() == expected.len()
        && found.iter().zip(expected).all(|((id, state, is_called), (own, as_expected))| {
            *id == *own && *state == as_expected && *is_called == (*as_expected == "called")
        });
    ensure!(fits, "expected {expected:?}: {list}");
    Ok(())
}

/// Each call was told once, of the booking that made room, and everything stands once in the log of what happened.
async fn are_told_once(system: &System, admin: &Person, calls: &[(&String, &String)]) -> Result<()> {
    const TOLD: &str = "SELECT aggregate_id, event_payload FROM outbox_events WHERE event_type = 'waiting_entry.called' ORDER BY event_id";
    let told: Vec<(String, String)> = Databases::of(system)?.select("waiting_list_db", TOLD, &[]).await?;
    ensure!(told.len() == calls.len(), "{} calls were told, not {}: {told:?}", told.len(), calls.len());
    for ((id, payload), (entry, booking)) in told.iter().zip(calls) {
        let payload: Value = serde_json::from_str(payload)?;
        ensure!(id == *entry && payload["booking_id"] == **booking, "expected {entry} for {booking}: {payload}");
    }
    let log = got(&admin.client, "activity?entity=waiting_entry&limit=100").await?;
    let actions = |name: &str| items(&log).map(|all| all.iter().filter(|one| one["action"] == name).count());
    let counts = (actions("created")?, actions("left")?, actions("called")?);
    ensure!(counts == (5, 1, 2), "entries were created, left and called {counts:?} times: {log}");
    Ok(())
}

async fn is_described(who: &Person) -> Result<()> {
    let document = got(&who.client, "openapi.json").await?;
    for (path, method) in [("/waiting-list", "get"), ("/waiting-list", "post"), ("/waiting-list/{id}", "delete")] {
        let service = &document["paths"][format!("/api/v1{path}")][method]["x-service"];
        ensure!(service == "waiting-list-service", "the document has {service} at {method} {path}");
    }
    who.client.get("/api/v1/waiting-list/internal/openapi.json").await?.problem(404).map(drop)
}

/// A studio that is open all day.
async fn studio(admin: &Person, name: &str) -> Result<String> {
    let studio = json!({
        "name": name, "location": "Hà Nội", "capacity": 6, "hourly_rate": 300_000, "admin_fee": 20_000, "currency": "VND",
        "opens_at_minute": 0, "closes_at_minute": 1440,
    });
    Ok(text(&created(&admin.client, "studios", &studio).await?, "id")?.to_owned())
}

/// Books the studio for two hours, so many days from now.
async fn booked(customer: &Person, studio: &str, days: i64) -> Result<String> {
    // On the studio's clock, seven hours ahead, from ten to twelve.
    let today = Timestamp::now().to_string();
    let day: Timestamp = format!("{}T03:00:00Z", today.split('T').next().context("no date")?).parse()?;
    let starts_at = day.checked_add((24 * days).hours())?;
    let session = json!({
        "studio_id": studio, "session_type": "self_recording", "starts_at": starts_at.to_string(),
        "ends_at": starts_at.checked_add(2.hours())?.to_string(),
    });
    let booking =
        once(&customer.client, "bookings", &format!("in-{days}-days"), &session).await?.expect(201)?.json()?;
    Ok(text(&booking, "id")?.to_owned())
}

async fn cancelled(customer: &Person, booking: &str) -> Result<()> {
    let cancelled = done(&customer.client, &format!("bookings/{booking}/cancel"), &json!({})).await?;
    ensure!(cancelled["status"] == "cancelled", "{cancelled}");
    Ok(())
}

/// The same person at the host as it is after a restart.
fn moved(person: &Person, system: &System) -> Person {
    Person { client: person.client.at(&system.client()), user_id: person.user_id.clone() }
}

#[tokio::test]
async fn a_notification_reaches_the_webhook_under_one_key_however_often_it_is_tried() -> Result<()> {
    let webhook = Webhook::failing_once_for(RECIPIENT).await?;
    let builder = extended_system(|manifest| {
        let service = "component = \"notification-service\"\n";
        let named =
            replaced(&manifest, service, &format!("{service}plugins = {{ notifier = [\"webhook-notifier\"] }}\n"))?;
        let lines = example_lines("webhook-notifier")?;
        Ok(named + &lines.replace("https://hooks.example.com", &format!("http://{}", webhook.address())))
    })?;
    let system = builder.env("MUTRAPRO_WEBHOOK_SECRET", SECRET).start().await?;
    register(&system.client(), "lan").await?.expect(201)?;

    let posted = eventually_within(DELIVERY_PATIENCE, "the notification was tried again", async || {
        Ok(Some(webhook.posted_for(RECIPIENT)).filter(|posted| posted.len() >= 2))
    })
    .await?;
    for one in &posted {
        ensure!(one.line == format!("{} /mutrapro", Method::POST), "it was sent as {}", one.line);
        ensure!(one.idempotency_key == one.text("/id")?, "the key of {} is {}", one.text("/id")?, one.idempotency_key);
        ensure!(one.signature == signature(&one.body)?, "the signature is {}", one.signature);
    }
    ensure!(posted[0].idempotency_key == posted[1].idempotency_key, "two keys: {posted:?}");
    ensure!(posted[0].body == posted[1].body, "two bodies: {posted:?}");
    is_delivered(&system, &posted[0].idempotency_key).await?;
    ensure!(webhook.posted_for(RECIPIENT).len() == 2, "it was sent again after it was taken");
    Ok(())
}

/// `sha256=` and the HMAC-SHA256 of `body` under [`SECRET`], in hexadecimal digits.
fn signature(body: &[u8]) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    mac.update(body);
    Ok(format!("sha256={}", hex::encode(mac.finalize().into_bytes())))
}

/// Waits until the second attempt counts as the last.
async fn is_delivered(system: &System, notification: &str) -> Result<()> {
    const STATUS: &str = "SELECT status, attempts FROM notification_deliveries WHERE notification_id = $1";
    let databases = Databases::of(system)?;
    let attempts = eventually_within(DELIVERY_PATIENCE, "the delivery has ended", async || {
        let rows: Vec<(String, i64)> = databases.select("notification_db", STATUS, &[notification]).await?;
        Ok(rows.into_iter().find(|(status, _)| status == "delivered").map(|(_, attempts)| attempts))
    })
    .await?;
    ensure!(attempts == 2, "it took {attempts} attempts");
    Ok(())
}
