//! Verdicts by the text of the statement, so that each is judged once.

use super::Verdict;
use crate::bindings::mutrapro::sql::database::Error;
use crate::limits::{VERDICT_STATEMENT_BYTES_MAX, VERDICTS_MAX};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Two generations: when the young one is full it becomes the old one, and what was in the old one is forgotten unless
/// it was asked for since. Refusals are not remembered: a service that is right never meets them twice.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Box<str>, Verdict>,
    old: HashMap<Box<str>, Verdict>,
}

impl Verdicts {
    /// The verdict on `statement`, from memory or from `judge`.
    pub(super) fn get_or_judge(
        &self,
        statement: &str,
        judge: impl FnOnce() -> Result<Verdict, Error>,
    ) -> Result<Verdict, Error> {
        if let Some(verdict) = self.lock().get(statement) {
            return Ok(verdict);
        }
        // Judged without the lock: a long statement must not hold up the short ones of other instances.
        let verdict = judge()?;
        if statement.len() <= VERDICT_STATEMENT_BYTES_MAX {
            self.lock().insert(statement.into(), verdict);
        }
        Ok(verdict)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations> {
        // A map of verdicts cannot be half changed.
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn get(&mut self, statement: &str) -> Option<Verdict> {
        if let Some(verdict) = self.young.get(statement) {
            return Some(*verdict);
        }
        let (text, verdict) = self.old.remove_entry(statement)?;
        self.insert(text, verdict);
        Some(verdict)
    }

    fn insert(&mut self, statement: Box<str>, verdict: Verdict) {
        if self.young.len() >= VERDICTS_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(statement, verdict);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Verdict = Verdict { is_read: true, parameters: 0 };

    fn is_remembered(verdicts: &Verdicts, statement: &str) -> bool {
        let mut judged = false;
        let verdict = verdicts.get_or_judge(statement, || {
            judged = true;
            Ok(READ)
        });
        assert_eq!(verdict.unwrap(), READ);
        !judged
    }

    #[test]
    fn verdict_is_remembered_while_it_is_used() {
        let verdicts = Verdicts::default();
        assert!(!is_remembered(&verdicts, "used"));
        for number in 0..VERDICTS_MAX * 5 {
            assert!(!is_remembered(&verdicts, &format!("once {number}")));
            assert!(is_remembered(&verdicts, "used"));
        }
        assert!(!is_remembered(&verdicts, "once 0"));
    }

    #[test]
    fn memory_of_verdicts_is_bounded() {
        let verdicts = Verdicts::default();
        for number in 0..VERDICTS_MAX * 5 {
            assert!(!is_remembered(&verdicts, &format!("once {number}")));
        }
        let generations = verdicts.lock();
        assert!(generations.young.len() + generations.old.len() <= 2 * VERDICTS_MAX);
    }

    #[test]
    fn long_statements_are_judged_each_time() {
        let verdicts = Verdicts::default();
        let long = "x".repeat(VERDICT_STATEMENT_BYTES_MAX + 1);
        assert!(!is_remembered(&verdicts, &long));
        assert!(!is_remembered(&verdicts, &long));
    }
}
