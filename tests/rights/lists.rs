//! Lists show what can be seen one by one, and nothing else.

use crate::actors::Actor;
use crate::things::World;
use anyhow::{Context, Result, ensure};
use mutrapro_testkit::Client;
use mutrapro_tests::{got, items, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Lists of everything of a kind that somebody may see.
const WHOLE: [&str; 7] = ["requests", "projects", "tasks", "bookings", "payments", "packages", "revisions"];

/// Lists of some of it, the second part being the name of the thing that the query is about.
const PARTIAL: [(&str, &str); 12] = [
    ("files", ""),
    ("files?request=", "project_request"),
    ("files?booking=", "own_booking"),
    ("specialists", ""),
    ("studios?active=false", ""),
    ("requests?unclaimed=true", ""),
    ("projects?status=in_progress&customer=", "owner_id"),
    ("tasks?specialist=", "worker_profile"),
    ("bookings?request=", "request"),
    ("payments?milestone=", "paid_milestone"),
    ("packages?project=", "project"),
    ("revisions?project=", "project"),
];

/// Lists of what is about nobody but who asks.
const OWN: [&str; 2] = ["notifications", "auth/sessions"];

/// What there is of a kind is in somebody's list exactly if they may see it; a part of a list has nothing else in it.
pub(crate) async fn lists_show_what_can_be_seen_one_by_one(world: &World) -> Result<()> {
    let admin = world.client(Actor::Admin)?;
    for path in WHOLE {
        let all = ids(&admin, path).await?.context("the administrator sees everything")?;
        ensure!(all.len() > 1, "two {path} are the least to compare, and there are {all:?}");
        for actor in Actor::ALL {
            let client = world.client(actor)?;
            // Who may not ask for a list may still see one or the other of what would be in it.
            if let Some(listed) = ids(&client, path).await? {
                let visible = visible(&client, path, &all).await?;
                ensure!(listed == visible, "{path} of {}: {listed:?}, and not {visible:?}", actor.name());
            }
        }
    }
    for (path, name) in PARTIAL {
        let path = match name {
            "" => path.to_owned(),
            "owner_id" => format!("{path}{}", world.company.person(Actor::Owner)?.user_id),
            name => format!("{path}{}", world.thing(name).await?),
        };
        ensure!(!ids(&admin, &path).await?.unwrap_or_default().is_empty(), "there are no {path}");
        for actor in Actor::ALL {
            let client = world.client(actor)?;
            let listed = ids(&client, &path).await?.unwrap_or_default();
            let visible = visible(&client, &path, &listed).await?;
            ensure!(listed == visible, "{path} of {}: {listed:?}, of which {visible:?}", actor.name());
        }
    }
    Ok(())
}

/// What people were told and where they are signed in is in one list alone; feedback is in those of whom it speaks.
pub(crate) async fn lists_of_ones_own_have_nothing_of_others(world: &World) -> Result<()> {
    for path in OWN {
        let mut owners: BTreeMap<String, Actor> = BTreeMap::new();
        for actor in Actor::ALL {
            for id in ids(&world.client(actor)?, path).await?.unwrap_or_default() {
                let other = owners.insert(id, actor);
                ensure!(other.is_none(), "{} sees what is in the {path} of {other:?}", actor.name());
            }
        }
        let people: BTreeSet<_> = owners.values().map(|actor| actor.name()).collect();
        ensure!(people.len() == Actor::ALL.len() - 1, "everyone but nobody has {path}: {people:?}");
    }
    let request = world.thing("completed_request").await?;
    let mut readers = Vec::new();
    for actor in Actor::ALL {
        let listed = ids(&world.client(actor)?, &format!("feedback?request={request}")).await?;
        if !listed.unwrap_or_default().is_empty() {
            readers.push(actor);
        }
    }
    ensure!(readers == [Actor::Owner, Actor::Holder, Actor::Worker, Actor::Admin], "{readers:?} read the feedback");
    Ok(())
}

/// The ids in all pages of a list; `None` for who may not ask for it.
async fn ids(client: &Client, path: &str) -> Result<Option<BTreeSet<String>>> {
    let start = format!("/api/v1/{path}{}limit=100", if path.contains('?') { '&' } else { '?' });
    if matches!(client.get(&start).await?.status, 401 | 403 | 404) {
        return Ok(None);
    }
    let mut ids = BTreeSet::new();
    let mut cursor = Some(String::new());
    while let Some(after) = cursor {
        let page = got(client, &format!("{}{after}", start.trim_start_matches("/api/v1/"))).await?;
        for item in items(&page)? {
            ensure!(ids.insert(text(item, "id")?.to_owned()), "twice in {path}: {item}");
        }
        cursor = page.get("next_cursor").and_then(Value::as_str).map(|cursor| format!("&cursor={cursor}"));
    }
    Ok(Some(ids))
}

/// Those of `ids` that are shown to whom `client` is.
async fn visible(client: &Client, path: &str, ids: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let kind = path.split('?').next().unwrap_or(path);
    let mut visible = BTreeSet::new();
    for id in ids {
        let answer = client.get(&format!("/api/v1/{kind}/{id}")).await?;
        if answer.status == 200 {
            visible.insert(id.clone());
        } else {
            answer.expect(404)?;
        }
    }
    Ok(visible)
}
