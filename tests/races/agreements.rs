//! Races for a request and its quotation.

use crate::{RACERS, Stage, race, rounds};
use anyhow::{Result, ensure};
use mutrapro_tests::{Cast, Deal, filed, got, items, project_of, text};
use serde_json::json;

const MILESTONES: &str = "SELECT count(*) FROM payment_milestones WHERE quotation_id = $1";
const PROJECTS: &str = "SELECT count(*) FROM projects WHERE quotation_id = $1";
/// What whoever comes second is told.
const DECIDED: [&str; 2] = ["409 illegal_transition", "409 changed_meanwhile"];

pub(crate) async fn a_quotation_is_approved_once(stage: &Stage) -> Result<()> {
    let Cast { customer, coordinator, .. } = &stage.cast;
    let deals = rounds(|_| async {
        let deal = Deal::offered(customer, coordinator).await?;
        let path = format!("/api/v1/quotations/{}/approve", deal.quotation);
        let racers = (0..RACERS).map(async |_| customer.client.post(&path, &json!({})).await);
        race(racers).await?.winner(&DECIDED)?;
        Ok(deal)
    });
    let deals = deals.await?;
    stage.settled().await?;
    for deal in &deals {
        approved_once(stage, deal).await?;
    }
    Ok(())
}

pub(crate) async fn a_quotation_is_approved_or_rejected(stage: &Stage) -> Result<()> {
    let Cast { other_customer: customer, coordinator, .. } = &stage.cast;
    let decided = rounds(|round| async move {
        let deal = Deal::offered(customer, coordinator).await?;
        let racers = (0..RACERS).map(async |racer| {
            let decision = if (round + racer).is_multiple_of(2) { "approve" } else { "reject" };
            customer.client.post(&format!("/api/v1/quotations/{}/{decision}", deal.quotation), &json!({})).await
        });
        let winner = race(racers).await?.winner(&DECIDED)?;
        let is_approved = text(&winner, "status")? == "approved";
        Ok((deal, is_approved))
    });
    let decided = decided.await?;
    stage.settled().await?;
    for (deal, is_approved) in &decided {
        if *is_approved {
            approved_once(stage, deal).await?;
            ensure!(stage.databases.told("quotation.rejected", "quotation_id", &deal.quotation).await? == 0);
        } else {
            rejected_once(stage, deal).await?;
        }
    }
    let approved = decided.iter().filter(|(_, is_approved)| *is_approved).count();
    println!("of {} quotations {approved} were approved", decided.len());
    Ok(())
}

async fn approved_once(stage: &Stage, deal: &Deal<'_>) -> Result<()> {
    let Deal { customer, request, quotation, .. } = deal;
    let project = project_of(customer, request).await?;
    ensure!(text(&project, "status")? == "assigned", "it waits for its deposit: {project}");
    let milestones = got(&customer.client, &format!("quotations/{quotation}/milestones")).await?;
    ensure!(items(&milestones)?.len() == 2, "a deposit and the rest: {milestones}");
    stage.counts("quotation_db", MILESTONES, quotation, 2).await?;
    stage.counts("project_db", PROJECTS, quotation, 1).await?;
    let kinds = ["quotation.approved", "milestones.generated", "milestone.due", "project.created"];
    stage.told_once(&kinds, "quotation_id", quotation).await
}

async fn rejected_once(stage: &Stage, deal: &Deal<'_>) -> Result<()> {
    let Deal { customer, request, quotation, .. } = deal;
    let request = got(&customer.client, &format!("requests/{request}")).await?;
    ensure!(text(&request, "status")? == "rejected", "{request}");
    stage.counts("quotation_db", MILESTONES, quotation, 0).await?;
    stage.counts("project_db", PROJECTS, quotation, 0).await?;
    stage.told_once(&["quotation.rejected"], "quotation_id", quotation).await?;
    ensure!(stage.databases.told("quotation.approved", "quotation_id", quotation).await? == 0);
    Ok(())
}

pub(crate) async fn a_request_has_one_coordinator(stage: &Stage) -> Result<()> {
    let Cast { customer, coordinator, other_coordinator, .. } = &stage.cast;
    let claimed = rounds(|round| async move {
        let request = filed(customer, "Hạ trắng").await?;
        let path = format!("/api/v1/requests/{request}/claim");
        let racers = (0..RACERS).map(async |racer| {
            let is_first = (round + racer).is_multiple_of(2);
            let claimant = if is_first { coordinator } else { other_coordinator };
            claimant.client.post(&path, &json!({})).await
        });
        let winner = race(racers).await?.winner(&["409 request_claimed"])?;
        Ok((request, text(&winner, "coordinator_user_id")?.to_owned()))
    });
    let claimed = claimed.await?;
    stage.settled().await?;
    for (request, holder) in &claimed {
        let held = got(&customer.client, &format!("requests/{request}")).await?;
        ensure!(text(&held, "coordinator_user_id")? == holder, "{holder} has claimed {held}");
        stage.told_once(&["request.created", "request.updated"], "request_id", request).await?;
    }
    Ok(())
}
