//! Who may do what: every public endpoint is asked by everyone, about things that are theirs and things that are not.
//!
//! What is answered stands in `rights/table.rs`. A thing that somebody may not know of is answered about as one that there is
//! not, word for word.

#[path = "rights/accounts.rs"]
mod accounts;
#[path = "rights/actors.rs"]
mod actors;
#[path = "rights/calls.rs"]
mod calls;
#[path = "rights/deals.rs"]
mod deals;
#[path = "rights/lists.rs"]
mod lists;
#[path = "rights/rooms.rs"]
mod rooms;
#[path = "rights/rows.rs"]
mod rows;
#[path = "rights/table.rs"]
mod table;
#[path = "rights/things.rs"]
mod things;
#[path = "rights/transitions.rs"]
mod transitions;
#[path = "rights/work.rs"]
mod work;

use actors::{Actor, has_one_role};
use anyhow::{Context, Result, ensure};
use calls::WEBHOOK_KEY;
use lists::{lists_of_ones_own_have_nothing_of_others, lists_show_what_can_be_seen_one_by_one};
use mutrapro_tests::{check_claims, created, unhurried_system};
use rows::{Endpoint, Row, rows};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use table::{FORMER, TABLE};
use things::World;
use transitions::illegal_transitions_name_the_legal_ones;

#[tokio::test]
async fn everyone_may_do_what_the_table_says_and_nothing_else() -> Result<()> {
    let system = unhurried_system().env("MUTRAPRO_PAYMENT_WEBHOOK_KEY", WEBHOOK_KEY).start().await?;
    let world = World::of(system).await?;
    let failed = check_claims!(world;
        the_table_is_about_every_endpoint,
        everyone_is_answered_as_the_table_says,
        lists_show_what_can_be_seen_one_by_one,
        lists_of_ones_own_have_nothing_of_others,
        illegal_transitions_name_the_legal_ones,
        rights_end_with_the_role,
    );
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    world.system.settled().await?;
    world.system.no_dead_letters().await?;
    Ok(())
}

/// The table and the description of the running system name the same endpoints, and agree on which of them are open to
/// everyone; each is asked by everyone, and lets somebody in.
async fn the_table_is_about_every_endpoint(world: &World) -> Result<()> {
    let document = world.client(Actor::Nobody)?.get("/api/v1/openapi.json").await?.expect(200)?.json()?;
    let described = described(&document)?;
    let mut asked: BTreeMap<Endpoint, Vec<Row>> = BTreeMap::new();
    for row in rows(TABLE)? {
        asked.entry(row.endpoint()).or_default().push(row);
    }
    let named: BTreeSet<_> = asked.keys().collect();
    let known: BTreeSet<_> = described.keys().collect();
    let list = |endpoints: &mut dyn Iterator<Item = &&Endpoint>| endpoints.map(|e| e.to_string()).collect::<Vec<_>>();
    let missing = list(&mut known.difference(&named));
    let invented = list(&mut named.difference(&known));
    ensure!(missing.is_empty() && invented.is_empty(), "the table lacks {missing:?}, and there are no {invented:?}");
    for (endpoint, rows) in &asked {
        let cells: Vec<_> = rows.iter().flat_map(|row| &row.cells).collect();
        ensure!(cells.iter().any(|(_, status)| *status < 300), "{endpoint} lets nobody in");
        for actor in Actor::ALL {
            let is_asked = cells.iter().any(|(own, _)| *own == actor);
            ensure!(is_asked, "{endpoint} is not asked by {}", actor.name());
        }
        let is_open = rows.iter().any(Row::is_open_to_nobody);
        ensure!(described.get(endpoint) == Some(&is_open), "{endpoint} is described as open to everyone, or is so");
    }
    Ok(())
}

/// Every endpoint of an OpenAPI document, and whether it needs no token.
fn described(document: &Value) -> Result<BTreeMap<Endpoint, bool>> {
    let paths = document.get("paths").and_then(Value::as_object).context("no paths")?;
    // No way at all, or an empty one beside others (OpenAPI 3.1, section 4.8.10).
    let is_open = |operation: &Value| {
        let security = operation.get("security").or_else(|| document.get("security")).and_then(Value::as_array);
        security.is_none_or(|ways| ways.iter().all(|way| way.as_object().is_some_and(serde_json::Map::is_empty)))
    };
    let mut described = BTreeMap::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().with_context(|| format!("{path} has no operations"))? {
            described.insert(Endpoint::new(method, path), is_open(operation));
        }
    }
    Ok(described)
}

async fn everyone_is_answered_as_the_table_says(world: &World) -> Result<()> {
    answered_as(world, TABLE).await
}

async fn answered_as(world: &World, table: &str) -> Result<()> {
    let mut failures = Vec::new();
    for row in rows(table)? {
        failures.extend(calls::check(world, &row).await);
    }
    ensure!(failures.is_empty(), "{} cells are wrong:\n{}", failures.len(), failures.join("\n"));
    Ok(())
}

/// Whoever loses a role is a stranger to what they saw for it, though their name stands on it.
async fn rights_end_with_the_role(world: &World) -> Result<()> {
    let admin = world.client(Actor::Admin)?;
    for (actor, role, other) in [
        (Actor::Owner, "customer", "arrangement_specialist"),
        (Actor::Holder, "service_coordinator", "customer"),
        (Actor::Worker, "transcription_specialist", "customer"),
        (Actor::Artist, "recording_artist", "customer"),
    ] {
        let user = world.company.person(actor)?.user_id.clone();
        created(&admin, &format!("users/{user}/roles"), &json!({ "role": other })).await?;
        has_one_role(&admin, &user, other, role).await?;
        world.company.renew(actor).await?;
    }
    answered_as(world, FORMER).await
}
