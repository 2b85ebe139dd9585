//! Races for a studio, its equipment and its artists.

use crate::{RACERS, Stage, race, rounds};
use anyhow::{Result, ensure};
use jiff::{Timestamp, ToSpan};
use mutrapro_testkit::Answer;
use mutrapro_tests::{Person, created, got, items, once, text};
use serde_json::{Value, json};

const DAY_S: i64 = 86_400;

pub(crate) async fn a_slot_goes_to_one_customer(stage: &Stage) -> Result<()> {
    let place = &Place::new(stage, "Slots").await?;
    let bookings = rounds(|round| async move {
        let racers = stage.crowd.iter().enumerate().map(async |(racer, customer)| {
            // Every other one begins when half of the session of those before is over.
            let starts_at = place.slot(round)?.checked_add(if racer % 2 == 0 { 0.minutes() } else { 30.minutes() })?;
            book(customer, round, &place.session(starts_at, Wish::Nothing)?).await
        });
        let winner = race(racers).await?.winner(&["409 slot_taken"])?;
        Ok((round, text(&winner, "id")?.to_owned()))
    });
    let bookings = bookings.await?;
    stage.settled().await?;
    for (round, booking) in &bookings {
        let (from, to) = (place.slot(*round)?, place.slot(round + 1)?);
        let path = format!("bookings?studio={}&from={from}&to={to}", place.id);
        let found = got(&stage.cast.admin.client, &path).await?;
        ensure!(items(&found)?.len() == 1, "{found}");
        booked_once(stage, booking).await?;
    }
    stage.counts("studio_db", OVERLAPPING_SESSIONS, &place.id, 0).await
}

pub(crate) async fn an_artist_is_in_one_session_at_a_time(stage: &Stage) -> Result<()> {
    let singer = &stage.cast.singer;
    let mut places = Vec::new();
    for racer in 0..RACERS {
        places.push(Place::new(stage, &format!("Stage {racer}")).await?);
    }
    let places = &places;
    let bookings = rounds(|round| async move {
        let racers = stage.crowd.iter().zip(places).map(async |(customer, place)| {
            book(customer, round, &place.session(place.slot(round)?, Wish::Artist(&singer.specialist_id))?).await
        });
        let winner = race(racers).await?.winner(&["409 artist_taken"])?;
        Ok(text(&winner, "id")?.to_owned())
    });
    let bookings = bookings.await?;
    stage.settled().await?;
    let sessions = got(&singer.person.client, "bookings?limit=100").await?;
    ensure!(items(&sessions)?.len() == bookings.len(), "the singer sees each session: {sessions}");
    for booking in &bookings {
        booked_once(stage, booking).await?;
    }
    stage.counts("studio_db", SESSIONS_AT_ONCE, &singer.specialist_id, 0).await
}

/// Customers want two pieces for the same hour while the studio gives one of the two away.
pub(crate) async fn no_more_is_lent_than_there_is(stage: &Stage) -> Result<()> {
    let admin = &stage.cast.admin;
    let place = &Place::new(stage, "Equipment").await?;
    let category = &created(&admin.client, "equipment-categories", &json!({ "name": "Microphones" })).await?;
    let lent = rounds(|round| async move {
        let pieces = &two_pieces(admin, category, (place, round)).await?;
        let racers = stage.crowd.iter().enumerate().map(async |(racer, customer)| {
            if racer == round % RACERS {
                // Booking takes longer, so the administrator looks before giving away.
                got(&admin.client, &format!("studio-equipment/{pieces}")).await?;
                let path = format!("/api/v1/studio-equipment/{pieces}");
                return admin.client.patch(&path, &json!({ "quantity": 1 })).await;
            }
            book(customer, round, &place.session(place.slot(round)?, Wish::TwoPieces(pieces))?).await
        });
        let losses = ["409 slot_taken", "409 equipment_unavailable", "409 equipment_lent"];
        let winner = race(racers).await?.winner(&losses)?;
        let is_booking = winner.get("starts_at").is_some();
        Ok((pieces.clone(), is_booking.then(|| winner.get("id").cloned())))
    });
    let lent = lent.await?;
    stage.settled().await?;
    for (pieces, booking) in &lent {
        let left = got(&admin.client, &format!("studio-equipment/{pieces}")).await?;
        let expected = if booking.is_some() { 2 } else { 1 };
        ensure!(left.get("quantity") == Some(&json!(expected)), "{booking:?} {left}");
        stage.counts("studio_db", LENT_SESSIONS, pieces, booking.iter().len() as i64).await?;
        stage.counts("studio_db", OVERLENT_SESSIONS, pieces, 0).await?;
    }
    let booked = lent.iter().filter(|(_, booking)| booking.is_some()).count();
    println!("of {} races for equipment customers won {booked}", lent.len());
    Ok(())
}

async fn book(customer: &Person, round: usize, session: &Value) -> Result<Answer> {
    let key = format!("{}-{round}", text(session, "studio_id")?);
    once(&customer.client, "bookings", &key, session).await
}

async fn booked_once(stage: &Stage, booking: &str) -> Result<()> {
    stage.counts("studio_db", PENDING_SESSIONS, booking, 1).await?;
    stage.told_once(&["booking.created"], "booking_id", booking).await
}

/// Two pieces of a model of its own.
async fn two_pieces(admin: &Person, category: &Value, (place, round): (&Place, usize)) -> Result<String> {
    let model = json!({
        "category_id": category.get("id"), "name": "Condenser", "brand": "Neumann", "model": format!("U {round}"),
    });
    let model = created(&admin.client, "equipment", &model).await?;
    let pieces = json!({ "equipment_id": model.get("id"), "studio_id": place.id, "quantity": 2 });
    Ok(text(&created(&admin.client, "studio-equipment", &pieces).await?, "id")?.to_owned())
}

/// A studio that never closes.
struct Place {
    id: String,
    /// When the first slot begins.
    first_slot: Timestamp,
}

impl Place {
    async fn new(stage: &Stage, name: &str) -> Result<Self> {
        let studio = json!({
            "name": name, "location": "Hà Nội", "capacity": 8, "hourly_rate": 300_000, "opens_at_minute": 0,
            "closes_at_minute": 1440,
        });
        let studio = created(&stage.cast.admin.client, "studios", &studio).await?;
        let days = Timestamp::now().as_second() / DAY_S;
        Ok(Self { id: text(&studio, "id")?.to_owned(), first_slot: Timestamp::from_second((days + 1) * DAY_S)? })
    }

    /// When the slot of a round begins; the next one begins two hours later.
    fn slot(&self, round: usize) -> Result<Timestamp> {
        Ok(self.first_slot.checked_add((2 * i64::try_from(round)?).hours())?)
    }

    /// An hour here.
    fn session(&self, starts_at: Timestamp, wish: Wish<'_>) -> Result<Value> {
        let (session_type, artists, equipment) = match wish {
            Wish::Nothing => ("self_recording", json!([]), json!([])),
            Wish::Artist(id) => ("artist_assisted", json!([{ "specialist_id": id, "role": "vocalist" }]), json!([])),
            Wish::TwoPieces(id) => ("self_recording", json!([]), json!([{ "studio_equipment_id": id, "quantity": 2 }])),
        };
        Ok(json!({
            "studio_id": self.id, "session_type": session_type, "starts_at": starts_at.to_string(),
            "ends_at": starts_at.checked_add(1.hour())?.to_string(), "artists": artists, "equipment": equipment,
        }))
    }
}

/// What a session needs beside the studio.
#[derive(Clone, Copy)]
enum Wish<'w> {
    Nothing,
    Artist(&'w str),
    TwoPieces(&'w str),
}

const PENDING_SESSIONS: &str = "SELECT count(*) FROM studio_bookings WHERE id = $1 AND status = 'pending'";
const OVERLAPPING_SESSIONS: &str = "SELECT count(*) FROM studio_bookings AS one
    JOIN studio_bookings AS other ON other.studio_id = one.studio_id AND other.id > one.id
        AND other.starts_at < one.ends_at AND one.starts_at < other.ends_at
    WHERE one.studio_id = $1 AND one.status = 'pending' AND other.status = 'pending'";
const SESSIONS_AT_ONCE: &str = "SELECT count(*) FROM booking_artists AS part
    JOIN studio_bookings AS one ON one.id = part.booking_id
    JOIN booking_artists AS other_part ON other_part.specialist_id = part.specialist_id
    JOIN studio_bookings AS other ON other.id = other_part.booking_id AND other.id > one.id
        AND other.starts_at < one.ends_at AND one.starts_at < other.ends_at
    WHERE part.specialist_id = $1 AND one.status = 'pending' AND other.status = 'pending'";
const LENT_SESSIONS: &str = "SELECT count(*) FROM booking_required_equipment WHERE studio_equipment_id = $1";
const OVERLENT_SESSIONS: &str = "SELECT count(*) FROM booking_required_equipment AS line
    JOIN studio_equipment AS pieces ON pieces.id = line.studio_equipment_id
    JOIN studio_bookings AS booking ON booking.id = line.booking_id
    WHERE pieces.id = $1 AND booking.status = 'pending' AND line.quantity > pieces.quantity";
