//! How long a guest has computed: the time that it spent in its own code, and not that in which it waited.
//!
//! wasmtime tells of each crossing between guest and host. The sum is held against the limit at every epoch in which the
//! guest computes. Epochs alone would not do: one that is over is noticed by whoever computes next, and a guest that
//! computes a little now and then, as one that passes on a body, would seem to compute without pause.

use crate::error::ComputeExhausted;
use crate::limits::RuntimeLimits;
use std::time::{Duration, Instant};
use wasmtime::CallHook;

/// What one call has computed, and may.
#[derive(Debug, Clone, Default)]
pub(crate) struct ComputeMeter {
    limit: Duration,
    spent: Duration,
    /// Since when the guest is in its own code, if it is.
    entered: Option<Instant>,
    /// Since when a stream lasts.
    streaming: Option<Instant>,
}

impl ComputeMeter {
    /// For a call.
    pub(crate) fn of_call(limits: &RuntimeLimits) -> Self {
        Self { limit: limits.compute_time, ..Self::default() }
    }

    /// For a stream that begins now: it may compute as long as a call, and half of the time that it lasts besides.
    pub(crate) fn of_stream(limits: &RuntimeLimits) -> Self {
        Self { streaming: Some(Instant::now()), ..Self::of_call(limits) }
    }

    /// The guest is entered or left `now`.
    pub(crate) fn cross(&mut self, crossing: CallHook, now: Instant) {
        if let Some(entered) = self.entered.take() {
            self.spent += now.saturating_duration_since(entered);
        }
        self.entered = crossing.exiting_host().then_some(now);
    }

    /// Whether the guest may compute on, at `now`.
    pub(crate) fn check(&self, now: Instant) -> Result<(), ComputeExhausted> {
        let lasted = self.streaming.map_or(Duration::ZERO, |start| now.saturating_duration_since(start));
        if self.spent > self.limit + lasted / 2 { Err(ComputeExhausted(self.limit)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(100);

    fn limits() -> RuntimeLimits {
        RuntimeLimits { compute_time: LIMIT, ..RuntimeLimits::default() }
    }

    /// Computes for `time`, as from `now`, which it moves.
    fn compute(meter: &mut ComputeMeter, now: &mut Instant, time: Duration) {
        meter.cross(CallHook::CallingWasm, *now);
        *now += time;
        meter.cross(CallHook::ReturningFromWasm, *now);
    }

    #[test]
    fn a_call_ends_when_its_compute_time_is_used_up() {
        let (mut meter, mut now) = (ComputeMeter::of_call(&limits()), Instant::now());
        compute(&mut meter, &mut now, LIMIT);
        meter.check(now).unwrap();
        compute(&mut meter, &mut now, Duration::from_millis(1));
        assert!(meter.check(now).unwrap_err().to_string().contains("100ms"));
    }

    #[test]
    fn time_in_the_host_is_not_computed() {
        let (mut meter, start) = (ComputeMeter::of_call(&limits()), Instant::now());
        let after = |ms: u64| start + Duration::from_millis(ms);
        for (crossing, ms) in [
            (CallHook::CallingWasm, 0),
            (CallHook::CallingHost, 40),
            // The host asks the guest for memory, which takes 10 ms.
            (CallHook::CallingWasm, 1000),
            (CallHook::ReturningFromWasm, 1010),
            (CallHook::ReturningFromHost, 2000),
            (CallHook::ReturningFromWasm, 2050),
        ] {
            meter.cross(crossing, after(ms));
        }
        assert_eq!(meter.spent, LIMIT);
        meter.check(after(2050)).unwrap();
    }

    #[test]
    fn a_stream_earns_half_of_the_time_that_it_lasts() {
        let mut meter = ComputeMeter::of_stream(&limits());
        let start = meter.streaming.unwrap();
        compute(&mut meter, &mut start.clone(), 2 * LIMIT);
        meter.check(start + 2 * LIMIT).unwrap();
        meter.check(start + LIMIT).unwrap_err();
    }

    #[test]
    fn a_stream_that_computes_a_little_now_and_then_goes_on() {
        let limits = limits();
        let (mut meter, mut now) = (ComputeMeter::of_stream(&limits), Instant::now());
        for _ in 0..10_000 {
            compute(&mut meter, &mut now, limits.epoch_tick / 10);
            now += limits.epoch_tick;
            meter.check(now).unwrap();
        }
    }
}
