//! Pulls the plug at random moments while customers and the studio are in the middle of their stories. Each story reaches
//! its end all the same, and whatever happened in it happened once.
//!
//! `MUTRAPRO_SEED` replays a run: it decides how long each life of the host is.

#[path = "kill_story/ledger.rs"]
mod ledger;
#[path = "kill_story/persistent.rs"]
mod persistent;
#[path = "kill_story/song.rs"]
mod song;

use anyhow::{Result, bail, ensure};
use ledger::Ledger;
use mutrapro_testkit::System;
use mutrapro_tests::{Cast, Person, person, seed, unhurried_system};
use persistent::{Line, Persistent};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use song::Studio;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};

/// How often the plug is pulled.
const KILLS: u32 = 20;
/// How many stories are told at the same time.
const CUSTOMERS: usize = 4;
/// How long the host lives between two kills: from before its first commit to the middle of a story.
const LIFE_MS: std::ops::Range<u64> = 20..1_500;
/// How long all of it may take once the host has started.
const PATIENCE: Duration = Duration::from_secs(90);

#[tokio::test]
async fn every_story_reaches_its_end_and_happens_once() -> Result<()> {
    let random = StdRng::seed_from_u64(seed()?);
    let system = unhurried_system().start().await?;
    // Everyone lives on this thread: what they do while they wait need not be sent to others.
    tokio::time::timeout(PATIENCE, LocalSet::new().run_until(tell_and_kill(system, random))).await?
}

async fn tell_and_kill(mut system: System, mut random: StdRng) -> Result<()> {
    let (host, seen) = watch::channel(Some(system.client()));
    let line = Line::new(seen);
    let mut stories = Stories::begin(&system, &line).await?;
    for _ in 0..KILLS {
        stories.go_on_for(Duration::from_millis(random.random_range(LIFE_MS))).await?;
        host.send_replace(None);
        system.kill_and_restart().await?;
        host.send_replace(Some(system.client()));
    }
    let told = stories.end().await?;
    system.settled().await?;
    ensure!(system.metric("mutrapro_events_dead", &[]).await? == 0.0, "an event was given up");
    ensure!(system.terminate().await?.success(), "the host ends well");
    let events = Ledger::of(&system).await?.balance(told).await?;
    ensure!(line.cut_short() > 0, "no step was cut short");
    println!("{told} stories with {events} events survived {KILLS} kills, which cut short {} steps", line.cut_short());
    Ok(())
}

/// Customers who have one song transcribed after the other.
struct Stories {
    customers: JoinSet<Result<i64>>,
    are_to_end: Rc<Cell<bool>>,
}

impl Stories {
    async fn begin(system: &System, line: &Line) -> Result<Self> {
        let cast = Cast::of(system).await?;
        // Nobody has to wait for the specialist.
        let limit = json!({ "max_concurrent_tasks": CUSTOMERS });
        cast.transcriber.person.client.patch("/api/v1/specialists/me", &limit).await?.expect(200)?;
        let studio = Rc::new(Studio::new(&cast, line));
        let are_to_end = Rc::new(Cell::new(false));
        let mut customers = JoinSet::new();
        for number in 0..CUSTOMERS {
            let customer = person(&system.client(), &format!("customer{number}")).await?;
            customers.spawn_local(one_after_the_other(
                customer,
                line.clone(),
                Rc::clone(&studio),
                Rc::clone(&are_to_end),
            ));
        }
        Ok(Self { customers, are_to_end })
    }

    /// Lets them go on for a while.
    async fn go_on_for(&mut self, while_: Duration) -> Result<()> {
        match tokio::time::timeout(while_, self.customers.join_next()).await {
            Err(_elapsed) => Ok(()),
            Ok(None) => bail!("there are no customers"),
            Ok(Some(ended)) => bail!("a customer ended after {} stories", ended??),
        }
    }

    /// Lets the stories that have begun come to their end, and says how many there were.
    async fn end(mut self) -> Result<i64> {
        self.are_to_end.set(true);
        let mut told = 0;
        while let Some(customer) = self.customers.join_next().await {
            told += customer??;
        }
        Ok(told)
    }
}

async fn one_after_the_other(
    customer: Person,
    line: Line,
    studio: Rc<Studio>,
    are_to_end: Rc<Cell<bool>>,
) -> Result<i64> {
    let customer = Persistent::new(&customer.client, &line);
    let mut told = 0;
    while !are_to_end.get() {
        studio.transcribe(&customer, &format!("Song {told}")).await?;
        told += 1;
    }
    Ok(told)
}
