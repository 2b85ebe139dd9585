//! What the host that takes a consumer's deliveries knows of them, and what follows from a settlement. No waiting, no NATS.
//!
//! Promise: of an aggregate only the first unsettled event is ever delivered, or several of them together, in order. What
//! is in memory beyond the document is only what can be read again from the stream.

use crate::bus::{DeliveryToken, Settlement};
use crate::event::Event;
use crate::nats::document::{Document, Entry, PastAttempt};
use crate::nats::documents::Revision;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Where an active consumer stands.
pub(super) struct Position {
    /// As it was written last.
    document: Document,
    revision: Revision,
    /// Every unsettled event up to `read_to`, by sequence.
    unsettled: BTreeMap<i64, Waiting>,
    /// What is at the consumer, by sequence.
    in_hand: HashMap<DeliveryToken, i64>,
    /// Up to where the stream is read.
    read_to: i64,
    /// How many bytes the events in memory take.
    event_bytes: usize,
}

/// An event that is not settled.
struct Waiting {
    entry: Entry,
    /// Absent when it is to be read again.
    event: Option<Event>,
    token: Option<DeliveryToken>,
}

/// An event that somebody has to look at: a consumer, or whoever keeps dead letters.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) sequence: i64,
    pub(super) entry: Entry,
    /// Absent when it is to be read again.
    pub(super) event: Option<Event>,
    /// For a consumer.
    pub(super) token: DeliveryToken,
}

/// What is to change: first in the document, then here.
#[derive(Debug)]
pub(super) struct Change {
    /// The document after it.
    pub(super) document: Document,
    /// The version that it is based on.
    pub(super) revision: Revision,
    settled: Vec<DeliveryToken>,
    removed: HashSet<i64>,
    changed: BTreeMap<i64, Entry>,
}

impl Position {
    /// Begins at `document`: everything that it does not tell settled is delivered again.
    pub(super) fn new(document: Document, revision: Revision) -> Self {
        let waiting =
            |(&sequence, entry): (&i64, &Entry)| (sequence, Waiting { entry: entry.clone(), event: None, token: None });
        Self {
            unsettled: document.outstanding.iter().map(waiting).collect(),
            read_to: document.cursor,
            document,
            revision,
            in_hand: HashMap::new(),
            event_bytes: 0,
        }
    }

    pub(super) fn document(&self) -> &Document {
        &self.document
    }

    pub(super) fn revision(&self) -> Revision {
        self.revision
    }

    /// Up to which sequence the stream is read.
    pub(super) fn read_to(&self) -> i64 {
        self.read_to
    }

    /// How many events are known and not settled.
    pub(super) fn unsettled(&self) -> usize {
        self.unsettled.len()
    }

    /// Whether something is at the consumer.
    pub(super) fn has_in_hand(&self) -> bool {
        !self.in_hand.is_empty()
    }

    /// Takes note of an event that was read, and keeps it in memory unless there were more than `bytes_max` then.
    pub(super) fn add(&mut self, sequence: i64, accepted_ms: i64, event: Event, bytes_max: usize) {
        self.read_to = self.read_to.max(sequence);
        let entry = Entry {
            event: event.id,
            aggregate: event.aggregate_key(),
            accepted_ms,
            failures: 0,
            due_ms: 0,
            history: Vec::new(),
            replayed: false,
            given_up_ms: None,
        };
        let bytes = self.event_bytes.saturating_add(event.payload.len());
        let event = (bytes <= bytes_max).then_some(event);
        if event.is_some() {
            self.event_bytes = bytes;
        }
        self.unsettled.insert(sequence, Waiting { entry, event, token: None });
    }

    /// Takes note that there is nothing for this consumer up to `sequence`.
    pub(super) fn pass(&mut self, sequence: i64) {
        self.read_to = self.read_to.max(sequence);
    }

    /// Hands out at most `max` events that are due at `now_ms`, of each aggregate none behind one that is not.
    pub(super) fn take(&mut self, max: u16, now_ms: i64, mut token: impl FnMut() -> DeliveryToken) -> Vec<Taken> {
        let mut held: HashSet<String> = HashSet::new();
        let mut taken = Vec::new();
        for (&sequence, waiting) in &mut self.unsettled {
            if taken.len() >= usize::from(max) {
                break;
            }
            let entry = &waiting.entry;
            if held.contains(&entry.aggregate) {
                continue;
            }
            if waiting.token.is_some() || entry.given_up_ms.is_some() || entry.due_ms > now_ms {
                held.insert(entry.aggregate.clone());
                continue;
            }
            let token = token();
            waiting.token = Some(token);
            self.in_hand.insert(token, sequence);
            taken.push(Taken { sequence, entry: entry.clone(), event: waiting.event.clone(), token });
        }
        taken
    }

    /// When the next attempt after `now_ms` comes due.
    pub(super) fn next_due_ms(&self, now_ms: i64) -> Option<i64> {
        let free = self.unsettled.values().filter(|waiting| waiting.token.is_none());
        free.map(|waiting| waiting.entry.due_ms).filter(|due_ms| *due_ms > now_ms).min()
    }

    /// Takes back what was handed out and did not arrive.
    pub(super) fn give_back(&mut self, tokens: impl IntoIterator<Item = DeliveryToken>) {
        for token in tokens {
            if let Some(sequence) = self.in_hand.remove(&token)
                && let Some(waiting) = self.unsettled.get_mut(&sequence)
            {
                waiting.token = None;
            }
        }
    }

    /// What was given up and is not kept as a dead letter yet.
    pub(super) fn given_up(&self) -> Vec<Taken> {
        let given_up = self.unsettled.iter().filter(|(_, waiting)| waiting.entry.given_up_ms.is_some());
        let taken = |(&sequence, waiting): (&i64, &Waiting)| Taken {
            sequence,
            entry: waiting.entry.clone(),
            event: waiting.event.clone(),
            token: DeliveryToken(0),
        };
        given_up.map(taken).collect()
    }

    /// What follows from `settlements` made at `now_ms`. Those of deliveries that are not at the consumer are passed over.
    pub(super) fn settle(
        &self,
        settlements: &[(DeliveryToken, Settlement)],
        now_ms: i64,
        history_max: usize,
    ) -> Change {
        let (mut removed, mut changed, mut settled) = (HashSet::new(), BTreeMap::new(), Vec::new());
        for (token, settlement) in settlements {
            let Some(&sequence) = self.in_hand.get(token) else { continue };
            let Some(waiting) = self.unsettled.get(&sequence) else { continue };
            settled.push(*token);
            let failed = |error: &str| {
                let mut entry = waiting.entry.clone();
                let attempt = PastAttempt { at_ms: now_ms, error: error.to_owned() };
                entry.fail(waiting.entry.failures.saturating_add(1), attempt, history_max);
                entry
            };
            match settlement {
                Settlement::Acknowledge => {
                    removed.insert(sequence);
                }
                Settlement::Return => {}
                Settlement::Retry { after, error } => {
                    let after_ms = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
                    let due_ms = now_ms.saturating_add(after_ms);
                    changed.insert(sequence, Entry { due_ms, ..failed(error) });
                }
                Settlement::Bury { error } => {
                    changed.insert(sequence, Entry { given_up_ms: Some(now_ms), ..failed(error) });
                }
            }
        }
        self.change(settled, removed, changed, self.document.cursor)
    }

    /// What follows from the dead letters of `sequences` being kept.
    pub(super) fn bury(&self, sequences: &[i64]) -> Change {
        let is_given_up =
            |sequence: &&i64| self.unsettled.get(sequence).is_some_and(|waiting| waiting.entry.given_up_ms.is_some());
        let removed = sequences.iter().filter(is_given_up).copied().collect();
        self.change(Vec::new(), removed, BTreeMap::new(), self.document.cursor)
    }

    /// What follows from everything up to `read_to` being read: whatever is not settled there is outstanding.
    pub(super) fn catch_up(&self) -> Change {
        self.change(Vec::new(), HashSet::new(), BTreeMap::new(), self.read_to)
    }

    fn change(
        &self,
        settled: Vec<DeliveryToken>,
        removed: HashSet<i64>,
        changed: BTreeMap<i64, Entry>,
        cursor: i64,
    ) -> Change {
        let mut document = self.document.clone();
        let last = removed.iter().chain(changed.keys()).max().copied().unwrap_or(cursor);
        document.advance(last.max(cursor));
        let listed = self.unsettled.range(..=document.cursor).filter(|(sequence, _)| !removed.contains(sequence));
        let entry = |(sequence, waiting): (&i64, &Waiting)| {
            (*sequence, changed.get(sequence).unwrap_or(&waiting.entry).clone())
        };
        document.outstanding = listed.map(entry).collect();
        Change { document, revision: self.revision, settled, removed, changed }
    }

    /// Carries out a change whose document was written as `revision`, or needed no writing.
    pub(super) fn commit(&mut self, change: Change, revision: Revision) {
        self.give_back(change.settled);
        for sequence in &change.removed {
            if let Some(waiting) = self.unsettled.remove(sequence) {
                self.forget(waiting);
            }
        }
        for (sequence, entry) in change.changed {
            if let Some(waiting) = self.unsettled.get_mut(&sequence) {
                waiting.entry = entry;
            }
        }
        self.read_to = self.read_to.max(change.document.cursor);
        self.document = change.document;
        self.revision = revision;
    }

    /// Takes over what others changed in the document while this host is its holder: dead letters to deliver again.
    pub(super) fn adopt(&mut self, document: Document, revision: Revision) {
        for (sequence, entry) in &document.outstanding {
            if self.document.outstanding.get(sequence) == Some(entry) {
                continue;
            }
            match self.unsettled.get_mut(sequence) {
                // What becomes of it is known when it is settled.
                Some(waiting) if waiting.token.is_some() => {}
                Some(waiting) => waiting.entry = entry.clone(),
                None => {
                    self.unsettled.insert(*sequence, Waiting { entry: entry.clone(), event: None, token: None });
                }
            }
        }
        self.document = document;
        self.revision = revision;
    }

    fn forget(&mut self, waiting: Waiting) {
        if let Some(event) = waiting.event {
            self.event_bytes = self.event_bytes.saturating_sub(event.payload.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventId;
    use mutrapro_manifest::ComponentId;
    use proptest::prelude::*;
    use std::time::Duration;

    const BYTES_MAX: usize = 100;

    /// A consumer that has read one event per item of `aggregates`, at sequences from 1.
    fn reading(aggregates: &[u8]) -> Position {
        let mut position = Position::new(Document::new(0, 0, vec!["*".to_owned()]), Revision::default());
        for (sequence, aggregate) in (1..).zip(aggregates) {
            position.add(sequence, sequence, event(*aggregate), BYTES_MAX);
        }
        position
    }

    fn event(aggregate: u8) -> Event {
        Event {
            id: EventId::generate(),
            kind: "user.updated".to_owned(),
            aggregate_type: "user".to_owned(),
            aggregate_id: aggregate.to_string(),
            payload: "{}".to_owned(),
            occurred_at: "2026-01-31T09:30:00.000000Z".to_owned(),
            producer: ComponentId::new("user-service"),
            trace_id: None,
            correlation_id: None,
        }
    }

    fn take(position: &mut Position, max: u16, now_ms: i64) -> Vec<Taken> {
        let mut token = u64::try_from(now_ms).unwrap() * 1_000_000;
        position.take(max, now_ms, || {
            token += 1;
            DeliveryToken(token)
        })
    }

    fn settle(position: &mut Position, taken: &[Taken], settlement: &Settlement, now_ms: i64) {
        let settled: Vec<_> = taken.iter().map(|taken| (taken.token, settlement.clone())).collect();
        let change = position.settle(&settled, now_ms, 24);
        position.commit(change, Revision::default());
    }

    fn retry(ms: u64) -> Settlement {
        Settlement::Retry { after: Duration::from_millis(ms), error: "later".to_owned() }
    }

    fn sequences(taken: &[Taken]) -> Vec<i64> {
        taken.iter().map(|taken| taken.sequence).collect()
    }

    #[test]
    fn cursor_follows_what_is_settled_and_lists_what_is_not_before_it() {
        let mut position = reading(&[1, 2, 3, 4]);
        let taken = take(&mut position, 4, 0);
        settle(&mut position, &taken[1..3], &Settlement::Acknowledge, 0);
        assert_eq!(position.document().cursor, 3);
        assert!(position.document().outstanding.keys().eq(&[1]));
        settle(&mut position, &taken[..1], &Settlement::Acknowledge, 0);
        assert_eq!((position.document().cursor, position.document().outstanding.len()), (3, 0));
    }

    #[test]
    fn returned_deliveries_alone_change_nothing_in_the_document() {
        let mut position = reading(&[1, 2]);
        let before = position.document().clone();
        let taken = take(&mut position, 2, 0);
        settle(&mut position, &taken, &Settlement::Return, 0);
        assert_eq!(*position.document(), before);
        assert!(!position.has_in_hand());
        assert_eq!(sequences(&take(&mut position, 2, 1)), [1, 2]);
    }

    #[test]
    fn given_up_event_holds_back_its_aggregate_until_it_is_a_dead_letter() {
        let mut position = reading(&[1, 1, 2]);
        let taken = take(&mut position, 1, 0);
        settle(&mut position, &taken, &Settlement::Bury { error: "never".to_owned() }, 7);
        assert_eq!(sequences(&take(&mut position, 9, 8)), [3]);
        let given_up = position.given_up();
        assert_eq!((sequences(&given_up), given_up[0].entry.given_up_ms), (vec![1], Some(7)));
        let change = position.bury(&[1]);
        position.commit(change, Revision::default());
        assert!(position.given_up().is_empty());
        assert_eq!(sequences(&take(&mut position, 9, 9)), [2]);
    }

    #[test]
    fn replay_by_others_is_adopted_and_what_is_in_hand_is_left() {
        let mut position = reading(&[1, 2]);
        let taken = take(&mut position, 2, 0);
        settle(&mut position, &taken[1..], &Settlement::Acknowledge, 0);
        let mut stored = position.document().clone();
        let replayed = Entry { replayed: true, ..taken[1].entry.clone() };
        stored.replay(2, replayed);
        position.adopt(stored.clone(), Revision::default());
        assert_eq!(sequences(&take(&mut position, 9, 1)), [2]);
        settle(&mut position, &taken[..1], &Settlement::Acknowledge, 1);
        assert!(position.document().outstanding.keys().eq(&[2]));
    }

    #[test]
    fn everything_read_is_listed_when_the_document_catches_up() {
        let mut position = reading(&[1, 2]);
        position.pass(9);
        let change = position.catch_up();
        position.commit(change, Revision::default());
        assert_eq!(position.document().cursor, 9);
        assert!(position.document().outstanding.keys().eq(&[1, 2]));
    }

    #[test]
    fn events_beyond_the_bytes_in_memory_are_read_again() {
        let mut position = reading(&[1; 60]);
        let kept = take(&mut position, 60, 0).iter().filter(|taken| taken.event.is_some()).count();
        assert_eq!(kept, BYTES_MAX / 2);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Take(u16),
        Settle(Vec<u8>),
        Restart,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1u16..6).prop_map(Step::Take),
            proptest::collection::vec(0u8..8, 1..6).prop_map(Step::Settle),
            Just(Step::Restart),
        ]
    }

    proptest! {
        /// Whatever is fetched, settled and lost, of each aggregate the first that is not handled is never behind another.
        #[test]
        fn order_of_aggregates_is_kept(
            aggregates in proptest::collection::vec(0u8..3, 1..25), steps in proptest::collection::vec(step(), 1..40),
        ) {
            let mut position = reading(&aggregates);
            let mut in_hand: Vec<Taken> = Vec::new();
            let mut handled: HashSet<i64> = HashSet::new();
            let aggregate_of = |sequence: i64| aggregates[usize::try_from(sequence - 1).unwrap()];
            for (now_ms, step) in (1..).zip(steps) {
                match step {
                    Step::Take(max) => in_hand.extend(take(&mut position, max, now_ms)),
                    Step::Settle(how) => {
                        let settled = std::mem::take(&mut in_hand);
                        let mut held = HashSet::new();
                        for (taken, how) in settled.iter().zip(how.iter().cycle()) {
                            let aggregate = aggregate_of(taken.sequence);
                            let settlement = match how {
                                _ if held.contains(&aggregate) => Settlement::Return,
                                0 => Settlement::Return,
                                1 => retry(3),
                                _ => Settlement::Acknowledge,
                            };
                            if settlement == Settlement::Acknowledge {
                                let earlier = (1..taken.sequence).filter(|s| aggregate_of(*s) == aggregate);
                                prop_assert!(earlier.into_iter().all(|s| handled.contains(&s)));
                                prop_assert!(handled.insert(taken.sequence), "handled twice without a restart");
                            } else {
                                held.insert(aggregate);
                            }
                            settle(&mut position, std::slice::from_ref(taken), &settlement, now_ms);
                        }
                    }
                    Step::Restart => {
                        // Another host begins at the document and reads on.
                        let document = position.document().clone();
                        let cursor = document.cursor;
                        let events: Vec<(i64, i64)> = (cursor + 1..).zip(aggregates.iter().skip(usize::try_from(cursor).unwrap()))
                            .map(|(sequence, _)| (sequence, sequence)).collect();
                        position = Position::new(document, Revision::default());
                        for (sequence, accepted_ms) in events {
                            position.add(sequence, accepted_ms, event(aggregate_of(sequence)), BYTES_MAX);
                        }
                        in_hand.clear();
                        prop_assert!(handled.iter().all(|sequence| {
                            *sequence <= cursor && !position.document().outstanding.contains_key(sequence)
                        }), "what was settled comes again");
                    }
                }
            }
        }
    }
}
