//! `mutrapro up --watch`: components are built and replaced while requests, events, jobs, plugins and streams go on, and what
//! cannot be built or run changes nothing.

use anyhow::{Context, Result, bail, ensure};
use futures::future::try_join_all;
use mutrapro_testkit::{Application, Client, System, answer, eventually, eventually_within, guest};
use mutrapro_tests::{Guest, GuestApplication, Load};
use reqwest::Method;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::process::Command;
use tokio::task::JoinHandle;

/// How long a host may take to end that is asked to during a build.
const END_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a plugin rests that keeps failing.
const REST: Duration = Duration::from_secs(30);

/// What the header `content-type` says in the two versions of a component.
const OLD: &str = "text/plain";
const NEW: &str = "text/newer";
/// Long enough not to fit into what lies between host and client.
const STREAM_MIB: usize = 64;

/// Copies the version that the source names; `slow` is one whose build does not end, as its log says in `building`.
const BUILD: &str = "version=$(cat src/version)\n\
    if [ $version = slow ]; then cut -d' ' -f5 /proc/$$/stat >building; sleep 600; fi\n\
    mkdir -p built && cp versions/$version built/part && mv built/part built/shown.wasm\n";

/// The folder of an application whose component `shown` is built from the source `src/version`, by copying what it names.
struct Workshop {
    folder: PathBuf,
}

impl Workshop {
    /// With the versions `old` and `new`, which tell themselves apart by the header `content-type`, and some that cannot run.
    fn open() -> Result<(Self, Application)> {
        let shown = Guest::hostile("shown")
            .file("built/shown.wasm")
            .component("build = { command = \"sh build.sh\", watch = [\"src/**/*\"] }");
        let application = GuestApplication::default().with(Guest::bystander()).with(shown).write()?;
        let folder = application.manifest().parent().context("a file is in a folder")?.to_owned();
        std::fs::write(folder.join("build.sh"), BUILD)?;
        std::fs::create_dir(folder.join("src"))?;
        std::fs::create_dir(folder.join("versions"))?;
        let versions = [
            ("old", std::fs::read(guest("hostile"))?),
            ("new", altered("hostile", OLD, NEW)?),
            ("greedy", std::fs::read(guest("patron"))?),
            ("broken", b"no component".to_vec()),
        ];
        for (name, wasm) in versions {
            std::fs::write(folder.join("versions").join(name), wasm)?;
        }
        let workshop = Self { folder };
        workshop.source("old")?;
        Ok((workshop, application))
    }

    /// Saves the source as editors do: a new file takes the place of the old.
    fn source(&self, version: &str) -> Result<()> {
        replace(&self.folder.join("src/version"), version.as_bytes())
    }
}

/// The guest `wasm` with another text in it, of the same length.
fn altered(wasm: &str, text: &str, other: &str) -> Result<Vec<u8>> {
    ensure!(text.len() == other.len(), "{text:?} and {other:?} differ in length");
    let mut bytes = std::fs::read(guest(wasm))?;
    let places: Vec<usize> =
        bytes.windows(text.len()).enumerate().filter(|(_, part)| *part == text.as_bytes()).map(|(at, _)| at).collect();
    ensure!(!places.is_empty(), "{wasm} does not have the text {text:?}");
    for place in places {
        bytes.get_mut(place..place + other.len()).context("it was found there")?.copy_from_slice(other.as_bytes());
    }
    Ok(bytes)
}

fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let part = path.with_extension("part");
    std::fs::write(&part, content)?;
    Ok(std::fs::rename(&part, path)?)
}

/// Clients that ask `shown` without a pause, until they are stopped or a request fails.
struct Audience {
    stop: Arc<AtomicBool>,
    seen: Arc<Seen>,
    clients: Vec<JoinHandle<Result<u64>>>,
}

/// How many answers came from which version.
#[derive(Default)]
struct Seen {
    old: AtomicU64,
    new: AtomicU64,
}

impl Audience {
    fn of(client: &Client) -> Self {
        let (stop, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Seen::default()));
        let clients = (0..3).map(|_| {
            let (client, stop, seen) = (client.clone(), Arc::clone(&stop), Arc::clone(&seen));
            tokio::spawn(async move {
                let mut requests = 0;
                while !stop.load(Ordering::Relaxed) {
                    let answer = client.get("/shown/headers").await?.expect(200)?;
                    let version = match answer.headers.get("content-type").map(|value| value.to_str()).transpose()? {
                        Some(OLD) => &seen.old,
                        Some(NEW) => &seen.new,
                        other => bail!("an answer of no version: {other:?}"),
                    };
                    version.fetch_add(1, Ordering::Relaxed);
                    requests += 1;
                }
                Ok(requests)
            })
        });
        Self { clients: clients.collect(), stop, seen }
    }

    async fn sees_the_old(&self) -> Result<()> {
        self.sees_only(&self.seen.old, &self.seen.new).await
    }

    async fn sees_the_new(&self) -> Result<()> {
        self.sees_only(&self.seen.new, &self.seen.old).await
    }

    /// Waits until many answers in a row are of one version.
    async fn sees_only(&self, one: &AtomicU64, other: &AtomicU64) -> Result<()> {
        const MANY: u64 = 50;
        let counts = || (one.load(Ordering::Relaxed), other.load(Ordering::Relaxed));
        let mut from = counts();
        eventually("many answers in a row are of one version", async || {
            ensure!(!self.clients.iter().any(JoinHandle::is_finished), "a request failed");
            let now = counts();
            if now.1 > from.1 {
                from = now;
            }
            Ok((now.0 - from.0 >= MANY).then_some(()))
        })
        .await
    }

    /// How many requests there were, none of which failed.
    async fn leave(self) -> Result<u64> {
        self.stop.store(true, Ordering::Relaxed);
        try_join_all(self.clients).await?.into_iter().sum()
    }
}

/// Waits until a line of the log has all of `texts`.
async fn says(system: &System, texts: &[&str]) -> Result<()> {
    let said = eventually("the host has said it", async || {
        let log = system.log()?;
        Ok(log.lines().any(|line| texts.iter().all(|text| line.contains(text))).then_some(()))
    });
    said.await.with_context(|| format!("{texts:?} is not in the log:\n{}", system.log().unwrap_or_default()))
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_go_on_while_a_component_is_built_and_replaced() -> Result<()> {
    let (workshop, application) = Workshop::open()?;
    // Nothing is built yet: the start does it.
    let mut system = System::of(application).arg("--watch").with_log().start().await?;
    let audience = Audience::of(&system.client());
    let outcome = a_developer_goes_on(&workshop, &system, &audience).await;
    let said = || format!("the host said:\n{}", system.log().unwrap_or_default());
    let requests = audience.leave().await.context("a request failed").with_context(said)?;
    outcome.with_context(said)?;
    let labels = "{service=\"shown\",status=\"200\"}";
    let metrics = system.operations().get("/metrics").await?.expect(200)?.text();
    let series: Vec<&str> = metrics.lines().filter(|line| line.contains("requests_total{service=\"shown\"")).collect();
    ensure!(
        series == [format!("mutrapro_requests_total{labels} {requests}")],
        "{requests} requests, counted as {series:?}"
    );
    ensure!(system.terminate().await?.success(), "the host ends well");
    Ok(())
}

async fn a_developer_goes_on(workshop: &Workshop, system: &System, audience: &Audience) -> Result<()> {
    audience.sees_the_old().await?;
    workshop.source("new")?;
    audience.sees_the_new().await.context("a source changed")?;

    workshop.source("missing")?;
    says(system, &["shown goes on with what it ran", "building shown failed: `sh build.sh` ended with"]).await?;
    audience.sees_the_new().await.context("a build failed")?;
    workshop.source("broken")?;
    says(system, &["shown", "built/shown.wasm is no valid WebAssembly component"]).await?;
    audience.sees_the_new().await.context("what was built is no component")?;
    workshop.source("greedy")?;
    says(system, &["shown imports mutrapro:blobs/store@0.1.0, which it is not granted"]).await?;
    audience.sees_the_new().await.context("what was built is granted too little")?;

    workshop.source("old")?;
    audience.sees_the_old().await.context("a build succeeded again")?;
    replace(&workshop.folder.join("built/shown.wasm"), &altered("hostile", OLD, NEW)?)?;
    audience.sees_the_new().await.context("somebody else built it")?;

    for file in ["spin.toml", "migrations/shown/0002_more.sql"] {
        let mut text = std::fs::read_to_string(workshop.folder.join(file)).unwrap_or_default();
        text.push('\n');
        replace(&workshop.folder.join(file), text.as_bytes())?;
        says(system, &[file, "has changed: start again"]).await?;
    }
    audience.sees_the_new().await.context("what a start reads has changed")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_sources_that_comes_back_is_watched_again() -> Result<()> {
    let (workshop, application) = Workshop::open()?;
    let system = System::of(application).arg("--watch").with_log().start().await?;
    let audience = Audience::of(&system.client());
    let (sources, aside) = (workshop.folder.join("src"), workshop.folder.join("aside"));
    std::fs::rename(&sources, &aside)?;
    std::fs::remove_dir_all(&aside)?;
    std::fs::create_dir(&sources)?;
    workshop.source("new")?;
    audience.sees_the_new().await.context("the folder came back with another source")?;
    workshop.source("old")?;
    audience.sees_the_old().await.context("the source in it changed")?;
    audience.leave().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_at_work_ends_with_the_host() -> Result<()> {
    let (workshop, application) = Workshop::open()?;
    let mut system = System::of(application).arg("--watch").with_log().start().await?;
    workshop.source("slow")?;
    let group = eventually("the build is at work", async || {
        let group = std::fs::read_to_string(workshop.folder.join("building")).unwrap_or_default();
        Ok(group.ends_with('\n').then(|| group.trim().to_owned()))
    })
    .await?;
    ensure!(is_alive(&group).await?, "the group {group} of the build is not there");
    let asked = Instant::now();
    ensure!(system.interrupt().await?.success(), "the host ends well: {}", system.log()?);
    ensure!(asked.elapsed() < END_TIME_MAX, "it took {:?}", asked.elapsed());
    eventually("nothing of the build is left", async || Ok((!is_alive(&group).await?).then_some(()))).await
}

/// Whether a process of this group is there.
async fn is_alive(group: &str) -> Result<bool> {
    let asked = Command::new("kill").args(["-s", "0", "--", &format!("-{group}")]).output().await?;
    Ok(asked.status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn events_jobs_plugins_and_streams_follow_a_replacement() -> Result<()> {
    let patron = Guest::new("patron", "patron").tables(&["patron_items"]).trigger("blobs = true");
    let built = |guest: Guest, name: &str| guest.file(format!("built/{name}.wasm"));
    let application = GuestApplication::default()
        .with(Guest::bystander())
        .with(Guest::hostile("emitter"))
        .with(built(Guest::hostile("handler"), "handler").trigger("subscribes = [\"emitter.handler\"]"))
        .with(
            built(Guest::hostile("worker"), "worker")
                .trigger("schedules = [{ job = \"worker-items\", cron = \"* * * * * *\" }]"),
        )
        .with(patron.trigger("plugins = { notifier = \"told\" }"))
        .with(built(Guest::plugin("told", "hostile_plugin"), "told"))
        .with(built(Guest::new("plain-p3", "plain_p3"), "plain-p3"))
        .write()?;
    let built = application.manifest().parent().context("a file is in a folder")?.join("built");
    std::fs::create_dir(&built)?;
    let guests = [("handler", "hostile"), ("worker", "hostile"), ("told", "hostile_plugin"), ("plain-p3", "plain_p3")];
    for (name, wasm) in guests {
        std::fs::copy(guest(wasm), built.join(format!("{name}.wasm")))?;
    }
    let mut system = System::of(application).arg("--watch").start().await?;
    let load = Load::start(&system.client());
    let replace = |name: &str, wasm: Vec<u8>| replace(&built.join(format!("{name}.wasm")), &wasm);
    let client = system.client();

    handled(&client, "recorded").await?;
    replace("handler", altered("hostile", "recorded", "replaced")?)?;
    handled(&client, "replaced").await.context("events")?;

    ticked(&client, "ran").await?;
    replace("worker", altered("hostile", "VALUES ('ran')", "VALUES ('new')")?)?;
    ticked(&client, "new").await.context("jobs")?;

    told(&client, "no such address").await?;
    eventually("the plugin rests", async || {
        let said = post(&client, "/patron/notifier/told", "trap").await?;
        Ok(said.starts_with("resting: ").then_some(()))
    })
    .await?;
    replace("told", altered("hostile_plugin", "no such address", "no such persons")?)?;
    told(&client, "no such persons").await.context("plugins")?;

    let mut old = Stream::open(&client).await?;
    old.read(b'x').await?;
    replace("plain-p3", altered("plain_p3", &"x".repeat(64 << 10), &"y".repeat(64 << 10))?)?;
    eventually("a stream of the new version", async || {
        let mut stream = Stream::open(&client).await?;
        Ok(stream.read(b'y').await.is_ok().then_some(()))
    })
    .await?;
    while old.read(b'x').await.context("the stream that began with the old version")? {}
    ensure!(old.bytes == STREAM_MIB << 20, "the stream of the old version broke off after {} bytes", old.bytes);
    load.stop().await.context("the bystander was disturbed")?;
    ensure!(system.terminate().await?.success(), "the host ends well");
    Ok(())
}

async fn post(client: &Client, path: &str, body: &str) -> Result<String> {
    Ok(answer(client.request(Method::POST, path).body(body.to_owned())).await?.expect(200)?.text())
}

/// Emits events until one is handled as `note` says.
async fn handled(client: &Client, note: &str) -> Result<()> {
    let payload = json!({ "act": "record", "table": "handler_items" }).to_string();
    let event = json!({ "kind": "emitter.handler", "aggregate_id": "a", "payload": payload }).to_string();
    eventually("an event is handled by the version", async || {
        // What the emitter is told does not matter here: a disk that others keep busy makes it try again.
        post(client, "/emitter/emit", &event).await?;
        let query = format!("SELECT note FROM handler_items WHERE note = '{note}' LIMIT 1");
        let rows = post(client, "/handler/sql/query", &query).await?;
        Ok((rows == format!("ok: 1 row(s) {note}")).then_some(()))
    })
    .await
}

/// Waits for the row that a tick writes.
async fn ticked(client: &Client, id: &str) -> Result<()> {
    eventually("a tick of the version", async || {
        let query = format!("SELECT id FROM worker_items WHERE id = '{id}'");
        let rows = post(client, "/worker/sql/query", &query).await?;
        Ok((rows == format!("ok: 1 row(s) {id}")).then_some(()))
    })
    .await
}

/// Asks the plugin until it says `text`, for less long than one that failed rests.
async fn told(client: &Client, text: &str) -> Result<()> {
    eventually_within(REST * 2 / 3, "the version of the plugin answers", async || {
        let said = post(client, "/patron/notifier/told", "never").await?;
        ensure!(said.starts_with("ok: ") || said.starts_with("resting: "), "{said}");
        Ok(said.contains(text).then_some(()))
    })
    .await
}

/// A response that is read in pieces.
struct Stream {
    response: reqwest::Response,
    bytes: usize,
}

impl Stream {
    async fn open(client: &Client) -> Result<Self> {
        let request = client.request(Method::GET, &format!("/plain-p3/stream/{STREAM_MIB}"));
        Ok(Self { response: request.send().await?.error_for_status()?, bytes: 0 })
    }

    /// Whether there was a further piece, which has to consist of `byte`.
    async fn read(&mut self, byte: u8) -> Result<bool> {
        let Some(piece) = self.response.chunk().await? else { return Ok(false) };
        ensure!(piece.iter().all(|found| *found == byte), "a piece of another version");
        self.bytes += piece.len();
        Ok(true)
    }
}
