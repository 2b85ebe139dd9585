//! Opens and closes a desk as its lease comes and goes, and reads the stream into it while it is open.
//!
//! Whoever has the lease writes itself into the consumer's document as its holder. From then on nobody who had it before can
//! write there, so a settlement of a host that hung, or was cut off, changes nothing; the new one begins at what the document
//! says. A host gives a lease away only while nothing of the consumer is in hand.

use crate::error::EventsError;
use crate::nats::broker::Stored;
use crate::nats::desk::{Desk, Standing};
use crate::nats::documents::Written;
use crate::nats::leases::LeaseState;
use crate::nats::message;
use crate::nats::position::Position;
use crate::nats::reader::Reader;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often a host tries to become the holder while others write into the document.
const ATTEMPTS_MAX: u32 = 10;

impl Desk {
    /// Attends the consumer's lease and its desk, without end.
    pub(super) async fn attend(self: Arc<Self>) {
        let name = format!("consumer.{}", self.consumer);
        let mut lease = self.leases.attend(&name);
        let mut failures = 0u32;
        loop {
            let state = *lease.borrow_and_update();
            if state == LeaseState::Wanted {
                self.leases.release(&name).await;
            }
            if state != LeaseState::Held {
                if state != LeaseState::Unknown {
                    self.close(Standing::Closed);
                }
                tokio::select! {
                    changed = lease.changed() => if changed.is_err() { return },
                    () = self.news.notified() => {}
                }
                continue;
            }
            // Whoever lost it without noticing must not take the document from the one who has it.
            self.leases.confirm(&name).await;
            match lease.has_changed() {
                Ok(false) => {}
                Ok(true) => continue,
                Err(_) => return,
            }
            match self.open().await {
                Ok(true) => {
                    failures = 0;
                    self.serve(&mut lease).await;
                    self.close(Standing::Undecided);
                }
                Ok(false) => {
                    self.leases.leave(&name).await;
                    self.until_wanted().await;
                    self.close(Standing::Undecided);
                    lease = self.leases.attend(&name);
                }
                Err(error) => {
                    tracing::debug!(consumer = %self.consumer, %error, "consuming begins later");
                    self.close(Standing::Troubled(error.to_string()));
                    let pause = self.broker.limits.retry.delay(failures, rand::random());
                    failures = failures.saturating_add(1);
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        _ = lease.changed() => {}
                    }
                }
            }
        }
    }

    /// Becomes the holder of the document and begins where it says. Answers whether there is anything to do for this host:
    /// not for a consumer that never subscribed, or whose subscriptions another version of the application has changed.
    async fn open(&self) -> Result<bool, EventsError> {
        let _nobody_else_writes = self.writing.lock().await;
        let opened = self.become_holder().await?;
        if opened {
            // What the holder before began.
            self.bury().await?;
            self.tell();
        } else {
            self.close(Standing::Closed);
        }
        Ok(opened)
    }

    async fn become_holder(&self) -> Result<bool, EventsError> {
        let (_, created_ms) = self.broker.stream_end().await?;
        let consumer = &self.consumer;
        for _ in 0..ATTEMPTS_MAX {
            let Some((mut document, revision)) = self.broker.document(consumer).await? else { return Ok(false) };
            if self.seat().subscribed.as_ref().is_some_and(|subscribed| subscribed != document.patterns()) {
                let patterns = document.patterns().join(", ");
                tracing::warn!(%consumer, patterns, "another host subscribed to other events: this one consumes none");
                return Ok(false);
            }
            if document.belong_to(created_ms) {
                tracing::error!(%consumer, "the stream of events was made anew: consuming begins at its beginning");
            }
            document.holder = format!("{}/{}", self.broker.host, self.token().0);
            if let Written::As(revision) = self.broker.write_document(consumer, &document, revision).await? {
                self.open_at(Position::new(document, revision));
                return Ok(true);
            }
        }
        Err(EventsError::Unavailable(format!("others write all the time where {consumer} stands")))
    }

    /// Keeps the desk open as long as this host has the lease to itself.
    async fn serve(&self, lease: &mut watch::Receiver<LeaseState>) {
        tracing::info!(consumer = %self.consumer, "this host consumes");
        let why = tokio::select! {
            why = self.oversee(lease) => why,
            () = self.keep_reading() => "it was closed",
        };
        tracing::info!(consumer = %self.consumer, why, "this host no longer consumes");
    }

    /// Waits for a reason to close, and looks now and then whether others changed the document.
    async fn oversee(&self, lease: &mut watch::Receiver<LeaseState>) -> &'static str {
        let mut changes = self.changes();
        let mut look_at = Instant::now() + self.broker.limits.poll;
        loop {
            changes.mark_unchanged();
            let state = *lease.borrow_and_update();
            let (is_open, in_hand, outdated) = {
                let mut seat = self.seat();
                seat.leaving = state == LeaseState::Wanted;
                let in_hand = seat.position.as_ref().is_some_and(Position::has_in_hand);
                (seat.position.is_some(), in_hand, seat.outdated)
            };
            match state {
                LeaseState::Unknown | LeaseState::Elsewhere => return "the lease is lost",
                _ if !is_open => return "it was closed",
                LeaseState::Wanted if !in_hand => return "another host waits for the lease",
                LeaseState::Held if !in_hand && outdated => return "the subscriptions have changed",
                LeaseState::Wanted | LeaseState::Held => {}
            }
            tokio::select! {
                _ = changes.changed() => continue,
                changed = lease.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return "it is left",
                },
                () = self.news.notified() => {}
                () = tokio::time::sleep_until(look_at) => {}
            }
            if let Err(error) = self.look_again().await {
                tracing::debug!(consumer = %self.consumer, %error, "a look at the document failed");
            }
            look_at = Instant::now() + self.broker.limits.poll;
        }
    }

    /// Waits until there may be something to do for this host.
    async fn until_wanted(&self) {
        loop {
            tokio::select! {
                () = self.news.notified() => {}
                () = tokio::time::sleep(self.broker.limits.poll) => {}
            }
            match self.broker.document(&self.consumer).await {
                Ok(Some((document, _))) => {
                    let seat = self.seat();
                    if seat.subscribed.as_ref().is_none_or(|subscribed| subscribed == document.patterns()) {
                        return;
                    }
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(consumer = %self.consumer, %error, "a look at the document failed"),
            }
        }
    }

    /// Reads, and reads again where it broke off, until the desk is closed.
    async fn keep_reading(&self) {
        let retry = self.broker.limits.retry;
        let mut failures = 0u32;
        loop {
            let began = Instant::now();
            let Err(error) = self.read().await else { return };
            failures = if began.elapsed() > retry.cap { 0 } else { failures.saturating_add(1) };
            tracing::debug!(consumer = %self.consumer, %error, "reading begins anew");
            self.stand(Standing::Troubled(error.to_string()));
            tokio::time::sleep(retry.delay(failures.saturating_sub(1), rand::random())).await;
        }
    }

    /// Reads one section after the other; returns when the desk is closed.
    async fn read(&self) -> Result<(), EventsError> {
        loop {
            let section = self.with_position(|position| {
                let (patterns, end) = position.document().section_after(position.read_to());
                (self.broker.names.filters(patterns), end, position.read_to())
            });
            match section {
                None => return Ok(()),
                Some((filters, Some(end), _)) if filters.is_empty() => {
                    self.with_position(|position| position.pass(end));
                }
                // The subscription has ended.
                Some((filters, None, _)) if filters.is_empty() => std::future::pending().await,
                Some((filters, end, read_to)) => {
                    let mut reader = Reader::open(&self.broker, filters, read_to).await?;
                    self.stand(Standing::Open);
                    self.expect(reader.has_more());
                    self.read_section(&mut reader, end).await?;
                }
            }
        }
    }

    /// Reads up to the end of a section, if it has one.
    async fn read_section(&self, reader: &mut Reader, end: Option<i64>) -> Result<(), EventsError> {
        loop {
            if let Some(end) = end
                && !reader.has_more()
            {
                // All that there will ever be of it was there when reading began.
                self.with_position(|position| position.pass(end));
                return Ok(());
            }
            if !self.has_room().await {
                return Ok(());
            }
            let mut arrived = Some(reader.next().await?);
            while let Some(stored) = arrived {
                if let Some(end) = end.filter(|end| stored.sequence > *end) {
                    self.with_position(|position| position.pass(end));
                    return Ok(());
                }
                self.add(&stored).await?;
                // Whatever came together is told together.
                arrived = if self.is_full() { None } else { reader.arrived().transpose()? };
            }
            self.expect(reader.has_more());
        }
    }

    async fn add(&self, stored: &Stored) -> Result<(), EventsError> {
        match message::event(stored) {
            Ok(event) => {
                let bytes_max = self.broker.limits.unsettled_bytes_max;
                self.with_position(|position| position.add(stored.sequence, stored.accepted_ms, event, bytes_max));
                Ok(())
            }
            Err(why) => {
                let (subject, sequence) = (&stored.subject, stored.sequence);
                tracing::error!(subject, sequence, why, "a message that is no event is passed over: who published it?");
                self.with_position(|position| position.pass(sequence));
                self.catch_up().await
            }
        }
    }

    /// Waits until another event may be read; answers false when the desk is closed.
    async fn has_room(&self) -> bool {
        let mut changes = self.changes();
        loop {
            changes.mark_unchanged();
            match self.with_position(|position| position.unsettled()) {
                None => return false,
                Some(unsettled) if unsettled < self.broker.limits.unsettled_max => return true,
                Some(_) => {}
            }
            if changes.changed().await.is_err() {
                return false;
            }
        }
    }

    fn is_full(&self) -> bool {
        let max = self.broker.limits.unsettled_max;
        self.with_position(|position| position.unsettled() >= max).unwrap_or(true)
    }
}
