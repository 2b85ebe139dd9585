//! A server in a process of its own: started, watched from outside, killed when it is dropped.

use crate::options::START_PATIENCE;
use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::fs;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The unit of CPU times in `/proc`, which Linux keeps at 100 a second (`USER_HZ`) whatever the kernel's own clock.
const TICKS_PER_SECOND: u64 = 100;

/// A running server that said where it serves.
pub(crate) struct Server {
    pub(crate) addresses: Addresses,
    /// From the start of the process until it said that it serves.
    pub(crate) ready_after: Duration,
    id: u32,
    process: Child,
    /// Kept open: a server whose output nobody takes ends.
    _output: Lines<BufReader<ChildStdout>>,
}

/// Where a server serves, as its first line says: `serving http://A, operations on http://B`, or the first half of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) api: SocketAddr,
    pub(crate) operations: Option<SocketAddr>,
}

/// The memory of a process, in bytes.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Memory {
    /// Resident: every page of it that is in memory, shared ones too.
    pub(crate) rss_bytes: u64,
    /// Proportional: shared pages divided by those who share them. `None` where the kernel does not tell.
    pub(crate) pss_bytes: Option<u64>,
    /// The most that was resident at any time.
    pub(crate) peak_rss_bytes: u64,
}

impl Server {
    /// Starts `command` and waits until it serves.
    ///
    /// # Errors
    /// When it does not start, ends, or does not serve in time.
    pub(crate) async fn start(mut command: Command) -> Result<Self> {
        let started = Instant::now();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let program = command.as_std().get_program().to_owned();
        let mut process = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let output = process.stdout.take().context("a process without standard output")?;
        let mut output = BufReader::new(output).lines();
        let line = tokio::time::timeout(START_PATIENCE, output.next_line()).await;
        let ready_after = started.elapsed();
        let Some(line) = line.with_context(|| format!("not ready after {START_PATIENCE:?}"))?? else {
            bail!("{} ended before it served: {}", program.display(), process.wait().await?);
        };
        let addresses = Addresses::parse(&line).with_context(|| format!("unexpected first line {line:?}"))?;
        let id = process.id().context("the process has ended already")?;
        Ok(Self { addresses, ready_after, id, process, _output: output })
    }

    /// The processor time that it used so far, in user and kernel mode.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        let stat = self.read("stat")?;
        let ticks = cpu_ticks(&stat).with_context(|| format!("unexpected form of /proc/{}/stat: {stat}", self.id))?;
        Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
    }

    /// Its memory now.
    pub(crate) fn memory(&self) -> Result<Memory> {
        let status = self.read("status")?;
        let missing = |field: &str| format!("no {field} in /proc/{}/status", self.id);
        Ok(Memory {
            rss_bytes: field_bytes(&status, "VmRSS:").with_context(|| missing("VmRSS"))?,
            peak_rss_bytes: field_bytes(&status, "VmHWM:").with_context(|| missing("VmHWM"))?,
            pss_bytes: self.read("smaps_rollup").ok().and_then(|rollup| field_bytes(&rollup, "Pss:")),
        })
    }

    /// Ends it and waits until it has ended, so that the next one has the machine to itself.
    pub(crate) async fn stop(mut self) -> Result<()> {
        Ok(self.process.kill().await?)
    }

    fn read(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.id);
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
    }
}

impl Addresses {
    fn parse(line: &str) -> Option<Self> {
        let addresses = line.strip_prefix("serving http://")?;
        match addresses.split_once(", operations on http://") {
            Some((api, operations)) => {
                Some(Self { api: api.parse().ok()?, operations: Some(operations.parse().ok()?) })
            }
            None => Some(Self { api: addresses.parse().ok()?, operations: None }),
        }
    }
}

/// `utime` and `stime` of `/proc/<id>/stat` (proc(5), fields 14 and 15), added up.
fn cpu_ticks(stat: &str) -> Option<u64> {
    // The second field, the program's name in parentheses, may contain spaces.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let kernel: u64 = fields.next()?.parse().ok()?;
    Some(user + kernel)
}

/// The value of a line such as `VmRSS:   1234 kB`, in bytes.
pub(crate) fn field_bytes(text: &str, field: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(field))?;
    let kibibytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_line_tells_where_a_server_serves() {
        let host = Addresses::parse("serving http://127.0.0.1:3000, operations on http://127.0.0.1:3001").unwrap();
        assert_eq!((host.api.port(), host.operations.map(|address| address.port())), (3000, Some(3001)));
        assert_eq!(Addresses::parse("serving http://127.0.0.1:3000").unwrap().operations, None);
        assert_eq!(Addresses::parse("listening"), None);
    }

    #[test]
    fn cpu_time_is_found_behind_any_program_name() {
        assert_eq!(cpu_ticks("7 (a b) c) S 1 1 1 0 -1 4 5 6 7 8 250 50 9 9 20 0"), Some(300));
    }

    #[test]
    fn memory_is_in_bytes() {
        assert_eq!(field_bytes("VmHWM:\t 8 kB\nVmRSS:\t    4 kB\n", "VmRSS:"), Some(4096));
        assert_eq!(field_bytes("VmHWM:\t 8 kB\n", "VmRSS:"), None);
    }
}
