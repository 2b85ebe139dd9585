//! The story of one song, from the request to the last payment.

use super::persistent::{Line, Persistent};
use crate::{Cast, created, done, got, items, once, pdf, text, uploaded, wav};
use anyhow::{Context, Result, ensure};
use mutrapro_testkit::Client;
use serde_json::{Value, json};

/// Two begun minutes.
const SONG_SECONDS: u32 = 61;

/// Those who work on the songs.
pub(crate) struct Studio {
    coordinator: Persistent,
    specialist: Persistent,
    specialist_id: String,
}

impl Studio {
    pub(crate) fn new(cast: &Cast, line: &Line) -> Self {
        Self {
            coordinator: Persistent::new(&cast.coordinator.client, line),
            specialist: Persistent::new(&cast.transcriber.person.client, line),
            specialist_id: cast.transcriber.specialist_id.clone(),
        }
    }

    /// Has a song of `customer` transcribed, to the end.
    pub(crate) async fn transcribe(&self, customer: &Persistent, title: &str) -> Result<()> {
        let request = asked(customer, title).await?;
        let quotation = self.agreed(customer, &request).await?;
        paid(customer, &quotation, "deposit").await?;
        customer.sees(&format!("requests/{request}"), "in_progress").await?;
        let project = project_of(customer, &request).await?;
        let file = self.worked(&project).await?;
        let package = self.delivered(&project, &file).await?;
        customer.moves(&format!("packages/{package}"), "approve", "approved").await?;
        let content = async |client: &Client| client.get(&format!("/api/v1/files/{file}/content")).await?.expect(200);
        let content = customer.finds("the score", async |client| Ok(Some(content(client).await?.body))).await?;
        ensure!(content == pdf(), "the customer has another file than the specialist made");
        paid(customer, &quotation, "final_payment").await?;
        customer.sees(&format!("projects/{project}"), "completed").await?;
        customer.sees(&format!("requests/{request}"), "completed").await?;
        Ok(())
    }

    /// The quotation that the customer has approved.
    async fn agreed(&self, customer: &Persistent, request: &str) -> Result<String> {
        let look = async |client: &Client| {
            let request = got(client, &format!("requests/{request}")).await?;
            Ok(request.get("coordinator_id").is_some_and(Value::is_string).then_some(()))
        };
        let claim = async |client: &Client| done(client, &format!("requests/{request}/claim"), &json!({})).await;
        self.coordinator.does("claiming the request", look, claim).await?;
        let list = format!("requests/{request}/quotations");
        let draft = async |client: &Client| created(client, &list, &json!({ "complexity": "simple" })).await;
        let quotation = self.coordinator.adds(&list, |_| true, draft).await?;
        let quotation = text(&quotation, "id")?.to_owned();
        self.coordinator.moves(&format!("quotations/{quotation}"), "send", "sent").await?;
        customer.moves(&format!("quotations/{quotation}"), "approve", "approved").await?;
        Ok(quotation)
    }

    /// The file that the specialist has made.
    async fn worked(&self, project: &str) -> Result<String> {
        let body = json!({
            "project_id": project, "specialist_id": self.specialist_id, "task_type": "transcription",
            "due_at": "2099-01-31T09:30:00Z", "estimated_minutes": 240,
        });
        let assign = async |client: &Client| created(client, "tasks", &body).await;
        let task = self.coordinator.adds(&format!("tasks?project={project}"), |_| true, assign).await?;
        let task = text(&task, "id")?;
        let thing = format!("tasks/{task}");
        self.specialist.moves(&thing, "accept", "accepted").await?;
        self.specialist.moves(&thing, "start", "in_progress").await?;
        let of = [("file_name", "score.pdf"), ("source", "task_deliverable"), ("assignment_id", task)];
        let upload = async |client: &Client| uploaded(client, &of, pdf()).await;
        let file = self.specialist.adds(&format!("files?assignment={task}"), |_| true, upload).await?;
        self.specialist.moves(&thing, "complete", "completed").await?;
        Ok(text(&file, "id")?.to_owned())
    }

    /// The package that the customer has got.
    async fn delivered(&self, project: &str, file: &str) -> Result<String> {
        self.coordinator.sees(&format!("projects/{project}"), "review").await?;
        let body = json!({ "project_id": project, "name": "Score", "delivery_type": "final" });
        let begin = async |client: &Client| created(client, "packages", &body).await;
        let package = self.coordinator.adds(&format!("packages?project={project}"), |_| true, begin).await?;
        let package = text(&package, "id")?.to_owned();
        let thing = format!("packages/{package}");
        let look = async |client: &Client| {
            let files = got(client, &thing).await?;
            let files = files.get("files").and_then(Value::as_array).context("a package has files")?;
            Ok((!files.is_empty()).then_some(()))
        };
        let add = async |client: &Client| done(client, &format!("{thing}/files"), &json!({ "file_id": file })).await;
        self.coordinator.does("adding the file", look, add).await?;
        self.coordinator.moves(&thing, "ready", "ready").await?;
        self.coordinator.moves(&thing, "deliver", "delivered").await?;
        Ok(package)
    }
}

/// The request, with the song.
async fn asked(customer: &Persistent, title: &str) -> Result<String> {
    let body = json!({
        "request_type": "transcription", "title": title, "description": "For piano, as on the recording",
    });
    let is_it = |request: &Value| request.get("title") == Some(&json!(title));
    let file = async |client: &Client| created(client, "requests", &body).await;
    let request = customer.adds("requests?limit=100", is_it, file).await?;
    let request = text(&request, "id")?.to_owned();
    let of = [("file_name", "song.wav"), ("source", "customer_upload"), ("request_id", request.as_str())];
    let upload = async |client: &Client| uploaded(client, &of, wav(SONG_SECONDS)).await;
    customer.adds(&format!("files?request={request}"), |_| true, upload).await?;
    Ok(request)
}

/// Pays a milestone as soon as it is due, under one key.
async fn paid(customer: &Persistent, quotation: &str, milestone_type: &str) -> Result<()> {
    let due = async |client: &Client| {
        let milestones = got(client, &format!("quotations/{quotation}/milestones")).await?;
        let found = items(&milestones)?.iter().find(|milestone| {
            milestone.get("milestone_type") == Some(&json!(milestone_type))
                && milestone.get("status") == Some(&json!("due"))
        });
        Ok(found.cloned())
    };
    let milestone = customer.finds(&format!("{milestone_type} is due"), due).await?;
    let id = text(&milestone, "id")?;
    let body = json!({ "milestone_id": id, "method": "credit_card" });
    let pay = async |client: &Client| once(client, "payments", id, &body).await?.expect(201)?.json();
    let payment = customer.repeats(&format!("paying the {milestone_type}"), pay).await?;
    ensure!(payment.get("amount") == milestone.get("amount"), "the amount is the milestone's: {payment}");
    customer.sees(&format!("milestones/{id}"), "paid").await?;
    Ok(())
}

async fn project_of(customer: &Persistent, request: &str) -> Result<String> {
    let look = async |client: &Client| {
        let projects = got(client, "projects?limit=100").await?;
        let found = items(&projects)?.iter().find(|project| project.get("request_id") == Some(&json!(request)));
        Ok(found.cloned())
    };
    Ok(text(&customer.finds("the project", look).await?, "id")?.to_owned())
}
