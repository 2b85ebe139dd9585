//! How much a guest computes: the epochs that end while it is in its own code.
//!
//! wasmtime tells of each crossing between guest and host, and at the end of each epoch in which the guest computes, the sum
//! is held against the limit. Without the crossings, a guest that computes a little now and then, as one that passes on a
//! body, would seem to compute without pause: the end of an epoch is noticed by whoever computes next.

use crate::error::ComputeExhausted;
use crate::limits::RuntimeLimits;
use std::time::{Duration, Instant};
use wasmtime::CallHook;

/// What one call has computed, and may.
#[derive(Debug, Clone, Default)]
pub(crate) struct ComputeMeter {
    limit: Duration,
    epoch: Duration,
    /// How many epochs ended while the guest computed.
    spent: u64,
    /// At which epoch the guest was entered, if it is in its own code.
    entered: Option<u64>,
    /// Since when a stream lasts.
    streaming: Option<Instant>,
}

impl ComputeMeter {
    /// For a call.
    pub(crate) fn of_call(limits: &RuntimeLimits) -> Self {
        Self { limit: limits.compute_time, epoch: limits.epoch_tick, ..Self::default() }
    }

    /// For a stream that begins now: it may compute as long as a call, and half of the time that it lasts besides.
    pub(crate) fn of_stream(limits: &RuntimeLimits) -> Self {
        Self { streaming: Some(Instant::now()), ..Self::of_call(limits) }
    }

    /// The guest is entered or left, after so many epochs.
    pub(crate) fn cross(&mut self, crossing: CallHook, epoch: u64) {
        if let Some(entered) = self.entered.take() {
            self.spent += epoch.saturating_sub(entered);
        }
        self.entered = crossing.exiting_host().then_some(epoch);
    }

    /// Whether the guest may compute on, at `now`.
    pub(crate) fn check(&self, now: Instant) -> Result<(), ComputeExhausted> {
        let spent = self.epoch.saturating_mul(u32::try_from(self.spent).unwrap_or(u32::MAX));
        let lasted = self.streaming.map_or(Duration::ZERO, |start| now.saturating_duration_since(start));
        let allowed = self.limit + lasted / 2;
        if spent > allowed { Err(ComputeExhausted(allowed)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CallHook::{CallingHost, CallingWasm, ReturningFromHost, ReturningFromWasm};

    const EPOCHS: u64 = 20;

    /// Limits by which a call may compute for so many epochs.
    fn limits() -> RuntimeLimits {
        let defaults = RuntimeLimits::default();
        RuntimeLimits { compute_time: defaults.epoch_tick * u32::try_from(EPOCHS).unwrap(), ..defaults }
    }

    fn compute(meter: &mut ComputeMeter, epochs: u64) {
        meter.cross(CallingWasm, 7);
        meter.cross(ReturningFromWasm, 7 + epochs);
    }

    #[test]
    fn a_call_ends_when_its_compute_time_is_used_up() {
        let mut meter = ComputeMeter::of_call(&limits());
        compute(&mut meter, EPOCHS);
        meter.check(Instant::now()).unwrap();
        compute(&mut meter, 1);
        assert!(meter.check(Instant::now()).unwrap_err().to_string().contains("100ms"));
    }

    #[test]
    fn time_in_the_host_is_not_computed() {
        let mut meter = ComputeMeter::of_call(&limits());
        for (crossing, epoch) in [
            (CallingWasm, 0),
            (CallingHost, 3),
            // The host asks the guest for memory.
            (CallingWasm, 100),
            (ReturningFromWasm, 101),
            (ReturningFromHost, 1000),
            (ReturningFromWasm, 1005),
        ] {
            meter.cross(crossing, epoch);
        }
        assert_eq!(meter.spent, 3 + 1 + 5);
    }

    #[test]
    fn a_stream_earns_half_of_the_time_that_it_lasts() {
        let limits = limits();
        let mut meter = ComputeMeter::of_stream(&limits);
        compute(&mut meter, 2 * EPOCHS);
        let start = meter.streaming.unwrap();
        meter.check(start + limits.compute_time * 2).unwrap();
        meter.check(start + limits.compute_time).unwrap_err();
    }

    #[test]
    fn a_guest_that_computes_a_little_in_each_epoch_goes_on() {
        let mut meter = ComputeMeter::of_call(&limits());
        for epoch in 0..10 * EPOCHS {
            meter.cross(CallingWasm, epoch);
            meter.cross(ReturningFromWasm, epoch);
        }
        meter.check(Instant::now()).unwrap();
    }
}
