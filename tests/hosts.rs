//! Two hosts on one PostgreSQL and one NATS, while one of them dies, the broker or the database goes away, or the network
//! between them fails. Every story reaches its end, whatever happened in it happened once, and in order.
//!
//! `MUTRAPRO_SEED` replays a run: it decides what happens when.

use anyhow::{Context, Result, ensure};
use mutrapro_testkit::{Client, Servers, System, TcpProxy, eventually_within};
use mutrapro_tests::{Guest, GuestApplication, Ledger, Line, Stories, seed, unhurried_system};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::LocalSet;

/// How many stories are told at the same time.
const CUSTOMERS: usize = 3;
/// How often one of the hosts is killed, and how often at most if no request was cut short by that.
const KILLS: u32 = 6;
const KILLS_MAX: u32 = 20;
/// How long all of a test may take once the hosts have started.
const PATIENCE: Duration = Duration::from_secs(240);
/// How long hosts may take to find out that something is back.
const RECOVERY: Duration = Duration::from_secs(30);
/// How long the broker is away.
const OUTAGE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn killed_host_is_replaced_by_the_other_at_random_moments() -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed()?);
    on_two_hosts(async |town| {
        for kill in 0..KILLS_MAX {
            // More of them until one has hit somebody in mid-step.
            if kill >= KILLS && town.line.cut_short() > 0 {
                break;
            }
            town.stories.go_on_for(Duration::from_millis(random.random_range(20..1_500))).await?;
            let second_dies = random.random_bool(0.5);
            town.work_on(!second_dies)?;
            town.kill(second_dies).await?;
            // The other one is alone for a while, the lease of the dead one included at times.
            town.stories.go_on_for(Duration::from_millis(random.random_range(20..8_000))).await?;
            town.revive(second_dies).await?;
        }
        ensure!(town.line.cut_short() > 0, "no step was cut short");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn broker_that_is_away_keeps_no_request_from_being_answered() -> Result<()> {
    on_two_hosts(async |town| {
        town.stories.go_on_for(Duration::from_secs(2)).await?;
        let servers = town.system.servers_mut().context("the system has servers")?;
        servers.nats.stop().await?;
        let answer = eventually_within(RECOVERY, "the host says that it is degraded", async || {
            let answer = town.system.operations().get("/readyz").await?;
            Ok(answer.text().contains("\"degraded\":true").then_some(answer))
        });
        let answer = answer.await?;
        ensure!(answer.status == 200, "a host without a broker still answers requests: {}", answer.text());
        // Reads and writes go on; what waits for others waits.
        town.stories.go_on_for(OUTAGE).await?;
        town.system.servers_mut().context("the system has servers")?.nats.start_again().await?;
        town.system.whole().await?;
        town.stories.go_on_for(Duration::from_secs(2)).await
    })
    .await
}

#[tokio::test]
async fn restarted_database_costs_answers_and_nothing_else() -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed()?);
    on_two_hosts(async |town| {
        for _ in 0..3 {
            town.stories.go_on_for(Duration::from_millis(random.random_range(500..2_500))).await?;
            town.line.is_troubled(true);
            town.system.servers_mut().context("the system has servers")?.postgres.restart().await?;
            town.recovered().await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn slow_network_slows_down_and_breaks_nothing() -> Result<()> {
    on_two_hosts(async |town| {
        let servers = servers(&town.system)?;
        servers.to_nats.delay(Duration::from_millis(40));
        servers.to_postgres.delay(Duration::from_millis(5));
        town.stories.go_on_for(Duration::from_secs(8)).await?;
        servers.to_nats.mend().await?;
        servers.to_postgres.mend().await
    })
    .await
}

#[tokio::test]
async fn connections_cut_at_any_moment_lose_no_commit_and_double_none() -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed()?);
    on_two_hosts(async |town| {
        for _ in 0..8 {
            town.stories.go_on_for(Duration::from_millis(random.random_range(200..1_200))).await?;
            town.line.is_troubled(true);
            let servers = servers(&town.system)?;
            // Between a commit and its answer, between an event and its acknowledgement, and everywhere else.
            servers.to_postgres.cut().await?;
            servers.to_nats.cut().await?;
            servers.to_postgres.mend().await?;
            servers.to_nats.mend().await?;
            town.recovered().await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn host_without_a_way_to_the_broker_leaves_its_work_to_the_other() -> Result<()> {
    on_two_hosts(async |town| {
        town.stories.go_on_for(Duration::from_secs(1)).await?;
        // The second host's own way; requests go to it all the same.
        town.work_on(true)?;
        town.second_to_nats.stall();
        town.stories.go_on_for(Duration::from_secs(12)).await?;
        town.second_to_nats.cut().await?;
        town.stories.go_on_for(Duration::from_secs(4)).await?;
        town.second_to_nats.mend().await?;
        town.stories.go_on_for(Duration::from_secs(2)).await
    })
    .await
}

#[tokio::test]
async fn each_tick_runs_on_one_of_two_hosts() -> Result<()> {
    const TICKS: f64 = 10.0;
    let schedule = "schedules = [{ job = \"clock-items\", cron = \"* * * * * *\" }]";
    let application =
        GuestApplication::default().with(Guest::bystander()).with(Guest::hostile("clock").trigger(schedule)).write()?;
    let mut system = System::of(application).shared().start().await?;
    system.add_host().await?;
    let ticks = async |result: &str| {
        let result = format!("result=\"{result}\"");
        system.metric_of_all("mutrapro_schedule_ticks_total", &["service=\"clock\"", &result]).await
    };
    // The job writes one row, and fails when it is there.
    let run = async || Ok::<_, anyhow::Error>(ticks("done").await? + ticks("failed").await?);
    let (started, run_before, left_before) = (Instant::now(), run().await?, ticks("claimed_elsewhere").await?);
    eventually_within(RECOVERY, "both hosts have seen some ticks", async || {
        Ok((run().await? - run_before >= TICKS).then_some(()))
    })
    .await?;
    let (run, left) = (run().await? - run_before, ticks("claimed_elsewhere").await? - left_before);
    let seconds = started.elapsed().as_secs_f64();
    ensure!(run <= seconds + 1.0, "in {seconds} s jobs ran {run} times, and were left to the other host {left} times");
    ensure!(left >= TICKS - 2.0, "only {left} of {run} ticks were left to the other host");
    Ok(())
}

/// Two hosts with people who work on them.
struct Town {
    system: System,
    second_to_nats: TcpProxy,
    stories: Stories,
    line: Line,
    host: watch::Sender<Option<Client>>,
}

/// Lets `trouble` happen while stories are told on two hosts, and looks at what is left.
async fn on_two_hosts(trouble: impl AsyncFnOnce(&mut Town) -> Result<()>) -> Result<()> {
    let mut system = unhurried_system().shared().start().await?;
    let second_to_nats = TcpProxy::start(servers(&system)?.nats.address()).await?;
    system.add_host_behind(&second_to_nats).await?;
    // Everyone lives on this thread: what they do while they wait need not be sent to others.
    let telling = LocalSet::new();
    let told = telling.run_until(async {
        let (host, seen) = watch::channel(Some(system.client()));
        let line = Line::new(seen);
        let stories = Stories::begin(&system, &line, CUSTOMERS).await?;
        let mut town = Town { system, second_to_nats, stories, line, host };
        trouble(&mut town).await?;
        town.line.is_troubled(false);
        let told = town.stories.end().await?;
        town.system.settled().await?;
        town.system.no_dead_letters().await?;
        let events = Ledger::of(&town.system).await?.balance(told).await?;
        println!("{told} stories with {events} events; {} steps were cut short", town.line.cut_short());
        ensure!(town.system.terminate().await?.success(), "the first host ends well");
        for other in town.system.others_mut() {
            ensure!(other.terminate().await?.success(), "the second host ends well");
        }
        Ok(())
    });
    tokio::time::timeout(PATIENCE, Box::pin(told)).await?
}

impl Town {
    /// Sends everyone to the second host, or to the first.
    fn work_on(&mut self, second: bool) -> Result<()> {
        let client = if second { self.second()?.client() } else { self.system.client() };
        self.host.send_replace(Some(client));
        Ok(())
    }

    fn second(&mut self) -> Result<&mut mutrapro_testkit::Host> {
        self.system.others_mut().first_mut().context("there is a second host")
    }

    async fn kill(&mut self, second: bool) -> Result<()> {
        if second { self.second()?.kill().await } else { self.system.kill().await }
    }

    /// Starts the host again that was killed.
    async fn revive(&mut self, second: bool) -> Result<()> {
        if !second {
            return self.system.restart().await;
        }
        self.system.others_mut().clear();
        self.system.add_host_behind(&self.second_to_nats).await.map(drop)
    }

    /// Waits until nothing is missing any more, and nobody fails because of what was.
    async fn recovered(&mut self) -> Result<()> {
        eventually_within(RECOVERY, "the first host is whole again", async || {
            let ready = self.system.operations().get("/readyz").await?;
            Ok((ready.status == 200 && ready.text().contains("\"degraded\":false")).then_some(()))
        })
        .await?;
        self.stories.go_on_for(Duration::from_millis(500)).await?;
        self.line.is_troubled(false);
        Ok(())
    }
}

fn servers(system: &System) -> Result<&Servers> {
    system.servers().context("the system has servers")
}
