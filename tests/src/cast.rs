//! The people of a small studio, each with the roles and profiles that the story needs.

use crate::people::{PASSWORD, admin, login, register, text, user_id};
use anyhow::{Context, Result};
use mutrapro_testkit::{Answer, Client, System, answer};
use reqwest::Method;
use serde_json::{Value, json};

/// Someone with an account.
pub struct Person {
    /// Sends requests as this person.
    pub client: Client,
    /// Their account.
    pub user_id: String,
}

/// A specialist among the [`Cast`].
pub struct Artist {
    /// Their account.
    pub person: Person,
    /// Their profile.
    pub specialist_id: String,
}

/// Everyone.
pub struct Cast {
    /// The administrator.
    pub admin: Person,
    /// Sees requests through.
    pub coordinator: Person,
    /// Sees other requests through.
    pub other_coordinator: Person,
    /// Files requests.
    pub customer: Person,
    /// Files other requests.
    pub other_customer: Person,
    /// Transcribes.
    pub transcriber: Artist,
    /// Sings.
    pub singer: Artist,
}

impl Cast {
    /// Registers everyone on `system` and gives them their roles and profiles.
    ///
    /// # Errors
    /// When one of the steps is refused.
    pub async fn of(system: &System) -> Result<Self> {
        let api = system.client();
        let client = admin(&api).await?.client;
        let admin = Person { user_id: user_id(&client).await?, client };
        Ok(Self {
            coordinator: coordinator(&api, &admin, "anh").await?,
            other_coordinator: coordinator(&api, &admin, "binh").await?,
            customer: person(&api, "lan").await?,
            other_customer: person(&api, "minh").await?,
            transcriber: artist(&api, &admin, "thu", "transcription").await?,
            singer: artist(&api, &admin, "hoa", "recording").await?,
            admin,
        })
    }
}

/// Registers a customer.
///
/// # Errors
/// When it is refused.
pub async fn person(api: &Client, name: &str) -> Result<Person> {
    register(api, name).await?.expect(201)?;
    sign_in(api, name).await
}

async fn sign_in(api: &Client, name: &str) -> Result<Person> {
    let client = login(api, &format!("{name}@example.com"), PASSWORD).await?.client;
    Ok(Person { user_id: user_id(&client).await?, client })
}

async fn coordinator(api: &Client, admin: &Person, name: &str) -> Result<Person> {
    let user_id = person(api, name).await?.user_id;
    created(&admin.client, "coordinators", &json!({ "user_id": user_id, "department": "Production" })).await?;
    // A role counts from the next sign-in.
    sign_in(api, name).await
}

/// Registers a specialist for `transcription`, `arrangement` or `recording`.
///
/// # Errors
/// When one of the steps is refused.
pub async fn artist(api: &Client, admin: &Person, name: &str, specialization: &str) -> Result<Artist> {
    let role = match specialization {
        "recording" => "recording_artist",
        "arrangement" => "arrangement_specialist",
        _ => "transcription_specialist",
    };
    let user_id = person(api, name).await?.user_id;
    created(&admin.client, &format!("users/{user_id}/roles"), &json!({ "role": role })).await?;
    let profile = json!({
        "user_id": user_id, "specialization": specialization, "experience_years": 6, "hourly_rate": 150_000,
        "currency": "VND",
    });
    let specialist = created(&admin.client, "specialists", &profile).await?;
    Ok(Artist { person: sign_in(api, name).await?, specialist_id: text(&specialist, "id")?.to_owned() })
}

/// Posts `body` below `/api/v1`, and gives what was created.
///
/// # Errors
/// When the answer is another than 201.
pub async fn created(client: &Client, path: &str, body: &Value) -> Result<Value> {
    let answer = client.post(&format!("/api/v1/{path}"), body).await?;
    answer.expect(201).with_context(|| format!("POST {path} {body}"))?.json()
}

/// Posts `body` below `/api/v1`, and gives the thing as it is then.
///
/// # Errors
/// When the answer is another than 200.
pub async fn done(client: &Client, path: &str, body: &Value) -> Result<Value> {
    let answer = client.post(&format!("/api/v1/{path}"), body).await?;
    answer.expect(200).with_context(|| format!("POST {path} {body}"))?.json()
}

/// Gets what is below `/api/v1`.
///
/// # Errors
/// When the answer is another than 200.
pub async fn got(client: &Client, path: &str) -> Result<Value> {
    client.get(&format!("/api/v1/{path}")).await?.expect(200).with_context(|| format!("GET {path}"))?.json()
}

/// Posts `body` below `/api/v1` with an `Idempotency-Key`.
///
/// # Errors
/// When there is no answer.
pub async fn once(client: &Client, path: &str, key: &str, body: &Value) -> Result<Answer> {
    let request = client.request(Method::POST, &format!("/api/v1/{path}"));
    answer(request.header("idempotency-key", key).json(body)).await
}

/// Uploads `content` with the parameters in `query`, and gives the file.
///
/// # Errors
/// When the answer is another than 201.
pub async fn uploaded(client: &Client, query: &[(&str, &str)], content: Vec<u8>) -> Result<Value> {
    let request = client.request(Method::POST, "/api/v1/files").query(query);
    let answer = answer(request.header("content-type", "application/octet-stream").body(content)).await?;
    answer.expect(201).with_context(|| format!("POST files {query:?}"))?.json()
}

/// A WAV file (RIFF, PCM, mono, 8 bits, 8 kHz) of silence.
pub fn wav(seconds: u32) -> Vec<u8> {
    const RATE_HZ: u32 = 8_000;
    let samples = seconds * RATE_HZ;
    let mut file = Vec::new();
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + samples).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    for field in [1_u16, 1] {
        file.extend_from_slice(&field.to_le_bytes());
    }
    for field in [RATE_HZ, RATE_HZ] {
        file.extend_from_slice(&field.to_le_bytes());
    }
    for field in [1_u16, 8] {
        file.extend_from_slice(&field.to_le_bytes());
    }
    file.extend_from_slice(b"data");
    file.extend_from_slice(&samples.to_le_bytes());
    file.resize(file.len() + samples as usize, 128);
    file
}

/// A small PDF.
pub fn pdf() -> Vec<u8> {
    b"%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n".to_vec()
}

/// A small score in MusicXML.
pub fn music_xml() -> Vec<u8> {
    br#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">
<score-partwise version="4.0"><part-list><score-part id="P1"><part-name>Piano</part-name></score-part></part-list>
<part id="P1"><measure number="1"/></part></score-partwise>
"#
    .to_vec()
}
