//! Calls into a plugin, timed one by one as a service feels them, beside the same work done by the service itself.

use axum::extract::Path;
use mutrapro_sdk::json::Json;
use mutrapro_sdk::plugins::pricing::{self, Basis, Line};
use mutrapro_sdk::time::Instant as Clock;
use mutrapro_sdk::{Problem, Result};
use serde::Serialize;
use std::hint::black_box;
use std::time::Instant;

/// The most calls that one request makes.
const CALLS_MAX: u32 = 10_000;

/// How long each took, in nanoseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Times {
    here_ns: Vec<u64>,
    plugin_ns: Vec<u64>,
}

/// Calls the plugin `n` times, and does its work as often.
pub(crate) async fn measure(Path(n): Path<u32>) -> Result<Json<Times>> {
    if n > CALLS_MAX {
        return Err(Problem::bad_request(format!("{n} calls are more than {CALLS_MAX}")));
    }
    let plugin = pricing::names().into_iter().next().ok_or_else(|| Problem::not_found("plugin"))?;
    let basis = basis();
    let mut times = Times { here_ns: Vec::new(), plugin_ns: Vec::new() };
    for _ in 0..n {
        let started = Instant::now();
        let here = black_box(ten_percent(black_box(&basis)));
        let between = Instant::now();
        let there = pricing::adjust(&plugin, &basis)?;
        let ended = Instant::now();
        if here.first().map(|line| line.amount) != there.first().map(|line| line.amount) {
            return Err(Problem::internal("the plugin answered something else"));
        }
        times.here_ns.push(nanoseconds(started, between));
        times.plugin_ns.push(nanoseconds(between, ended));
    }
    Ok(Json(times))
}

/// What the plugin does.
fn ten_percent(basis: &Basis) -> Vec<Line> {
    vec![Line { label: "Ten percent".to_owned(), amount: -basis.amount / 10 }]
}

fn basis() -> Basis {
    Basis {
        request_id: Some("0190f3a0-0000-7000-8000-000000000001".to_owned()),
        customer_id: Some("0190f3a0-0000-7000-8000-000000000002".to_owned()),
        service_type: "transcription".to_owned(),
        complexity: "simple".to_owned(),
        priority: "normal".to_owned(),
        audio_minutes: Some(4),
        currency: "VND".to_owned(),
        computed_amount: 200_000,
        amount: 200_000,
        quoted_at: Clock::now().to_string(),
    }
}

fn nanoseconds(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.saturating_duration_since(from).as_nanos()).unwrap_or(u64::MAX)
}
