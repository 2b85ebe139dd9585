//! What is wrong with an application: where, what, and what to do about it.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A spot in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, as the caller's path to the manifest leads to it.
    pub file: Arc<Path>,
    /// Where in the file.
    pub spot: Spot,
}

impl Place {
    /// The line of this number, from 1.
    pub(crate) fn line(file: Arc<Path>, number: usize) -> Self {
        Self { file, spot: Spot::Line(u32::try_from(number).unwrap_or(u32::MAX)) }
    }

    /// The entry of this name.
    pub(crate) fn entry(file: Arc<Path>, name: impl Into<Arc<str>>) -> Self {
        Self { file, spot: Spot::Entry(name.into()) }
    }
}

/// `spin.toml:7`, or `spin.toml: trigger "quotation"`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match &self.spot {
            Spot::Line(line) => write!(f, "{file}:{line}"),
            Spot::Entry(name) => write!(f, "{file}: {name}"),
        }
    }
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spot {
    /// A line, from 1.
    Line(u32),
    /// An entry by its name, for example `trigger "quotation"`, where lines are not known: Spin's lock file has none of the
    /// manifest's.
    Entry(Arc<str>),
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "in line {line}"),
            Self::Entry(name) => f.write_str(name),
        }
    }
}

/// One thing that keeps an application from running.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where to change something.
    pub place: Place,
    /// What is wrong, naming the thing and its value. Never the value of a variable.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    remedy: {}", self.place, self.message, self.remedy)
    }
}

/// Every problem of an application, sorted by place; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems by file and spot.
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

/// One block a problem, separated by line breaks.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl Error for Problems {}

/// Collects problems, so that one does not hide the next.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report(Vec<Problem>);

impl Report {
    pub(crate) fn add(&mut self, place: &Place, message: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Problem { place: place.clone(), message: message.into(), remedy: remedy.into() });
    }

    /// The one problem that hides all others.
    pub(crate) fn single(place: &Place, message: impl Into<String>, remedy: impl Into<String>) -> Problems {
        Problems(vec![Problem { place: place.clone(), message: message.into(), remedy: remedy.into() }])
    }

    /// # Errors
    /// Every problem that was added, if any was.
    pub(crate) fn finish(mut self) -> Result<(), Problems> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.sort();
        // Two services that repeat one mistake in one shared line are one problem to the reader.
        self.0.dedup();
        Err(Problems(self.0))
    }
}
