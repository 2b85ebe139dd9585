//! How a customer and a coordinator come to terms: a request, a recording, a quotation, and money.

use crate::client::{Client, has, id, items, text};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

/// Who comes to terms.
pub(crate) struct Parties<'a> {
    pub(crate) customer: &'a Client,
    pub(crate) coordinator: &'a Client,
}

/// A quotation that was approved.
pub(crate) struct Agreement {
    pub(crate) request: String,
    quotation: String,
}

impl Parties<'_> {
    /// The customer files `request` with `recording`, a name and its content; the coordinator claims it.
    ///
    /// # Errors
    /// The request that was refused.
    pub(crate) async fn file(&self, request: &Value, (name, content): (&str, &[u8])) -> Result<String> {
        let request = id(&self.customer.post("requests", request).await?)?;
        let upload = [("file_name", name), ("source", "customer_upload"), ("request_id", request.as_str())];
        self.customer.upload(&upload, content).await?;
        self.coordinator.act(&format!("requests/{request}/claim")).await?;
        Ok(request)
    }

    /// The coordinator quotes a request on `terms`, and the customer agrees.
    ///
    /// # Errors
    /// The request that was refused.
    pub(crate) async fn agree(&self, request: String, terms: &Value) -> Result<Agreement> {
        let quotation = id(&self.coordinator.post(&format!("requests/{request}/quotations"), terms).await?)?;
        self.coordinator.act(&format!("quotations/{quotation}/send")).await?;
        self.customer.act(&format!("quotations/{quotation}/approve")).await?;
        Ok(Agreement { request, quotation })
    }

    /// The customer pays what is due, and is seen to have paid.
    ///
    /// # Errors
    /// The request that was refused, or why the money did not come.
    pub(crate) async fn pay(&self, agreement: &Agreement, milestone_type: &str) -> Result<()> {
        let path = format!("quotations/{}/milestones", agreement.quotation);
        let what = format!("the {milestone_type} is due");
        let is_due =
            |milestone: &&Value| has(milestone, "milestone_type", milestone_type) && has(milestone, "status", "due");
        let due = self.customer.wait(&path, &what, |page| items(page).find(is_due).map(id)).await??;
        let payment = json!({ "milestone_id": due, "method": "bank_transfer" });
        let payment = self.customer.post_once("payments", &format!("demo-{due}"), &payment).await?;
        let status = text(&payment, "status")?;
        ensure!(status == "completed", "the payment of the {milestone_type} is {status}: {payment}");
        self.customer.reaches(&format!("milestones/{due}"), "paid").await?;
        Ok(())
    }
}
