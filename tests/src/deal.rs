//! What a customer and the studio agree on, step by step: the quick way to the state that a test is about.

use crate::cast::{Person, created, done, got, once};
use crate::people::{items, text};
use anyhow::{Context, Result};
use mutrapro_testkit::eventually;
use serde_json::{Value, json};

/// A request with the quotation that was sent for it.
pub struct Deal<'p> {
    /// Whose request it is.
    pub customer: &'p Person,
    /// Who sees it through.
    pub coordinator: &'p Person,
    /// The request.
    pub request: String,
    /// The quotation; nobody has decided on it.
    pub quotation: String,
}

impl<'p> Deal<'p> {
    /// Files a request of `customer`, and has `coordinator` claim it and send a quotation.
    ///
    /// # Errors
    /// When one of the steps is refused.
    pub async fn offered(customer: &'p Person, coordinator: &'p Person) -> Result<Self> {
        let request = filed(customer, "Diễm xưa").await?;
        done(&coordinator.client, &format!("requests/{request}/claim"), &json!({})).await?;
        let terms = json!({ "complexity": "simple", "audio_minutes": 4 });
        let quotation = created(&coordinator.client, &format!("requests/{request}/quotations"), &terms).await?;
        let quotation = text(&quotation, "id")?.to_owned();
        done(&coordinator.client, &format!("quotations/{quotation}/send"), &json!({})).await?;
        Ok(Self { customer, coordinator, request, quotation })
    }

    /// Approves the quotation, and gives the milestone that is its deposit.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn approved(&self) -> Result<String> {
        done(&self.customer.client, &format!("quotations/{}/approve", self.quotation), &json!({})).await?;
        let deposit = milestone(self.customer, &self.quotation, "deposit", "due").await?;
        Ok(text(&deposit, "id")?.to_owned())
    }

    /// Approves the quotation and pays the deposit, and gives the project, in which work has begun.
    ///
    /// # Errors
    /// When one of the steps is refused.
    pub async fn begun(&self) -> Result<String> {
        let deposit = self.approved().await?;
        paid(self.customer, &deposit).await?;
        reaches(self.customer, &format!("requests/{}", self.request), "in_progress").await?;
        Ok(text(&project_of(self.customer, &self.request).await?, "id")?.to_owned())
    }
}

/// Files a request for a transcription.
///
/// # Errors
/// When it is refused.
pub async fn filed(customer: &Person, title: &str) -> Result<String> {
    let request = json!({
        "request_type": "transcription", "title": title, "description": "For piano, as on the recording",
    });
    Ok(text(&created(&customer.client, "requests", &request).await?, "id")?.to_owned())
}

/// Waits until the thing at `path` has `status`, and gives it.
///
/// # Errors
/// When it does not get there.
pub async fn reaches(who: &Person, path: &str, status: &str) -> Result<Value> {
    eventually(&format!("{path} is {status}"), async || {
        let thing = got(&who.client, path).await?;
        Ok((thing.get("status") == Some(&json!(status))).then_some(thing))
    })
    .await
}

/// Waits until a milestone of `quotation` has this type and status, and gives it.
///
/// # Errors
/// When there is none.
pub async fn milestone(who: &Person, quotation: &str, milestone_type: &str, status: &str) -> Result<Value> {
    let path = format!("quotations/{quotation}/milestones");
    eventually(&format!("{milestone_type} is {status}"), async || {
        let milestones = got(&who.client, &path).await?;
        let found = items(&milestones)?.iter().find(|milestone| {
            milestone.get("milestone_type") == Some(&json!(milestone_type))
                && milestone.get("status") == Some(&json!(status))
        });
        Ok(found.cloned())
    })
    .await
}

/// Pays a milestone, with its id as the key, and gives the payment.
///
/// # Errors
/// When it is refused.
pub async fn paid(customer: &Person, milestone: &str) -> Result<Value> {
    let body = json!({ "milestone_id": milestone, "method": "credit_card" });
    once(&customer.client, "payments", milestone, &body).await?.expect(201)?.json()
}

/// The project of a request that `who` sees among their latest.
///
/// # Errors
/// When there is none.
pub async fn project_of(who: &Person, request: &str) -> Result<Value> {
    let projects = got(&who.client, "projects?limit=100").await?;
    let found = items(&projects)?.iter().find(|project| project.get("request_id") == Some(&json!(request)));
    found.cloned().with_context(|| format!("no project of the request {request}"))
}
