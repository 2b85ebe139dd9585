//! Up to where a publisher has seen everything, so that its looks at an outbox need not begin anew.
//!
//! With one writer at a time events become visible in the order of their positions. With several, a position that is missing
//! below others belongs to a transaction that is under way or was rolled back; once no transaction can take that long, to one
//! that was rolled back. Nothing but time hangs on that: looks are whole ones now and then, and whenever something unusual
//! happened.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// Before the first position.
const BEGINNING: i64 = 0;
/// How many tops are kept for the time that a gap may last.
const TOPS_MAX: u32 = 8;

/// What one publisher has seen of its outbox.
#[derive(Debug)]
pub(crate) struct Horizon {
    gap_time: Duration,
    whole_interval: Duration,
    /// When a look has to be a whole one.
    next_whole: Instant,
    /// Every position up to here was seen, or will never be.
    floor: i64,
    /// The positions that were seen above the floor.
    above: BTreeSet<i64>,
    /// The highest positions that were seen, and when: what was missing below one is missing since then at least.
    tops: VecDeque<(Instant, i64)>,
}

impl Horizon {
    /// Nothing was seen. A position that is missing below others may appear for `gap_time` still; every `whole_interval` a look
    /// is a whole one.
    pub(crate) fn new(gap_time: Duration, whole_interval: Duration) -> Self {
        Self {
            gap_time,
            whole_interval,
            next_whole: Instant::now(),
            floor: BEGINNING,
            above: BTreeSet::new(),
            tops: VecDeque::new(),
        }
    }

    /// The position behind which a look at `now` begins.
    pub(crate) fn look(&mut self, now: Instant) -> i64 {
        while let Some(&(since, top)) = self.tops.front()
            && since + self.gap_time <= now
        {
            self.tops.pop_front();
            self.raise(top);
        }
        if now < self.next_whole {
            return self.floor;
        }
        self.next_whole = now + self.whole_interval;
        BEGINNING
    }

    /// Has the next look be a whole one.
    pub(crate) fn look_at_everything(&mut self) {
        self.next_whole = Instant::now();
    }

    /// Whatever was never tried at these positions need not be looked at again.
    pub(crate) fn saw(&mut self, positions: impl IntoIterator<Item = i64>, now: Instant) {
        self.above.extend(positions.into_iter().filter(|position| *position > self.floor));
        self.raise(self.floor);
        let top = self.above.last().copied().unwrap_or(self.floor);
        if self.tops.back().is_none_or(|(since, _)| *since + self.gap_time / TOPS_MAX <= now) {
            self.tops.push_back((now, top));
        }
    }

    /// Lifts the floor to `position`, and further over what was seen right behind it.
    fn raise(&mut self, position: i64) {
        if position > self.floor {
            self.floor = position;
            self.above = self.above.split_off(&position);
            self.above.remove(&position);
        }
        while self.above.first().is_some_and(|first| *first == self.floor + 1) {
            self.above.pop_first();
            self.floor += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP_TIME: Duration = Duration::from_secs(10);
    const WHOLE_INTERVAL: Duration = Duration::from_secs(3600);
    const MOMENT: Duration = Duration::from_millis(1);

    /// One that has just had its whole look, with `seen` in it.
    fn horizon(gap_time: Duration, seen: &[i64]) -> (Horizon, Instant) {
        let mut horizon = Horizon::new(gap_time, WHOLE_INTERVAL);
        let now = Instant::now();
        assert_eq!(horizon.look(now), BEGINNING);
        horizon.saw(seen.iter().copied(), now);
        (horizon, now)
    }

    #[tokio::test(start_paused = true)]
    async fn looks_begin_behind_what_was_seen_without_a_gap() {
        let (mut horizon, now) = horizon(GAP_TIME, &[1, 2, 3]);
        assert_eq!(horizon.look(now), 3);
        horizon.saw([5, 4], now);
        assert_eq!(horizon.look(now), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn gap_is_looked_at_until_it_is_filled() {
        let (mut horizon, now) = horizon(GAP_TIME, &[1, 2, 4, 5, 7]);
        assert_eq!(horizon.look(now), 2);
        horizon.saw([3], now);
        assert_eq!(horizon.look(now), 5);
        horizon.saw([6], now);
        assert_eq!(horizon.look(now), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn gap_is_left_once_no_transaction_can_take_that_long() {
        let (mut horizon, start) = horizon(GAP_TIME, &[1, 3]);
        // Too young to be left together with the first.
        let later = start + GAP_TIME / 2;
        horizon.look(later);
        horizon.saw([4, 6], later);
        assert_eq!(horizon.look(start + GAP_TIME - MOMENT), 1);
        assert_eq!(horizon.look(start + GAP_TIME), 4);
        assert_eq!(horizon.look(later + GAP_TIME - MOMENT), 4);
        assert_eq!(horizon.look(later + GAP_TIME), 6);
    }

    #[tokio::test(start_paused = true)]
    async fn positions_of_one_writer_have_no_gaps_to_wait_for() {
        let (mut horizon, now) = horizon(Duration::ZERO, &[3, 8]);
        assert_eq!(horizon.look(now), 8);
        horizon.saw([20], now);
        assert_eq!(horizon.look(now), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn look_is_a_whole_one_now_and_then_and_when_it_has_to_be() {
        let (mut horizon, start) = horizon(Duration::ZERO, &[1, 2]);
        assert_eq!(horizon.look(start + WHOLE_INTERVAL - MOMENT), 2);
        assert_eq!(horizon.look(start + WHOLE_INTERVAL), BEGINNING);
        assert_eq!(horizon.look(start + WHOLE_INTERVAL), 2);
        horizon.look_at_everything();
        assert_eq!(horizon.look(start + WHOLE_INTERVAL), BEGINNING);
        assert_eq!(horizon.look(start + WHOLE_INTERVAL), 2, "what was seen stays seen");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_kept_of_a_long_gap_is_bounded() {
        let (mut horizon, start) = horizon(GAP_TIME, &[2]);
        let mut now = start;
        for position in 3..100_000 {
            now += MOMENT;
            horizon.look(now);
            horizon.saw([position], now);
        }
        let tops_max = usize::try_from(TOPS_MAX).unwrap();
        assert!(horizon.tops.len() <= tops_max + 1, "{} tops", horizon.tops.len());
        assert!(horizon.above.len() < 12_500, "{} positions", horizon.above.len());
    }
}
