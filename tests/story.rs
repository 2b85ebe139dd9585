//! The story of the studio, from the registration of a customer to the rating of the specialist, through the public API.

use anyhow::{Context, Result, ensure};
use mutrapro_testkit::{System, eventually};
use mutrapro_tests::{
    Cast, created, done, got, items, milestone, music_xml, paid, pdf, project_of, reaches, repository_system, text,
    uploaded, wav,
};
use serde_json::{Value, json};

/// 3 min 20 s, which are billed as four minutes.
const SONG_SECONDS: u32 = 200;
/// 50,000 VND a minute, four minutes, simple, normal.
const TOTAL: i64 = 200_000;
const DEPOSIT: i64 = 80_000;

/// Everyone, and what they have agreed on so far.
struct Stage {
    system: System,
    cast: Cast,
}

impl Stage {
    async fn new() -> Result<Self> {
        let system = repository_system().start().await?;
        let cast = Cast::of(&system).await?;
        Ok(Self { system, cast })
    }

    /// The customer pays `milestone`, which is paid then.
    async fn pay(&self, milestone: &Value) -> Result<()> {
        let (customer, id) = (&self.cast.customer, text(milestone, "id")?);
        let payment = paid(customer, id).await?;
        ensure!(payment.get("amount") == milestone.get("amount"), "the amount is the milestone's: {payment}");
        let again = paid(customer, id).await?;
        ensure!(text(&again, "id")? == text(&payment, "id")?, "the same key is the same payment: {again}");
        reaches(customer, &format!("milestones/{id}"), "paid").await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_request_becomes_a_finished_and_rated_project() -> Result<()> {
    let stage = Stage::new().await?;
    let request = filed_and_claimed(&stage).await?;
    let quotation = quoted_twice_and_approved(&stage, &request).await?;
    let project = started_by_its_deposit(&stage, &request, &quotation).await?;
    transcribed(&stage, &project, None).await?;
    reaches(&stage.cast.coordinator, &format!("projects/{project}"), "review").await?;
    delivered(&stage, &project, "draft").await?;
    revised_for_free(&stage, &project).await?;
    revised_for_a_fee(&stage, &project, &quotation).await?;
    completed(&stage, &project, &request, &quotation).await?;
    rated(&stage, &request).await?;
    stage.system.settled().await?;
    told_and_logged(&stage, &project).await?;
    stage.system.no_dead_letters().await?;
    Ok(())
}

async fn filed_and_claimed(stage: &Stage) -> Result<String> {
    let Cast { customer, coordinator, other_coordinator, other_customer, .. } = &stage.cast;
    let body = json!({
        "request_type": "transcription", "title": "Diễm xưa", "description": "For piano, as on the recording",
        "priority": "normal",
    });
    let request = text(&created(&customer.client, "requests", &body).await?, "id")?.to_owned();
    let song = [("file_name", "diem-xua.wav"), ("source", "customer_upload"), ("request_id", request.as_str())];
    let file = uploaded(&customer.client, &song, wav(SONG_SECONDS)).await?;
    let duration = file.pointer("/audio_metadata/duration_ms");
    ensure!(duration == Some(&json!(SONG_SECONDS * 1000)), "the file's length is known: {file}");
    other_customer.client.get(&format!("/api/v1/requests/{request}")).await?.problem(404)?;
    done(&coordinator.client, &format!("requests/{request}/claim"), &json!({})).await?;
    other_coordinator.client.post(&format!("/api/v1/requests/{request}/claim"), &json!({})).await?.problem(409)?;
    Ok(request)
}

async fn quoted_twice_and_approved(stage: &Stage, request: &str) -> Result<String> {
    let Cast { customer, coordinator, .. } = &stage.cast;
    let path = format!("requests/{request}/quotations");
    let body = json!({ "complexity": "simple" });
    let first = created(&coordinator.client, &path, &body).await?;
    ensure!(first.get("total_price") == Some(&json!(TOTAL)), "four begun minutes at 50,000: {first}");
    let first = text(&first, "id")?.to_owned();
    done(&coordinator.client, &format!("quotations/{first}/send"), &json!({})).await?;
    let change = json!({ "reason": "with a second voice, please" });
    done(&customer.client, &format!("quotations/{first}/request-change"), &change).await?;

    let second = created(&coordinator.client, &path, &body).await?;
    ensure!(second.get("version") == Some(&json!(2)), "{second}");
    let second = text(&second, "id")?.to_owned();
    done(&coordinator.client, &format!("quotations/{second}/send"), &json!({})).await?;
    done(&customer.client, &format!("quotations/{second}/approve"), &json!({})).await?;
    customer.client.post(&format!("/api/v1/quotations/{second}/approve"), &json!({})).await?.problem(409)?;
    Ok(second)
}

async fn started_by_its_deposit(stage: &Stage, request: &str, quotation: &str) -> Result<String> {
    let customer = &stage.cast.customer;
    let deposit = milestone(customer, quotation, "deposit", "due").await?;
    ensure!(deposit.get("amount") == Some(&json!(DEPOSIT)), "40 % of the total: {deposit}");
    stage.pay(&deposit).await?;
    reaches(customer, &format!("requests/{request}"), "in_progress").await?;
    let project = project_of(customer, request).await?;
    ensure!(text(&project, "status")? == "in_progress", "{project}");
    Ok(text(&project, "id")?.to_owned())
}

/// The specialist does a task of the project, for `revision` if there is one.
async fn transcribed(stage: &Stage, project: &str, revision: Option<&str>) -> Result<()> {
    let (coordinator, specialist) = (&stage.cast.coordinator, &stage.cast.transcriber);
    let task = json!({
        "project_id": project, "specialist_id": specialist.specialist_id, "task_type": "transcription",
        "due_at": "2099-01-31T09:30:00Z", "estimated_minutes": 240, "revision_id": revision,
    });
    let task = text(&created(&coordinator.client, "tasks", &task).await?, "id")?.to_owned();
    let client = &specialist.person.client;
    for step in ["accept", "start"] {
        done(client, &format!("tasks/{task}/{step}"), &json!({})).await?;
    }
    for (name, content) in [("score.musicxml", music_xml()), ("score.pdf", pdf())] {
        let of = [("file_name", name), ("source", "task_deliverable"), ("assignment_id", task.as_str())];
        uploaded(client, &of, content).await?;
    }
    done(client, &format!("tasks/{task}/complete"), &json!({ "actual_minutes": 200 })).await?;
    Ok(())
}

/// The coordinator delivers the specialist's files, of which the customer could see none before.
async fn delivered(stage: &Stage, project: &str, delivery_type: &str) -> Result<String> {
    let Cast { coordinator, customer, transcriber, .. } = &stage.cast;
    let files = got(&transcriber.person.client, "files").await?;
    let file = text(items(&files)?.first().context("the specialist sees the files")?, "id")?.to_owned();
    let body = json!({ "project_id": project, "name": "Score", "delivery_type": delivery_type });
    let package = text(&created(&coordinator.client, "packages", &body).await?, "id")?.to_owned();
    done(&coordinator.client, &format!("packages/{package}/files"), &json!({ "file_id": file })).await?;
    customer.client.get(&format!("/api/v1/packages/{package}")).await?.problem(404)?;
    done(&coordinator.client, &format!("packages/{package}/ready"), &json!({})).await?;
    done(&coordinator.client, &format!("packages/{package}/deliver"), &json!({})).await?;
    let content = customer.client.get(&format!("/api/v1/files/{file}/content")).await?.expect(200)?;
    ensure!(!content.body.is_empty(), "the customer gets the file");
    reaches(coordinator, &format!("projects/{project}"), "review").await?;
    Ok(package)
}

async fn revised_for_free(stage: &Stage, project: &str) -> Result<()> {
    let Cast { coordinator, customer, .. } = &stage.cast;
    let revision = json!({ "project_id": project, "type": "minor_adjustment", "description": "A flat in bar 12" });
    let revision = created(&customer.client, "revisions", &revision).await?;
    ensure!(revision.get("is_free") == Some(&json!(true)), "{revision}");
    let id = text(&revision, "id")?;
    done(&coordinator.client, &format!("revisions/{id}/approve"), &json!({})).await?;
    reaches(coordinator, &format!("projects/{project}"), "in_progress").await?;
    transcribed(stage, project, Some(id)).await?;
    reaches(customer, &format!("revisions/{id}"), "completed").await?;
    delivered(stage, project, "revision").await?;
    Ok(())
}

async fn revised_for_a_fee(stage: &Stage, project: &str, quotation: &str) -> Result<()> {
    let Cast { coordinator, customer, .. } = &stage.cast;
    let revision = json!({ "project_id": project, "type": "major_change", "description": "In another key" });
    let revision = created(&customer.client, "revisions", &revision).await?;
    ensure!(revision.get("is_free") == Some(&json!(false)), "{revision}");
    let id = text(&revision, "id")?;
    let fee = milestone(customer, quotation, "revision_fee", "due").await?;
    ensure!(fee.get("amount") == revision.get("fee"), "{fee}");
    stage.pay(&fee).await?;
    reaches(customer, &format!("revisions/{id}"), "approved").await?;
    reaches(coordinator, &format!("projects/{project}"), "in_progress").await?;
    done(&coordinator.client, &format!("revisions/{id}/complete"), &json!({})).await?;
    Ok(())
}

async fn completed(stage: &Stage, project: &str, request: &str, quotation: &str) -> Result<()> {
    let customer = &stage.cast.customer;
    let package = delivered(stage, project, "final").await?;
    let final_payment = milestone(customer, quotation, "final_payment", "due").await?;
    done(&customer.client, &format!("packages/{package}/approve"), &json!({})).await?;
    stage.pay(&final_payment).await?;
    reaches(customer, &format!("projects/{project}"), "completed").await?;
    reaches(customer, &format!("requests/{request}"), "completed").await?;
    Ok(())
}

async fn rated(stage: &Stage, request: &str) -> Result<()> {
    let Cast { customer, transcriber, .. } = &stage.cast;
    let feedback = json!({ "request_id": request, "rating": 4, "type": "overall_experience", "comment": "Fine work" });
    created(&customer.client, "feedback", &feedback).await?;
    let path = format!("specialists/{}", transcriber.specialist_id);
    let moved = eventually("the specialist's rating moves", async || {
        let specialist = got(&customer.client, &path).await?;
        Ok((specialist.get("rating_bp") == Some(&json!(40_000))).then_some(specialist))
    });
    let specialist = moved.await?;
    ensure!(specialist.get("total_projects") == Some(&json!(1)), "{specialist}");
    Ok(())
}

/// Nobody was told the same thing twice, and the log holds each step.
async fn told_and_logged(stage: &Stage, project: &str) -> Result<()> {
    let Cast { customer, coordinator, transcriber, admin, .. } = &stage.cast;
    for (who, least) in [(customer, 8), (coordinator, 8), (&transcriber.person, 3)] {
        let notifications = got(&who.client, "notifications?limit=100").await?;
        let told = items(&notifications)?;
        ensure!(told.len() >= least, "{} notifications are too few: {notifications}", told.len());
    }
    let timeline = got(&customer.client, &format!("projects/{project}/timeline?limit=100")).await?;
    let kinds: Vec<_> = items(&timeline)?.iter().filter_map(|entry| entry.get("kind")?.as_str()).collect();
    for kind in [
        "request.created",
        "quotation.revised",
        "quotation.approved",
        "milestone.paid",
        "project.started",
        "task.completed",
        "package.delivered",
        "revision.completed",
        "project.completed",
    ] {
        ensure!(kinds.contains(&kind), "the timeline lacks {kind}: {kinds:?}");
    }
    let activity = got(&admin.client, "activity?entity=project&limit=100").await?;
    ensure!(items(&activity)?.len() == 3, "created, started, completed: {activity}");
    Ok(())
}
