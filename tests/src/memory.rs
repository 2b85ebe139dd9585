//! How much memory a process has used.

use anyhow::{Context, Result};

/// Starts the measurement of a process's peak anew, and gives what it has resident now, in bytes.
///
/// # Errors
/// When there is no such process, or it is another user's.
pub fn reset_peak_memory(process_id: u32) -> Result<u64> {
    let path = format!("/proc/{process_id}/clear_refs");
    // proc(5): 5 resets the peak resident set size to the current value.
    std::fs::write(&path, "5").with_context(|| format!("cannot write {path}"))?;
    peak_memory_bytes(process_id)
}

/// The most memory that the process has had resident since its start or the last reset, in bytes: `VmHWM` of proc(5).
///
/// # Errors
/// When there is no such process.
pub fn peak_memory_bytes(process_id: u32) -> Result<u64> {
    let path = format!("/proc/{process_id}/status");
    let status = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes * 1024)
}
