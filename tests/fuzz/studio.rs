//! The studio that visitors come to: its people, what stands in it, and a project that is done.

use anyhow::Result;
use mutrapro_testkit::{System, answer};
use mutrapro_tests::{Cast, Deal, Person, created, done, milestone, paid, pdf, person, reaches, text, uploaded};
use reqwest::Method;
use serde_json::{Value, json};

/// What is there before anyone comes.
pub(crate) struct Studio {
    pub(crate) cast: Cast,
    /// An account that may be harmed.
    pub(crate) spare: Person,
    /// Someone who may become a specialist or a coordinator.
    pub(crate) novice: Person,
    /// The id of the studio.
    pub(crate) room: String,
    /// The id of a request that can be rated.
    pub(crate) finished_request: String,
}

impl Studio {
    /// Makes everything on `system`, which is empty.
    ///
    /// # Errors
    /// When one of the steps is refused.
    pub(crate) async fn of(system: &System) -> Result<Self> {
        let api = system.client();
        let cast = Cast::of(system).await?;
        let (spare, novice) = (person(&api, "spare").await?, person(&api, "novice").await?);
        let role = json!({ "role": "arrangement_specialist" });
        created(&cast.admin.client, &format!("users/{}/roles", novice.user_id), &role).await?;
        let room = furnished(&cast).await?;
        taught(&cast).await?;
        let mut studio = Self { cast, spare, novice, room, finished_request: String::new() };
        studio.finished_request = studio.finished().await?;
        Ok(studio)
    }

    /// A task of `project` that nobody has answered yet.
    pub(crate) async fn assigned(&self, project: &str, priority: &str) -> Result<String> {
        let task = json!({
            "project_id": project, "specialist_id": self.cast.transcriber.specialist_id, "task_type": "transcription",
            "due_at": "2099-01-31T09:30:00Z", "estimated_minutes": 240, "priority": priority,
        });
        Ok(text(&created(&self.cast.coordinator.client, "tasks", &task).await?, "id")?.to_owned())
    }

    /// A file that the specialist made for `project`, whose task is done.
    pub(crate) async fn score(&self, project: &str) -> Result<String> {
        let task = self.assigned(project, "normal").await?;
        let specialist = &self.cast.transcriber.person.client;
        for step in ["accept", "start"] {
            done(specialist, &format!("tasks/{task}/{step}"), &json!({})).await?;
        }
        let of = [("file_name", "score.pdf"), ("source", "task_deliverable"), ("assignment_id", task.as_str())];
        let file = uploaded(specialist, &of, pdf()).await?;
        done(specialist, &format!("tasks/{task}/complete"), &json!({ "actual_minutes": 200 })).await?;
        Ok(text(&file, "id")?.to_owned())
    }

    /// A package that is being prepared.
    pub(crate) async fn package(&self, project: &str, files: &[&str]) -> Result<String> {
        self.package_of(project, "draft", files).await
    }

    async fn package_of(&self, project: &str, delivery_type: &str, files: &[&str]) -> Result<String> {
        let coordinator = &self.cast.coordinator.client;
        let package = json!({ "project_id": project, "name": "Score", "delivery_type": delivery_type });
        let package = text(&created(coordinator, "packages", &package).await?, "id")?.to_owned();
        for file in files {
            done(coordinator, &format!("packages/{package}/files"), &json!({ "file_id": file })).await?;
        }
        Ok(package)
    }

    /// A project and a package that was delivered in it.
    pub(crate) async fn delivered_project(&self) -> Result<(String, String)> {
        let project = Deal::offered(&self.cast.customer, &self.cast.coordinator).await?.begun().await?;
        let package = self.delivered(&project, "draft").await?;
        Ok((project, package))
    }

    async fn delivered(&self, project: &str, delivery_type: &str) -> Result<String> {
        let file = self.score(project).await?;
        let package = self.package_of(project, delivery_type, &[&file]).await?;
        for step in ["ready", "deliver"] {
            done(&self.cast.coordinator.client, &format!("packages/{package}/{step}"), &json!({})).await?;
        }
        reaches(&self.cast.customer, &format!("projects/{project}"), "review").await?;
        Ok(package)
    }

    /// A request whose project is completed.
    async fn finished(&self) -> Result<String> {
        let customer = &self.cast.customer;
        let deal = Deal::offered(customer, &self.cast.coordinator).await?;
        let project = deal.begun().await?;
        let package = self.delivered(&project, "final").await?;
        done(&customer.client, &format!("packages/{package}/approve"), &json!({})).await?;
        let rest = milestone(customer, &deal.quotation, "final_payment", "due").await?;
        paid(customer, text(&rest, "id")?).await?;
        reaches(customer, &format!("requests/{}", deal.request), "completed").await?;
        Ok(deal.request)
    }
}

/// A studio, whose id this gives, with a microphone in it.
async fn furnished(cast: &Cast) -> Result<String> {
    let admin = &cast.admin.client;
    let studio = json!({
        "name": "Studio A", "location": "Hà Nội", "capacity": 8, "hourly_rate": 300_000, "opens_at_minute": 0,
        "closes_at_minute": 1440,
    });
    let studio = created(admin, "studios", &studio).await?;
    let category = created(admin, "equipment-categories", &json!({ "name": "Studio microphones" })).await?;
    let microphone: Value =
        json!({ "category_id": category.get("id"), "name": "Condenser", "brand": "Neumann", "model": "U 67" });
    let microphone = created(admin, "equipment", &microphone).await?;
    let pieces = json!({ "equipment_id": microphone.get("id"), "studio_id": studio.get("id"), "quantity": 2 });
    created(admin, "studio-equipment", &pieces).await?;
    Ok(text(&studio, "id")?.to_owned())
}

/// A skill, and a specialist who has it.
async fn taught(cast: &Cast) -> Result<()> {
    let admin = &cast.admin.client;
    let category = created(admin, "skill-categories", &json!({ "name": "Keys" })).await?;
    let skill = created(admin, "skills", &json!({ "category_id": category.get("id"), "name": "Harpsichord" })).await?;
    let specialist = &cast.transcriber.person.client;
    let path = format!("/api/v1/specialists/me/skills/{}", text(&skill, "id")?);
    let level = json!({ "proficiency": "expert", "years_experience": 12 });
    answer(specialist.request(Method::PUT, &path).json(&level)).await?.expect(201)?;
    Ok(())
}
