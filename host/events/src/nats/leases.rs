//! Which host does what: leases that a host has as long as it shows signs of life.
//!
//! Promise: a lease that nobody has, or whose holder was silent for the lease time, is taken by one of the hosts that attend
//! it, and they share them evenly. *Deliberately absent:* exclusion. A host that hung may still believe that it has a lease
//! when another one took it; what must not happen twice is guarded where it is written.
//!
//! Every host keeps a key `host.<id>` with the leases that it attends, and a key for each lease that it has, and writes all of
//! them anew each third of the lease time; the bucket forgets what is older. All hosts watch the bucket, make the same
//! [`plan`], and each takes and gives back what concerns it.

use crate::error::EventsError;
use crate::nats::plan::plan;
use async_nats::jetstream::kv::{CreateErrorKind, Entry, Operation, Store, UpdateErrorKind, Watch};
use futures::StreamExt;
use futures::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

/// How this host stands to a lease that it attends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeaseState {
    /// Not known yet.
    Unknown,
    /// Somebody else has it, or is to have it.
    Elsewhere,
    /// This host has it.
    Held,
    /// This host has it, and another one waits for it: to be released soon.
    Wanted,
}

/// The leases of one host. Cheap to clone.
#[derive(Clone)]
pub(super) struct Leases {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    host: String,
    lease_time: Duration,
    /// What this host attends.
    attended: Mutex<BTreeMap<String, Attended>>,
    /// Something changed here that others should know, or that changes the plan.
    changed: Notify,
}

struct Attended {
    state: watch::Sender<LeaseState>,
    held: Option<Held>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    revision: u64,
    /// When the last sign of life was sent that arrived.
    renewed_at: Instant,
}

/// The bucket as this host sees it.
#[derive(Default)]
struct View {
    /// What each host attends.
    hosts: BTreeMap<String, (BTreeSet<String>, Instant)>,
    /// Who has each lease.
    leases: BTreeMap<String, Seen>,
}

struct Seen {
    holder: String,
    revision: u64,
    at: Instant,
}

/// What host keys begin with.
const HOST: &str = "host.";

impl Leases {
    /// The leases of `host` in the bucket `store`. Nothing happens until [`run`](Self::run).
    pub(super) fn new(store: Store, host: String, lease_time: Duration) -> Self {
        let shared = Shared { store, host, lease_time, attended: Mutex::default(), changed: Notify::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Attends `lease`, and tells from now on how this host stands to it.
    pub(super) fn attend(&self, lease: &str) -> watch::Receiver<LeaseState> {
        let mut attended = self.shared.attended();
        let entry = attended.entry(lease.to_owned());
        let state = entry.or_insert_with(|| Attended { state: watch::channel(LeaseState::Unknown).0, held: None });
        self.shared.changed.notify_one();
        state.state.subscribe()
    }

    /// Attends `lease` no longer, and gives it back if this host has it.
    pub(super) async fn leave(&self, lease: &str) {
        let left = self.shared.attended().remove(lease);
        if let Some(held) = left.and_then(|left| left.held) {
            self.shared.give_back(lease, held).await;
        }
        self.shared.changed.notify_one();
    }

    /// Gives `lease` back if this host has it; it may have it again later.
    pub(super) async fn release(&self, lease: &str) {
        let held = self.shared.attended().get_mut(lease).and_then(|attended| {
            attended.state.send_replace(LeaseState::Elsewhere);
            attended.held.take()
        });
        if let Some(held) = held {
            self.shared.give_back(lease, held).await;
        }
        self.shared.changed.notify_one();
    }

    /// Makes sure that this host has `lease` if it believes so; the state tells.
    pub(super) async fn confirm(&self, lease: &str) {
        let held = self.shared.attended().get(lease).and_then(|attended| attended.held);
        if let Some(held) = held {
            self.shared.renew_one(lease, held).await;
        }
    }

    /// Gives back everything, so that others need not wait for signs of life.
    pub(super) async fn stop(&self) {
        let attended = std::mem::take(&mut *self.shared.attended());
        if attended.is_empty() {
            return;
        }
        let held = attended.iter().filter_map(|(lease, attended)| Some((lease, attended.held?)));
        join_all(held.map(|(lease, held)| self.shared.give_back(lease, held))).await;
        if let Err(error) = self.shared.store.delete(format!("{HOST}{}", self.shared.host)).await {
            tracing::debug!(%error, "other hosts miss this one when its lease time is over");
        }
    }

    /// Takes, keeps and gives back leases, without end.
    pub(super) async fn run(self) {
        loop {
            while self.shared.attended().is_empty() {
                self.shared.changed.notified().await;
            }
            if let Err(error) = self.shared.take_part().await {
                tracing::debug!(%error, "leases are looked after again soon");
            }
            self.shared.let_go_of_stale();
            tokio::time::sleep(self.shared.interval()).await;
        }
    }
}

impl Shared {
    fn attended(&self) -> MutexGuard<'_, BTreeMap<String, Attended>> {
        self.attended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often signs of life are sent.
    fn interval(&self) -> Duration {
        self.lease_time / 3
    }

    /// Takes part until something fails.
    async fn take_part(&self) -> Result<(), EventsError> {
        // The bucket has our key at least, so that watching it begins with something.
        self.announce().await?;
        let mut watch = self.limited("watching", self.store.watch_with_history(">")).await?;
        let mut view = View::default();
        loop {
            let entry = timeout(self.lease_time, watch.next()).await.map_err(|_| failed("watching", &"no answer"))?;
            let entry = entry.ok_or_else(|| failed("watching", &"it ended"))?.map_err(|e| failed("watching", &e))?;
            view.note(&entry);
            if entry.seen_current {
                break;
            }
        }
        loop {
            self.renew().await;
            let next = Instant::now() + self.interval();
            self.share(&view).await;
            while self.has_news(&mut watch, &mut view, next).await? {
                self.share(&view).await;
            }
            self.announce().await?;
        }
    }

    /// Waits for what changes the plan, until `next`; answers whether it came.
    async fn has_news(&self, watch: &mut Watch, view: &mut View, next: Instant) -> Result<bool, EventsError> {
        loop {
            tokio::select! {
                entry = watch.next() => match entry {
                    Some(Ok(entry)) if view.note(&entry) => return Ok(true),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(failed("watching", &error)),
                    None => return Err(failed("watching", &"it ended")),
                },
                () = self.changed.notified() => {
                    self.announce().await?;
                    return Ok(true);
                }
                () = tokio::time::sleep_until(next) => return Ok(false),
            }
        }
    }

    /// Tells the others that this host lives, and what it attends.
    async fn announce(&self) -> Result<(), EventsError> {
        let attended: Vec<String> = self.attended().keys().cloned().collect();
        let put = self.store.put(format!("{HOST}{}", self.host), attended.join(" ").into());
        self.limited("announcing this host", put).await.map(drop)
    }

    /// Sends a sign of life for each lease.
    async fn renew(&self) {
        let held: Vec<(String, Held)> =
            self.attended().iter().filter_map(|(lease, attended)| Some((lease.clone(), attended.held?))).collect();
        join_all(held.iter().map(|(lease, held)| self.renew_one(lease, *held))).await;
        self.let_go_of_stale();
    }

    async fn renew_one(&self, lease: &str, held: Held) {
        let renewed_at = Instant::now();
        let update = self.store.update(lease, self.host.clone().into(), held.revision);
        let renewed = match timeout(self.interval(), update).await {
            Ok(Ok(revision)) => Some(Held { revision, renewed_at }),
            Ok(Err(error)) if error.kind() == UpdateErrorKind::WrongLastRevision => None,
            // It may have arrived all the same: then the next sign fails, and the lease is taken anew.
            Ok(Err(_)) | Err(_) => return,
        };
        let mut attended = self.attended();
        if let Some(attended) = attended.get_mut(lease)
            && attended.held.is_some_and(|now| now.revision == held.revision)
        {
            attended.held = renewed;
            if renewed.is_none() {
                tracing::info!(lease, "another host has taken over");
                attended.state.send_replace(LeaseState::Elsewhere);
            }
        }
    }

    /// Believes no longer to have what others may have taken for want of a sign of life.
    fn let_go_of_stale(&self) {
        for (lease, attended) in self.attended().iter_mut() {
            if attended.held.is_some_and(|held| held.renewed_at.elapsed() >= self.lease_time) {
                tracing::warn!(lease, "no sign of life arrived in time: another host may take over");
                attended.held = None;
                attended.state.send_replace(LeaseState::Elsewhere);
            }
        }
    }

    /// Takes what this host should have, and says what it should give away.
    async fn share(&self, view: &View) {
        let own: BTreeSet<String> = self.attended().keys().cloned().collect();
        let (hosts, holders) = view.alive(&self.host, own, self.lease_time);
        let planned = plan(&hosts, &holders);
        let mut to_take = Vec::new();
        for (lease, attended) in self.attended().iter_mut() {
            let is_ours = planned.get(lease.as_str()).is_some_and(|host| *host == self.host);
            let state = match (attended.held.is_some(), is_ours) {
                (true, true) => LeaseState::Held,
                (true, false) => LeaseState::Wanted,
                (false, true) if holders.get(lease).is_none_or(|holder| *holder == self.host) => {
                    to_take.push(lease.clone());
                    continue;
                }
                (false, _) => LeaseState::Elsewhere,
            };
            attended.set(state);
        }
        join_all(to_take.iter().map(|lease| self.take(lease, view.leases.get(lease)))).await;
    }

    /// Takes a lease that nobody has, or whose holder is silent.
    async fn take(&self, lease: &str, seen: Option<&Seen>) {
        let renewed_at = Instant::now();
        let taken = match seen {
            Some(silent) => match self.take_from(lease, silent).await {
                // The bucket has forgotten it by now.
                None => self.create(lease).await,
                taken => taken,
            },
            None => self.create(lease).await,
        };
        let held = taken.map(|revision| Held { revision, renewed_at });
        let left = match self.attended().get_mut(lease) {
            Some(attended) => {
                attended.held = held;
                attended.set(if held.is_some() { LeaseState::Held } else { LeaseState::Elsewhere });
                None
            }
            // It was left meanwhile.
            None => held,
        };
        if let Some(held) = left {
            self.give_back(lease, held).await;
        }
    }

    async fn take_from(&self, lease: &str, silent: &Seen) -> Option<u64> {
        let update = self.store.update(lease, self.host.clone().into(), silent.revision);
        timeout(self.interval(), update).await.ok()?.ok()
    }

    async fn create(&self, lease: &str) -> Option<u64> {
        match timeout(self.interval(), self.store.create(lease, self.host.clone().into())).await {
            Ok(Ok(revision)) => Some(revision),
            Ok(Err(error)) => {
                if error.kind() != CreateErrorKind::AlreadyExists {
                    tracing::debug!(lease, %error, "a lease cannot be taken now");
                }
                None
            }
            Err(_) => None,
        }
    }

    async fn give_back(&self, lease: &str, held: Held) {
        let delete = self.store.delete_expect_revision(lease, Some(held.revision));
        match timeout(self.interval(), delete).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(lease, %error, "a lease ends when its time is over"),
            Err(_) => tracing::debug!(lease, "a lease ends when its time is over: no answer"),
        }
    }

    /// What `asked` answers, within a third of the lease time.
    async fn limited<T, E: std::fmt::Display>(
        &self,
        to_do: &str,
        asked: impl Future<Output = Result<T, E>>,
    ) -> Result<T, EventsError> {
        match timeout(self.interval(), asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(failed(to_do, &error)),
            Err(_) => Err(failed(to_do, &"no answer")),
        }
    }
}

impl Attended {
    fn set(&self, state: LeaseState) {
        self.state.send_if_modified(|before| std::mem::replace(before, state) != state);
    }
}

impl View {
    /// Takes note of what was written; answers whether it may change the plan.
    fn note(&mut self, entry: &Entry) -> bool {
        let at = Instant::now();
        let text = String::from_utf8_lossy(&entry.value);
        match (entry.key.strip_prefix(HOST), entry.operation) {
            (Some(host), Operation::Put) => {
                let attends: BTreeSet<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
                let before = self.hosts.insert(host.to_owned(), (attends.clone(), at));
                before.is_none_or(|(before, _)| before != attends)
            }
            (Some(host), _) => self.hosts.remove(host).is_some(),
            (None, Operation::Put) => {
                let seen = Seen { holder: text.into_owned(), revision: entry.revision, at };
                self.leases.insert(entry.key.clone(), seen);
                false
            }
            (None, _) => self.leases.remove(&entry.key).is_some(),
        }
    }

    /// The hosts that showed a sign of life, `own` with what it attends as it knows itself, and what they have.
    fn alive(
        &self,
        own: &str,
        attends: BTreeSet<String>,
        lease_time: Duration,
    ) -> (BTreeMap<String, BTreeSet<String>>, BTreeMap<String, String>) {
        let hosts = self.hosts.iter().filter(|(_, (_, at))| at.elapsed() < lease_time);
        let mut hosts: BTreeMap<_, _> = hosts.map(|(host, (attends, _))| (host.clone(), attends.clone())).collect();
        hosts.insert(own.to_owned(), attends);
        let leases = self.leases.iter().filter(|(_, seen)| seen.at.elapsed() < lease_time);
        (hosts, leases.map(|(lease, seen)| (lease.clone(), seen.holder.clone())).collect())
    }
}

fn failed(to_do: &str, why: &dyn std::fmt::Display) -> EventsError {
    EventsError::Unavailable(format!("{to_do} in the bucket of leases: {why}"))
}
