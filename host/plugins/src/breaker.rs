//! Lets a plugin rest that keeps failing (a circuit breaker).
//!
//! Closed: every call goes through. After `failures_max` failures in a row it opens: calls are refused for the time of the
//! rest. Then one call goes through while others wait no longer than to be refused; its success closes, its failure opens again.
//! A plugin whose program was replaced begins anew.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug)]
pub(crate) struct Breaker {
    failures_max: u32,
    rest: Duration,
    seen: Mutex<Seen>,
}

/// What is known of the plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    /// Which of its programs, one after the other.
    program: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// This many failures in a row.
    Closed { failures: u32 },
    /// No call before this moment.
    Open { until: Instant },
    /// One call is on its way.
    Trying,
}

/// What a call showed of the plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Showing {
    /// It works.
    Works,
    /// It does not.
    Fails,
    /// Nothing was learned.
    Nothing,
}

impl Breaker {
    pub(crate) fn new(failures_max: u32, rest: Duration) -> Self {
        Self { failures_max, rest, seen: Mutex::new(Seen::nothing_of(0)) }
    }

    /// Lets a call to the plugin's `program` through at `now`, or tells how long it rests.
    pub(crate) fn enter(&self, program: u64, now: Instant) -> Result<Passage<'_>, Duration> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.program < program {
            *seen = Seen::nothing_of(program);
        }
        let is_trial = match seen.state {
            State::Closed { .. } => false,
            State::Open { until } if until <= now => {
                seen.state = State::Trying;
                true
            }
            State::Open { until } => return Err(until - now),
            // The trial will tell soon.
            State::Trying => return Err(Duration::from_secs(1).min(self.rest)),
        };
        Ok(Passage { breaker: self, program, is_trial, is_over: false })
    }

    /// Notes what a call to `program` showed at `now`; whether the plugin rests from now on that did not before.
    fn note(&self, program: u64, showing: Showing, is_trial: bool, now: Instant) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.program != program {
            return false;
        }
        let opened = State::Open { until: now + self.rest };
        let before = seen.state;
        seen.state = match (before, showing) {
            // The end of a call that set out before the plugin began to rest says nothing new.
            (State::Open { .. }, _) => before,
            (State::Trying, _) if !is_trial => before,
            (State::Trying, Showing::Nothing) => State::Open { until: now },
            (State::Trying, Showing::Fails) => opened,
            (State::Trying | State::Closed { .. }, Showing::Works) => State::Closed { failures: 0 },
            (State::Closed { .. }, Showing::Nothing) => before,
            (State::Closed { failures }, Showing::Fails) => {
                let failures = failures.saturating_add(1);
                if failures >= self.failures_max { opened } else { State::Closed { failures } }
            }
        };
        matches!((before, seen.state), (State::Closed { .. }, State::Open { .. }))
    }
}

impl Seen {
    fn nothing_of(program: u64) -> Self {
        Self { program, state: State::Closed { failures: 0 } }
    }
}

/// A call on its way. One that is given up shows nothing.
#[derive(Debug)]
pub(crate) struct Passage<'a> {
    breaker: &'a Breaker,
    program: u64,
    is_trial: bool,
    is_over: bool,
}

impl Passage<'_> {
    /// Ends the call at `now`; whether the plugin rests from now on that did not before.
    pub(crate) fn end(mut self, showing: Showing, now: Instant) -> bool {
        self.is_over = true;
        self.breaker.note(self.program, showing, self.is_trial, now)
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.breaker.note(self.program, Showing::Nothing, self.is_trial, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(30);

    fn breaker() -> Breaker {
        Breaker::new(3, REST)
    }

    fn call(breaker: &Breaker, showing: Showing, now: Instant) -> bool {
        breaker.enter(0, now).is_ok_and(|passage| {
            passage.end(showing, now);
            true
        })
    }

    #[test]
    fn plugin_rests_after_failures_in_a_row_and_is_tried_with_one_call() {
        let (breaker, start) = (breaker(), Instant::now());
        for showing in [Showing::Fails, Showing::Fails, Showing::Works, Showing::Fails, Showing::Fails] {
            assert!(call(&breaker, showing, start));
        }
        assert!(breaker.enter(0, start).unwrap().end(Showing::Fails, start), "the third in a row opens");
        assert_eq!(breaker.enter(0, start + REST / 3).unwrap_err(), REST * 2 / 3);
        let trial = breaker.enter(0, start + REST).unwrap();
        assert!(breaker.enter(0, start + REST).is_err(), "one trial at a time");
        trial.end(Showing::Fails, start + REST);
        assert!(!call(&breaker, Showing::Works, start + REST * 3 / 2), "it rests again");
        assert!(call(&breaker, Showing::Works, start + REST * 2));
        assert!(call(&breaker, Showing::Fails, start + REST * 2), "closed: one failure is borne");
        assert!(call(&breaker, Showing::Works, start + REST * 2));
    }

    #[test]
    fn call_that_is_given_up_leaves_the_trial_to_the_next() {
        let (breaker, start) = (breaker(), Instant::now() - REST);
        for _ in 0..3 {
            call(&breaker, Showing::Fails, start);
        }
        drop(breaker.enter(0, start + REST).unwrap());
        assert!(call(&breaker, Showing::Works, Instant::now()));
    }

    #[test]
    fn end_of_an_old_call_does_not_wake_a_resting_plugin() {
        let (breaker, start) = (breaker(), Instant::now());
        let old = breaker.enter(0, start).unwrap();
        for _ in 0..3 {
            call(&breaker, Showing::Fails, start);
        }
        old.end(Showing::Works, start);
        assert!(breaker.enter(0, start).is_err());
    }

    #[test]
    fn replaced_program_begins_anew_and_calls_to_the_old_one_say_nothing_of_it() {
        let (breaker, start) = (breaker(), Instant::now());
        let old = breaker.enter(0, start).unwrap();
        for _ in 0..3 {
            call(&breaker, Showing::Fails, start);
        }
        assert!(breaker.enter(0, start).is_err());
        for _ in 0..2 {
            breaker.enter(1, start).unwrap().end(Showing::Fails, start);
        }
        old.end(Showing::Fails, start);
        assert!(breaker.enter(1, start).is_ok(), "the old one's failure is not the new one's third");
    }
}
