//! How figures are written for people: the tables of the report.

use crate::events::{EventFigures, SharedEventFigures};
use crate::options::POSTGRES_CONNECTIONS;
use crate::plugins::PluginFigures;
use crate::servers::ServerSettings;
use crate::startup::StartupFigures;
use crate::throughput::{Comparison, Operation, Side};

/// Throughput on SQLite: a row for each operation, the sides beside each other.
pub(crate) fn throughput(comparisons: &[Comparison]) -> String {
    let mut table = String::from(
        "| requests a second | native | host | ratio | native p50 / p95 / p99 ms | host p50 / p95 / p99 ms | CPU µs, \
         native | CPU µs, host |\n|---|---|---|---|---|---|---|---|\n",
    );
    for Comparison { operation, native, host, ratio, .. } in comparisons {
        table.push_str(&format!(
            "| {} | {} | {} | {ratio:.2} | {} | {} | {} | {} |\n",
            name(*operation),
            thousands(native.per_second),
            thousands(host.per_second),
            percentiles(native),
            percentiles(host),
            cpu(native),
            cpu(host),
        ));
    }
    table
}

/// Throughput on PostgreSQL: a row for each operation and each who does it.
pub(crate) fn shared_throughput(comparisons: &[Comparison]) -> String {
    let mut table = String::from(
        "| PostgreSQL and NATS | by | a second | ratio to native | p50 / p95 / p99 ms | CPU µs |\n|---|---|---|---|---|---|\n",
    );
    for Comparison { operation, native, host, relaying_native, two_hosts, pgbench, .. } in comparisons {
        let rows = [
            ("native", Some(native)),
            ("native, relaying", relaying_native.as_ref()),
            ("host", Some(host)),
            ("two hosts", two_hosts.as_ref()),
            ("pgbench", pgbench.as_ref()),
        ];
        for (by, side) in rows {
            let (operation, Some(side)) = (name(*operation), side) else { continue };
            let (per_second, ratio) = (thousands(side.per_second), side.per_second / native.per_second);
            let (percentiles, cpu) = (percentiles(side), cpu(side));
            table.push_str(&format!("| {operation} | {by} | {per_second} | {ratio:.2} | {percentiles} | {cpu} |\n"));
        }
    }
    if comparisons.iter().all(|comparison| comparison.pgbench.is_none()) {
        table.push_str("\npgbench is not installed, so what the database itself can give was not measured.\n");
    }
    table
}

/// Events, plugins and start-up with everything in one data folder; `None` when none was measured.
pub(crate) fn host_alone(
    events: Option<&EventFigures>,
    plugins: Option<&PluginFigures>,
    startup: Option<&StartupFigures>,
) -> Option<String> {
    let mut rows: Vec<(&str, String)> = events.map(event_rows).into_iter().flatten().collect();
    if let Some(plugins) = plugins {
        let percentiles = [plugins.p50_ns, plugins.p95_ns, plugins.p99_ns].map(microseconds).join(" / ");
        rows.push(("call of a trivial plugin, p50 / p95 / p99", format!("{percentiles} µs")));
        rows.push(("the same work within the service, p50", format!("{} µs", microseconds(plugins.here_p50_ns))));
    }
    if let Some(startup) = startup {
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

/// Events on servers that hosts share.
pub(crate) fn shared_events(events: &SharedEventFigures) -> String {
    let rows = event_rows(&events.one_host).into_iter().zip(event_rows(&events.two_hosts));
    let lines: String = rows.map(|((figure, one), (_, two))| format!("| {figure} | {one} | {two} |\n")).collect();
    format!("| PostgreSQL and NATS | one host | two hosts |\n|---|---|---|\n{lines}")
}

/// What the figures on PostgreSQL and NATS depend on.
pub(crate) fn settings(settings: &ServerSettings) -> String {
    let ServerSettings { postgres_version, postgres, nats_version, nats_sync_interval } = settings;
    let postgres = postgres.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ");
    format!(
        "PostgreSQL {postgres_version} ({postgres}; {POSTGRES_CONNECTIONS} connections of the native server) and NATS \
         {nats_version} (one server, JetStream in files, sync_interval = {nats_sync_interval}), on the same machine.\n"
    )
}

fn event_rows(events: &EventFigures) -> [(&'static str, String); 3] {
    let latency = &events.latency;
    let percentiles = [latency.p50_us, latency.p95_us, latency.p99_us].map(milliseconds).join(" / ");
    let bound = latency.host_median_bound_us / 1e3;
    [
        ("events, commit to handled", format!("{}/s", thousands(events.per_second))),
        ("one event, emitted to handler, p50 / p95 / p99", format!("{percentiles} ms")),
        ("one event, emitted to effect committed, median", format!("at most {bound:.2} ms")),
    ]
}

fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::Plain => "plain text",
        Operation::Read => "read one row by key",
        Operation::Insert => "insert with outbox row",
    }
}

fn percentiles(side: &Side) -> String {
    [side.p50_us, side.p95_us, side.p99_us].map(|us| format!("{:.2}", us / 1e3)).join(" / ")
}

fn cpu(side: &Side) -> String {
    side.cpu_us.map_or("–".to_owned(), |us| format!("{us:.0}"))
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

fn microseconds(ns: u64) -> String {
    format!("{}.{}", ns / 1_000, ns % 1_000 / 100)
}

/// A million bytes.
#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(per_second: f64, cpu_us: Option<f64>) -> Side {
        Side { per_second, p50_us: 1_500.0, p95_us: 2_500.0, p99_us: 9_000.0, cpu_us, rounds_per_second: vec![] }
    }

    #[test]
    fn everyone_on_postgres_is_held_against_the_native_server() {
        let mut comparison = Comparison {
            operation: Operation::Insert,
            native: side(2_000.0, Some(300.0)),
            host: side(1_500.0, Some(500.4)),
            ratio: 0.75,
            relaying_native: Some(side(1_800.0, Some(380.0))),
            two_hosts: Some(side(1_600.0, Some(510.0))),
            pgbench: Some(side(2_400.0, None)),
        };
        let table = shared_throughput(std::slice::from_ref(&comparison));
        let host = "| insert with outbox row | host | 1,500 | 0.75 | 1.50 / 2.50 / 9.00 | 500 |";
        let pgbench = "| insert with outbox row | pgbench | 2,400 | 1.20 | 1.50 / 2.50 / 9.00 | – |";
        let relaying = "| insert with outbox row | native, relaying | 1,800 | 0.90 | 1.50 / 2.50 / 9.00 | 380 |";
        assert!(table.contains(relaying), "{table}");
        assert!(table.contains(host) && table.contains(pgbench) && !table.contains("not installed"), "{table}");
        comparison.pgbench = None;
        assert!(shared_throughput(&[comparison]).contains("pgbench is not installed"));
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0.0, 999.0, 1_000.0, 1_234_567.0].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
