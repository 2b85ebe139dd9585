//! How long the host takes to serve the real application, and what memory it keeps when nobody asks for anything.

use crate::host::{self, Launch};
use crate::options::{IDLE_TIME, Plan, WARM_STARTS};
use crate::process::Memory;
use crate::statistics::median;
use anyhow::Result;
use serde::Serialize;
use std::path::Path;

/// Start-up and memory. Times run from the start of the process until it says that it serves.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct StartupFigures {
    /// With no compiled components and no data: everything is compiled and created.
    pub(crate) cold_seconds: f64,
    /// With both, as a second `make up`: the median.
    pub(crate) warm_seconds: f64,
    pub(crate) warm_starts_seconds: Vec<f64>,
    /// After a warm start and a while without requests.
    pub(crate) idle_memory: Memory,
}

/// Starts the application again and again, and leaves the last one idle for a while.
pub(crate) async fn measure(plan: &Plan, scratch: &Path) -> Result<StartupFigures> {
    // A cache of its own: the other parts may have filled theirs with the same components.
    let launch = Launch {
        executable: &plan.host,
        manifest: plan.application.clone(),
        data: scratch.join("startup"),
        cache: scratch.join("startup-cache"),
        servers: None,
    };
    eprintln!("start-up: cold");
    let host = host::start(&launch).await?;
    let cold_seconds = host.ready_after.as_secs_f64();
    host.stop().await?;
    let mut warm_starts_seconds = Vec::new();
    for start in 1..=WARM_STARTS {
        eprintln!("start-up: warm, {start} of {WARM_STARTS}");
        let host = host::start(&launch).await?;
        warm_starts_seconds.push(host.ready_after.as_secs_f64());
        host.stop().await?;
    }
    eprintln!("memory: idle for {IDLE_TIME:?}");
    let host = host::start(&launch).await?;
    tokio::time::sleep(IDLE_TIME).await;
    let idle_memory = host.memory()?;
    host.stop().await?;
    Ok(StartupFigures {
        cold_seconds,
        warm_seconds: median(warm_starts_seconds.iter().copied()),
        warm_starts_seconds,
        idle_memory,
    })
}
