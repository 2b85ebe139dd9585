//! What other services told of a project, kept so that it comes out the same in whatever order it came.
//!
//! Events of one aggregate (a task, a milestone, a package, a revision) come in their order, those of different ones may
//! overtake each other. So each fact is a set that an aggregate touches only with its own id, a count, or the latest of some
//! instants, and an instant is when the thing happened, never when it was heard of.

use super::{FileId, MilestoneId, PackageId, RevisionId, SpecialistId};
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::sql::{FromValue, ToValue, Value};
use mutrapro_sdk::time::Instant;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many tasks there were, and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Tasks {
    assigned: u32,
    completed: u32,
    /// Rejected or cancelled.
    dropped: u32,
}

impl Tasks {
    /// How many are done.
    pub(crate) const fn completed(self) -> u32 {
        self.completed
    }

    /// How many somebody does or has done. A task that is known by its completion alone counts.
    pub(crate) fn total(self) -> u32 {
        self.assigned.saturating_sub(self.dropped).max(self.completed)
    }

    fn are_all_completed(self) -> bool {
        self.completed > 0 && self.completed == self.total()
    }

    #[cfg(test)]
    pub(crate) const fn counted(assigned: u32, completed: u32, dropped: u32) -> Self {
        Self { assigned, completed, dropped }
    }
}

/// A package that is meant to be the last one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct FinalPackage {
    delivered_at: Option<Instant>,
    approved_at: Option<Instant>,
    /// Known once it is approved.
    file_ids: Vec<FileId>,
}

/// All that was told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// The deposit was paid, or there was none to pay.
    is_paid_for: bool,
    /// What is still to be paid; the fee of a revision with that revision.
    open_milestones: BTreeMap<MilestoneId, Option<RevisionId>>,
    /// Revisions that will not be done, so that nobody has to pay for them.
    rejected_revisions: BTreeSet<RevisionId>,
    tasks: Tasks,
    /// Who completed a task.
    specialists: BTreeMap<SpecialistId, UserId>,
    last_task_completed_at: Option<Instant>,
    last_revision_approved_at: Option<Instant>,
    last_delivered_at: Option<Instant>,
    final_packages: BTreeMap<PackageId, FinalPackage>,
}

impl Facts {
    /// What is known of a new project; without a deposit there is nothing to wait for.
    pub(crate) fn new(milestones: impl IntoIterator<Item = MilestoneId>, has_deposit: bool) -> Self {
        Self {
            is_paid_for: !has_deposit,
            open_milestones: milestones.into_iter().map(|milestone| (milestone, None)).collect(),
            ..Self::default()
        }
    }

    /// It is to be paid, for the first time or again; the fee of `revision` if there is one.
    pub(crate) fn milestone_due(&mut self, milestone: MilestoneId, revision: Option<RevisionId>) {
        self.open_milestones.insert(milestone, revision);
    }

    /// The money is there.
    pub(crate) fn milestone_paid(&mut self, milestone: MilestoneId, is_deposit: bool) {
        self.open_milestones.remove(&milestone);
        self.is_paid_for |= is_deposit;
    }

    /// A specialist has one more task, or is offered one.
    pub(crate) const fn task_assigned(&mut self) {
        self.tasks.assigned = self.tasks.assigned.saturating_add(1);
    }

    /// Nobody does a task any more.
    pub(crate) const fn task_dropped(&mut self) {
        self.tasks.dropped = self.tasks.dropped.saturating_add(1);
    }

    /// A task was done at `at`.
    pub(crate) fn task_completed(&mut self, (specialist, user): (SpecialistId, UserId), at: Instant) {
        self.tasks.completed = self.tasks.completed.saturating_add(1);
        self.specialists.insert(specialist, user);
        self.last_task_completed_at = self.last_task_completed_at.max(Some(at));
    }

    /// The customer has something to look at since `at`.
    pub(crate) fn package_delivered(&mut self, package: PackageId, is_final: bool, at: Instant) {
        self.last_delivered_at = self.last_delivered_at.max(Some(at));
        if is_final {
            self.final_packages.entry(package).or_default().delivered_at = Some(at);
        }
    }

    /// The customer took the final package at `at`.
    pub(crate) fn final_package_approved(&mut self, package: PackageId, files: Vec<FileId>, at: Instant) {
        let package = self.final_packages.entry(package).or_default();
        package.approved_at = Some(at);
        package.file_ids = files;
    }

    /// Something has to be done again, as was decided at `at`.
    pub(crate) fn revision_approved(&mut self, at: Instant) {
        self.last_revision_approved_at = self.last_revision_approved_at.max(Some(at));
    }

    /// A revision will not be done.
    pub(crate) fn revision_rejected(&mut self, revision: RevisionId) {
        self.rejected_revisions.insert(revision);
    }

    /// Whether work may begin.
    pub(crate) const fn is_paid_for(&self) -> bool {
        self.is_paid_for
    }

    /// How many tasks there were, and what became of them.
    pub(crate) const fn tasks(&self) -> Tasks {
        self.tasks
    }

    /// Who completed a task, each once, with the user who is that specialist.
    pub(crate) fn specialists(&self) -> impl Iterator<Item = (SpecialistId, UserId)> {
        self.specialists.iter().map(|(specialist, user)| (*specialist, *user))
    }

    /// Whether a package was delivered, or the last open task completed, after the last revision was approved.
    pub(crate) fn is_under_review(&self) -> bool {
        let since = self.last_revision_approved_at;
        self.last_delivered_at > since || (self.tasks.are_all_completed() && self.last_task_completed_at > since)
    }

    /// Whether the customer took the final package and paid everything.
    pub(crate) fn is_finished(&self) -> bool {
        self.accepted_package().is_some() && self.is_all_paid()
    }

    /// The files that the customer took in the end.
    pub(crate) fn deliverables(&self) -> &[FileId] {
        self.accepted_package().map(|package| package.file_ids.as_slice()).unwrap_or_default()
    }

    /// The latest final package that was approved. One that was delivered before a revision was approved does not have
    /// that revision in it, so it is not the last one.
    fn accepted_package(&self) -> Option<&FinalPackage> {
        self.final_packages
            .values()
            .filter(|package| package.approved_at.is_some())
            .max_by_key(|package| package.since())
            .filter(|package| package.since() > self.last_revision_approved_at)
    }

    fn is_all_paid(&self) -> bool {
        let is_void = |revision: &RevisionId| self.rejected_revisions.contains(revision);
        self.open_milestones.values().all(|revision| revision.as_ref().is_some_and(is_void))
    }
}

impl FinalPackage {
    /// Since when the customer could look at it.
    fn since(&self) -> Option<Instant> {
        self.delivered_at.or(self.approved_at)
    }
}

impl ToValue for Facts {
    fn to_value(&self) -> Value {
        // Ids and instants always serialise; should they not, the column refuses the NULL.
        serde_json::to_string(self).map_or(Value::Null, Value::Text)
    }
}

impl FromValue for Facts {
    const EXPECTED: &'static str = "the facts of a project";

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => serde_json::from_str(&text).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
