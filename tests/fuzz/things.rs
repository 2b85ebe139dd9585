//! Things at each of their stages, so that every operation finds one that it applies to.

use crate::studio::Studio;
use anyhow::{Context, Result, ensure};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use mutrapro_testkit::Client;
use mutrapro_tests::{Deal, created, done, filed, got, items, once, paid, text, uploaded, wav};
use serde_json::json;
use std::collections::BTreeMap;

/// The lists that administrators see, by which the segments before an id in a path are called.
const LISTS: [&str; 16] = [
    "requests",
    "pricing",
    "projects",
    "tasks",
    "packages",
    "revisions",
    "payments",
    "files",
    "bookings",
    "studios",
    "equipment",
    "equipment-categories",
    "studio-equipment",
    "skills",
    "skill-categories",
    "specialists",
];

/// What there is for one visitor.
pub(crate) struct Things {
    /// Ids by the name of their list.
    pub(crate) lists: BTreeMap<&'static str, Vec<String>>,
    /// What an operation gets for itself, as it ends the state that it needs.
    pub(crate) own: Vec<Own>,
}

/// The id of a thing that is at the right stage for one operation.
pub(crate) struct Own {
    /// As `POST /requests/{id}/claim`.
    pub(crate) operation: &'static str,
    /// As `path.id`.
    pub(crate) parameter: &'static str,
    pub(crate) id: String,
}

impl Things {
    /// Makes things for the visitor of this number.
    ///
    /// # Errors
    /// When one of the steps is refused.
    pub(crate) async fn of(studio: &Studio, visitor: usize) -> Result<Self> {
        let mut things = Self { lists: BTreeMap::new(), own: Vec::new() };
        things.requests(studio).await?;
        things.quotations(studio).await?;
        let project = things.projects(studio).await?;
        things.tasks(studio, &project).await?;
        things.packages(studio, &project).await?;
        things.revisions(studio).await?;
        things.bookings(studio, visitor).await?;
        things.portfolio(studio).await?;
        for list in LISTS {
            things.lists.insert(list, ids(&studio.cast.admin.client, list).await?);
        }
        let missing: Vec<_> = things.lists.iter().filter(|(_, ids)| ids.is_empty()).map(|(list, _)| list).collect();
        ensure!(missing.is_empty(), "there are no {missing:?}");
        Ok(things)
    }

    fn give(&mut self, operation: &'static str, parameter: &'static str, id: impl Into<String>) {
        self.own.push(Own { operation, parameter, id: id.into() });
    }

    async fn requests(&mut self, studio: &Studio) -> Result<()> {
        let (customer, coordinator) = (&studio.cast.customer, &studio.cast.coordinator);
        for operation in ["POST /requests/{id}/claim", "POST /requests/{id}/cancel", "PATCH /requests/{id}"] {
            self.give(operation, "path.id", filed(customer, "Diễm xưa").await?);
        }
        let (request, file) = recorded(studio).await?;
        self.give("DELETE /files/{id}", "path.id", file);
        done(&coordinator.client, &format!("requests/{request}/claim"), &json!({})).await?;
        self.give("POST /requests/{id}/quotations", "path.id", request);
        self.give("POST /feedback", "body.request_id", &studio.finished_request);
        Ok(())
    }

    async fn quotations(&mut self, studio: &Studio) -> Result<()> {
        let (customer, coordinator) = (&studio.cast.customer, &studio.cast.coordinator);
        let mut quotations = Vec::new();
        for operation in ["PATCH /quotations/{id}", "POST /quotations/{id}/send"] {
            let (request, _) = recorded(studio).await?;
            done(&coordinator.client, &format!("requests/{request}/claim"), &json!({})).await?;
            let path = format!("requests/{request}/quotations");
            let quotation = created(&coordinator.client, &path, &json!({ "complexity": "simple" })).await?;
            self.give(operation, "path.id", text(&quotation, "id")?);
        }
        for operation in
            ["POST /quotations/{id}/approve", "POST /quotations/{id}/reject", "POST /quotations/{id}/request-change"]
        {
            let deal = Deal::offered(customer, coordinator).await?;
            quotations.push(deal.quotation.clone());
            self.give(operation, "path.id", deal.quotation);
        }
        let deal = Deal::offered(customer, coordinator).await?;
        let deposit = deal.approved().await?;
        self.lists.extend([("quotations", quotations), ("milestones", vec![deposit.clone()])]);
        self.give("POST /payments", "body.milestone_id", deposit);
        Ok(())
    }

    /// Gives a project in which work has begun.
    async fn projects(&mut self, studio: &Studio) -> Result<String> {
        let (customer, coordinator) = (&studio.cast.customer, &studio.cast.coordinator);
        for operation in ["POST /projects/{id}/cancel", "PATCH /projects/{id}"] {
            self.give(operation, "path.id", Deal::offered(customer, coordinator).await?.begun().await?);
        }
        let deal = Deal::offered(customer, coordinator).await?;
        let payment = paid(customer, &deal.approved().await?).await?;
        self.give("POST /payments/{id}/refund", "path.id", text(&payment, "id")?);
        Deal::offered(customer, coordinator).await?.begun().await
    }

    async fn tasks(&mut self, studio: &Studio, project: &str) -> Result<()> {
        // A visitor may have changed it.
        let profile = json!({ "specialization": "transcription", "max_concurrent_tasks": 50 });
        let specialist = &studio.cast.transcriber.person.client;
        specialist.patch("/api/v1/specialists/me", &profile).await?.expect(200)?;
        for (operation, priority, steps) in [
            ("PATCH /tasks/{id}", "normal", &[][..]),
            ("POST /tasks/{id}/accept", "normal", &[]),
            ("POST /tasks/{id}/cancel", "normal", &[]),
            ("POST /tasks/{id}/decline", "rush", &[]),
            ("POST /tasks/{id}/start", "normal", &["accept"]),
            ("POST /tasks/{id}/progress", "normal", &["accept", "start"]),
            ("POST /tasks/{id}/complete", "normal", &["accept", "start"]),
        ] {
            let task = studio.assigned(project, priority).await?;
            for step in steps {
                done(specialist, &format!("tasks/{task}/{step}"), &json!({})).await?;
            }
            self.give(operation, "path.id", task);
        }
        Ok(())
    }

    async fn packages(&mut self, studio: &Studio, project: &str) -> Result<()> {
        let file = studio.score(project).await?;
        self.give("POST /packages", "body.project_id", project);
        self.give("POST /packages/{id}/files", "path.id", studio.package(project, &[]).await?);
        self.give("POST /packages/{id}/files", "body.file_id", &file);
        self.give("DELETE /packages/{id}/files/{file_id}", "path.id", studio.package(project, &[&file]).await?);
        self.give("DELETE /packages/{id}/files/{file_id}", "path.file_id", &file);
        self.give("POST /packages/{id}/ready", "path.id", studio.package(project, &[&file]).await?);
        let ready = studio.package(project, &[&file]).await?;
        done(&studio.cast.coordinator.client, &format!("packages/{ready}/ready"), &json!({})).await?;
        self.give("POST /packages/{id}/deliver", "path.id", ready);
        for operation in ["POST /packages/{id}/approve", "POST /packages/{id}/reject"] {
            self.give(operation, "path.id", studio.delivered_project().await?.1);
        }
        Ok(())
    }

    async fn revisions(&mut self, studio: &Studio) -> Result<()> {
        let (customer, coordinator) = (&studio.cast.customer.client, &studio.cast.coordinator.client);
        for (operation, steps) in [
            ("POST /revisions/{id}/approve", &[][..]),
            ("POST /revisions/{id}/reject", &[]),
            ("POST /revisions/{id}/complete", &["approve"]),
        ] {
            let (project, _) = studio.delivered_project().await?;
            let body = json!({ "project_id": project, "type": "minor_adjustment", "description": "A flat in bar 12" });
            let revision = text(&created(customer, "revisions", &body).await?, "id")?.to_owned();
            for step in steps {
                done(coordinator, &format!("revisions/{revision}/{step}"), &json!({})).await?;
            }
            self.give(operation, "path.id", revision);
        }
        self.give("POST /revisions", "body.project_id", studio.delivered_project().await?.0);
        Ok(())
    }

    /// Sessions on days of the visitor's own.
    async fn bookings(&mut self, studio: &Studio, visitor: usize) -> Result<()> {
        let stages = [
            ("POST /bookings/{id}/confirm", &[][..]),
            ("POST /bookings/{id}/cancel", &[]),
            ("POST /bookings/{id}/start", &["confirm"]),
            ("POST /bookings/{id}/complete", &["confirm", "start"]),
        ];
        for (number, (operation, steps)) in stages.into_iter().enumerate() {
            let day = i64::try_from(7 + visitor * stages.len() + number)?;
            let noon = Timestamp::now().to_zoned(TimeZone::UTC).checked_add(day.days())?.with().hour(5).minute(0);
            let starts_at = noon.second(0).subsec_nanosecond(0).build()?.timestamp();
            let session = json!({
                "studio_id": studio.room, "session_type": "self_recording", "starts_at": starts_at.to_string(),
                "ends_at": starts_at.checked_add(2.hours())?.to_string(),
            });
            let key = format!("visitor-{visitor}-{number}");
            let booking = once(&studio.cast.customer.client, "bookings", &key, &session).await?.expect(201)?.json()?;
            let booking = text(&booking, "id")?.to_owned();
            for step in steps {
                done(&studio.cast.admin.client, &format!("bookings/{booking}/{step}"), &json!({})).await?;
            }
            self.give(operation, "path.id", booking);
        }
        Ok(())
    }

    async fn portfolio(&mut self, studio: &Studio) -> Result<()> {
        let specialist = &studio.cast.transcriber.person.client;
        for operation in ["PATCH /specialists/me/demos/{id}", "DELETE /specialists/me/demos/{id}"] {
            let demo = json!({
                "role": "instrumentalist", "title": "Diễm xưa", "preview_url": "https://example.com/demo",
                "is_public": true,
            });
            let demo = created(specialist, "specialists/me/demos", &demo).await?;
            self.give(operation, "path.id", text(&demo, "id")?);
        }
        let categories = ids(&studio.cast.admin.client, "equipment-categories").await?;
        self.give("POST /equipment", "body.category_id", categories.first().context("there is a category")?);
        for operation in ["POST /specialists", "POST /coordinators"] {
            self.give(operation, "body.user_id", &studio.novice.user_id);
        }
        Ok(())
    }
}

/// A request with a recording, which is the second.
async fn recorded(studio: &Studio) -> Result<(String, String)> {
    let customer = &studio.cast.customer;
    let request = filed(customer, "Diễm xưa").await?;
    let song = [("file_name", "song.wav"), ("source", "customer_upload"), ("request_id", request.as_str())];
    let file = uploaded(&customer.client, &song, wav(1)).await?;
    Ok((request, text(&file, "id")?.to_owned()))
}

/// The ids in a list.
///
/// # Errors
/// When there is no such list.
pub(crate) async fn ids(client: &Client, path: &str) -> Result<Vec<String>> {
    let list = got(client, &format!("{path}?limit=100")).await?;
    items(&list)?.iter().map(|item| Ok(text(item, "id")?.to_owned())).collect()
}
