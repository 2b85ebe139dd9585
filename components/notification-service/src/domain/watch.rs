//! Whether a stream goes on with the session that it was opened through.
//!
//! The gateway checks a session when a request comes in, and a stream lasts for minutes after that. Nothing here asks or
//! reads a clock.

use super::feed::POLL;
use std::time::{Duration, Instant};

/// How long an answer counts. A little less than two [`POLL`]s, so that every second step asks: a stream ends about a
/// second after its session.
pub(crate) const ANSWER_LIFETIME: Duration = POLL.saturating_mul(2).saturating_sub(Duration::from_millis(100));
/// How many questions in a row may stay without an answer. They take longer than the 5 s for which the SDK leaves a
/// failing service alone; a stream that nobody vouches for ends then, and its client comes back through the gateway.
pub(crate) const UNANSWERED_MAX: u32 = 8;

/// What a stream knows of its session.
#[derive(Debug)]
pub(crate) struct Watch {
    asked_at: Option<Instant>,
    /// How many questions in a row had no answer.
    unanswered: u32,
}

impl Watch {
    /// Of a stream that is just opened.
    pub(crate) const fn new() -> Self {
        Self { asked_at: None, unanswered: 0 }
    }

    /// Whether the stream goes on at `now`. `is_active` is asked when it is time, and says `None` when it cannot tell.
    pub(crate) fn goes_on(&mut self, now: Instant, is_active: impl FnOnce() -> Option<bool>) -> bool {
        // From when the question was asked: its answer may have been true then and not when it came.
        let is_current = |asked_at: Instant| now.saturating_duration_since(asked_at) < ANSWER_LIFETIME;
        if self.asked_at.is_some_and(is_current) {
            return true;
        }
        self.asked_at = Some(now);
        match is_active() {
            Some(is_active) => {
                self.unanswered = 0;
                is_active
            }
            None => {
                self.unanswered = self.unanswered.saturating_add(1);
                self.unanswered < UNANSWERED_MAX
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes one step for each answer, each when it is time to ask, and gives which step ended the stream.
    fn ends_at(answers: impl IntoIterator<Item = Option<bool>>) -> Option<usize> {
        let mut now = Instant::now();
        let mut watch = Watch::new();
        answers.into_iter().position(|answer| {
            now += ANSWER_LIFETIME;
            !watch.goes_on(now, || answer)
        })
    }

    #[test]
    fn first_step_and_every_second_one_ask() {
        let start = Instant::now();
        let mut watch = Watch::new();
        let asked = (0..10).filter(|step| {
            let mut is_asked = false;
            assert!(watch.goes_on(start + POLL * *step, || {
                is_asked = true;
                Some(true)
            }));
            is_asked
        });
        assert_eq!(asked.collect::<Vec<_>>(), [0, 2, 4, 6, 8]);
    }

    #[test]
    fn stream_ends_with_its_session() {
        assert_eq!(ends_at([Some(true), Some(true), Some(false)]), Some(2));
        assert_eq!(ends_at([Some(false)]), Some(0), "a session that ended before the stream began");
    }

    #[test]
    fn silence_is_borne_for_a_while() {
        let silence = || std::iter::repeat_n(None, UNANSWERED_MAX as usize - 1);
        assert_eq!(ends_at(silence()), None);
        assert_eq!(ends_at(silence().chain([None])), Some(UNANSWERED_MAX as usize - 1));
    }

    #[test]
    fn an_answer_ends_the_silence() {
        let almost = || std::iter::repeat_n(None, UNANSWERED_MAX as usize - 1);
        assert_eq!(ends_at(almost().chain([Some(true)]).chain(almost())), None);
        assert_eq!(ends_at(almost().chain([Some(false)])), Some(UNANSWERED_MAX as usize - 1));
    }
}
