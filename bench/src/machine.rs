//! The machine that figures were taken on, without which they say little.

use crate::options::PROBE_TIME;
use crate::process::field_bytes;
use anyhow::{Context, Result};
use serde::Serialize;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// A page of SQLite.
const PAGE_BYTES: usize = 4096;

/// What the figures depend on.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    /// Cores that this process may use.
    pub(crate) cores: usize,
    pub(crate) memory_bytes: u64,
    pub(crate) kernel: String,
    /// Pages appended to a file and made durable one by one, a second: no single file takes more commits than that.
    pub(crate) fsyncs_per_second: f64,
}

/// Describes this machine, with the disk that `folder` is on.
pub(crate) fn describe(folder: &Path) -> Result<Machine> {
    let cpuinfo = read("/proc/cpuinfo")?;
    let model = cpuinfo.lines().find(|line| line.starts_with("model name"));
    let processor = model.and_then(|line| line.split_once(':')).map_or("unknown", |(_, model)| model.trim());
    Ok(Machine {
        processor: processor.to_owned(),
        cores: std::thread::available_parallelism()?.get(),
        memory_bytes: field_bytes(&read("/proc/meminfo")?, "MemTotal:").context("no MemTotal in /proc/meminfo")?,
        kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
        fsyncs_per_second: fsyncs_per_second(&folder.join("probe"))?,
    })
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}

fn fsyncs_per_second(path: &Path) -> Result<f64> {
    let mut file = File::create(path).with_context(|| format!("cannot make {}", path.display()))?;
    let page = [0x5a; PAGE_BYTES];
    let started = Instant::now();
    let mut synced = 0_u32;
    while started.elapsed() < PROBE_TIME {
        file.write_all(&page)?;
        file.sync_data()?;
        synced += 1;
    }
    let per_second = f64::from(synced) / started.elapsed().as_secs_f64();
    fs::remove_file(path)?;
    Ok(per_second)
}
