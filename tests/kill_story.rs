//! Pulls the plug at random moments while customers and the studio are in the middle of their stories. Each story reaches
//! its end all the same, and whatever happened in it happened once.
//!
//! `MUTRAPRO_SEED` replays a run: it decides how long each life of the host is.

use anyhow::{Result, ensure};
use mutrapro_testkit::System;
use mutrapro_tests::{Ledger, Line, Stories, seed, unhurried_system};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::LocalSet;

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
    let mut stories = Stories::begin(&system, &line, CUSTOMERS).await?;
    for _ in 0..KILLS {
        stories.go_on_for(Duration::from_millis(random.random_range(LIFE_MS))).await?;
        host.send_replace(None);
        system.kill_and_restart().await?;
        host.send_replace(Some(system.client()));
    }
    let told = stories.end().await?;
    system.settled().await?;
    system.no_dead_letters().await?;
    ensure!(system.terminate().await?.success(), "the host ends well");
    let events = Ledger::of(&system).await?.balance(told).await?;
    ensure!(line.cut_short() > 0, "no step was cut short");
    println!("{told} stories with {events} events survived {KILLS} kills, which cut short {} steps", line.cut_short());
    Ok(())
}
