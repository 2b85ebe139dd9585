//! State machines seen from outside: what cannot follow is refused, what can is named, and nothing changes.

use crate::actors::Actor;
use crate::calls::{self, Made};
use crate::rows::{Content, Row};
use crate::things::World;
use anyhow::{Context, Result, ensure};
use mutrapro_tests::{got, text};
use reqwest::Method;

/// Who tries what with which thing, and what it can become instead.
const ILLEGAL: [(Actor, &str, &str); 22] = [
    (Actor::Owner, "requests/<cancelled_request>/cancel", "nothing more"),
    (Actor::Holder, "requests/<cancelled_request>/quotations", "nothing more"),
    (Actor::Holder, "quotations/<sent>/send", "approved, rejected, expired, superseded"),
    (Actor::Holder, "quotations/<approved>/send", "nothing more"),
    (Actor::Owner, "quotations/<approved>/approve", "nothing more"),
    (Actor::Owner, "quotations/<approved>/reject", "nothing more"),
    (Actor::Holder, "projects/<cancelled_project>/cancel", "nothing more"),
    (Actor::Worker, "tasks/<assigned_task>/start", "accepted, cancelled"),
    (Actor::Worker, "tasks/<assigned_task>/decline", "accepted, cancelled"),
    (Actor::Worker, "tasks/<offered_task>/complete", "accepted, rejected, cancelled"),
    (Actor::Worker, "tasks/<accepted_task>/accept", "in_progress, cancelled"),
    (Actor::Worker, "tasks/<started_task>/start", "completed, cancelled"),
    (Actor::Holder, "bookings/<booking>/start", "confirmed, cancelled"),
    (Actor::Holder, "bookings/<confirmed_booking>/complete", "in_progress, cancelled, no_show"),
    (Actor::Owner, "bookings/<begun_booking>/cancel", "completed"),
    (Actor::Admin, "payments/<refunded_payment>/refund", "nothing more"),
    (Actor::Holder, "revisions/<revision>/complete", "approved, rejected"),
    (Actor::Holder, "revisions/<approved_revision>/approve", "in_progress"),
    (Actor::Holder, "packages/<empty_package>/deliver", "ready"),
    (Actor::Holder, "packages/<ready_package>/ready", "delivered"),
    (Actor::Owner, "packages/<approved_package>/approve", "nothing more"),
    (Actor::Holder, "packages/<approved_package>/deliver", "nothing more"),
];

/// Every illegal transition of the list is refused as one.
pub(crate) async fn illegal_transitions_name_the_legal_ones(world: &World) -> Result<()> {
    let mut failures = Vec::new();
    for (actor, path, legal) in ILLEGAL {
        if let Err(error) = is_refused(world, actor, path, legal).await {
            failures.push(format!("{path} as {}: {error:#}", actor.name()));
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

async fn is_refused(world: &World, actor: Actor, path: &str, legal: &str) -> Result<()> {
    let (thing, name) = path.split_once("/<").context("no thing")?;
    let name = name.split('>').next().context("no name")?;
    let thing = format!("{thing}/{}", world.thing(name).await?);
    let admin = world.client(Actor::Admin)?;
    let before = got(&admin, &thing).await?;
    let row = Row {
        line: 0,
        method: Method::POST,
        path: path.to_owned(),
        cells: vec![(actor, 409)],
        content: Content::Json("{}".to_owned()),
        headers: Vec::new(),
    };
    let answer = calls::ask(world, &row, actor, &mut Made::new()).await?.expect(409)?.json()?;
    ensure!(text(&answer, "code")? == "illegal_transition", "{answer}");
    let detail = text(&answer, "detail")?;
    ensure!(detail.ends_with(&format!("; it can become {legal}")), "{legal}: {answer}");
    let status = text(&before, "status")?;
    ensure!(detail.contains(&format!("that is {status} cannot")), "{status}: {answer}");
    ensure!(got(&admin, &thing).await? == before, "{thing} changed");
    Ok(())
}
