//! A project from its request to its rating.

use super::agreement::{Agreement, Parties};
use super::{Project, task};
use crate::client::id;
use crate::media::{music_xml, pdf, wav};
use crate::people::{Cast, Specialist};
use anyhow::Result;
use serde_json::{Value, json};

/// Three begun minutes.
const RECORDING_SECONDS: u32 = 130;
/// Each side of it, with its stars.
const FEEDBACK: [(&str, u8, &str); 2] = [
    ("overall_experience", 5, "Every note as on the recording, and a day early"),
    ("communication", 4, "I was asked what I wanted, and once too often"),
];

/// Makes it.
///
/// # Errors
/// The request that was refused, or the effect that did not come.
pub(crate) async fn make(cast: &Cast) -> Result<Project> {
    let parties = Parties { customer: &cast.customer.client, coordinator: &cast.other_coordinator.client };
    let request = json!({
        "request_type": "transcription", "title": "Khúc dạo ngũ cung", "priority": "normal",
        "description": "Note by note, for a pupil who plays from paper",
    });
    let request = parties.file(&request, ("khuc-dao.wav", &wav::of(RECORDING_SECONDS)?)).await?;
    let agreement = parties.agree(request, &json!({ "complexity": "simple" })).await?;
    parties.pay(&agreement, "deposit").await?;
    let story = "transcribed, delivered, approved, paid and rated";
    let project = Project::of_request(parties.customer, &agreement.request, "in_progress", story).await?;
    let score = transcribe(&parties, &project, &cast.transcriber).await?;
    deliver(&parties, &agreement, &project, &score).await?;
    let project = Project::of_request(parties.customer, &agreement.request, "completed", story).await?;
    rate(&parties, &agreement, &cast.transcriber).await?;
    Ok(project)
}

/// The specialist writes it down; gives the files, the score first.
async fn transcribe(parties: &Parties<'_>, project: &Project, transcriber: &Specialist) -> Result<[String; 2]> {
    let task = task(&project.id, &transcriber.id, "transcription", 240, "The last bar is slower than it sounds")?;
    let task = id(&parties.coordinator.post("tasks", &task).await?)?;
    let client = &transcriber.person.client;
    client.act(&format!("tasks/{task}/accept")).await?;
    client.act(&format!("tasks/{task}/start")).await?;
    let of = |name| [("file_name", name), ("source", "task_deliverable"), ("assignment_id", task.as_str())];
    let files = [
        client.upload(&of("khuc-dao.musicxml"), &music_xml::score()).await?,
        client.upload(&of("khuc-dao.pdf"), &pdf::score()).await?,
    ];
    client.post(&format!("tasks/{task}/complete"), &json!({ "actual_minutes": 200 })).await?;
    parties.coordinator.reaches(&format!("projects/{}", project.id), "review").await?;
    Ok(files)
}

/// The coordinator delivers the files, and the customer takes them and pays the rest.
async fn deliver(parties: &Parties<'_>, agreement: &Agreement, project: &Project, files: &[String]) -> Result<()> {
    let package = json!({
        "project_id": project.id, "name": "Score", "delivery_type": "final", "description": "As MusicXML and PDF",
    });
    let package = id(&parties.coordinator.post("packages", &package).await?)?;
    for file in files {
        parties.coordinator.post(&format!("packages/{package}/files"), &json!({ "file_id": file })).await?;
    }
    parties.coordinator.act(&format!("packages/{package}/ready")).await?;
    parties.coordinator.act(&format!("packages/{package}/deliver")).await?;
    parties.customer.act(&format!("packages/{package}/approve")).await?;
    parties.pay(agreement, "final_payment").await
}

/// The customer rates it, and the specialist's rating moves.
async fn rate(parties: &Parties<'_>, agreement: &Agreement, transcriber: &Specialist) -> Result<()> {
    parties.customer.reaches(&format!("requests/{}", agreement.request), "completed").await?;
    for (feedback_type, rating, comment) in FEEDBACK {
        let feedback = json!({
            "request_id": agreement.request, "type": feedback_type, "rating": rating, "comment": comment,
        });
        parties.customer.post("feedback", &feedback).await?;
    }
    let path = format!("specialists/{}", transcriber.id);
    let is_rated = |specialist: &Value| (specialist.get("rating_count") == Some(&json!(FEEDBACK.len()))).then_some(());
    parties.customer.wait(&path, "the specialist has the ratings", is_rated).await
}
