//! What a call into a plugin costs a service, beside the same work done by the service itself: both timed one by one, by the
//! service, in the same request.

use crate::host::{self, Launch};
use crate::http::{Connection, Request};
use crate::options::{PLUGIN_CALLS, Plan, WARM_UP_PLUGIN_CALLS};
use crate::statistics::percentile;
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Calls of a trivial plugin. Times in nanoseconds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PluginFigures {
    pub(crate) calls: usize,
    pub(crate) p50_ns: u64,
    pub(crate) p95_ns: u64,
    pub(crate) p99_ns: u64,
    /// The same work within the service: what reading the clock costs, above all.
    pub(crate) here_p50_ns: u64,
}

#[derive(Deserialize)]
struct Times {
    here_ns: Vec<u64>,
    plugin_ns: Vec<u64>,
}

/// Measures calls into a plugin on a host of its own, which does nothing else.
pub(crate) async fn measure(plan: &Plan, scratch: &Path) -> Result<PluginFigures> {
    let launch = Launch {
        executable: &plan.host,
        manifest: plan.applications.join("spin.toml"),
        data: scratch.join("plugins"),
        cache: scratch.join("cache"),
        servers: None,
    };
    let host = host::start(&launch).await?;
    let mut connection = Connection::open(host.addresses.api).await?;
    calls(&mut connection, WARM_UP_PLUGIN_CALLS).await?;
    let mut all = Times { here_ns: Vec::new(), plugin_ns: Vec::new() };
    for round in 1..=plan.rounds {
        eprintln!("plugins: round {round} of {}", plan.rounds);
        let times = calls(&mut connection, PLUGIN_CALLS).await?;
        all.here_ns.extend(times.here_ns);
        all.plugin_ns.extend(times.plugin_ns);
    }
    host.stop().await?;
    Ok(figures(all))
}

async fn calls(connection: &mut Connection, count: u32) -> Result<Times> {
    let answer = connection.send(&Request::get(&format!("/plugin-calls/{count}"))).await?.expect(200)?;
    let times: Times = serde_json::from_slice(answer.body).context("the service answered no times")?;
    let complete = [&times.here_ns, &times.plugin_ns].iter().all(|times| times.len() == count as usize);
    ensure!(complete, "the service made other than {count} calls");
    Ok(times)
}

fn figures(mut times: Times) -> PluginFigures {
    times.here_ns.sort_unstable();
    times.plugin_ns.sort_unstable();
    let of = |percent| percentile(&times.plugin_ns, percent);
    let calls = times.plugin_ns.len();
    PluginFigures { calls, p50_ns: of(50), p95_ns: of(95), p99_ns: of(99), here_p50_ns: percentile(&times.here_ns, 50) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_do_not_hang_on_the_order_of_calls() {
        let times = Times { here_ns: vec![3, 1, 2], plugin_ns: (1..=100).rev().collect() };
        let PluginFigures { calls, p50_ns, p95_ns, p99_ns, here_p50_ns } = figures(times);
        assert_eq!((calls, p50_ns, p95_ns, p99_ns, here_p50_ns), (100, 50, 95, 99, 2));
    }
}
