//! The figures of a run: as tables for people, as JSON for programs, and held against their targets.

use crate::events::{EventFigures, SharedEventFigures};
use crate::machine::Machine;
use crate::options::Plan;
use crate::plugins::PluginFigures;
use crate::servers::ServerSettings;
use crate::startup::StartupFigures;
use crate::tables::{self, megabytes};
use crate::throughput::{Comparison, Operation};
use anyhow::{Context, Result};
use jiff::{Timestamp, Unit};
use serde::Serialize;
use std::fs;
use std::path::Path;

/// The least that the host has to reach of the native server's throughput.
const PLAIN_RATIO_MIN: f64 = 0.55;
const READ_RATIO_MIN: f64 = 0.85;
const INSERT_RATIO_MIN: f64 = 0.75;
/// On PostgreSQL, for each operation.
const SHARED_RATIO_MIN: f64 = 0.7;
const EVENTS_PER_SECOND_MIN: f64 = 3_000.0;
const EVENT_MEDIAN_MS_MAX: f64 = 20.0;
/// With PostgreSQL and NATS.
const SHARED_EVENT_MEDIAN_MS_MAX: f64 = 15.0;
const PLUGIN_MEDIAN_US_MAX: f64 = 50.0;
const WARM_START_SECONDS_MAX: f64 = 1.0;
const IDLE_MB_MAX: f64 = 200.0;

/// Everything that was measured in one run; a part that was left out is `None`.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// When the run began.
    taken_at: Timestamp,
    machine: Machine,
    plan: Plan,
    pub(crate) throughput: Option<Vec<Comparison>>,
    pub(crate) events: Option<EventFigures>,
    pub(crate) plugins: Option<PluginFigures>,
    pub(crate) startup: Option<StartupFigures>,
    pub(crate) postgres: SharedFigures,
}

/// What was measured with PostgreSQL and NATS.
#[derive(Debug, Default, Serialize)]
pub(crate) struct SharedFigures {
    pub(crate) settings: Option<ServerSettings>,
    pub(crate) throughput: Option<Vec<Comparison>>,
    pub(crate) events: Option<SharedEventFigures>,
}

/// A figure and what it has to be.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Verdict {
    figure: &'static str,
    measured: f64,
    target: Target,
    met: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Target {
    AtLeast(f64),
    Below(f64),
}

impl Report {
    /// A report without figures.
    pub(crate) fn new(plan: &Plan, machine: Machine) -> Self {
        let taken_at = Timestamp::now();
        let taken_at = taken_at.round(Unit::Second).unwrap_or(taken_at);
        let postgres = SharedFigures::default();
        let (throughput, events, plugins, startup) = (None, None, None, None);
        Self { taken_at, machine, plan: plan.clone(), throughput, events, plugins, startup, postgres }
    }

    /// The report as `docs/benchmarks.md` shows it.
    pub(crate) fn markdown(&self) -> String {
        let sections = [
            Some(self.heading()),
            self.throughput.as_deref().map(tables::throughput),
            tables::host_alone(self.events.as_ref(), self.plugins.as_ref(), self.startup.as_ref()),
            self.postgres.settings.as_ref().map(tables::settings),
            self.postgres.throughput.as_deref().map(tables::shared_throughput),
            self.postgres.events.as_ref().map(tables::shared_events),
            Some(self.verdict_table()),
        ];
        sections.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    /// Writes the report to `path` as JSON, verdicts included.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        #[derive(Serialize)]
        struct Judged<'r> {
            #[serde(flatten)]
            report: &'r Report,
            verdicts: Vec<Verdict>,
        }
        let json = serde_json::to_string_pretty(&Judged { report: self, verdicts: self.verdicts() })?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::write(path, json + "\n").with_context(|| format!("cannot write {}", path.display()))
    }

    fn heading(&self) -> String {
        let Self { machine, plan, .. } = self;
        format!(
            "Taken {} on {} × {}, {:.0} GiB, Linux {}; {:.0} durable 4 KiB writes a second. {} connections, {} rounds \
             of {} s each way.\n",
            self.taken_at,
            machine.cores,
            machine.processor,
            gibibytes(machine.memory_bytes),
            machine.kernel,
            machine.fsyncs_per_second,
            plan.connections,
            plan.rounds,
            plan.seconds,
        )
    }

    fn verdict_table(&self) -> String {
        let lines: String = self.verdicts().iter().map(Verdict::row).collect();
        format!("| target | asked | measured | |\n|---|---|---|---|\n{lines}")
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for comparison in self.throughput.iter().flatten() {
            let (figure, least) = match comparison.operation {
                Operation::Plain => ("plain text, ratio to native", PLAIN_RATIO_MIN),
                Operation::Read => ("read, ratio to native", READ_RATIO_MIN),
                Operation::Insert => ("insert, ratio to native", INSERT_RATIO_MIN),
            };
            verdicts.push(Verdict::new(figure, comparison.ratio, Target::AtLeast(least)));
        }
        if let Some(events) = &self.events {
            let target = Target::AtLeast(EVENTS_PER_SECOND_MIN);
            verdicts.push(Verdict::new("events a second", events.per_second, target));
            // The host's histogram ends at the commit of the effect, the handler's own clock just before.
            let median_ms = events.latency.host_median_bound_us / 1e3;
            verdicts.push(Verdict::new("commit to handled, median, ms", median_ms, Target::Below(EVENT_MEDIAN_MS_MAX)));
        }
        if let Some(plugins) = &self.plugins {
            #[expect(clippy::cast_precision_loss, reason = "shown with two decimals")]
            let median_us = plugins.p50_ns as f64 / 1e3;
            verdicts.push(Verdict::new("call of a plugin, median, µs", median_us, Target::Below(PLUGIN_MEDIAN_US_MAX)));
        }
        if let Some(startup) = &self.startup {
            let target = Target::Below(WARM_START_SECONDS_MAX);
            verdicts.push(Verdict::new("warm start, s", startup.warm_seconds, target));
            let rss = megabytes(startup.idle_memory.rss_bytes);
            verdicts.push(Verdict::new("idle memory, RSS, MB", rss, Target::Below(IDLE_MB_MAX)));
        }
        verdicts.extend(self.postgres.verdicts());
        verdicts
    }
}

impl SharedFigures {
    fn verdicts(&self) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for comparison in self.throughput.iter().flatten() {
            let figure = match comparison.operation {
                Operation::Read => "PostgreSQL: read, ratio to native",
                Operation::Insert => "PostgreSQL: insert, ratio to native",
                Operation::Plain => continue,
            };
            verdicts.push(Verdict::new(figure, comparison.ratio, Target::AtLeast(SHARED_RATIO_MIN)));
            if let Some(relaying) = &comparison.relaying_native {
                let ratio = comparison.host.per_second / relaying.per_second;
                let figure = "the same, ratio to native that relays too";
                verdicts.push(Verdict::new(figure, ratio, Target::AtLeast(SHARED_RATIO_MIN)));
            }
        }
        if let Some(events) = &self.events {
            let hosts = [
                ("PostgreSQL and NATS: commit to handled, median, ms", &events.one_host),
                ("the same with two hosts", &events.two_hosts),
            ];
            for (figure, events) in hosts {
                let median_ms = events.latency.host_median_bound_us / 1e3;
                verdicts.push(Verdict::new(figure, median_ms, Target::Below(SHARED_EVENT_MEDIAN_MS_MAX)));
            }
        }
        verdicts
    }
}

impl Verdict {
    fn new(figure: &'static str, measured: f64, target: Target) -> Self {
        let met = match target {
            Target::AtLeast(least) => measured >= least,
            Target::Below(bound) => measured < bound,
        };
        Self { figure, measured, target, met }
    }

    fn row(&self) -> String {
        let asked = match self.target {
            Target::AtLeast(least) => format!("at least {least}"),
            Target::Below(bound) => format!("below {bound}"),
        };
        let met = if self.met { "met" } else { "**missed**" };
        format!("| {} | {asked} | {:.2} | {met} |\n", self.figure, self.measured)
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown without decimals")]
fn gibibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::EventLatency;
    use crate::options::Options;
    use clap::Parser;

    fn report() -> Report {
        let machine = Machine {
            processor: "Z80".to_owned(),
            cores: 2,
            memory_bytes: 1 << 31,
            kernel: "6".to_owned(),
            fsyncs_per_second: 2100.0,
        };
        Report::new(&Options::try_parse_from(["bench"]).unwrap().plan, machine)
    }

    #[test]
    fn a_missed_target_is_said_to_be_missed() {
        let mut report = report();
        let latency = EventLatency { p50_us: 4_321, p95_us: 9_000, p99_us: 12_000, host_median_bound_us: 8_000.0 };
        let events = EventFigures { per_second: 2_999.0, rounds_per_second: vec![2_999.0], latency };
        report.events = Some(events.clone());
        let mut slow = events.clone();
        slow.latency.host_median_bound_us = 16_000.0;
        report.postgres.events = Some(SharedEventFigures { one_host: events, two_hosts: slow });
        let text = report.markdown();
        assert!(text.contains("| events a second | at least 3000 | 2999.00 | **missed** |"), "{text}");
        assert!(text.contains("| commit to handled, median, ms | below 20 | 8.00 | met |"), "{text}");
        assert!(
            text.contains("| PostgreSQL and NATS: commit to handled, median, ms | below 15 | 8.00 | met |"),
            "{text}"
        );
        assert!(text.contains("| the same with two hosts | below 15 | 16.00 | **missed** |"), "{text}");
        assert!(text.contains("4.32 / 9.00 / 12.00 ms"), "{text}");
    }

    #[test]
    fn a_part_that_was_left_out_has_no_verdict() {
        assert_eq!(report().verdicts(), []);
    }
}
