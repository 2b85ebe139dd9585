//! Which savepoints stand, so that a statement that PostgreSQL refuses does not take its transaction with it.
//!
//! After an error PostgreSQL takes no statement until the transaction goes back to a point before it. Each point costs a
//! round trip, so there are as few as the promise allows: none for the first statement of a transaction, which can begin
//! again; none behind statements that only read, since going back further loses nothing; and the host's own savepoints are
//! set when the first statement needs them and released with the next point. *Deliberately absent:* any input and output.

use crate::bindings::mutrapro::sql::database::Error;
use std::fmt::Write;

/// The points of one transaction.
pub(super) struct Savepoints {
    /// Begins the transaction anew.
    begin: &'static str,
    /// The transaction itself, and in it the host's savepoints.
    levels: Vec<Level>,
    /// The outermost savepoint of the host that was given up and still stands on the server.
    given_up: Option<usize>,
}

#[derive(Default)]
struct Level {
    /// The server knows this level: it has begun, or its savepoint is set.
    is_set: bool,
    /// A savepoint for statements is set in it.
    has_guard: bool,
    /// Nothing changed since its last point.
    is_clean: bool,
    /// Something changed since it began.
    is_changed: bool,
}

impl Savepoints {
    /// Of a transaction that `begin` has begun.
    pub(super) fn new(begin: &'static str) -> Self {
        Self { begin, levels: vec![Level { is_set: true, is_clean: true, ..Level::default() }], given_up: None }
    }

    /// What has to run before the next statement, if anything.
    pub(super) fn before_statement(&mut self) -> Option<String> {
        self.before(true)
    }

    /// What has to run before a statement whose failure ends the transaction, if anything: nothing but the host's savepoints.
    pub(super) fn before_last_chance(&mut self) -> Option<String> {
        self.before(false)
    }

    fn before(&mut self, may_fail_alone: bool) -> Option<String> {
        let mut control = String::new();
        let mut given_up = self.given_up;
        let top = self.levels.len().saturating_sub(1);
        for (index, level) in self.levels.iter_mut().enumerate() {
            if level.is_set && (index < top || level.is_clean || !may_fail_alone) {
                continue;
            }
            if let Some(index) = given_up.take() {
                write_to(&mut control, format_args!("RELEASE SAVEPOINT level_{index};"));
            }
            if !level.is_set {
                write_to(&mut control, format_args!("SAVEPOINT level_{index};"));
                level.is_set = true;
            } else if level.has_guard {
                write_to(
                    &mut control,
                    format_args!("RELEASE SAVEPOINT statement_{index};SAVEPOINT statement_{index};"),
                );
            } else {
                write_to(&mut control, format_args!("SAVEPOINT statement_{index};"));
                level.has_guard = true;
            }
            level.is_clean = true;
        }
        self.given_up = given_up;
        (!control.is_empty()).then_some(control)
    }

    /// A statement ran. `only_read` says that it changed and locked nothing.
    pub(super) fn succeeded(&mut self, only_read: bool) {
        if let Some(level) = self.levels.last_mut().filter(|_| !only_read) {
            level.is_clean = false;
            level.is_changed = true;
        }
    }

    /// What has to run after a statement failed, to go back to before it.
    pub(super) fn after_failure(&mut self) -> String {
        // Whatever was set after the point is gone with it.
        self.given_up = None;
        match self.levels.iter().enumerate().next_back() {
            Some((index, Level { has_guard: true, .. })) => format!("ROLLBACK TO SAVEPOINT statement_{index}"),
            Some((index @ 1.., _)) => format!("ROLLBACK TO SAVEPOINT level_{index}"),
            _ => format!("ROLLBACK;{}", self.begin),
        }
    }

    /// Sets a savepoint of the host, once a statement needs it.
    pub(super) fn push(&mut self) {
        self.levels.push(Level::default());
    }

    /// Forgets the last savepoint of the host; what was done since then stays.
    pub(super) fn release(&mut self) -> Result<(), Error> {
        let level = self.pop()?;
        if level.is_set {
            self.given_up = Some(self.levels.len());
        }
        self.succeeded(!level.is_changed);
        Ok(())
    }

    /// Undoes everything since the last savepoint of the host and forgets it; answers what has to run for it, if anything.
    pub(super) fn roll_back(&mut self) -> Result<Option<String>, Error> {
        let level = self.pop()?;
        if !level.is_set {
            return Ok(None);
        }
        self.given_up = None;
        let index = self.levels.len();
        Ok(Some(format!("ROLLBACK TO SAVEPOINT level_{index};RELEASE SAVEPOINT level_{index}")))
    }

    fn pop(&mut self) -> Result<Level, Error> {
        let level = if self.levels.len() > 1 { self.levels.pop() } else { None };
        level.ok_or_else(|| Error::Invalid("there is no savepoint".to_owned()))
    }
}

/// Writing to a string cannot fail.
fn write_to(control: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = control.write_fmt(text);
}

/// Whether `statement` changes and locks nothing, as far as its first word tells: WITH may hold a change, and the guard
/// lets no service lock rows.
pub(super) fn only_reads(statement: &str) -> bool {
    const SELECT: &str = "SELECT";
    statement.trim_start().get(..SELECT.len()).is_some_and(|word| word.eq_ignore_ascii_case(SELECT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a test does with a transaction.
    #[derive(Debug, Clone, Copy)]
    enum Step {
        Change,
        /// A change by the host itself, which takes the transaction with it if it fails.
        LastChance,
        Read,
        Failure,
        Push,
        Release,
        RollBack,
    }

    /// A transaction as PostgreSQL keeps it: what was changed, and how much of it stood at each savepoint.
    #[derive(Default)]
    struct Server {
        changes: Vec<usize>,
        savepoints: Vec<(String, usize)>,
        round_trips: usize,
    }

    impl Server {
        fn run(&mut self, control: &str) {
            self.round_trips += 1;
            for statement in control.split_terminator(';') {
                if let Some(name) = statement.strip_prefix("SAVEPOINT ") {
                    self.savepoints.push((name.to_owned(), self.changes.len()));
                } else if let Some(name) = statement.strip_prefix("RELEASE SAVEPOINT ") {
                    self.savepoints.truncate(self.find(name));
                } else if let Some(name) = statement.strip_prefix("ROLLBACK TO SAVEPOINT ") {
                    let index = self.find(name);
                    self.changes.truncate(self.savepoints[index].1);
                    self.savepoints.truncate(index + 1);
                } else {
                    assert!(["ROLLBACK", "BEGIN"].contains(&statement), "{statement}");
                    self.changes.clear();
                    self.savepoints.clear();
                }
            }
        }

        fn find(&self, name: &str) -> usize {
            let found = self.savepoints.iter().rposition(|(known, _)| known == name);
            found.unwrap_or_else(|| panic!("the server knows no savepoint {name}"))
        }
    }

    /// Runs the steps on a server, beside a plain account of what has to stand after each.
    fn run(steps: &[Step]) -> Server {
        let (mut server, mut savepoints) = (Server::default(), Savepoints::new("BEGIN"));
        let mut expected = vec![Vec::new()];
        for (number, step) in steps.iter().enumerate() {
            let is_nested = expected.len() > 1;
            match step {
                Step::Change | Step::LastChance | Step::Read | Step::Failure => {
                    let control = match step {
                        Step::LastChance => savepoints.before_last_chance(),
                        _ => savepoints.before_statement(),
                    };
                    if let Some(control) = control {
                        server.run(&control);
                    }
                    server.round_trips += 1;
                    match step {
                        Step::Change | Step::LastChance => {
                            server.changes.push(number);
                            expected.last_mut().unwrap().push(number);
                            savepoints.succeeded(false);
                        }
                        Step::Read => savepoints.succeeded(true),
                        _ => server.run(&savepoints.after_failure()),
                    }
                }
                Step::Push => {
                    savepoints.push();
                    expected.push(Vec::new());
                }
                Step::Release => {
                    assert_eq!(savepoints.release().is_ok(), is_nested);
                    if is_nested {
                        let kept = expected.pop().unwrap();
                        expected.last_mut().unwrap().extend(kept);
                    }
                }
                Step::RollBack => {
                    let control = savepoints.roll_back();
                    assert_eq!(control.is_ok(), is_nested);
                    if let Ok(Some(control)) = control {
                        server.run(&control);
                    }
                    if is_nested {
                        expected.pop();
                    }
                }
            }
            assert_eq!(server.changes, expected.concat(), "after step {number}");
        }
        server
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        use Step::{Change, Failure, LastChance, Push, Read, Release, RollBack};
        let one_of = [Change, LastChance, Read, Failure, Push, Release, RollBack];
        prop::collection::vec(prop::sample::select(one_of.to_vec()), 0..40)
    }

    proptest! {
        #[test]
        fn whatever_fails_fails_alone(steps in steps()) {
            run(&steps);
        }
    }

    #[test]
    fn savepoints_cost_no_more_round_trips_than_needed() {
        use Step::{Change, Failure, LastChance, Push, Read, Release, RollBack};
        for (steps, round_trips) in [
            (&[Change][..], 1),
            (&[Read, Read, Change, Change], 5),
            // A request that reads, writes and emits an event.
            (&[Read, Read, Change, LastChance], 4),
            // An event handler that only emits, and one that fails after it did.
            (&[Push, LastChance, Release, Push, LastChance, RollBack], 5),
            // A batch of two events: each handler reads and writes once.
            (&[Change, Push, Read, Change, Release, Push, Read, Change, Release], 7),
            (&[Change, Push, Release, Push, RollBack], 1),
            (&[Failure, Failure], 4),
            (&[Change, Change, Failure, Failure], 8),
        ] {
            assert_eq!(run(steps).round_trips, round_trips, "{steps:?}");
        }
    }

    #[test]
    fn only_select_counts_as_reading() {
        for statement in ["SELECT 1", " \n select 1"] {
            assert!(only_reads(statement), "{statement}");
        }
        for statement in ["WITH a AS (DELETE FROM b RETURNING c) SELECT c FROM a", "DELETE FROM b", "SELEC", "é"] {
            assert!(!only_reads(statement), "{statement}");
        }
    }
}
