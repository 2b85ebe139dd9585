//! Pulls the plug at random moments under load and looks for what was lost and what was doubled.
//!
//! `MUTRAPRO_SEED` replays a run: it decides how long each life of the host is.

use anyhow::{Context, Result, ensure};
use mutrapro_testkit::Client;
use mutrapro_tests::{Databases, register, seed, unhurried_system};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// How often the plug is pulled.
const KILLS: u32 = 8;
const CLIENTS: u32 = 4;
/// How long the host lives between two kills: from before its first commit to well into the load.
const LIFE_MS: std::ops::Range<u64> = 50..2_500;

#[tokio::test]
async fn every_committed_registration_has_exactly_one_welcome_and_one_activity_row() -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed()?);
    let mut system = unhurried_system().start().await?;

    let mut acknowledged = BTreeSet::new();
    let sequence = Arc::new(AtomicU32::new(0));
    for _ in 0..KILLS {
        let load = Load::start(&system.client(), &sequence);
        let life = Duration::from_millis(random.random_range(LIFE_MS));
        tokio::time::timeout(life, std::future::pending::<()>()).await.unwrap_err();
        system.kill_and_restart().await?;
        acknowledged.extend(load.stop().await?);
    }
    // One more that surely succeeds, so that an empty run cannot pass.
    let last = register_next(&system.client(), &sequence).await?.context("a registration on a calm system succeeds")?;
    acknowledged.insert(last);
    system.settled().await?;
    ensure!(system.terminate().await?.success(), "the host ends well");

    let databases = Databases::of(&system)?;
    let users: BTreeMap<String, String> = databases.select("user_db", USERS, &[]).await?.into_iter().collect();
    let lost: Vec<_> = acknowledged.iter().filter(|email| !users.contains_key(*email)).collect();
    ensure!(lost.is_empty(), "acknowledged but lost: {lost:?}");
    let ids: BTreeSet<&String> = users.values().collect();
    for (what, database, query) in
        [("welcome", "notification_db", WELCOMES), ("activity row", "feedback_db", ACTIVITIES)]
    {
        let counted: BTreeMap<String, i64> = databases.select(database, query, &[]).await?.into_iter().collect();
        ensure!(counted.values().all(|count| *count == 1), "a {what} was doubled: {counted:?}");
        ensure!(counted.keys().collect::<BTreeSet<_>>() == ids, "users without {what}, or the reverse");
    }
    println!("{} registrations survived {KILLS} kills, {} acknowledged", users.len(), acknowledged.len());
    Ok(())
}

const USERS: &str = "SELECT email, id FROM users";
const WELCOMES: &str = "SELECT user_id, count(*) FROM notifications GROUP BY user_id";
const ACTIVITIES: &str = "SELECT entity_id, count(*) FROM activity_logs WHERE entity_type = 'user' AND action = 'registered' GROUP BY entity_id";

/// Clients that register users one after the other until they are told to stop.
struct Load {
    stop: watch::Sender<bool>,
    clients: tokio::task::JoinSet<Result<Vec<String>>>,
}

impl Load {
    fn start(client: &Client, sequence: &Arc<AtomicU32>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut clients = tokio::task::JoinSet::new();
        for _ in 0..CLIENTS {
            let (client, sequence, stopped) = (client.clone(), Arc::clone(sequence), stopped.clone());
            clients.spawn(async move {
                let mut acknowledged = Vec::new();
                while !*stopped.borrow() {
                    match register_next(&client, &sequence).await {
                        Ok(email) => acknowledged.extend(email),
                        // The plug is out: this host answers nobody any more.
                        Err(_) => break,
                    }
                }
                Ok(acknowledged)
            });
        }
        Self { stop, clients }
    }

    /// The addresses whose registration was acknowledged.
    async fn stop(mut self) -> Result<Vec<String>> {
        self.stop.send_replace(true);
        let mut acknowledged = Vec::new();
        while let Some(client) = self.clients.join_next().await {
            acknowledged.extend(client??);
        }
        Ok(acknowledged)
    }
}

/// Registers one more user; the address if the host said that it did.
async fn register_next(client: &Client, sequence: &AtomicU32) -> Result<Option<String>> {
    let name = format!("user{}", sequence.fetch_add(1, Ordering::Relaxed));
    let answer = register(client, &name).await?;
    Ok((answer.status == 201).then(|| format!("{name}@example.com")))
}
