//! A studio with equipment, and a session in it.

use crate::catalogue::known_or_new;
use crate::client::{Client, id};
use crate::people::{Round, Specialist};
use anyhow::{Context, Result};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

/// Category, name, brand, model, what it cost in đồng, how many there are, and what one costs for a session in đồng.
const EQUIPMENT: [(&str, &str, &str, &str, i64, u32, i64); 3] = [
    ("Microphones", "Condenser microphone", "Neumann", "U 87 Ai", 80_000_000, 2, 50_000),
    ("Microphones", "Dynamic microphone", "Shure", "SM7B", 11_000_000, 4, 20_000),
    ("Instruments", "Digital piano", "Yamaha", "CP88", 62_000_000, 1, 100_000),
];

/// Vietnam's clock, which is the studio's.
const UTC_OFFSET_HOURS: i8 = 7;
const SESSION_STARTS_AT_HOUR: i8 = 10;
const SESSION_HOURS: i64 = 2;

/// What can be booked.
pub(crate) struct Studio {
    pub(crate) name: String,
    id: String,
    /// The pieces of each model, in the order of [`EQUIPMENT`].
    equipment: Vec<String>,
}

impl Studio {
    /// Opens a studio.
    ///
    /// # Errors
    /// The request that was refused.
    pub(crate) async fn open(admin: &Client, round: Round) -> Result<Self> {
        let name = round.named("Phòng thu Sông Hồng");
        let studio = json!({
            "name": name, "location": "12 Lý Thường Kiệt, Hà Nội", "capacity": 8, "hourly_rate": 300_000,
            "admin_fee": 20_000, "currency": "VND", "opens_at_minute": 8 * 60, "closes_at_minute": 22 * 60,
            "utc_offset_minutes": i32::from(UTC_OFFSET_HOURS) * 60,
            "description": "A room for eight with a booth for the voice",
        });
        let studio = id(&admin.post("studios", &studio).await?)?;
        let mut equipment = Vec::new();
        for (category, name, brand, model, purchase_price, quantity, rental_fee) in EQUIPMENT {
            let category = known_or_new(admin, "equipment-categories", &json!({ "name": category }), &["name"]).await?;
            let new = json!({
                "category_id": category, "name": name, "brand": brand, "model": model, "purchase_price": purchase_price,
                "currency": "VND",
            });
            // Models are shared by all studios, pieces are in one.
            let model = known_or_new(admin, "equipment", &new, &["name", "brand", "model"]).await?;
            let pieces = json!({
                "equipment_id": model, "studio_id": studio, "quantity": quantity, "condition": "good",
                "rental_fee": rental_fee,
            });
            equipment.push(id(&admin.post("studio-equipment", &pieces).await?)?);
        }
        Ok(Self { name, id: studio, equipment })
    }

    /// Books two hours of tomorrow for a project with `singer` and a microphone, and confirms it.
    ///
    /// # Errors
    /// The request that was refused.
    pub(crate) async fn book(&self, coordinator: &Client, project: &str, singer: &Specialist) -> Result<String> {
        let (starts_at, ends_at) = session(Timestamp::now())?;
        let microphone = self.equipment.first().context("the studio has no equipment")?;
        let session = json!({
            "studio_id": self.id, "session_type": "artist_assisted", "project_id": project,
            "starts_at": starts_at.to_string(), "ends_at": ends_at.to_string(),
            "artists": [{ "specialist_id": singer.id, "role": "vocalist" }],
            "equipment": [{ "studio_equipment_id": microphone, "quantity": 1 }],
            "purpose": "Lead vocals", "special_instructions": "Warm water, and no air conditioning while we record",
        });
        let booking = id(&coordinator.post_once("bookings", &format!("demo-{project}"), &session).await?)?;
        let confirmed = coordinator.act(&format!("bookings/{booking}/confirm")).await?;
        let status = confirmed.get("status").and_then(Value::as_str);
        anyhow::ensure!(status == Some("confirmed"), "the booking {booking} is {status:?}, although it was confirmed");
        Ok(booking)
    }
}

/// From when to when a session is that is booked at `now`.
fn session(now: Timestamp) -> Result<(Timestamp, Timestamp)> {
    let clock = TimeZone::fixed(Offset::from_hours(UTC_OFFSET_HOURS)?);
    let tomorrow = now.to_zoned(clock.clone()).date().tomorrow()?;
    let starts_at = tomorrow.at(SESSION_STARTS_AT_HOUR, 0, 0, 0).to_zoned(clock)?.timestamp();
    Ok((starts_at, starts_at.checked_add(SESSION_HOURS.hours())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_in_the_morning_of_the_studios_next_day() {
        for (now, starts_at) in [
            ("2026-01-31T16:59:59Z", "2026-02-01T03:00:00Z"),
            // After midnight in Hà Nội.
            ("2026-01-31T17:00:00Z", "2026-02-02T03:00:00Z"),
        ] {
            let (from, to) = session(now.parse().unwrap()).unwrap();
            assert_eq!(from.to_string(), starts_at);
            assert_eq!(to.since(from).unwrap().get_seconds(), 2 * 3600);
        }
    }
}
