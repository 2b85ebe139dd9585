//! A project in progress: its deposit is paid, an arranger is at it, a session is booked, and a package is being prepared.

use super::agreement::Parties;
use super::{Project, task};
use crate::client::{Client, id};
use crate::media::{music_xml, pdf, wav};
use crate::people::{Cast, Specialist};
use crate::studio::Studio;
use anyhow::Result;
use serde_json::json;

const RECORDING_SECONDS: u32 = 40;

/// Makes it.
///
/// # Errors
/// The request that was refused, or the effect that did not come.
pub(crate) async fn make(cast: &Cast, studio: &Studio) -> Result<Project> {
    let parties = Parties { customer: &cast.customer.client, coordinator: &cast.coordinator.client };
    let request = json!({
        "request_type": "arrangement", "title": "Mưa đầu mùa", "priority": "normal",
        "description": "For voice, strings and piano, with room for the voice in the second verse",
    });
    let request = parties.file(&request, ("mua-dau-mua-demo.wav", &wav::of(RECORDING_SECONDS)?)).await?;
    let terms = json!({ "complexity": "moderate", "estimated_minutes": 900, "notes": "With parts for each player" });
    let agreement = parties.agree(request, &terms).await?;
    parties.pay(&agreement, "deposit").await?;
    let story = "the arranger is at it, a session is booked for tomorrow, a package is being prepared";
    let project = Project::of_request(parties.customer, &agreement.request, "in_progress", story).await?;
    let score = arranged_in_part(parties.coordinator, &project.id, &cast.arranger).await?;
    let booking = studio.book(parties.coordinator, &project.id, &cast.singer).await?;
    invite(parties.coordinator, &project.id, &cast.singer, &booking).await?;
    let package = json!({
        "project_id": project.id, "name": "First draft", "delivery_type": "draft",
        "description": "The first half, to be listened to",
    });
    let package = id(&parties.coordinator.post("packages", &package).await?)?;
    parties.coordinator.post(&format!("packages/{package}/files"), &json!({ "file_id": score })).await?;
    show_voice(&cast.singer).await?;
    Ok(project)
}

/// The arranger has written more than half of it; gives the score.
async fn arranged_in_part(coordinator: &Client, project: &str, arranger: &Specialist) -> Result<String> {
    let task = task(project, &arranger.id, "arrangement", 900, "The intro is to be quieter than on the demo")?;
    let task = id(&coordinator.post("tasks", &task).await?)?;
    let client = &arranger.person.client;
    client.act(&format!("tasks/{task}/accept")).await?;
    client.act(&format!("tasks/{task}/start")).await?;
    let of = |name| [("file_name", name), ("source", "task_deliverable"), ("assignment_id", task.as_str())];
    let score = client.upload(&of("mua-dau-mua.musicxml"), &music_xml::score()).await?;
    client.upload(&of("mua-dau-mua.pdf"), &pdf::score()).await?;
    let progress = json!({ "progress_percent": 60, "notes": "The strings are done, the piano is not" });
    client.post(&format!("tasks/{task}/progress"), &progress).await?;
    Ok(score)
}

/// The singer is asked to sing in the session, and has not answered yet.
async fn invite(coordinator: &Client, project: &str, singer: &Specialist, booking: &str) -> Result<()> {
    let notes = format!("In the session {booking}; bring your own headphones");
    coordinator.post("tasks", &task(project, &singer.id, "recording", 120, &notes)?).await?;
    Ok(())
}

/// The singer lets everyone hear her voice.
async fn show_voice(singer: &Specialist) -> Result<()> {
    let client = &singer.person.client;
    let of = [("file_name", "voice.wav"), ("source", "portfolio_demo")];
    let file = client.upload(&of, &wav::of(15)?).await?;
    let demo = json!({
        "role": "vocalist", "title": "Mưa đầu mùa, first verse", "vocal_range": "mezzo-soprano", "genre": "ballad",
        "file_id": file, "is_public": true,
    });
    client.post("specialists/me/demos", &demo).await?;
    Ok(())
}
