//! A running host: the back ends, the runtime over them, and the tasks that move requests, events and jobs.

use crate::application;
use crate::back_ends::BackEnds;
use crate::build::Ended;
use crate::options::UpOptions;
use crate::signals::Stop;
use crate::sources;
use crate::watch::Watch;
use anyhow::{Context, Result};
use futures::FutureExt;
use futures::future::{OptionFuture, try_join_all};
use mutrapro_blobs::{BlobMetrics, BlobsCapability};
use mutrapro_events::{EventGauges, EventLimits, EventMetrics, Events, EventsCapability};
use mutrapro_http::{HttpCapability, HttpLimits, HttpTrigger, Listener, Need, Operations};
use mutrapro_manifest::{App, LoadOptions, Manifest};
use mutrapro_plugins::{PluginLimits, PluginMetrics, PluginsCapability};
use mutrapro_runtime::{Capability, EngineConfig, Runtime, RuntimeLimits, RuntimeMetrics};
use mutrapro_schedule::{ScheduleMetrics, Schedules};
use mutrapro_sql::{Databases, SqlCapability};
use prometheus_client::registry::Registry;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a job at hand may take to finish when the host stops; with the listener's own it stays below 10 s.
const JOB_DRAIN: Duration = Duration::from_secs(1);
/// How long the events at hand may take.
const EVENT_DRAIN: Duration = Duration::from_secs(2);
/// How long databases and bus may take to answer one who asks whether this host is ready.
const PING_PATIENCE: Duration = Duration::from_millis(800);
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
    let back_ends = BackEnds::of(&options.store)?;
    let _lock = back_ends.lock()?;
    let source = &options.store.source;
    let mut manifest = Manifest::read(&source.manifest)?;
    // Signals are caught from here on, so that one during a build or a long first compilation is not lost.
    let mut stop = Stop::on_signals()?;
    let mut watch = options.watch.then(|| Watch::of(&source.manifest, &manifest)).transpose()?;
    if let Some(watch) = &watch
        && watch.build(&mut stop).await? == Ended::Stopped
    {
        return Ok(());
    }
    let downloads = cache_directory(options)?.join("sources");
    tokio::select! {
        fetched = sources::fetch(&mut manifest, &downloads) => fetched?,
        _ = stop.asked() => return Ok(()),
    }
    let app = application::assemble(manifest, source, &back_ends.secrets(), LoadOptions { require_wasm: true })?;
    if let Some(watch) = &mut watch {
        watch.application(&app)?;
    }
    let listener = Listener::bind(&options.listen).await?;
    let admin = Listener::bind(&options.admin).await?;
    let (api_address, admin_address) = (listener.address(), admin.address());

    let system = System::start(&app, &back_ends, options).await?;
    let trigger = HttpTrigger::new(&app, Arc::clone(&system.runtime), HttpLimits::default());
    let operations = tokio::spawn(Arc::clone(&system.operations).serve(admin, trigger.limits().clone()));
    println!("serving http://{api_address}, operations on http://{admin_address}");
    tracing::info!(services = app.services.len(), "ready after {:?}", started.elapsed());

    let watching = watch.map(|watch| tokio::spawn(watch.run(Arc::clone(&system.runtime), stop.clone())));
    let shutdown = async move {
        let by = stop.asked().await;
        tracing::info!("{by}: draining");
    };
    listener.serve(trigger, shutdown).await;
    operations.abort();
    if let Some(Err(error)) = OptionFuture::from(watching).await {
        tracing::error!(%error, "the watch ended badly");
    }
    system.stop().await;
    tracing::info!("stopped");
    Ok(())
}

impl System {
    async fn start(app: &App, back_ends: &BackEnds, options: &UpOptions) -> Result<Self> {
        let mut registry = Registry::with_prefix(METRICS_PREFIX);
        let databases = back_ends.open_migrated(app, &mut registry).await?;
        let bus = back_ends.open_bus().await?;
        let blobs = back_ends.open_blobs(BlobMetrics::register(&mut registry)).await?;
        let plugin_metrics = PluginMetrics::register(&mut registry);
        let outbox = Arc::new(EventsCapability::new(
            app.services.values(),
            EventLimits::default(),
            EventMetrics::register(&mut registry),
        ));
        let capabilities: Vec<Arc<dyn Capability>> = vec![
            Arc::new(SqlCapability::new(app, Arc::clone(&databases))),
            Arc::clone(&outbox) as Arc<dyn Capability>,
            Arc::new(HttpCapability::new(&HttpLimits::default())),
            Arc::new(BlobsCapability::new(app, &blobs)),
            Arc::new(PluginsCapability::new(app, &blobs, PluginLimits::default(), &plugin_metrics)),
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
    // A folder of its own: the cache removes whatever it did not make.
    let engine = EngineConfig { cache_directory: Some(cache_directory(options)?.join("components")) };
    let app = app.clone();
    let load = move || Runtime::load(&app, &engine, RuntimeLimits::default(), capabilities, metrics);
    Ok(tokio::task::spawn_blocking(load).await.context("loading the components broke off")??)
}

/// The given folder, or the user's cache folder as the XDG Base Directory Specification has it, or one in the data folder.
fn cache_directory(options: &UpOptions) -> Result<PathBuf> {
    let home_cache = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let user_cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let own = || user_cache.or_else(home_cache).unwrap_or_else(|| options.store.data_dir.join("cache"));
    let directory = options.cache_dir.clone().unwrap_or_else(|| own().join("mutrapro"));
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
            let pings = databases.iter().map(|(service, database)| async move {
                let answered = tokio::time::timeout(PING_PATIENCE, database.ping()).await;
                let answered =
                    answered.map_err(|_| format!("database of {service}: no answer in {PING_PATIENCE:?}"))?;
                answered.map_err(|error| format!("database of {service}: {error}"))
            });
            try_join_all(pings).await.map(drop)
        }
        .boxed()
    };
    let bus_answers = move || {
        let gauges = gauges.clone();
        async move {
            let counted = tokio::time::timeout(PING_PATIENCE, gauges.refresh()).await;
            counted.map_err(|_| format!("no answer in {PING_PATIENCE:?}"))?.map_err(|error| error.to_string())
        }
        .boxed()
    };
    let operations = Operations::new(registry, refresh)
        .with_check("databases", Need::Required, Box::new(databases_answer))
        .with_check("bus", Need::Degrades, Box::new(bus_answers));
    Arc::new(operations)
}
