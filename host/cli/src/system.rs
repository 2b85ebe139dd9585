//! A running host: the embedded back ends, the runtime over them, and the tasks that move requests, events and jobs.

use crate::application;
use crate::data_directory::DataDirectory;
use crate::options::{StoreOptions, SynchronousOption, UpOptions};
use anyhow::{Context, Result};
use futures::FutureExt;
use mutrapro_blobs::{BlobLimits, BlobMetrics, Blobs, BlobsCapability};
use mutrapro_events::{
    Bus, EmbeddedBus, EmbeddedBusOptions, EventGauges, EventLimits, EventMetrics, Events, EventsCapability,
};
use mutrapro_http::{HttpCapability, HttpLimits, HttpTrigger, Listener, Operations};
use mutrapro_manifest::{App, LoadOptions};
use mutrapro_runtime::{Capability, EngineConfig, Runtime, RuntimeLimits, RuntimeMetrics};
use mutrapro_schedule::{ScheduleMetrics, Schedules};
use mutrapro_sql::{Databases, SqlCapability, SqlLimits, SqlMetrics, SqliteConfig};
use prometheus_client::registry::Registry;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// Read connections of each database where the system does not say how many cores it has.
const READERS: u32 = 2;
/// How long a job at hand may take to finish when the host stops; with the listener's own it stays below 10 s.
const JOB_DRAIN: Duration = Duration::from_secs(1);
/// How long the events at hand may take.
const EVENT_DRAIN: Duration = Duration::from_secs(2);
/// What every metric's name begins with.
const METRICS_PREFIX: &str = "mutrapro";

/// Everything that runs between start and stop.
struct System {
    databases: Arc<Databases>,
    runtime: Arc<Runtime>,
    events: Events,
    schedules: Schedules,
    operations: Arc<Operations>,
}

/// `mutrapro up`: serves until SIGTERM or Ctrl-C, then lets what is in flight finish.
pub(crate) async fn up(options: &UpOptions) -> Result<()> {
    let started = Instant::now();
    let data = DataDirectory::open(&options.store.data_dir)?;
    let _lock = data.lock()?;
    let app = application::load(&options.store.source, &data, LoadOptions { require_wasm: true })?;
    // Signals are caught from here on, so that one during a long first compilation is not lost.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listener = Listener::bind(&options.listen).await?;
    let admin = Listener::bind(&options.admin).await?;
    let (api_address, admin_address) = (listener.address(), admin.address());

    let system = System::start(&app, &data, options).await?;
    let trigger = HttpTrigger::new(&app, Arc::clone(&system.runtime), HttpLimits::default());
    let operations = tokio::spawn(Arc::clone(&system.operations).serve(admin));
    println!("serving http://{api_address}, operations on http://{admin_address}");
    tracing::info!(services = app.services.len(), "ready after {:?}", started.elapsed());

    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: draining"),
            _ = interrupt.recv() => tracing::info!("interrupted: draining"),
        }
    };
    listener.serve(trigger, shutdown).await;
    operations.abort();
    system.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// `mutrapro migrate`: brings every database up to date and says what was done.
pub(crate) async fn migrate(options: &StoreOptions) -> Result<()> {
    let data = DataDirectory::open(&options.data_dir)?;
    let app = application::load(&options.source, &data, LoadOptions { require_wasm: false })?;
    let databases = open_databases(&app, &data, options.sqlite_synchronous, &mut Registry::default()).await?;
    let applied = databases.migrate().await?;
    for migration in &applied {
        println!("applied {migration}");
    }
    println!("{} migration(s) applied", applied.len());
    databases.close().await;
    Ok(())
}

pub(crate) async fn open_databases(
    app: &App,
    data: &DataDirectory,
    synchronous: SynchronousOption,
    registry: &mut Registry,
) -> Result<Arc<Databases>> {
    let config = SqliteConfig {
        directory: data.path().to_path_buf(),
        synchronous: synchronous.into(),
        // Each has a thread of its own: more than cores would only wait for each other.
        readers: std::thread::available_parallelism()
            .map_or(READERS, |cores| u32::try_from(cores.get()).unwrap_or(READERS)),
        limits: SqlLimits::default(),
    };
    Ok(Databases::open(app, &config, SqlMetrics::register(registry)).await?)
}

pub(crate) async fn open_bus(data: &DataDirectory, synchronous: SynchronousOption) -> Result<Arc<dyn Bus>> {
    let synchronous_full = matches!(synchronous, SynchronousOption::Full);
    let options = EmbeddedBusOptions { synchronous_full, ..EmbeddedBusOptions::default() };
    let bus = EmbeddedBus::open(&data.bus(), options).await.context("cannot open the event bus")?;
    Ok(Arc::new(bus))
}

/// Opens the storage on a thread that may block, for it looks through its folder.
async fn open_blobs(data: &DataDirectory, metrics: BlobMetrics) -> Result<Blobs> {
    let folder = data.blobs();
    let open = move || Blobs::in_directory(&folder, BlobLimits::default(), metrics);
    Ok(tokio::task::spawn_blocking(open).await.context("opening the storage of blobs broke off")??)
}

impl System {
    async fn start(app: &App, data: &DataDirectory, options: &UpOptions) -> Result<Self> {
        let mut registry = Registry::with_prefix(METRICS_PREFIX);
        let synchronous = options.store.sqlite_synchronous;
        let databases = open_databases(app, data, synchronous, &mut registry).await?;
        for migration in databases.migrate().await? {
            tracing::info!("applied {migration}");
        }
        let bus = open_bus(data, synchronous).await?;
        let outbox = Arc::new(EventsCapability::new(
            app.services.values(),
            EventLimits::default(),
            EventMetrics::register(&mut registry),
        ));
        let capabilities: Vec<Arc<dyn Capability>> = vec![
            Arc::new(SqlCapability::new(app, Arc::clone(&databases))),
            Arc::clone(&outbox) as Arc<dyn Capability>,
            Arc::new(HttpCapability::new(&HttpLimits::default())),
            Arc::new(BlobsCapability::new(app, &open_blobs(data, BlobMetrics::register(&mut registry)).await?)),
        ];
        let runtime = load_runtime(app, options, capabilities, RuntimeMetrics::register(&mut registry)).await?;
        runtime.spawn_idle_release();
        let events = Events::start(&runtime, &databases, bus, &outbox).await?;
        let schedules = Schedules::start(&runtime, &databases, &ScheduleMetrics::register(&mut registry))?;
        let operations = operations(registry, &databases, events.gauges());
        Ok(Self { databases, runtime, events, schedules, operations })
    }

    /// Ends what makes new work first, then what works it off, then what keeps it.
    async fn stop(self) {
        let Self { databases, runtime, events, schedules, operations } = self;
        schedules.stop(JOB_DRAIN).await;
        if tokio::time::timeout(EVENT_DRAIN, events.stop()).await.is_err() {
            tracing::warn!("events were still being handled after {EVENT_DRAIN:?}: they come again at the next start");
        }
        drop((operations, runtime));
        databases.close().await;
    }
}

/// Loads the components on a thread that may block, for compiling them does.
async fn load_runtime(
    app: &App,
    options: &UpOptions,
    capabilities: Vec<Arc<dyn Capability>>,
    metrics: RuntimeMetrics,
) -> Result<Arc<Runtime>> {
    let engine = EngineConfig { cache_directory: Some(cache_directory(options)?) };
    let app = app.clone();
    let load = move || Runtime::load(&app, &engine, RuntimeLimits::default(), capabilities, metrics);
    Ok(tokio::task::spawn_blocking(load).await.context("loading the components broke off")??)
}

/// The given folder, or the user's cache folder as the XDG Base Directory Specification has it, or one in the data folder.
fn cache_directory(options: &UpOptions) -> Result<PathBuf> {
    let home_cache = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let user_cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let own = || user_cache.or_else(home_cache).unwrap_or_else(|| options.store.data_dir.join("cache"));
    let directory = options.cache_dir.clone().unwrap_or_else(|| own().join("mutrapro/components"));
    std::path::absolute(&directory).with_context(|| format!("cannot resolve {}", directory.display()))
}

fn operations(registry: Registry, databases: &Arc<Databases>, gauges: EventGauges) -> Arc<Operations> {
    let for_refresh = gauges.clone();
    let refresh = move || {
        let gauges = for_refresh.clone();
        async move {
            if let Err(error) = gauges.refresh().await {
                tracing::warn!("the gauges of events are out of date: {error}");
            }
        }
        .boxed()
    };
    let databases = Arc::clone(databases);
    let databases_answer = move || {
        let databases = Arc::clone(&databases);
        async move {
            for (service, database) in databases.iter() {
                database.ping().await.map_err(|error| format!("database of {service}: {error}"))?;
            }
            Ok(())
        }
        .boxed()
    };
    let bus_answers = move || {
        let gauges = gauges.clone();
        async move { gauges.refresh().await.map_err(|error| error.to_string()) }.boxed()
    };
    let operations = Operations::new(registry, refresh)
        .with_check("databases", Box::new(databases_answer))
        .with_check("bus", Box::new(bus_answers));
    Arc::new(operations)
}
