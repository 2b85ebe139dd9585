//! When a notification is given to a plugin, and what follows from its answer. Nothing here asks or reads a clock.

use mutrapro_sdk::plugins::notifier::Refusal;
use mutrapro_sdk::plugins::{CallError, Error};
use mutrapro_sdk::time::Instant;
use std::time::Duration;

/// How often a delivery is begun. With the delays in between that is about five hours.
pub(crate) const ATTEMPTS_MAX: u32 = 12;
/// How long after the first attempt the second one comes; longer than a plugin may take for its answer.
const FIRST_DELAY: Duration = Duration::from_secs(30);
/// The longest time between two attempts.
const DELAY_MAX: Duration = Duration::from_secs(3600);
/// How long a delivery waits that could not be begun, and for which nobody says when it can.
pub(crate) const PAUSE: Duration = Duration::from_secs(30);
/// How much of an error is kept, in characters.
const ERROR_CHARACTERS_MAX: usize = 500;
/// How long a delivery is kept after its end.
pub(crate) const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

mutrapro_sdk::text_enum! {
    /// How far a delivery is.
    pub(crate) enum DeliveryStatus {
        /// It is tried, now or later.
        Pending = "pending",
        /// The plugin has it.
        Delivered = "delivered",
        /// It is not tried any more.
        Failed = "failed",
    }
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The plugin has it.
    Delivered,
    /// It cannot be delivered, ever.
    Never(String),
    /// It was not, as far as is known: an attempt is used up.
    Later(String),
    /// It was not even begun, and can be after this time: as if it had not been tried.
    NotBegun(Duration, String),
}

/// What becomes of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// It has ended well.
    Delivered,
    /// It has ended, for the reason given.
    Failed(String),
    /// It is tried again.
    Again {
        /// How often it has been begun.
        attempts: u32,
        /// When.
        at: Instant,
        /// Why.
        error: String,
    },
}

/// How long a delivery waits after its `attempts`th attempt before the next.
pub(crate) fn delay(attempts: u32) -> Duration {
    let doubled = 1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST_DELAY.saturating_mul(doubled).min(DELAY_MAX)
}

/// Why a delivery is not begun once more; `None` when it is. `plugins` are those that the service has now.
pub(crate) fn obstacle(plugin: &str, attempts: u32, plugins: &[String]) -> Option<String> {
    if !plugins.iter().any(|name| name == plugin) {
        return Some(gone(plugin));
    }
    // Whatever interrupted the last attempt, it was the last one.
    (attempts >= ATTEMPTS_MAX).then(|| format!("attempt {attempts} was interrupted, and there is no further one"))
}

/// What a plugin's answer amounts to.
pub(crate) fn outcome(answer: Result<Result<(), Refusal>, Error>) -> Outcome {
    let error = match answer {
        Ok(Ok(())) => return Outcome::Delivered,
        Ok(Err(Refusal::Later(text))) => return Outcome::Later(text),
        Ok(Err(Refusal::Never(text))) => return Outcome::Never(text),
        Err(error) => error,
    };
    let text = error.to_string();
    match error.cause {
        CallError::Resting(seconds) => Outcome::NotBegun(Duration::from_secs(seconds.into()), text),
        CallError::Overloaded => Outcome::NotBegun(PAUSE, text),
        CallError::Unknown(_) => Outcome::Never(gone(&error.plugin)),
        CallError::TimedOut | CallError::Failed(_) | CallError::CannotSay(_) | CallError::TransactionOpen => {
            Outcome::Later(text)
        }
    }
}

/// What follows from the outcome of the `attempts`th attempt, known at `now`.
pub(crate) fn next(outcome: Outcome, attempts: u32, now: Instant) -> Next {
    match outcome {
        Outcome::Delivered => Next::Delivered,
        Outcome::Never(error) => Next::Failed(kept(&error)),
        Outcome::Later(error) if attempts >= ATTEMPTS_MAX => Next::Failed(kept(&error)),
        Outcome::Later(error) => Next::Again { attempts, at: now.plus(delay(attempts)), error: kept(&error) },
        Outcome::NotBegun(wait, error) => {
            Next::Again { attempts: attempts.saturating_sub(1), at: now.plus(wait), error: kept(&error) }
        }
    }
}

fn gone(plugin: &str) -> String {
    format!("plugin {plugin} is not a notifier of this service any more")
}

/// As much of an error as is kept. What databases cannot store is replaced.
fn kept(error: &str) -> String {
    error.chars().take(ERROR_CHARACTERS_MAX).map(|c| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Instant {
        "2026-01-31T09:30:00Z".parse().unwrap()
    }

    fn at(seconds: u64) -> Instant {
        now().plus(Duration::from_secs(seconds))
    }

    fn refused(cause: CallError) -> Outcome {
        outcome(Err(Error { plugin: "mail".to_owned(), cause }))
    }

    #[test]
    fn delay_doubles_up_to_an_hour() {
        let delays = (1..=9).map(|attempts| delay(attempts).as_secs()).collect::<Vec<_>>();
        assert_eq!(delays, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(delay(u32::MAX), DELAY_MAX);
        assert_eq!(delay(0), FIRST_DELAY);
    }

    #[test]
    fn answer_of_the_plugin_is_taken_at_its_word() {
        assert_eq!(outcome(Ok(Ok(()))), Outcome::Delivered);
        assert_eq!(outcome(Ok(Err(Refusal::Later("busy".into())))), Outcome::Later("busy".into()));
        assert_eq!(outcome(Ok(Err(Refusal::Never("no such chat".into())))), Outcome::Never("no such chat".into()));
    }

    #[test]
    fn what_may_have_been_done_uses_up_an_attempt_and_what_was_not_does_not() {
        for cause in [
            CallError::TimedOut,
            CallError::Failed("trap".into()),
            CallError::CannotSay("?".into()),
            CallError::TransactionOpen,
        ] {
            assert!(matches!(refused(cause.clone()), Outcome::Later(_)), "{cause:?}");
        }
        assert!(matches!(refused(CallError::Resting(7)), Outcome::NotBegun(wait, _) if wait.as_secs() == 7));
        assert!(matches!(refused(CallError::Overloaded), Outcome::NotBegun(PAUSE, _)));
        assert_eq!(refused(CallError::Unknown("mail".into())), Outcome::Never(gone("mail")));
    }

    #[test]
    fn delivery_is_tried_again_until_its_last_attempt() {
        let again = |attempts| next(Outcome::Later("busy".into()), attempts, now());
        assert_eq!(again(1), Next::Again { attempts: 1, at: at(30), error: "busy".into() });
        assert_eq!(again(11), Next::Again { attempts: 11, at: at(3600), error: "busy".into() });
        assert_eq!(again(12), Next::Failed("busy".into()));
    }

    #[test]
    fn attempt_that_was_not_begun_is_given_back() {
        let outcome = Outcome::NotBegun(Duration::from_secs(7), "rests".into());
        for (counted, given_back) in [(1, 0), (12, 11)] {
            let expected = Next::Again { attempts: given_back, at: at(7), error: "rests".into() };
            assert_eq!(next(outcome.clone(), counted, now()), expected);
        }
    }

    #[test]
    fn delivery_ends_with_what_cannot_change() {
        assert_eq!(next(Outcome::Delivered, 3, now()), Next::Delivered);
        assert_eq!(next(Outcome::Never("no such chat".into()), 1, now()), Next::Failed("no such chat".into()));
    }

    #[test]
    fn delivery_without_its_plugin_or_after_its_last_attempt_is_not_begun() {
        let plugins = ["mail".to_owned(), "chat".to_owned()];
        assert_eq!(obstacle("chat", 11, &plugins), None);
        assert!(obstacle("chat", 12, &plugins).unwrap().contains("attempt 12"));
        assert_eq!(obstacle("sms", 0, &plugins), Some(gone("sms")));
        assert_eq!(obstacle("mail", 0, &[]), Some(gone("mail")));
    }

    #[test]
    fn errors_are_kept_as_far_as_they_fit_and_can_be_stored() {
        assert_eq!(kept("a\0b"), "a\u{fffd}b");
        assert_eq!(kept(&"ễ".repeat(600)), "ễ".repeat(ERROR_CHARACTERS_MAX));
    }
}
