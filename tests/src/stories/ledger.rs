//! What has to be in the databases after so many stories, and nothing else.

use crate::{Databases, repository_app};
use anyhow::{Context, Result, ensure};
use mutrapro_manifest::App;
use mutrapro_testkit::System;
use std::collections::{BTreeMap, BTreeSet};

/// Every event that was emitted, and the databases that it has to have left its traces in.
pub struct Ledger {
    app: App,
    databases: Databases,
    /// The kind of each event, by its id.
    events: BTreeMap<String, String>,
}

impl Ledger {
    /// Reads the outboxes of a system that has ended.
    ///
    /// # Errors
    /// When an outbox holds an event that was not published.
    pub async fn of(system: &System) -> Result<Self> {
        let app = repository_app()?;
        let databases = Databases::of(system)?;
        let mut events = BTreeMap::new();
        for database in app.services.values().filter_map(|service| service.database.as_ref()) {
            let unpublished = databases.count(&database.name, UNPUBLISHED, &[]).await?;
            ensure!(unpublished == 0, "{unpublished} events are left in the outbox of {}", database.name);
            events.extend(databases.select::<(String, String)>(&database.name, EMITTED, &[]).await?);
        }
        Ok(Self { app, databases, events })
    }

    /// Makes sure that everything is there once, and says how many events there were.
    ///
    /// # Errors
    /// What was lost or doubled.
    pub async fn balance(&self, stories: i64) -> Result<usize> {
        ensure!(stories > 0, "nobody has told a story");
        self.each_consumer_has_each_event().await?;
        self.each_aggregate_was_handled_in_order().await?;
        self.each_event_is_logged_once().await?;
        self.nobody_was_told_twice().await?;
        self.each_step_was_told(stories).await?;
        self.each_step_was_taken(stories).await?;
        self.money_fits_the_work().await?;
        Ok(self.events.len())
    }

    async fn each_consumer_has_each_event(&self) -> Result<()> {
        for service in self.app.services.values().filter(|service| !service.subscribes.is_empty()) {
            let database = service.database.as_ref().with_context(|| format!("{} has no database", service.id))?;
            let is_meant = |kind: &str| service.subscribes.iter().any(|pattern| pattern.matches(kind));
            let meant = self.events.iter().filter(|(_, kind)| is_meant(kind)).map(|(id, _)| id.clone());
            let consumed = self.column(&database.name, CONSUMED, &[service.id.as_str()]).await?;
            same(&format!("events that {} has handled", service.id), consumed, meant.collect())?;
        }
        Ok(())
    }

    /// Marks carry the instant at which their batch began, so of two events of an aggregate the later has no earlier mark.
    async fn each_aggregate_was_handled_in_order(&self) -> Result<()> {
        let databases = || self.app.services.values().filter_map(|service| Some((service, service.database.as_ref()?)));
        let mut aggregates: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for (_, database) in databases() {
            for (kind, id, event) in self.databases.select(&database.name, IN_ORDER, &[]).await? {
                aggregates.entry((kind, id)).or_default().push(event);
            }
        }
        for (service, database) in databases() {
            let marks = self.databases.select(&database.name, MARKED_AT, &[service.id.as_str()]).await?;
            let marks: BTreeMap<String, String> = marks.into_iter().collect();
            for (aggregate, events) in &aggregates {
                let handled = events.iter().filter_map(|event| marks.get(event));
                ensure!(handled.is_sorted(), "{} handled events of {aggregate:?} out of order: {events:?}", service.id);
            }
        }
        Ok(())
    }

    async fn each_event_is_logged_once(&self) -> Result<()> {
        let logged = self.column("feedback_db", LOGGED, &[]).await?;
        same("rows of the activity log", logged, self.events.keys().cloned().collect())
    }

    /// Each notification is one of one event for one user, and was told of as such.
    async fn nobody_was_told_twice(&self) -> Result<()> {
        let notified = self.column("notification_db", NOTIFIED, &[]).await?;
        let distinct = notified.iter().collect::<BTreeSet<_>>().len();
        ensure!(distinct == notified.len(), "{} notifications are {distinct} different ones", notified.len());
        same("notifications", notified, self.column("notification_db", TOLD_OF_NOTIFICATIONS, &[]).await?)
    }

    async fn each_step_was_told(&self, stories: i64) -> Result<()> {
        let mut counts: BTreeMap<&str, (i64, i64)> = STEPS.iter().map(|(kind, ..)| (*kind, (0, 0))).collect();
        for kind in self.events.values() {
            counts.entry(kind).or_default().0 += 1;
        }
        for event in self.column("notification_db", NOTIFIED_OF, &[]).await? {
            let kind = self.events.get(&event).with_context(|| format!("a notification of no event: {event}"))?;
            counts.entry(kind).or_default().1 += 1;
        }
        for (kind, times, people) in STEPS {
            let expected = (times * stories, people * stories);
            let found = counts.get(kind).copied().unwrap_or_default();
            ensure!(found == expected, "{kind}: {found:?} events and notifications, not {expected:?}");
        }
        Ok(())
    }

    async fn each_step_was_taken(&self, stories: i64) -> Result<()> {
        for (database, times, all, finished) in ROWS {
            let all = self.databases.count(database, all, &[]).await?;
            let done = self.databases.count(database, finished, &[]).await?;
            let expected = times * stories;
            ensure!(all == expected && done == expected, "{done} of {all}, not {expected}: {finished}");
        }
        Ok(())
    }

    async fn money_fits_the_work(&self) -> Result<()> {
        let approved = self.column("quotation_db", APPROVED_QUOTATIONS, &[]).await?;
        same("projects by quotation", self.column("project_db", COMPLETED_PROJECTS, &[]).await?, approved)?;
        let paid = self.column("quotation_db", PAID_MILESTONES, &[]).await?;
        same("payments by milestone", self.column("payment_db", COMPLETED_PAYMENTS, &[]).await?, paid)
    }

    async fn column(&self, database: &str, query: &'static str, parameters: &[&str]) -> Result<Vec<String>> {
        let rows: Vec<(String,)> = self.databases.select(database, query, parameters).await?;
        Ok(rows.into_iter().map(|(value,)| value).collect())
    }
}

/// Makes sure that both have the same, each as often.
fn same(what: &str, mut found: Vec<String>, mut expected: Vec<String>) -> Result<()> {
    found.sort_unstable();
    expected.sort_unstable();
    if found == expected {
        return Ok(());
    }
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|value| those.binary_search(value).is_err()).cloned().collect()
    };
    let (added, lost) = (only(&found, &expected), only(&expected, &found));
    anyhow::bail!("{what}: {} instead of {}; lost {lost:?}, added {added:?}", found.len(), expected.len())
}

const UNPUBLISHED: &str = "SELECT count(*) FROM outbox_events WHERE published_at IS NULL";
const EMITTED: &str = "SELECT event_id, event_type FROM outbox_events";
const CONSUMED: &str = "SELECT event_id FROM consumed_events WHERE consumer_name = $1";
const IN_ORDER: &str = "SELECT aggregate_type, aggregate_id, event_id FROM outbox_events ORDER BY position";
const MARKED_AT: &str = "SELECT event_id, processed_at FROM consumed_events WHERE consumer_name = $1";
const LOGGED: &str = "SELECT event_id FROM activity_logs";
const NOTIFIED: &str = "SELECT event_id || ' ' || user_id FROM notifications";
const NOTIFIED_OF: &str = "SELECT event_id FROM notifications";
const TOLD_OF_NOTIFICATIONS: &str = "SELECT (event_payload ->> 'event_id') || ' ' || (event_payload ->> 'user_id')
    FROM outbox_events WHERE event_type = 'notification.sent'";
const APPROVED_QUOTATIONS: &str = "SELECT id FROM quotations WHERE status = 'approved'";
const COMPLETED_PROJECTS: &str = "SELECT quotation_id FROM projects WHERE status = 'completed'";
const PAID_MILESTONES: &str = "SELECT id FROM payment_milestones WHERE status = 'paid'";
const COMPLETED_PAYMENTS: &str = "SELECT milestone_id FROM payments WHERE status = 'completed'";

/// How many events of a kind there are in a story, and how many notifications because of them.
const STEPS: [(&str, i64, i64); 26] = [
    ("request.created", 1, 1),
    // Claimed, quoted, approved, in progress, completed.
    ("request.updated", 5, 1),
    ("quotation.sent", 1, 1),
    ("quotation.approved", 1, 2),
    ("milestones.generated", 1, 0),
    ("milestone.due", 2, 2),
    ("payment.initiated", 2, 0),
    ("payment.completed", 2, 0),
    ("milestone.paid", 2, 4),
    ("project.created", 1, 1),
    ("project.started", 1, 2),
    ("task.assigned", 1, 1),
    ("task.accepted", 1, 1),
    ("task.in_progress", 1, 1),
    ("file.uploaded", 2, 0),
    ("task.completed", 1, 1),
    ("package.prepared", 1, 0),
    ("package.delivered", 1, 1),
    ("package.approved", 1, 1),
    ("project.completed", 1, 3),
    // What did not go wrong.
    ("payment.failed", 0, 0),
    ("payment.refunded", 0, 0),
    ("milestone.cancelled", 0, 0),
    ("task.cancelled", 0, 0),
    ("project.cancelled", 0, 0),
    ("request.cancelled", 0, 0),
];

/// How many rows a story leaves in a database: all of a table, and those that have come to their end.
const ROWS: [(&str, i64, &str, &str); 8] = [
    (
        "quotation_db",
        1,
        "SELECT count(*) FROM service_requests",
        "SELECT count(*) FROM service_requests WHERE status = 'completed'",
    ),
    (
        "quotation_db",
        1,
        "SELECT count(*) FROM quotations",
        "SELECT count(*) FROM quotations WHERE status = 'approved'",
    ),
    (
        "quotation_db",
        2,
        "SELECT count(*) FROM payment_milestones",
        "SELECT count(*) FROM payment_milestones WHERE status = 'paid'",
    ),
    (
        "project_db",
        1,
        "SELECT count(*) FROM projects",
        "SELECT count(*) FROM projects WHERE status = 'completed'",
    ),
    (
        "task_db",
        1,
        "SELECT count(*) FROM task_assignments",
        "SELECT count(*) FROM task_assignments WHERE status = 'completed'",
    ),
    (
        "revision_db",
        1,
        "SELECT count(*) FROM deliverable_packages",
        "SELECT count(*) FROM deliverable_packages JOIN package_files ON package_files.package_id = deliverable_packages.id
            WHERE status = 'approved'",
    ),
    (
        "payment_db",
        2,
        "SELECT count(*) FROM payments",
        "SELECT count(DISTINCT milestone_id) FROM payments WHERE status = 'completed'",
    ),
    (
        "file_db",
        2,
        "SELECT count(*) FROM files WHERE uploaded_at IS NOT NULL",
        "SELECT count(DISTINCT subject_id) FROM files WHERE uploaded_at IS NOT NULL AND deleted_at IS NULL",
    ),
];
