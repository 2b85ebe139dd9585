//! Takes deliveries from the bus to a service's handler.
//!
//! Promise: an event's effect and its mark commit together or not at all, and the bus hears of it afterwards; so an event
//! may be delivered any number of times and takes effect once. Events of one aggregate are handled in order. A batch
//! shares one transaction, but a failing event is undone alone.
//!
//! What counts as a failed attempt: a refusal, a trap or a time-out of the handler, and whatever broke the transaction
//! while the event was at work. What does not: no instance, no database, and a failed commit of several events, of which
//! nobody knows the culprit; they come again one by one until a commit succeeds, so that a culprit is found and counted.

use crate::bus::{Bus, Delivery, DeliveryToken, Settlement};
use crate::clock::Clock;
use crate::consumed;
use crate::event::{Event, EventId};
use crate::limits::EventLimits;
use crate::metrics::{ConsumedResult, EventMetrics};
use async_trait::async_trait;
use mutrapro_manifest::ComponentId;
use mutrapro_sql::{Database, Error, Transaction};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;

/// Where a consumer gets handlers.
#[async_trait]
pub trait HandlerSource: Send + Sync {
    /// A handler for one batch.
    ///
    /// # Errors
    /// Why there is none now; nothing is counted against an event for it.
    async fn handler(&self) -> Result<Box<dyn Handler>, String>;
}

/// Handles the events of one batch, one after the other.
#[async_trait]
pub trait Handler: Send {
    /// Handles `event` within `transaction`, and gives that back unless it is lost.
    async fn handle(&mut self, event: &Event, transaction: Transaction) -> (Option<Transaction>, Result<(), Failure>);

    /// Whether it takes another event: not after a trap.
    fn is_usable(&self) -> bool;
}

/// Why an event was not handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Not now: it comes again, up to the limit.
    Retry(String),
    /// Never: it is a dead letter.
    Reject(String),
}

/// The consumer loop of one service.
pub struct Consumer {
    id: ComponentId,
    database: Arc<dyn Database>,
    handlers: Box<dyn HandlerSource>,
    parts: ConsumerParts,
    /// How many deliveries the next batch takes: one after a failed commit, until one succeeds.
    batch_max: u16,
}

/// What consumers are made with, beside their service's own.
#[derive(Clone)]
pub struct ConsumerParts {
    /// Where deliveries come from.
    pub bus: Arc<dyn Bus>,
    /// Dates marks.
    pub clock: Arc<dyn Clock>,
    /// How much, how long.
    pub limits: EventLimits,
    /// What is counted.
    pub metrics: EventMetrics,
}

/// What became of a delivery within its batch.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// Not reached, held back, or undone with the whole batch.
    Untouched,
    /// Marked by an earlier delivery.
    Duplicate,
    /// Its effect is in the transaction.
    Handled,
    /// It failed, and is undone.
    Failed(Failure),
}

/// What became of a batch.
struct Outcome {
    verdicts: Vec<Verdict>,
    /// Why the whole batch could not be handled; the loop pauses then.
    trouble: Option<String>,
}

/// A transaction with a batch in it.
struct Batch {
    verdicts: Vec<Verdict>,
    transaction: Transaction,
    /// Those that are marked for the first time in this transaction.
    fresh: HashSet<EventId>,
}

impl Consumer {
    /// The loop that handles what the bus has for `id` with `handlers` in `database`.
    pub fn new(
        id: ComponentId,
        database: Arc<dyn Database>,
        handlers: Box<dyn HandlerSource>,
        parts: ConsumerParts,
    ) -> Self {
        let batch_max = parts.limits.consume_batch_max;
        Self { id, database, handlers, parts, batch_max }
    }

    /// Handles deliveries until `stop` says so; the batch at hand is finished and settled.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut failures = 0u32;
        while !*stop.borrow_and_update() {
            let fetched = tokio::select! {
                fetched = self.parts.bus.fetch(&self.id, self.batch_max, self.parts.limits.poll) => fetched,
                _ = stop.changed() => continue,
            };
            let trouble = match fetched {
                Ok(deliveries) => self.handle_and_settle(deliveries, &mut stop).await,
                Err(error) => Some(error.to_string()),
            };
            let Some(trouble) = trouble else {
                failures = 0;
                continue;
            };
            let pause = self.parts.limits.backoff.delay(failures, rand::random());
            failures = failures.saturating_add(1);
            tracing::warn!(service = %self.id, trouble, ?pause, "consuming pauses");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Handles one batch and tells the bus, again and again until it hears; answers why the loop should pause, if it
    /// should.
    async fn handle_and_settle(
        &mut self,
        deliveries: Vec<Delivery>,
        stop: &mut watch::Receiver<bool>,
    ) -> Option<String> {
        if deliveries.is_empty() {
            return None;
        }
        let (settlements, trouble) = self.handle(&deliveries).await;
        let mut failures = 0u32;
        while let Err(error) = self.parts.bus.settle(&self.id, &settlements).await {
            // What is committed is marked: should the host stop now, these come again and are recognised.
            let pause = self.parts.limits.backoff.delay(failures, rand::random());
            failures = failures.saturating_add(1);
            tracing::warn!(service = %self.id, %error, ?pause, "deliveries are not settled yet");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => return None,
            }
        }
        trouble
    }

    /// Handles `deliveries`, at most as many as fit into the time of a batch, and says how to settle each; and why the
    /// loop should pause, if it should. The bus has not heard of it yet.
    pub async fn handle(&mut self, deliveries: &[Delivery]) -> (Vec<(DeliveryToken, Settlement)>, Option<String>) {
        let outcome = self.handle_batch(deliveries).await;
        let judged = deliveries.iter().zip(outcome.verdicts);
        (
            judged.map(|(delivery, verdict)| (delivery.token, self.settlement(delivery, verdict))).collect(),
            outcome.trouble,
        )
    }

    async fn handle_batch(&mut self, deliveries: &[Delivery]) -> Outcome {
        // The instance first: nobody waits for one with the writer in hand.
        let mut handler = match self.handlers.handler().await {
            Ok(handler) => handler,
            Err(error) => return Outcome::nothing(deliveries, error),
        };
        let mut batch = match self.begin(deliveries).await {
            Ok(batch) => batch,
            Err(error) => return Outcome::nothing(deliveries, format!("no transaction: {error:?}")),
        };
        let started = Instant::now();
        let mut held = HashSet::new();
        for (index, delivery) in deliveries.iter().enumerate() {
            let aggregate = delivery.event.aggregate_key();
            if !batch.fresh.contains(&delivery.event.id) {
                batch.judge(index, Verdict::Duplicate);
                continue;
            }
            let late = index > 0 && started.elapsed() >= self.parts.limits.consume_batch_time;
            if late || !handler.is_usable() || held.contains(&aggregate) {
                // Also when only time is up: a later one of this aggregate must not overtake it.
                held.insert(aggregate);
                continue;
            }
            let (transaction, handled) = self.handle_one(handler.as_mut(), batch.transaction, &delivery.event).await;
            let verdict = match handled {
                Ok(()) => Verdict::Handled,
                Err(failure) => {
                    held.insert(aggregate);
                    Verdict::Failed(failure)
                }
            };
            let Some(transaction) = transaction else {
                return Outcome::undone(batch.verdicts, Some((index, verdict)), None);
            };
            batch.transaction = transaction;
            batch.judge(index, verdict);
        }
        // The instance is free while the disk is waited for.
        drop(handler);
        self.commit(deliveries, batch).await
    }

    /// Opens a transaction and marks every delivery in it.
    async fn begin(&self, deliveries: &[Delivery]) -> Result<Batch, Error> {
        let mut transaction = self.database.begin().await?;
        let events: Vec<EventId> = deliveries.iter().map(|delivery| delivery.event.id).collect();
        let fresh = consumed::mark(&mut transaction, &self.id, &events, self.parts.clock.now()).await?;
        Ok(Batch { verdicts: vec![Verdict::Untouched; deliveries.len()], transaction, fresh })
    }

    /// Handles one event under its own savepoint. Without a transaction in the answer nothing of the batch stands, and
    /// this event is to blame.
    async fn handle_one(
        &self,
        handler: &mut dyn Handler,
        mut transaction: Transaction,
        event: &Event,
    ) -> (Option<Transaction>, Result<(), Failure>) {
        if let Err(error) = transaction.savepoint().await {
            return (None, Err(broken(&error)));
        }
        let started = Instant::now();
        let (transaction, handled) = handler.handle(event, transaction).await;
        self.parts.metrics.handler_took(&self.id, started.elapsed());
        let Some(mut transaction) = transaction else {
            let lost = || Failure::Retry("its transaction was lost".to_owned());
            return (None, handled.and_then(|()| Err(lost())));
        };
        let ended = match &handled {
            Ok(()) => transaction.release_savepoint().await,
            Err(_) => transaction.rollback_to_savepoint().await,
        };
        match ended {
            Ok(()) => (Some(transaction), handled),
            Err(error) => (None, handled.and_then(|()| Err(broken(&error)))),
        }
    }

    /// Commits what was handled, without the marks of what was not.
    async fn commit(&mut self, deliveries: &[Delivery], mut batch: Batch) -> Outcome {
        let judged = || deliveries.iter().zip(&batch.verdicts);
        let not_handled: Vec<EventId> = judged()
            .filter(|(_, verdict)| matches!(verdict, Verdict::Untouched | Verdict::Failed(_)))
            .map(|(delivery, _)| delivery.event.id)
            .collect();
        let unmarked = consumed::unmark(&mut batch.transaction, &self.id, &not_handled).await;
        let committed = match unmarked {
            Ok(()) => batch.transaction.commit().await,
            Err(error) => Err(error),
        };
        let Err(error) = committed else {
            self.batch_max = self.parts.limits.consume_batch_max;
            return Outcome { verdicts: batch.verdicts, trouble: None };
        };
        self.batch_max = 1;
        let mut handled = (0..).zip(&batch.verdicts).filter(|(_, verdict)| **verdict == Verdict::Handled);
        match (handled.next(), handled.next(), &error) {
            // Only its own writes can have broken a rule that is checked at the commit.
            (Some((index, _)), None, Error::ConstraintViolated(_)) => {
                Outcome::undone(batch.verdicts, Some((index, Verdict::Failed(broken(&error)))), None)
            }
            // One of several did: they come again one by one, at once.
            (Some(_), Some(_), Error::ConstraintViolated(_)) => Outcome::undone(batch.verdicts, None, None),
            _ => Outcome::undone(batch.verdicts, None, Some(format!("commit failed: {error:?}"))),
        }
    }

    fn settlement(&self, delivery: &Delivery, verdict: Verdict) -> Settlement {
        let (metrics, limits) = (&self.parts.metrics, &self.parts.limits);
        let failure = match verdict {
            Verdict::Untouched => return Settlement::Return,
            Verdict::Duplicate => {
                metrics.consumed(&self.id, ConsumedResult::Duplicate);
                return Settlement::Acknowledge;
            }
            Verdict::Handled => {
                metrics.consumed(&self.id, ConsumedResult::Handled);
                metrics.handled(&self.id, &delivery.event.occurred_at, self.parts.clock.now());
                return Settlement::Acknowledge;
            }
            Verdict::Failed(failure) => failure,
        };
        let (service, event, kind, attempt) = (&self.id, delivery.event.id, &delivery.event.kind, delivery.attempt);
        match failure {
            Failure::Retry(error) if attempt < limits.attempts_max => {
                metrics.consumed(&self.id, ConsumedResult::Retried);
                let after = limits.backoff.delay(attempt.saturating_sub(1), rand::random());
                tracing::warn!(%service, %event, kind, attempt, error, ?after, "event comes again");
                Settlement::Retry { after, error: limits.clip(&error) }
            }
            Failure::Retry(error) | Failure::Reject(error) => {
                metrics.consumed(&self.id, ConsumedResult::Dead);
                tracing::error!(%service, %event, kind, attempt, error, "event is a dead letter");
                Settlement::Bury { error: limits.clip(&error) }
            }
        }
    }
}

impl Outcome {
    fn nothing(deliveries: &[Delivery], trouble: String) -> Self {
        Self { verdicts: vec![Verdict::Untouched; deliveries.len()], trouble: Some(trouble) }
    }

    /// Nothing of the transaction stands: what was handled in it was not, and other failures are not counted, since what
    /// broke the transaction may have caused them. Duplicates stay: their marks are from before.
    fn undone(mut verdicts: Vec<Verdict>, culprit: Option<(usize, Verdict)>, trouble: Option<String>) -> Self {
        for verdict in &mut verdicts {
            if *verdict != Verdict::Duplicate {
                *verdict = Verdict::Untouched;
            }
        }
        if let Some((index, blame)) = culprit
            && let Some(verdict) = verdicts.get_mut(index)
        {
            *verdict = blame;
        }
        Self { verdicts, trouble }
    }
}

impl Batch {
    fn judge(&mut self, index: usize, verdict: Verdict) {
        if let Some(place) = self.verdicts.get_mut(index) {
            *place = verdict;
        }
    }
}

fn broken(error: &Error) -> Failure {
    Failure::Retry(format!("its transaction broke: {error:?}"))
}
