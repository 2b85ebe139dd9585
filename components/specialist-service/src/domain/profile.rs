//! What a profile and its skills may say.

use mutrapro_sdk::time::Instant;

/// How many tasks a specialist takes on at once, unless they say otherwise.
pub(crate) const CONCURRENT_TASKS_DEFAULT: u32 = 5;
/// The most tasks that a specialist may take on at once.
pub(crate) const CONCURRENT_TASKS_MAX: u32 = 50;
/// The longest experience, in years.
pub(crate) const EXPERIENCE_YEARS_MAX: u32 = 80;
/// The most skills of a specialist: a profile shows them all.
pub(crate) const SKILLS_MAX: i64 = 100;

mutrapro_sdk::text_enum! {
    /// What a specialist does first of all.
    pub(crate) enum Specialization {
        /// Writes down what is heard.
        Transcription = "transcription",
        /// Arranges.
        Arrangement = "arrangement",
        /// Sings or plays.
        Recording = "recording",
        /// Mixes.
        Mixing = "mixing",
        /// Masters.
        Mastering = "mastering",
    }
}

mutrapro_sdk::text_enum! {
    /// How well somebody can do something.
    pub(crate) enum Proficiency {
        /// They are learning it.
        Beginner = "beginner",
        /// They can do it.
        Intermediate = "intermediate",
        /// They can do it well.
        Advanced = "advanced",
        /// They could teach it.
        Expert = "expert",
    }
}

/// A number of years that somebody can have worked.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_years(years: u32) -> Result<(), &'static str> {
    if years <= EXPERIENCE_YEARS_MAX { Ok(()) } else { Err("must be 0 to 80 years") }
}

/// A number of tasks that somebody can take on at once.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_concurrent_tasks(tasks: u32) -> Result<(), &'static str> {
    if (1..=CONCURRENT_TASKS_MAX).contains(&tasks) { Ok(()) } else { Err("must be 1 to 50") }
}

/// When a skill was last used: at `now` at the latest.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_last_used(last_used_at: Option<Instant>, now: Instant) -> Result<(), &'static str> {
    if last_used_at.is_none_or(|instant| instant <= now) { Ok(()) } else { Err("must not be in the future") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn years_and_tasks_have_bounds() {
        for (years, is_possible) in [(0, true), (EXPERIENCE_YEARS_MAX, true), (EXPERIENCE_YEARS_MAX + 1, false)] {
            assert_eq!(check_years(years).is_ok(), is_possible, "{years}");
        }
        for (tasks, is_possible) in
            [(0, false), (1, true), (CONCURRENT_TASKS_MAX, true), (CONCURRENT_TASKS_MAX + 1, false)]
        {
            assert_eq!(check_concurrent_tasks(tasks).is_ok(), is_possible, "{tasks}");
        }
        assert_eq!(check_concurrent_tasks(CONCURRENT_TASKS_DEFAULT), Ok(()));
    }

    #[test]
    fn messages_name_the_limits() {
        let too_many = check_years(EXPERIENCE_YEARS_MAX + 1).unwrap_err();
        assert!(too_many.contains(&EXPERIENCE_YEARS_MAX.to_string()), "{too_many}");
        let too_many = check_concurrent_tasks(CONCURRENT_TASKS_MAX + 1).unwrap_err();
        assert!(too_many.contains(&CONCURRENT_TASKS_MAX.to_string()), "{too_many}");
    }

    #[test]
    fn nothing_was_used_in_the_future() {
        let now: Instant = "2026-01-31T09:30:00Z".parse().unwrap();
        assert_eq!(check_last_used(None, now), Ok(()));
        assert_eq!(check_last_used(Some(now), now), Ok(()));
        assert!(check_last_used(Some(now.plus(Duration::from_secs(1))), now).is_err());
    }
}
