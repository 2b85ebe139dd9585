//! Three projects, each as far as its room takes it. What they have in common is how customer and coordinator come to terms.

mod agreement;
pub(crate) mod completed;
pub(crate) mod under_way;
pub(crate) mod waiting;

use crate::client::{Client, has, id, items, text};
use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const HOURS_A_DAY: i64 = 24;

/// A project as it was left.
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) status: &'static str,
    /// What there is to see, in half a sentence.
    pub(crate) story: &'static str,
}

impl Project {
    /// The project of a request, as far as `status`: it is made by an event, and started and ended by others.
    async fn of_request(customer: &Client, request: &str, status: &'static str, story: &'static str) -> Result<Self> {
        let what = format!("there is a project of the request {request}");
        // The newest come first, and this one has just been made.
        let its = |page: &Value| items(page).find(|project| has(project, "request_id", request)).map(id);
        let project = customer.wait("projects", &what, its).await??;
        let project = customer.reaches(&format!("projects/{project}"), status).await?;
        Ok(Self { id: id(&project)?, name: text(&project, "name")?, status, story })
    }
}

/// What a specialist is asked to do for a project within a week.
fn task(project: &str, specialist: &str, task_type: &str, estimated_minutes: u32, notes: &str) -> Result<Value> {
    Ok(json!({
        "project_id": project, "specialist_id": specialist, "task_type": task_type, "due_at": in_days(7)?,
        "estimated_minutes": estimated_minutes, "notes": notes,
    }))
}

fn in_days(days: i64) -> Result<String> {
    Ok(Timestamp::now().checked_add(SignedDuration::from_hours(days * HOURS_A_DAY))?.to_string())
}
