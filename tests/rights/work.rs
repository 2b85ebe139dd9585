//! Projects, tasks, files, packages and revisions: what the worker, the holder and the owner make of a paid deposit.

use crate::accounts::id_of;
use crate::actors::Actor;
use crate::deals::Parties;
use crate::things::World;
use anyhow::Result;
use mutrapro_tests::{created, done, got, milestone, paid, pdf, reaches, text, uploaded};
use serde_json::{Value, json};

/// As many as a project can include, so that whoever asks for a revision pays nothing.
const FREE_REVISIONS: u32 = 20;

/// Makes what `name` stands for, if that is here.
///
/// # Errors
/// When one of the steps is refused.
pub(crate) async fn make(world: &World, name: &str) -> Result<Option<String>> {
    Ok(Some(match name {
        "project" => project(world).await?,
        "cancelled_project" => {
            let project = project(world).await?;
            done(&world.client(Actor::Holder)?, &format!("projects/{project}/cancel"), &json!({})).await?;
            project
        }
        "project_request" => request_of(world, &world.thing("project").await?).await?,
        "running_request" => request_of(world, &project(world).await?).await?,
        "completed_request" => completed_request(world).await?,
        "assigned_task" | "offered_task" | "accepted_task" | "started_task" => {
            task(world, &world.thing("project").await?, name).await?
        }
        "upload" => {
            let of = [("source", "customer_upload"), ("request_id", &world.thing("project_request").await?)];
            file(world, Actor::Owner, of).await?
        }
        "deliverable" | "unseen_file" => {
            let of = [("source", "task_deliverable"), ("assignment_id", &world.thing("started_task").await?)];
            file(world, Actor::Worker, of).await?
        }
        "delivered_file" => {
            let file = world.fresh("deliverable").await?;
            package(world, &world.thing("project").await?, (&file, "draft"), &["ready", "deliver"]).await?;
            file
        }
        "recording" => {
            let of = [("source", "studio_recording"), ("booking_id", &world.thing("own_booking").await?)];
            file(world, Actor::Artist, of).await?
        }
        "demo_file" => file(world, Actor::Worker, [("source", "portfolio_demo"), ("description", "A waltz")]).await?,
        "empty_package" => {
            let package = json!({
                "project_id": world.thing("project").await?, "name": "Score", "delivery_type": "draft",
            });
            id_of(&created(&world.client(Actor::Holder)?, "packages", &package).await?)?
        }
        "filled_package" => draft_package(world, &[]).await?,
        "ready_package" => draft_package(world, &["ready"]).await?,
        "delivered_package" => draft_package(world, &["ready", "deliver"]).await?,
        "approved_package" => {
            let package = draft_package(world, &["ready", "deliver"]).await?;
            done(&world.client(Actor::Owner)?, &format!("packages/{package}/approve"), &json!({})).await?;
            package
        }
        "revision" => revision(world).await?,
        "approved_revision" => {
            let revision = revision(world).await?;
            done(&world.client(Actor::Holder)?, &format!("revisions/{revision}/approve"), &json!({})).await?;
            revision
        }
        _ => return Ok(None),
    }))
}

/// A project that the worker is at.
async fn project(world: &World) -> Result<String> {
    let project = Parties::of(world)?.offer().await?.begun().await?;
    let patch = json!({ "free_revisions_included": FREE_REVISIONS });
    let path = format!("/api/v1/projects/{project}");
    world.client(Actor::Holder)?.patch(&path, &patch).await?.expect(200)?;
    task(world, &project, "started_task").await?;
    Ok(project)
}

async fn request_of(world: &World, project: &str) -> Result<String> {
    let project = got(&world.client(Actor::Admin)?, &format!("projects/{project}")).await?;
    Ok(text(&project, "request_id")?.to_owned())
}

/// A task of the worker that is as far as `name` says.
async fn task(world: &World, project: &str, name: &str) -> Result<String> {
    let task = json!({
        "project_id": project, "specialist_id": world.company.worker_profile, "task_type": "transcription",
        "priority": if name == "offered_task" { "rush" } else { "normal" },
        "due_at": "2099-01-31T09:30:00Z", "estimated_minutes": 60,
    });
    let task = id_of(&created(&world.client(Actor::Holder)?, "tasks", &task).await?)?;
    let steps: &[&str] = match name {
        "accepted_task" => &["accept"],
        "started_task" => &["accept", "start"],
        _ => &[],
    };
    for step in steps {
        done(&world.client(Actor::Worker)?, &format!("tasks/{task}/{step}"), &json!({})).await?;
    }
    Ok(task)
}

/// A file of `actor` that belongs to what `of` says.
async fn file(world: &World, actor: Actor, of: [(&str, &str); 2]) -> Result<String> {
    let name = format!("{}.pdf", world.new_name());
    let [source, subject] = of;
    id_of(&uploaded(&world.client(actor)?, &[("file_name", &name), source, subject], pdf()).await?)
}

async fn draft_package(world: &World, steps: &[&str]) -> Result<String> {
    let (project, file) = (world.thing("project").await?, world.thing("deliverable").await?);
    package(world, &project, (&file, "draft"), steps).await
}

/// A package of one file on which the holder took `steps`.
async fn package(world: &World, project: &str, (file, delivery_type): (&str, &str), steps: &[&str]) -> Result<String> {
    let holder = world.client(Actor::Holder)?;
    let package = json!({ "project_id": project, "name": "Score", "delivery_type": delivery_type });
    let package = id_of(&created(&holder, "packages", &package).await?)?;
    done(&holder, &format!("packages/{package}/files"), &json!({ "file_id": file })).await?;
    for step in steps {
        done(&holder, &format!("packages/{package}/{step}"), &json!({})).await?;
    }
    Ok(package)
}

async fn revision(world: &World) -> Result<String> {
    let revision = json!({
        "project_id": world.thing("project").await?, "type": "minor_adjustment", "description": "A flat in bar 12",
    });
    let revision: Value = created(&world.client(Actor::Owner)?, "revisions", &revision).await?;
    anyhow::ensure!(revision.get("is_free") == Some(&json!(true)), "{revision}");
    id_of(&revision)
}

/// The request of a project that is done, delivered and paid.
async fn completed_request(world: &World) -> Result<String> {
    let parties = Parties::of(world)?;
    let deal = parties.offer().await?;
    let project = deal.begun().await?;
    let task = task(world, &project, "started_task").await?;
    let file = file(world, Actor::Worker, [("source", "task_deliverable"), ("assignment_id", &task)]).await?;
    done(&world.client(Actor::Worker)?, &format!("tasks/{task}/complete"), &json!({})).await?;
    let package = package(world, &project, (&file, "final"), &["ready", "deliver"]).await?;
    done(&deal.customer.client, &format!("packages/{package}/approve"), &json!({})).await?;
    let last = milestone(deal.customer, &deal.quotation, "final_payment", "due").await?;
    paid(deal.customer, text(&last, "id")?).await?;
    reaches(deal.customer, &format!("requests/{}", deal.request), "completed").await?;
    Ok(deal.request.clone())
}
