//! Races for what costs money.

use crate::{RACERS, Race, Stage, race, rounds};
use anyhow::{Result, ensure};
use mutrapro_testkit::Answer;
use mutrapro_tests::{Cast, Deal, Person, got, items, once, paid, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(crate) async fn of_many_payments_of_a_milestone_one_is_made(stage: &Stage) -> Result<()> {
    let Cast { customer, coordinator, .. } = &stage.cast;
    let deposits = rounds(|_| async {
        let deposit = Deal::offered(customer, coordinator).await?.approved().await?;
        let (deposit_id, keys) = (deposit.as_str(), (0..RACERS).map(|racer| format!("{deposit}-{racer}")));
        let racers = keys.map(|key| async move { pay(customer, deposit_id, &key).await });
        race(racers).await?.winner(&["409 milestone_paid", "409 milestone_not_payable"])?;
        Ok(deposit)
    });
    let deposits = deposits.await?;
    stage.settled().await?;
    for deposit in &deposits {
        paid_once(stage, deposit).await?;
    }
    Ok(())
}

pub(crate) async fn a_payment_sent_twice_is_one(stage: &Stage) -> Result<()> {
    let Cast { other_customer: customer, coordinator, .. } = &stage.cast;
    let deposits = rounds(|_| async {
        let deposit = Deal::offered(customer, coordinator).await?.approved().await?;
        let racers = (0..RACERS).map(async |racer| {
            // Some come while the first is being made, or has just been.
            for _ in 0..racer / 2 {
                got(&customer.client, &format!("milestones/{deposit}")).await?;
            }
            pay(customer, &deposit, &deposit).await
        });
        let Race { won, lost } = race(racers).await?;
        ensure!(lost.is_empty(), "a repetition was refused: {lost:?}");
        let again = paid(customer, &deposit).await?;
        for payment in &won {
            for field in ["id", "milestone_id", "amount", "currency", "created_at"] {
                ensure!(payment.get(field) == again.get(field), "{field} differs: {payment} and {again}");
            }
        }
        Ok(deposit)
    });
    let deposits = deposits.await?;
    stage.settled().await?;
    for deposit in &deposits {
        paid_once(stage, deposit).await?;
        let payment = paid(customer, deposit).await?;
        ensure!(text(&payment, "status")? == "completed", "what it became is told: {payment}");
    }
    Ok(())
}

async fn pay(customer: &Person, milestone: &str, key: &str) -> Result<Answer> {
    once(&customer.client, "payments", key, &json!({ "milestone_id": milestone, "method": "credit_card" })).await
}

async fn paid_once(stage: &Stage, deposit: &str) -> Result<()> {
    let admin = &stage.cast.admin.client;
    let milestone = got(admin, &format!("milestones/{deposit}")).await?;
    ensure!(text(&milestone, "status")? == "paid", "{milestone}");
    let payments = got(admin, &format!("payments?milestone={deposit}")).await?;
    let statuses: Vec<_> = items(&payments)?.iter().filter_map(|payment| payment.get("status")?.as_str()).collect();
    ensure!(statuses == ["completed"], "{payments}");
    stage.counts("payment_db", "SELECT count(*) FROM payments WHERE milestone_id = $1", deposit, 1).await?;
    stage.told_once(&["payment.initiated", "payment.completed", "milestone.paid"], "milestone_id", deposit).await?;
    stage.told_once(&["project.created", "project.started"], "quotation_id", text(&milestone, "quotation_id")?).await
}

pub(crate) async fn one_of_many_revisions_is_free(stage: &Stage) -> Result<()> {
    let Cast { customer, other_coordinator, .. } = &stage.cast;
    let projects = rounds(|_| async {
        let deal = Deal::offered(customer, other_coordinator).await?;
        let project = deal.begun().await?;
        let wish = json!({ "project_id": project, "type": "minor_adjustment", "description": "A flat in bar 12" });
        let Race { won, lost } = race((0..RACERS).map(|_| customer.client.post("/api/v1/revisions", &wish))).await?;
        ensure!(lost.is_empty(), "a revision was refused: {lost:?}");
        let free = won.iter().filter(|revision| revision.get("is_free") == Some(&json!(true))).count();
        ensure!(free == 1, "{free} of {RACERS} are free: {won:?}");
        let number = |revision: &Value| revision.get("revision_number").and_then(Value::as_u64);
        let numbers: BTreeSet<_> = won.iter().filter_map(number).collect();
        ensure!(numbers == (1..=RACERS as u64).collect(), "{won:?}");
        Ok((project, deal.quotation))
    });
    let projects = projects.await?;
    stage.settled().await?;
    for (project, quotation) in &projects {
        let eligibility = got(&customer.client, &format!("projects/{project}/revision-eligibility")).await?;
        ensure!(eligibility.get("pending_revisions") == Some(&json!(RACERS)), "{eligibility}");
        stage.counts("revision_db", FREE_REVISIONS, project, 1).await?;
        stage.counts("quotation_db", PAID_REVISIONS, quotation, RACERS as i64 - 1).await?;
        let told = stage.databases.told("revision.requested", "project_id", project).await?;
        ensure!(told == RACERS as i64, "revisions of {project} were told {told} times");
    }
    Ok(())
}

const FREE_REVISIONS: &str = "SELECT count(*) FROM revision_requests WHERE project_id = $1 AND is_free";
const PAID_REVISIONS: &str = "SELECT count(DISTINCT revision_id) FROM payment_milestones
    WHERE quotation_id = $1 AND milestone_type = 'revision_fee' AND status = 'due'";
