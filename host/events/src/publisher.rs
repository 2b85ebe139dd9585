//! Takes events from an outbox to the bus, in the order of their commits.
//!
//! Promise: what is committed is published; what the bus refuses is a dead letter after its attempts and never marked as
//! published; an unreachable bus costs no event an attempt. Events of one aggregate are published in order.
//!
//! Of several hosts one publishes an outbox, as the bus decides; the others call it when they commit. Should two believe that
//! it is them, an event is published twice, as after a crash.
//!
//! Deliberately absent: exactly once. Marks come after the bus's answer and are written together, so a crash in between
//! repeats events, which bus and consumers recognise by their ids.

use crate::bus::{Bus, PublishOutcome};
use crate::clock::Clock;
use crate::error::EventsError;
use crate::event::Event;
use crate::horizon::Horizon;
use crate::limits::EventLimits;
use crate::metrics::EventMetrics;
use crate::outbox::{Outbox, PendingEvent, RefusedEvent};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// Publishes the events of one outbox.
pub struct Publisher {
    outbox: Arc<Outbox>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    limits: EventLimits,
    metrics: EventMetrics,
    gap_time: Duration,
    unmarked: Arc<Unmarked>,
}

/// What publishers are made with, beside their outbox.
#[derive(Clone)]
pub struct PublisherParts {
    /// Where events go.
    pub bus: Arc<dyn Bus>,
    /// Tells when an attempt is due.
    pub clock: Arc<dyn Clock>,
    /// How much, how often.
    pub limits: EventLimits,
    /// What is counted.
    pub metrics: EventMetrics,
    /// How long a position of the outbox may still become visible below others that are; zero with one writer at a time.
    pub gap_time: Duration,
}

/// What a round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many events the bus accepted.
    pub published: usize,
    /// Whether more may be due at once.
    pub more: bool,
}

/// What became of a batch.
struct Published {
    /// How many events the bus accepted.
    count: usize,
    /// The positions of events that were tried.
    tried: Vec<i64>,
    /// One was accepted that had been refused before, and held back the later ones of its aggregate until now.
    retried: bool,
    /// None was refused or withheld.
    all_accepted: bool,
}

/// The positions of events that are published, but not marked yet.
#[derive(Default)]
struct Unmarked {
    positions: Mutex<BTreeSet<i64>>,
    added: Notify,
    /// One marking at a time, so that two never take the same positions.
    marking: tokio::sync::Mutex<()>,
}

impl Publisher {
    /// A publisher that knows of nothing yet.
    pub fn new(outbox: Arc<Outbox>, parts: PublisherParts) -> Self {
        let PublisherParts { bus, clock, limits, metrics, gap_time } = parts;
        Self { outbox, bus, clock, limits, metrics, gap_time, unmarked: Arc::default() }
    }

    /// Publishes whenever `wake` is notified, and every poll, until `stop` says so; then marks what is left to mark.
    pub async fn run(self, wake: Arc<Notify>, mut stop: watch::Receiver<bool>) {
        tokio::join!(self.publish_until(&wake, stop.clone()), self.mark_until(&mut stop));
        // Whatever was published while the last marks were written.
        if let Err(error) = self.mark().await {
            tracing::warn!(service = %self.outbox.producer(), %error, "published events stay unmarked, and come again");
        }
    }

    async fn publish_until(&self, wake: &Arc<Notify>, mut stop: watch::Receiver<bool>) {
        let mut leads = self.bus.attend(self.outbox.producer(), Arc::clone(wake));
        let mut failures = 0u32;
        let mut horizon = self.horizon();
        while !*stop.borrow_and_update() {
            let looked_at = Instant::now();
            if !*leads.borrow_and_update() {
                horizon.look_at_everything();
                tokio::select! {
                    () = wake.notified() => self.bus.call(self.outbox.producer()).await,
                    () = changed(&mut leads) => continue,
                    _ = stop.changed() => continue,
                }
                tokio::time::sleep_until(looked_at + self.limits.publish_interval).await;
                continue;
            }
            match self.round_within(&mut horizon).await {
                Ok(progress) => {
                    failures = 0;
                    if !progress.more {
                        tokio::select! {
                            () = wake.notified() => {}
                            () = tokio::time::sleep(self.limits.poll) => {}
                            () = changed(&mut leads) => {}
                            _ = stop.changed() => {}
                        }
                        tokio::time::sleep_until(looked_at + self.limits.publish_interval).await;
                    }
                }
                Err(error) => {
                    horizon.look_at_everything();
                    let pause = self.limits.backoff.delay(failures, rand::random());
                    failures = failures.saturating_add(1);
                    tracing::warn!(service = %self.outbox.producer(), %error, ?pause, "publishing pauses");
                    // Commits do not cut a pause short: what they wake for could not be published either.
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        _ = stop.changed() => {}
                    }
                }
            }
        }
    }

    /// Marks what was published, a while after it was, so that marks share transactions.
    async fn mark_until(&self, stop: &mut watch::Receiver<bool>) {
        while !*stop.borrow_and_update() {
            tokio::select! {
                () = self.unmarked.added.notified() => {}
                _ = stop.changed() => continue,
            }
            if self.unmarked.len() < usize::from(self.limits.mark_batch_max) {
                tokio::time::sleep(self.limits.mark_delay).await;
            }
            if let Err(error) = self.mark().await {
                tracing::warn!(service = %self.outbox.producer(), %error, "marks are written later");
                tokio::select! {
                    () = tokio::time::sleep(self.limits.poll) => self.unmarked.added.notify_one(),
                    _ = stop.changed() => {}
                }
            }
        }
    }

    /// Publishes one batch of all that is due.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`] when the bus or the database does not answer: nothing is counted against an event.
    pub async fn round(&self) -> Result<Progress, EventsError> {
        self.round_within(&mut self.horizon()).await
    }

    /// As [`round`](Self::round), without what `horizon` has seen already.
    async fn round_within(&self, horizon: &mut Horizon) -> Result<Progress, EventsError> {
        let after = horizon.look(Instant::now());
        loop {
            // Taken before the query: what is marked meanwhile is either in this copy or no longer due.
            let unmarked = self.unmarked.after(after);
            let room = u16::try_from(unmarked.len()).unwrap_or(u16::MAX);
            let max = self.limits.publish_batch_max.saturating_add(room);
            let due = self.outbox.due(self.clock.now(), after, max).await?;
            let mut fresh: Vec<PendingEvent> =
                due.events.into_iter().filter(|event| !unmarked.contains(&event.position)).collect();
            let more = due.more || fresh.len() > usize::from(self.limits.publish_batch_max);
            fresh.truncate(usize::from(self.limits.publish_batch_max));
            if !fresh.is_empty() {
                let published = self.publish(fresh).await?;
                let more = published.retried || (more && published.count > 0);
                if published.retried || !published.all_accepted {
                    horizon.look_at_everything();
                }
                horizon.saw(published.tried, Instant::now());
                return Ok(Progress { published: published.count, more });
            }
            if !more {
                return Ok(Progress { published: 0, more: false });
            }
            // Long events that wait for their marks filled the view: what is behind them comes in sight without them.
            self.mark().await?;
        }
    }

    fn horizon(&self) -> Horizon {
        Horizon::new(self.gap_time, self.limits.poll)
    }

    async fn publish(&self, batch: Vec<PendingEvent>) -> Result<Published, EventsError> {
        let (events, places): (Vec<Event>, Vec<(i64, u32)>) =
            batch.into_iter().map(|pending| (pending.event, (pending.position, pending.refusals))).unzip();
        let outcomes = self.bus.publish(&events).await?;
        if outcomes.len() != events.len() {
            let (given, told) = (events.len(), outcomes.len());
            return Err(EventsError::Unavailable(format!("bus answered {told} outcomes for {given} events")));
        }
        let mut accepted = Vec::with_capacity(events.len());
        let mut refused = Vec::new();
        let mut retried = false;
        for ((event, (position, refusals)), outcome) in events.iter().zip(places).zip(outcomes) {
            match outcome {
                PublishOutcome::Accepted => {
                    accepted.push(position);
                    // Until it is marked it holds back the later ones of its aggregate.
                    retried |= refusals > 0;
                }
                PublishOutcome::Refused(reason) => refused.push(self.refusal(event, position, refusals, &reason)),
                PublishOutcome::Withheld => {}
            }
        }
        self.metrics.published(self.outbox.producer(), count(accepted.len()), count(refused.len()));
        let count = accepted.len();
        let tried = accepted.iter().copied().chain(refused.iter().map(|event| event.position)).collect();
        let published = Published { count, tried, retried, all_accepted: count == events.len() };
        // Before anything can fail: these must not be published again.
        self.unmarked.add(accepted);
        if !refused.is_empty() {
            self.outbox.fail(&refused, self.clock.now()).await?;
        }
        if retried || self.unmarked.len() >= self.unmarked_max() {
            self.mark().await?;
        }
        Ok(published)
    }

    fn refusal(&self, event: &Event, position: i64, refusals: u32, reason: &str) -> RefusedEvent {
        let gives_up = refusals.saturating_add(1) >= self.limits.attempts_max;
        let wait = self.limits.backoff.delay(refusals, rand::random());
        let (service, id) = (self.outbox.producer(), event.id);
        tracing::warn!(%service, event = %id, kind = event.kind, reason, gives_up, "the bus refused an event");
        RefusedEvent {
            position,
            refusals: refusals.saturating_add(1),
            error: self.limits.clip(reason),
            next_retry_at: if gives_up { None } else { self.clock.now().checked_add(wait).ok() },
        }
    }

    /// Marks everything that was published and is not marked yet.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`]; what could not be marked is kept for the next time.
    pub async fn mark(&self) -> Result<(), EventsError> {
        let _only_one_marks = self.unmarked.marking.lock().await;
        loop {
            let positions = self.unmarked.oldest(self.limits.mark_batch_max);
            if positions.is_empty() {
                return Ok(());
            }
            self.outbox.mark(&positions, self.clock.now()).await?;
            self.unmarked.remove(&positions);
        }
    }

    /// How many marks may be outstanding before publishing waits for them: they make every look longer.
    fn unmarked_max(&self) -> usize {
        usize::from(self.limits.mark_batch_max).saturating_mul(10)
    }
}

impl Unmarked {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<i64>> {
        self.positions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn len(&self) -> usize {
        self.lock().len()
    }

    fn after(&self, position: i64) -> BTreeSet<i64> {
        self.lock().range(position.saturating_add(1)..).copied().collect()
    }

    fn add(&self, positions: Vec<i64>) {
        if !positions.is_empty() {
            self.lock().extend(positions);
            self.added.notify_one();
        }
    }

    fn oldest(&self, max: u16) -> Vec<i64> {
        self.lock().iter().take(usize::from(max)).copied().collect()
    }

    fn remove(&self, positions: &[i64]) {
        let mut unmarked = self.lock();
        for position in positions {
            unmarked.remove(position);
        }
    }
}

/// Waits until another host publishes instead of this one, or the reverse.
async fn changed(leads: &mut watch::Receiver<bool>) {
    if leads.changed().await.is_err() {
        // A bus that does not tell does not change its mind.
        std::future::pending().await
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
