//! A consumer's place on this host: what is handed out there and what becomes of it.
//!
//! The desk is open while this host has the consumer's lease; `attendance` opens and closes it, and reads the stream into
//! it meanwhile. Here deliveries leave it, and settlements come back.

use crate::bus::{Delivery, DeliveryToken, Settlement};
use crate::error::EventsError;
use crate::event::Event;
use crate::nats::broker::Broker;
use crate::nats::documents::Written;
use crate::nats::leases::Leases;
use crate::nats::message;
use crate::nats::position::{Change, Position, Taken};
use futures::{StreamExt, TryStreamExt};
use mutrapro_manifest::ComponentId;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

/// A consumer's place on this host.
pub(super) struct Desk {
    pub(super) consumer: ComponentId,
    pub(super) broker: Arc<Broker>,
    pub(super) leases: Leases,
    seat: Mutex<Seat>,
    /// Changes with everything that somebody may wait for.
    changes: watch::Sender<()>,
    /// Held while the document is written, so that each change is made of what the one before left.
    pub(super) writing: tokio::sync::Mutex<()>,
    /// Says that others have changed the document.
    pub(super) news: Notify,
    tokens: AtomicU64,
}

/// What a desk knows.
pub(super) struct Seat {
    /// Where the consumer stands; while this host is the one that takes its deliveries.
    pub(super) position: Option<Position>,
    /// What this host's application subscribes to, if it has said so.
    pub(super) subscribed: Option<Vec<String>>,
    pub(super) standing: Standing,
    /// Whether more is known to be on its way from the stream.
    pub(super) has_more: bool,
    /// Whether what is read no longer is what was subscribed to.
    pub(super) outdated: bool,
    /// Whether another host waits for the lease.
    pub(super) leaving: bool,
}

/// How a desk stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is not known yet whether this host is the one.
    Undecided,
    /// Another one is, or there is nothing to do.
    Closed,
    /// This host is.
    Open,
    /// This host should be, but cannot.
    Troubled(String),
}

/// Deliveries on their way to the consumer, which go back if they do not arrive.
struct OnTheWay<'a> {
    desk: &'a Desk,
    tokens: Vec<DeliveryToken>,
}

impl Drop for OnTheWay<'_> {
    fn drop(&mut self) {
        let tokens = std::mem::take(&mut self.tokens);
        if !tokens.is_empty() {
            self.desk.with_position(|position| position.give_back(tokens));
            self.desk.tell();
        }
    }
}

impl Desk {
    /// A desk that is closed yet.
    pub(super) fn new(consumer: ComponentId, broker: Arc<Broker>, leases: Leases) -> Self {
        let seat = Seat {
            position: None,
            subscribed: None,
            standing: Standing::Undecided,
            has_more: false,
            outdated: false,
            leaving: false,
        };
        Self {
            consumer,
            broker,
            leases,
            seat: Mutex::new(seat),
            changes: watch::channel(()).0,
            writing: tokio::sync::Mutex::default(),
            news: Notify::new(),
            tokens: AtomicU64::new(0),
        }
    }

    pub(super) fn seat(&self) -> MutexGuard<'_, Seat> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does `to_do` with the position, if there is one.
    pub(super) fn with_position<T>(&self, to_do: impl FnOnce(&mut Position) -> T) -> Option<T> {
        self.seat().position.as_mut().map(to_do)
    }

    /// Wakes everybody who waits for something here.
    pub(super) fn tell(&self) {
        self.changes.send_replace(());
    }

    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Closes the desk: whoever has deliveries in hand settles them in vain.
    pub(super) fn close(&self, standing: Standing) {
        let mut seat = self.seat();
        seat.position = None;
        seat.standing = standing;
        seat.has_more = false;
        seat.outdated = false;
        seat.leaving = false;
        drop(seat);
        self.tell();
    }

    /// Opens the desk at `position`.
    pub(super) fn open_at(&self, position: Position) {
        let mut seat = self.seat();
        seat.position = Some(position);
        seat.standing = Standing::Open;
    }

    /// Says how an open desk stands.
    pub(super) fn stand(&self, standing: Standing) {
        let mut seat = self.seat();
        if seat.position.is_some() {
            seat.standing = standing;
        }
    }

    /// Says whether more is known to be on its way from the stream, after what came was added.
    pub(super) fn expect(&self, more: bool) {
        self.seat().has_more = more;
        self.tell();
    }

    /// As [`Bus::fetch`](crate::bus::Bus::fetch). Without patience it answers everything that the stream has by now.
    pub(super) async fn fetch(&self, max: u16, patience: Duration) -> Result<Vec<Delivery>, EventsError> {
        let mut changes = self.changes();
        let deadline = Instant::now() + patience;
        // Who has no patience waits for an answer too, but not for events.
        self.decided(&mut changes).await?;
        if patience.is_zero() {
            self.read_all(&mut changes).await?;
        }
        loop {
            changes.mark_unchanged();
            let now_ms = self.broker.now_ms();
            let taken = self.take(max, now_ms);
            if !taken.is_empty() {
                return self.deliver(taken).await;
            }
            if Instant::now() >= deadline {
                return self.nothing();
            }
            let next_due_ms = self.with_position(|position| position.next_due_ms(now_ms)).flatten();
            let until_due = next_due_ms.map(|due_ms| u64::try_from(due_ms.saturating_sub(now_ms)).unwrap_or(0));
            let poll = self.broker.limits.poll;
            let look_again = Instant::now() + until_due.map_or(poll, |ms| poll.min(Duration::from_millis(ms)));
            tokio::select! {
                _ = changes.changed() => {}
                () = tokio::time::sleep_until(look_again.min(deadline)) => {}
            }
        }
    }

    /// As [`Bus::settle`](crate::bus::Bus::settle).
    ///
    /// # Errors
    /// [`EventsError::Unavailable`], also when another host has taken over: what was settled here comes again there.
    pub(super) async fn settle(&self, settlements: &[(DeliveryToken, Settlement)]) -> Result<(), EventsError> {
        let _one_after_the_other = self.writing.lock().await;
        let now_ms = self.broker.now_ms();
        let history_max = self.broker.limits.history_max;
        self.write(|position| position.settle(settlements, now_ms, history_max)).await?;
        self.bury().await
    }

    /// Keeps what was given up as dead letters, and forgets it here. The document tells first that it was given up, so that
    /// only the host that holds it does this, and another one finishes what it began.
    pub(super) async fn bury(&self) -> Result<(), EventsError> {
        loop {
            let given_up = self.with_position(|position| position.given_up()).unwrap_or_default();
            if given_up.is_empty() {
                return Ok(());
            }
            let sequences: Vec<i64> = given_up.iter().map(|taken| taken.sequence).collect();
            let buried = futures::stream::iter(given_up).map(|taken| self.bury_one(taken));
            buried.buffered(self.broker.limits.requests_max).try_collect::<()>().await?;
            self.write(|position| position.bury(&sequences)).await?;
        }
    }

    async fn bury_one(&self, taken: Taken) -> Result<(), EventsError> {
        let Some(event) = self.load(&taken).await? else { return Ok(()) };
        self.broker.bury(&self.consumer, &event, (taken.sequence, &taken.entry)).await
    }

    /// Moves the document up to where the stream is read.
    pub(super) async fn catch_up(&self) -> Result<(), EventsError> {
        let _one_after_the_other = self.writing.lock().await;
        self.write(Position::catch_up).await
    }

    /// Looks what others wrote into the document.
    pub(super) async fn look_again(&self) -> Result<(), EventsError> {
        let _one_after_the_other = self.writing.lock().await;
        self.read_document().await
    }

    /// Looks anew whether there is something to do here, after the subscriptions were written.
    pub(super) async fn reconsider(&self) -> Result<(), EventsError> {
        self.look_again().await?;
        let mut seat = self.seat();
        if seat.standing == Standing::Closed {
            seat.standing = Standing::Undecided;
        }
        drop(seat);
        self.news.notify_one();
        Ok(())
    }

    /// Makes a change, in the document first; again when others were quicker.
    async fn write(&self, change: impl Fn(&Position) -> Change) -> Result<(), EventsError> {
        loop {
            let proposed = self.with_position(|position| {
                let change = change(position);
                let is_new = change.document != *position.document();
                (change, is_new)
            });
            let Some((change, is_new)) = proposed else { return Ok(()) };
            let revision = if is_new {
                match self.broker.write_document(&self.consumer, &change.document, change.revision).await? {
                    Written::As(revision) => revision,
                    Written::TooLate => {
                        self.read_document().await?;
                        continue;
                    }
                }
            } else {
                change.revision
            };
            self.with_position(|position| position.commit(change, revision));
            self.tell();
            return Ok(());
        }
    }

    /// Takes over what others wrote into the document; or closes the desk, when it is another host's.
    async fn read_document(&self) -> Result<(), EventsError> {
        let stored = self.broker.document(&self.consumer).await?;
        let mut seat = self.seat();
        let subscribed = seat.subscribed.clone();
        let Some(position) = &mut seat.position else { return Ok(()) };
        let ours = stored.filter(|(document, _)| document.holder == position.document().holder);
        if let Some((document, revision)) = ours {
            let unwanted = subscribed.is_some_and(|subscribed| subscribed != document.patterns());
            let outdated = document.sections.last() != position.document().sections.last();
            let in_hand = position.has_in_hand();
            if revision != position.revision() {
                position.adopt(document, revision);
            }
            seat.outdated |= outdated || unwanted;
            let close = seat.outdated && !in_hand;
            drop(seat);
            if close {
                self.close(Standing::Undecided)
            } else {
                self.tell()
            }
            return Ok(());
        }
        drop(seat);
        self.close(Standing::Undecided);
        let consumer = &self.consumer;
        Err(EventsError::Unavailable(format!("another host has taken over what {consumer} consumes")))
    }

    /// Waits until it is known whether this host is the one.
    async fn decided(&self, changes: &mut watch::Receiver<()>) -> Result<(), EventsError> {
        let until = Instant::now() + self.broker.limits.request_time;
        loop {
            changes.mark_unchanged();
            if self.seat().standing != Standing::Undecided {
                return Ok(());
            }
            if tokio::time::timeout_at(until, changes.changed()).await.is_err() {
                let consumer = &self.consumer;
                return Err(EventsError::Unavailable(format!(
                    "NATS does not tell in time who consumes for {consumer}"
                )));
            }
        }
    }

    /// Waits until everything is read that the stream has by now.
    async fn read_all(&self, changes: &mut watch::Receiver<()>) -> Result<(), EventsError> {
        let (last, _) = self.broker.stream_end().await?;
        let mut expected = i64::MIN;
        loop {
            changes.mark_unchanged();
            let (document, read_to) = {
                let seat = self.seat();
                let Some(position) = &seat.position else { return Ok(()) };
                let read_to = position.read_to();
                if read_to >= last || position.unsettled() >= self.broker.limits.unsettled_max {
                    return Ok(());
                }
                let document = (read_to >= expected && !seat.has_more).then(|| position.document().clone());
                (document, read_to)
            };
            if let Some(document) = document {
                match self.broker.ahead(&document, read_to).await?.first.map(|first| first.sequence) {
                    Some(first) if first <= last => expected = first,
                    _ => {
                        self.with_position(|position| position.pass(last));
                        return Ok(());
                    }
                }
                continue;
            }
            if timeout(self.broker.limits.request_time, changes.changed()).await.is_err() {
                let consumer = &self.consumer;
                return Err(EventsError::Unavailable(format!(
                    "NATS does not deliver in time what {consumer} consumes"
                )));
            }
        }
    }

    /// What is due at `now_ms`; nothing once the desk is to be closed, which waits for what is in hand alone.
    fn take(&self, max: u16, now_ms: i64) -> Vec<Taken> {
        let mut seat = self.seat();
        if seat.outdated || seat.leaving {
            return Vec::new();
        }
        let position = seat.position.as_mut();
        position.map(|position| position.take(max, now_ms, || self.token())).unwrap_or_default()
    }

    async fn deliver(&self, taken: Vec<Taken>) -> Result<Vec<Delivery>, EventsError> {
        let tokens = taken.iter().map(|taken| taken.token).collect();
        let mut on_the_way = OnTheWay { desk: self, tokens };
        let load = |taken: Taken| async move { Ok::<_, EventsError>((self.load(&taken).await?, taken)) };
        let loaded = futures::stream::iter(taken).map(load).buffered(self.broker.limits.requests_max);
        let loaded: Vec<(Option<Event>, Taken)> = loaded.try_collect().await?;
        let mut deliveries = Vec::with_capacity(loaded.len());
        let mut gone = Vec::new();
        for (event, taken) in loaded {
            match event {
                Some(event) => {
                    let attempt = taken.entry.failures.saturating_add(1);
                    deliveries.push(Delivery { event, attempt, token: taken.token });
                }
                None => gone.push((taken.token, Settlement::Acknowledge)),
            }
        }
        if !gone.is_empty() {
            self.settle(&gone).await?;
        }
        on_the_way.tokens.clear();
        Ok(deliveries)
    }

    /// The event itself: from memory, or where it is kept. `None` when somebody else removed it there.
    async fn load(&self, taken: &Taken) -> Result<Option<Event>, EventsError> {
        if let Some(event) = &taken.event {
            return Ok(Some(event.clone()));
        }
        let (consumer, event) = (&self.consumer, taken.entry.event);
        let stored = if taken.entry.replayed {
            self.broker.replayed(consumer, event).await?
        } else {
            self.broker.message(&self.broker.streams.events, taken.sequence).await?
        };
        let read = stored.ok_or_else(|| "it was removed from its stream".to_owned());
        match read.and_then(|stored| message::event(&stored)) {
            Ok(event) => Ok(Some(event)),
            Err(why) => {
                tracing::error!(%consumer, %event, why, "an event is lost that was not handled yet");
                Ok(None)
            }
        }
    }

    /// What to answer when nothing came.
    fn nothing(&self) -> Result<Vec<Delivery>, EventsError> {
        match &self.seat().standing {
            Standing::Troubled(why) => Err(EventsError::Unavailable(why.clone())),
            _ => Ok(Vec::new()),
        }
    }

    /// One that no delivery of this host had yet.
    pub(super) fn token(&self) -> DeliveryToken {
        DeliveryToken(self.tokens.fetch_add(1, Ordering::Relaxed))
    }
}
