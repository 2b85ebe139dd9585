//! Whether a session goes on: auth-service says so, and is asked again after a moment.

use mutrapro_sdk::client::{Client, Error};
use mutrapro_sdk::id::Uuid;
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long an answer counts. A revoked session's access token stops working within a second, whatever else takes time.
pub(crate) const ANSWER_LIFETIME: Duration = Duration::from_millis(500);
/// How many answers an instance keeps.
pub(crate) const ANSWERS_MAX: usize = 4096;

const AUTH_SERVICE: Client = Client::new("auth-service");

#[derive(Deserialize)]
struct State {
    active: bool,
}

/// Whether the session is active, or was half a second ago.
///
/// # Errors
/// When auth-service does not say.
pub(crate) fn is_active(session_id: Uuid) -> Result<bool, Error> {
    thread_local! {
        static ANSWERS: RefCell<Answers> = RefCell::default();
    }
    // From when the question is asked: the answer may have been true then and not when it comes.
    let now = Instant::now();
    if let Some(is_active) = ANSWERS.with_borrow(|answers| answers.get(session_id, now)) {
        return Ok(is_active);
    }
    let State { active } = AUTH_SERVICE.get(&format!("/internal/sessions/{session_id}"))?;
    ANSWERS.with_borrow_mut(|answers| answers.insert(session_id, active, now));
    Ok(active)
}

/// Answers and when they were asked for.
#[derive(Debug, Default)]
struct Answers(HashMap<Uuid, (bool, Instant)>);

impl Answers {
    fn get(&self, session_id: Uuid, now: Instant) -> Option<bool> {
        let (is_active, asked_at) = self.0.get(&session_id)?;
        is_current(*asked_at, now).then_some(*is_active)
    }

    fn insert(&mut self, session_id: Uuid, is_active: bool, asked_at: Instant) {
        if self.0.len() >= ANSWERS_MAX {
            self.0.retain(|_, (_, other_asked_at)| is_current(*other_asked_at, asked_at));
        }
        if self.0.len() >= ANSWERS_MAX {
            // More sessions than that in half a second: ask for each again.
            self.0.clear();
        }
        self.0.insert(session_id, (is_active, asked_at));
    }
}

fn is_current(asked_at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(asked_at) < ANSWER_LIFETIME
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> Uuid {
        Uuid::from_u128(number as u128)
    }

    #[test]
    fn answer_counts_for_half_a_second() {
        let now = Instant::now();
        let mut answers = Answers::default();
        answers.insert(id(1), true, now);
        answers.insert(id(2), false, now);
        let late = now + ANSWER_LIFETIME - Duration::from_millis(1);
        assert_eq!(answers.get(id(1), late), Some(true));
        assert_eq!(answers.get(id(2), late), Some(false));
        assert_eq!(answers.get(id(1), now + ANSWER_LIFETIME), None);
        assert_eq!(answers.get(id(3), now), None);
    }

    #[test]
    fn later_answer_replaces_the_earlier_one() {
        let now = Instant::now();
        let mut answers = Answers::default();
        answers.insert(id(1), true, now);
        answers.insert(id(1), false, now);
        assert_eq!(answers.get(id(1), now), Some(false));
    }

    #[test]
    fn answers_are_bounded_and_old_ones_go_first() {
        let now = Instant::now();
        let later = now + ANSWER_LIFETIME;
        let mut answers = Answers::default();
        (0..ANSWERS_MAX - 1).for_each(|number| answers.insert(id(number), true, now));
        answers.insert(id(ANSWERS_MAX), true, later);
        answers.insert(id(ANSWERS_MAX + 1), true, later);
        assert_eq!(answers.0.len(), 2);
        assert_eq!(answers.get(id(ANSWERS_MAX), later), Some(true));
    }

    #[test]
    fn answers_are_bounded_however_many_sessions_there_are() {
        let now = Instant::now();
        let mut answers = Answers::default();
        (0..ANSWERS_MAX * 3).for_each(|number| {
            answers.insert(id(number), true, now);
            assert!(answers.0.len() <= ANSWERS_MAX);
        });
    }
}
