//! Services in other languages are held to what those in Rust are: their grants, their limits, and each event exactly once
//! however often the host dies. One guest, `sly`, is written in each language (`tests/languages`).
//!
//! `MUTRAPRO_SEED` replays the kills: it decides how long each life of the host is.

use anyhow::{Context, Result, ensure};
use mutrapro_testkit::{Answer, Client, System, answer};
use mutrapro_tests::{Databases, Guest, GuestApplication, Stage, check_claims, seed, text};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// What a single misdeed may cost the host at its peak, in bytes: as for services in Rust (`tests/limits.rs`).
const MISDEED_BYTES_MAX: u64 = 112 << 20;
/// Long enough for any statement that does not wait, far below the limit after which a transaction would be taken away.
const AT_ONCE: Duration = Duration::from_secs(2);
/// How often the plug is pulled.
const KILLS: u32 = 5;
/// How long the host lives between two kills: from before its first commit to well into the load.
const LIFE_MS: std::ops::Range<u64> = 50..2_500;

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_javascript_is_held_to_what_one_in_rust_is() -> Result<()> {
    is_held_to_what_one_in_rust_is("javascript").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_python_is_held_to_what_one_in_rust_is() -> Result<()> {
    is_held_to_what_one_in_rust_is("python").await
}

async fn is_held_to_what_one_in_rust_is(language: &str) -> Result<()> {
    let mut failed = grants_and_limits(language).await?;
    if let Err(error) = each_event_happens_once_however_often_the_host_is_killed(language).await {
        failed.push(format!("each event happens once however often the host is killed: {error:#}"));
    }
    ensure!(failed.is_empty(), "claims that do not hold of a service in {language}:\n{}", failed.join("\n"));
    Ok(())
}

/// The claims that do not hold.
async fn grants_and_limits(language: &str) -> Result<Vec<String>> {
    let stage = Stage::set([Guest::sly(language)?, Guest::hostile("stranger")]).await?;
    let mut failed = check_claims![stage;
        what_is_its_own_is_at_hand,
        tables_of_other_services_are_out_of_reach,
        the_hosts_own_tables_are_out_of_reach,
        the_schema_is_out_of_reach,
        an_event_that_is_not_declared_is_refused,
        a_component_that_is_not_listed_cannot_be_called,
        an_endless_loop_costs_one_request,
        a_trap_costs_one_request,
        memory_without_end_costs_one_request,
        an_answer_of_64_mebibytes_costs_one_request,
        a_transaction_that_is_left_open_rolls_back_and_frees_the_writer_at_once,
        a_hundred_requests_in_a_row_leave_the_instance_fit_for_more,
    ];
    match stage.strike().await {
        Ok(report) => println!("the bystander answered {report:?}"),
        Err(error) => failed.push(format!("the bystander notices nothing: {error:#}")),
    }
    Ok(failed)
}

async fn what_is_its_own_is_at_hand(stage: &Stage) -> Result<()> {
    let before = items(stage).await?;
    create(stage).await?;
    ensure!(items(stage).await? == before + 1, "the row that was written is not there");
    refuses(stage, "query", "SELECT note FROM sly_items WHERE note = 'mine'", "ok", "mine").await?;
    refuses(stage, "query", "SELECT no_such_column FROM sly_items", "invalid", "no_such_column").await?;
    refuses(stage, "emit", "sly.tested", "ok", "").await?;
    refuses(stage, "call", "bystander", "ok", "404").await
}

async fn tables_of_other_services_are_out_of_reach(stage: &Stage) -> Result<()> {
    for statement in
        ["SELECT * FROM bystander_items", "SELECT s.id FROM sly_items s JOIN bystander_items b ON b.id = s.id"]
    {
        refuses(stage, "query", statement, "forbidden", "sly does not own \"bystander_items\" (bystander does)")
            .await?;
    }
    Ok(())
}

async fn the_hosts_own_tables_are_out_of_reach(stage: &Stage) -> Result<()> {
    for table in ["outbox_events", "consumed_events", "schema_migrations"] {
        let text = format!("\"{table}\" belongs to the host");
        refuses(stage, "query", &format!("SELECT * FROM {table}"), "forbidden", &text).await?;
    }
    refuses(stage, "query", "SELECT * FROM sqlite_master", "forbidden", "belongs to the database engine").await
}

async fn the_schema_is_out_of_reach(stage: &Stage) -> Result<()> {
    for statement in ["CREATE TABLE loot (id TEXT)", "DROP TABLE sly_items", "ALTER TABLE sly_items RENAME TO loot"] {
        refuses(stage, "query", statement, "forbidden", "").await?;
    }
    refuses(stage, "query", "DELETE FROM sly_items", "forbidden", "outside a transaction only SELECT").await
}

async fn an_event_that_is_not_declared_is_refused(stage: &Stage) -> Result<()> {
    for kind in ["item.created", "user.registered"] {
        refuses(stage, "emit", kind, "not-declared", kind).await?;
    }
    refuses(stage, "emit", "sly", "invalid-payload", "sly").await
}

async fn a_component_that_is_not_listed_cannot_be_called(stage: &Stage) -> Result<()> {
    refuses(stage, "call", "stranger", "not-allowed", "\"http://stranger.spin.internal\"").await?;
    refuses(stage, "call", "nobody", "no-such-component", "nobody").await
}

async fn an_endless_loop_costs_one_request(stage: &Stage) -> Result<()> {
    costs_one_request(stage, "loop", 504, &["timed_out"]).await
}

async fn a_trap_costs_one_request(stage: &Stage) -> Result<()> {
    costs_one_request(stage, "trap", 500, &["internal"]).await
}

async fn memory_without_end_costs_one_request(stage: &Stage) -> Result<()> {
    costs_one_request(stage, "hoard", 500, &["internal"]).await
}

/// More than its memory holds, so it may not even get to the limit of answers.
async fn an_answer_of_64_mebibytes_costs_one_request(stage: &Stage) -> Result<()> {
    costs_one_request(stage, "flood", 500, &["internal", "response_too_large"]).await
}

async fn a_transaction_that_is_left_open_rolls_back_and_frees_the_writer_at_once(stage: &Stage) -> Result<()> {
    let before = items(stage).await?;
    for _ in 0..3 {
        stage.post("/sly/leave-open", "left open").await?.expect(204)?;
        is_at_once(create(stage)).await?;
    }
    let left = "SELECT count(*) FROM sly_items WHERE note = 'left open'";
    refuses(stage, "query", left, "ok", "[[0]]").await?;
    ensure!(items(stage).await? == before + 3, "what was written afterwards is not there");
    Ok(())
}

async fn a_hundred_requests_in_a_row_leave_the_instance_fit_for_more(stage: &Stage) -> Result<()> {
    for _ in 0..100 {
        create(stage).await?;
    }
    items(stage).await.map(drop)
}

/// Checks that the host says `case` and `text` to what the guest tries with `body`.
async fn refuses(stage: &Stage, act: &str, body: &str, case: &str, expected: &str) -> Result<()> {
    let said = stage.post(&format!("/sly/{act}"), body.to_owned()).await?.expect(200)?.json()?;
    let fits = text(&said, "case")? == case && text(&said, "text")?.contains(expected);
    ensure!(fits, "{act} {body:?}: expected {case} with {expected:?}, the host said {said}");
    Ok(())
}

/// Checks that the misdeed is answered with this status and one of these codes, costs no more than it may, and that the next
/// request is served.
async fn costs_one_request(stage: &Stage, misdeed: &str, status: u16, codes: &[&str]) -> Result<()> {
    let cost = stage.memory_of(async {
        let code = stage.post(&format!("/sly/{misdeed}"), "").await?.problem(status)?;
        ensure!(codes.contains(&code.as_str()), "the code is {code}, not one of {codes:?}");
        Ok(())
    });
    let bytes = cost.await?;
    ensure!(bytes <= MISDEED_BYTES_MAX, "it cost the host {} MiB, more than {}", bytes >> 20, MISDEED_BYTES_MAX >> 20);
    is_at_once(create(stage)).await.context("the request after it")
}

async fn create(stage: &Stage) -> Result<()> {
    stage.post("/sly/items", "mine").await?.expect(201).map(drop)
}

async fn items(stage: &Stage) -> Result<i64> {
    let answer = stage.client.get("/sly/items").await?.expect(200)?.json()?;
    answer.get("count").and_then(Value::as_i64).with_context(|| format!("no count in {answer}"))
}

async fn is_at_once(act: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::time::timeout(AT_ONCE, act).await.with_context(|| format!("it took more than {AT_ONCE:?}"))?
}

async fn each_event_happens_once_however_often_the_host_is_killed(language: &str) -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed()?);
    let application = GuestApplication::default().with(Guest::bystander()).with(Guest::sly(language)?).write()?;
    let mut system = System::of(application).start().await?;
    let sequence = Arc::new(AtomicU32::new(0));
    let mut acknowledged = BTreeSet::new();
    let mut cut_short = 0;
    for _ in 0..KILLS {
        let load = Load::start(&system.client(), &sequence);
        let life = Duration::from_millis(random.random_range(LIFE_MS));
        let _: Result<(), _> = tokio::time::timeout(life, std::future::pending::<()>()).await;
        system.kill_and_restart().await?;
        let done = load.stop().await?;
        acknowledged.extend(done.acknowledged);
        cut_short += done.cut_short;
    }
    // One of each kind on a calm system, so that an empty run cannot pass.
    for what in [Kind::Own, Kind::Item("item-last".to_owned()), Kind::Item("poison-last".to_owned())] {
        acknowledged.insert(what.send(&system.client()).await?);
    }
    system.settled().await?;
    let letters = system.run(&["dead-letters", "list"]).await?;
    ensure!(system.terminate().await?.success(), "the host ends well");
    ensure!(cut_short > 0, "no request was cut short");

    let balance = Balance::of(&system).await?;
    balance.holds(&acknowledged, &letters)?;
    println!(
        "{} rows and {} events in {language} survived {KILLS} kills, which cut short {cut_short} requests",
        balance.own.len(),
        balance.seen.len()
    );
    Ok(())
}

/// What a client writes.
enum Kind {
    /// A row of the guest, which makes up its id.
    Own,
    /// A row of the bystander, of whose event the guest is told.
    Item(String),
}

impl Kind {
    /// An item that nobody wrote yet.
    fn item(name: &str, sequence: &AtomicU32) -> Self {
        Self::Item(format!("{name}-{}", sequence.fetch_add(1, Ordering::Relaxed)))
    }

    /// The id of what was written.
    async fn send(&self, client: &Client) -> Result<String> {
        let post = async |path, body: String| -> Result<Answer> {
            answer(client.request(Method::POST, path).body(body)).await
        };
        match self {
            Self::Own => {
                let written = post("/sly/items", "load".to_owned()).await?.expect(201)?.json()?;
                Ok(text(&written, "id")?.to_owned())
            }
            Self::Item(id) => post("/bystander", id.clone()).await?.expect(200).map(|_| id.clone()),
        }
    }
}

/// Clients that write one thing after the other until they are told to stop or the plug is out.
struct Load {
    stop: watch::Sender<bool>,
    clients: tokio::task::JoinSet<Done>,
}

/// What clients got done.
#[derive(Default)]
struct Done {
    acknowledged: Vec<String>,
    /// How many requests had no answer.
    cut_short: usize,
}

impl Load {
    fn start(client: &Client, sequence: &Arc<AtomicU32>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut clients = tokio::task::JoinSet::new();
        for is_own in [true, true, false, false] {
            let (client, sequence, stopped) = (client.clone(), Arc::clone(sequence), stopped.clone());
            clients.spawn(async move {
                let mut done = Done::default();
                while !*stopped.borrow() {
                    // What a client writes first the guest refuses for good.
                    let name = if done.acknowledged.is_empty() { "poison" } else { "item" };
                    let what = if is_own { Kind::Own } else { Kind::item(name, &sequence) };
                    match what.send(&client).await {
                        Ok(id) => done.acknowledged.push(id),
                        // The plug is out: this host answers nobody any more.
                        Err(_) => {
                            done.cut_short += 1;
                            break;
                        }
                    }
                }
                done
            });
        }
        Self { stop, clients }
    }

    async fn stop(mut self) -> Result<Done> {
        self.stop.send_replace(true);
        let mut sum = Done::default();
        while let Some(client) = self.clients.join_next().await {
            let done = client?;
            sum.acknowledged.extend(done.acknowledged);
            sum.cut_short += done.cut_short;
        }
        Ok(sum)
    }
}

/// What is in the databases afterwards.
struct Balance {
    /// The guest's rows.
    own: BTreeSet<String>,
    /// How many events the guest told of each row.
    told: BTreeMap<String, i64>,
    /// The bystander's rows.
    items: BTreeSet<String>,
    /// How often the guest was told of each row, its own and the bystander's.
    seen: BTreeMap<String, i64>,
}

impl Balance {
    async fn of(system: &System) -> Result<Self> {
        const TOLD: &str =
            "SELECT aggregate_id, count(*) FROM outbox_events WHERE event_type = 'sly.created' GROUP BY aggregate_id";
        const SEEN: &str = "SELECT aggregate_id, count(*) FROM sly_seen GROUP BY aggregate_id";
        let databases = Databases::of(system)?;
        let ids = |rows: Vec<(String,)>| rows.into_iter().map(|(id,)| id).collect();
        Ok(Self {
            own: ids(databases.select("sly_db", "SELECT id FROM sly_items", &[]).await?),
            told: databases.select("sly_db", TOLD, &[]).await?.into_iter().collect(),
            items: ids(databases.select("bystander_db", "SELECT id FROM bystander_items", &[]).await?),
            seen: databases.select("sly_db", SEEN, &[]).await?.into_iter().collect(),
        })
    }

    fn holds(&self, acknowledged: &BTreeSet<String>, letters: &str) -> Result<()> {
        let written: BTreeSet<&String> = self.own.iter().chain(&self.items).collect();
        let lost: Vec<_> = acknowledged.iter().filter(|id| !written.contains(id)).collect();
        ensure!(lost.is_empty(), "acknowledged but lost: {lost:?}");
        once_each("events", &self.told, &self.own.iter().collect())?;
        let (poisoned, welcome): (BTreeSet<_>, BTreeSet<_>) =
            written.into_iter().partition(|id| id.starts_with("poison"));
        once_each("deliveries", &self.seen, &welcome)?;
        let refused: Vec<_> = letters.lines().filter(|line| line.contains(" is poison")).collect();
        let all_refused =
            poisoned.iter().all(|id| refused.iter().any(|line| line.contains(&format!("{id} is poison"))));
        let only_those = letters.ends_with(&format!("{} dead letter(s)\n", poisoned.len()));
        ensure!(all_refused && only_those, "dead letters are not the poisoned {poisoned:?}:\n{letters}");
        Ok(())
    }
}

/// Checks that `counted` has each of `expected` once, and nothing else.
fn once_each(what: &str, counted: &BTreeMap<String, i64>, expected: &BTreeSet<&String>) -> Result<()> {
    let doubled: Vec<_> = counted.iter().filter(|(_, count)| **count != 1).collect();
    ensure!(doubled.is_empty(), "{what} that happened more than once: {doubled:?}");
    let found: BTreeSet<&String> = counted.keys().collect();
    let differing: Vec<_> = found.symmetric_difference(expected).collect();
    ensure!(differing.is_empty(), "{what} that are missing, or of something that is not there: {differing:?}");
    Ok(())
}
