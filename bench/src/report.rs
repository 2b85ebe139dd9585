//! The figures of a run: as a table for people, as JSON for programs, and held against their targets.

use crate::events::EventFigures;
use crate::machine::Machine;
use crate::options::Plan;
use crate::startup::StartupFigures;
use crate::throughput::{Comparison, Operation, Side};
use anyhow::{Context, Result};
use jiff::{Timestamp, Unit};
use serde::Serialize;
use std::fs;
use std::path::Path;

/// The least that the host has to reach of the native server's throughput.
const PLAIN_RATIO_MIN: f64 = 0.55;
const READ_RATIO_MIN: f64 = 0.85;
const INSERT_RATIO_MIN: f64 = 0.75;
const EVENTS_PER_SECOND_MIN: f64 = 3_000.0;
const EVENT_MEDIAN_MS_MAX: f64 = 20.0;
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
    pub(crate) startup: Option<StartupFigures>,
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
        Self { taken_at, machine, plan: plan.clone(), throughput: None, events: None, startup: None }
    }

    /// The report as `docs/benchmarks.md` shows it.
    pub(crate) fn markdown(&self) -> String {
        let sections = [
            Some(self.heading()),
            self.throughput.as_deref().map(throughput_table),
            self.figures_table(),
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

    fn figures_table(&self) -> Option<String> {
        let mut rows = Vec::new();
        if let Some(events) = &self.events {
            let latency = &events.latency;
            rows.push(("events, commit to handled", format!("{}/s", thousands(events.per_second))));
            let percentiles = [latency.p50_us, latency.p95_us, latency.p99_us].map(milliseconds).join(" / ");
            rows.push(("one event, emitted to handler, p50 / p95 / p99", format!("{percentiles} ms")));
            let bound = latency.host_median_bound_us / 1e3;
            rows.push(("one event, emitted to effect committed, median", format!("at most {bound:.2} ms")));
        }
        if let Some(startup) = &self.startup {
            let memory = &startup.idle_memory;
            rows.push(("start, thirteen services, cold", format!("{:.2} s", startup.cold_seconds)));
            rows.push(("start, thirteen services, warm", format!("{:.2} s", startup.warm_seconds)));
            rows.push(("idle memory, RSS", format!("{:.0} MB", megabytes(memory.rss_bytes))));
            let pss = memory.pss_bytes.map_or("unknown".to_owned(), |bytes| format!("{:.0} MB", megabytes(bytes)));
            rows.push(("idle memory, PSS", pss));
            rows.push(("peak memory of that start, RSS", format!("{:.0} MB", megabytes(memory.peak_rss_bytes))));
        }
        let lines = rows.iter().map(|(figure, value)| format!("| {figure} | {value} |\n")).collect::<String>();
        (!lines.is_empty()).then(|| format!("| the host alone | |\n|---|---|\n{lines}"))
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
        if let Some(startup) = &self.startup {
            let target = Target::Below(WARM_START_SECONDS_MAX);
            verdicts.push(Verdict::new("warm start, s", startup.warm_seconds, target));
            let rss = megabytes(startup.idle_memory.rss_bytes);
            verdicts.push(Verdict::new("idle memory, RSS, MB", rss, Target::Below(IDLE_MB_MAX)));
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

fn throughput_table(comparisons: &[Comparison]) -> String {
    let mut table = String::from(
        "| requests a second | native | host | ratio | native p50 / p95 / p99 ms | host p50 / p95 / p99 ms | CPU µs, \
         native | CPU µs, host |\n|---|---|---|---|---|---|---|---|\n",
    );
    for Comparison { operation, native, host, ratio } in comparisons {
        let name = match operation {
            Operation::Plain => "plain text",
            Operation::Read => "read one row by key",
            Operation::Insert => "insert with outbox row",
        };
        let percentiles =
            |side: &Side| [side.p50_us, side.p95_us, side.p99_us].map(|us| format!("{:.2}", us / 1e3)).join(" / ");
        table.push_str(&format!(
            "| {name} | {} | {} | {ratio:.2} | {} | {} | {:.0} | {:.0} |\n",
            thousands(native.per_second),
            thousands(host.per_second),
            percentiles(native),
            percentiles(host),
            native.cpu_us,
            host.cpu_us,
        ));
    }
    table
}

/// A whole number with its thousands apart.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn milliseconds(us: u64) -> String {
    format!("{}.{:02}", us / 1_000, us % 1_000 / 10)
}

#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
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
        report.events = Some(EventFigures { per_second: 2_999.0, rounds_per_second: vec![2_999.0], latency });
        let text = report.markdown();
        assert!(text.contains("| events a second | at least 3000 | 2999.00 | **missed** |"), "{text}");
        assert!(text.contains("| commit to handled, median, ms | below 20 | 8.00 | met |"), "{text}");
        assert!(text.contains("4.32 / 9.00 / 12.00 ms"), "{text}");
    }

    #[test]
    fn a_part_that_was_left_out_has_no_verdict() {
        assert_eq!(report().verdicts(), []);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0.0, 999.0, 1_000.0, 1_234_567.0].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
