//! How a running statement is stopped: SQLite looks at a clock every so many instructions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const NEVER: u64 = u64::MAX;

/// The time at which a connection's running statement has to stop; shared with SQLite's progress handler.
#[derive(Debug, Clone)]
pub(super) struct Interrupt {
    origin: Instant,
    /// Nanoseconds after `origin`.
    due: Arc<AtomicU64>,
}

impl Interrupt {
    pub(super) fn new() -> Self {
        Self { origin: Instant::now(), due: Arc::new(AtomicU64::new(NEVER)) }
    }

    /// Stops the statement at `at`.
    pub(super) fn at(&self, at: Instant) {
        let nanoseconds = at.saturating_duration_since(self.origin).as_nanos();
        self.due.store(u64::try_from(nanoseconds).unwrap_or(NEVER), Ordering::Relaxed);
    }

    /// Stops the statement at the next look.
    pub(super) fn now(&self) {
        self.due.store(0, Ordering::Relaxed);
    }

    /// Lets the statement run to its end.
    pub(super) fn never(&self) {
        self.due.store(NEVER, Ordering::Relaxed);
    }

    /// Whether the statement has to stop.
    pub(super) fn is_due(&self) -> bool {
        match self.due.load(Ordering::Relaxed) {
            NEVER => false,
            due => self.origin.elapsed().as_nanos() >= u128::from(due),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn statement_stops_at_its_time_and_not_before() {
        let interrupt = Interrupt::new();
        assert!(!interrupt.is_due());
        interrupt.at(Instant::now() + Duration::from_secs(3600));
        assert!(!interrupt.is_due());
        interrupt.at(Instant::now());
        assert!(interrupt.is_due());
        interrupt.never();
        assert!(!interrupt.is_due());
        interrupt.now();
        assert!(interrupt.is_due());
    }
}
