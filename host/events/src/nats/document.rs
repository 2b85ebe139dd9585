//! Where a consumer stands, as all hosts know it: one document, changed by compare-and-set alone.
//!
//! Sequences are those of the stream, from 1; signed, so that a replayed event finds a place before all others.

use crate::error::EventsError;
use crate::event::EventId;
use mutrapro_manifest::ComponentId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The form of documents that this host writes, and the newest that it reads.
const VERSION: u32 = 1;

/// How much of each history is kept while a document is too long: attempts, and bytes of each error.
const SHORTER: [(usize, usize); 4] = [(usize::MAX, usize::MAX), (4, 500), (1, 200), (0, 0)];

/// Where one consumer stands in the stream of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Document {
    version: u32,
    /// When the stream was created whose sequences these are, in ms since 1970: another one begins at 1 again.
    stream_created_ms: i64,
    /// Who takes deliveries: a host, and which time it does so. Whoever else was at it before cannot write any more.
    pub(super) holder: String,
    /// Up to which sequence every event is settled or outstanding.
    pub(super) cursor: i64,
    /// What was subscribed to when, the oldest first.
    pub(super) sections: Vec<Section>,
    /// What is not settled up to the cursor, by sequence: what failed, and what is held back behind it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) outstanding: BTreeMap<i64, Entry>,
}

/// A part of the stream and what the consumer wants of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Section {
    /// It begins after this sequence, and ends with the next section.
    pub(super) after: i64,
    /// The kinds, none when the subscription had ended.
    pub(super) patterns: Vec<String>,
}

/// An event that is not settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) event: EventId,
    /// What its order is kept for.
    pub(super) aggregate: String,
    /// When the bus accepted it, in ms since 1970.
    pub(super) accepted_ms: i64,
    /// How many attempts failed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) failures: u32,
    /// Not to be delivered before, in ms since 1970.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) due_ms: i64,
    /// The failed attempts, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) history: Vec<PastAttempt>,
    /// It was a dead letter: the event is kept among these, since the stream may no longer have it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) replayed: bool,
    /// It was given up then, in ms since 1970, and leaves once it is kept as a dead letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) given_up_ms: Option<i64>,
}

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PastAttempt {
    pub(super) at_ms: i64,
    pub(super) error: String,
}

impl Document {
    /// A consumer that wants what comes after `after` in the stream that was created at `stream_created_ms`.
    pub(super) fn new(stream_created_ms: i64, after: i64, patterns: Vec<String>) -> Self {
        let sections = vec![Section { after, patterns }];
        let outstanding = BTreeMap::new();
        Self { version: VERSION, stream_created_ms, holder: String::new(), cursor: after, sections, outstanding }
    }

    /// What is subscribed to now.
    pub(super) fn patterns(&self) -> &[String] {
        self.sections.last().map_or(&[], |section| &section.patterns)
    }

    /// Subscribes to `patterns` from after sequence `after` on; answers whether that changes anything.
    pub(super) fn subscribe(&mut self, after: i64, patterns: &[String]) -> bool {
        if self.patterns() == patterns {
            return false;
        }
        // Nothing was accepted since: what was wanted meanwhile concerns no event.
        self.sections.retain(|section| section.after < after);
        if self.patterns() != patterns || self.sections.is_empty() {
            self.sections.push(Section { after, patterns: patterns.to_vec() });
        }
        true
    }

    /// What is wanted right after sequence `read_to`, and up to which sequence that holds, if it ended.
    pub(super) fn section_after(&self, read_to: i64) -> (&[String], Option<i64>) {
        let ends = self.sections.iter().skip(1).map(|next| Some(next.after)).chain([None]);
        let mut sections = self.sections.iter().zip(ends);
        let found = sections.find(|(_, end)| end.is_none_or(|end| read_to < end));
        found.map_or((&[], None), |(section, end)| (&section.patterns, end))
    }

    /// Moves the cursor, never backwards, and forgets what was wanted before it.
    pub(super) fn advance(&mut self, cursor: i64) {
        self.cursor = self.cursor.max(cursor);
        let past = self.sections.iter().skip(1).take_while(|next| next.after <= self.cursor).count();
        self.sections.drain(..past);
    }

    /// Makes it stand at the beginning of the stream that was created at `stream_created_ms`, unless it speaks of that one
    /// already. What was outstanding in the old one is gone with it, but for what was replayed. Answers whether it moved.
    pub(super) fn belong_to(&mut self, stream_created_ms: i64) -> bool {
        if self.stream_created_ms == stream_created_ms {
            return false;
        }
        let patterns = self.patterns().to_vec();
        let replayed = std::mem::take(&mut self.outstanding).into_values().filter(|entry| entry.replayed);
        *self = Self { holder: self.holder.clone(), ..Self::new(stream_created_ms, 0, patterns) };
        for entry in replayed {
            self.replay(0, entry);
        }
        true
    }

    /// Adds an event that is to be delivered again, at the place that it had, or the next free one before it; one that is
    /// outstanding already is due at once.
    pub(super) fn replay(&mut self, sequence: i64, entry: Entry) {
        if let Some(outstanding) = self.outstanding.values_mut().find(|outstanding| outstanding.event == entry.event) {
            *outstanding = entry;
            return;
        }
        // Only in a stream that was made anew can its place be taken, or lie where nothing was read yet.
        let mut place = sequence.min(self.cursor);
        while self.outstanding.contains_key(&place) {
            place = place.saturating_sub(1);
        }
        self.outstanding.insert(place, entry);
    }

    /// The document as it is kept, with histories cut short if it were longer than `bytes_max` otherwise.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`] when it is too long all the same.
    pub(super) fn to_json(&self, consumer: &ComponentId, bytes_max: usize) -> Result<String, EventsError> {
        let failed = |error| EventsError::unavailable(format_args!("writing where {consumer} stands"), &error);
        let mut bytes = 0;
        for (attempts, error_bytes) in SHORTER {
            let json = if attempts == usize::MAX {
                serde_json::to_string(self)
            } else {
                serde_json::to_string(&self.with_histories_of(attempts, error_bytes))
            };
            let json = json.map_err(failed)?;
            if json.len() <= bytes_max {
                return Ok(json);
            }
            bytes = json.len();
        }
        let outstanding = self.outstanding.len();
        Err(EventsError::Unavailable(format!(
            "{consumer} has {outstanding} outstanding events, which take {bytes} bytes to list and may take {bytes_max}: \
             replay fewer dead letters at once"
        )))
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// [`EventsError::Misconfigured`] when a newer host wrote it, [`EventsError::Unavailable`] when it is none.
    pub(super) fn from_json(consumer: &ComponentId, json: &[u8]) -> Result<Self, EventsError> {
        #[derive(Deserialize)]
        struct Form {
            version: u32,
        }
        let failed = |error| EventsError::unavailable(format_args!("reading where {consumer} stands"), &error);
        let Form { version } = serde_json::from_slice(json).map_err(failed)?;
        if version > VERSION {
            return Err(EventsError::Misconfigured(format!(
                "where {consumer} stands is kept in form {version}, this host knows {VERSION}: run the host that wrote it, \
                 or a newer one"
            )));
        }
        serde_json::from_slice(json).map_err(failed)
    }

    fn with_histories_of(&self, attempts: usize, error_bytes: usize) -> Self {
        let mut shorter = self.clone();
        for entry in shorter.outstanding.values_mut() {
            keep_last(&mut entry.history, attempts);
            for attempt in &mut entry.history {
                attempt.error.truncate(attempt.error.floor_char_boundary(error_bytes));
            }
        }
        shorter
    }
}

impl Entry {
    /// Notes that an attempt failed, the `failures`th.
    pub(super) fn fail(&mut self, failures: u32, attempt: PastAttempt, history_max: usize) {
        self.failures = failures;
        self.history.push(attempt);
        keep_last(&mut self.history, history_max);
    }
}

/// Removes all but the last `max` of `attempts`.
fn keep_last(attempts: &mut Vec<PastAttempt>, max: usize) {
    attempts.drain(..attempts.len().saturating_sub(max));
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn entry(errors: usize) -> Entry {
        let attempt = |n| PastAttempt { at_ms: n, error: "größer ".repeat(100) };
        Entry {
            event: EventId::generate(),
            aggregate: format!("user-service/user/{}", EventId::generate()),
            accepted_ms: 1,
            failures: 3,
            due_ms: 5,
            history: (0..).take(errors).map(attempt).collect(),
            replayed: false,
            given_up_ms: None,
        }
    }

    fn patterns(patterns: &[&str]) -> Vec<String> {
        patterns.iter().map(|&pattern| pattern.to_owned()).collect()
    }

    fn consumer() -> ComponentId {
        ComponentId::new("user-service")
    }

    #[test]
    fn each_part_of_the_stream_keeps_what_was_wanted_of_it() {
        let mut document = Document::new(0, 10, patterns(&["*"]));
        assert!(!document.subscribe(20, &patterns(&["*"])));
        assert!(document.subscribe(20, &[]));
        assert!(document.subscribe(30, &patterns(&["*"])));
        assert_eq!(document.section_after(10), (&patterns(&["*"])[..], Some(20)));
        assert_eq!(document.section_after(20), (&[][..], Some(30)));
        assert_eq!(document.section_after(35), (&patterns(&["*"])[..], None));
        document.advance(25);
        assert_eq!(document.section_after(25), (&[][..], Some(30)));
        document.advance(30);
        assert_eq!(document.sections, [Section { after: 30, patterns: patterns(&["*"]) }]);
    }

    #[test]
    fn change_that_concerns_no_event_leaves_no_trace() {
        let mut document = Document::new(0, 10, patterns(&["*"]));
        assert!(document.subscribe(20, &[]));
        assert!(document.subscribe(20, &patterns(&["*"])));
        assert_eq!(document.sections.len(), 1);
        let mut new = Document::new(0, 10, patterns(&["*"]));
        assert!(new.subscribe(10, &patterns(&["user.*"])));
        assert_eq!(new.sections, [Section { after: 10, patterns: patterns(&["user.*"]) }]);
    }

    #[test]
    fn cursor_never_moves_backwards() {
        let mut document = Document::new(0, 10, Vec::new());
        document.advance(5);
        assert_eq!(document.cursor, 10);
    }

    #[test]
    fn document_of_another_stream_begins_at_its_beginning_with_what_was_replayed() {
        let mut document = Document::new(1, 10, patterns(&["*"]));
        let (first, second) = (Entry { replayed: true, ..entry(0) }, Entry { replayed: true, ..entry(0) });
        document.outstanding = [(3, first.clone()), (5, entry(1)), (7, second.clone())].into();
        assert!(!document.belong_to(1));
        assert!(document.belong_to(2));
        assert_eq!((document.cursor, document.section_after(0)), (0, (&patterns(&["*"])[..], None)));
        let events: HashSet<EventId> = document.outstanding.values().map(|entry| entry.event).collect();
        assert_eq!(events, [first.event, second.event].into());
        assert!(document.outstanding.keys().all(|place| *place <= 0), "{:?}", document.outstanding.keys());
    }

    #[test]
    fn replayed_event_takes_its_place_and_no_other_ones() {
        let mut document = Document::new(0, 10, Vec::new());
        document.replay(4, entry(0));
        document.replay(4, entry(0));
        document.replay(99, entry(0));
        assert!(document.outstanding.keys().eq(&[3, 4, 10]));
        let again = Entry { due_ms: 0, event: document.outstanding[&4].event, ..entry(0) };
        document.replay(4, again.clone());
        assert_eq!((document.outstanding.len(), &document.outstanding[&4]), (3, &again));
    }

    #[test]
    fn full_document_keeps_every_event_and_what_fits_of_their_histories() {
        let mut document = Document::new(0, 2_000, patterns(&["*"]));
        document.outstanding = (0..1_000).map(|sequence| (sequence, entry(24))).collect();
        let json = document.to_json(&consumer(), 768 << 10).unwrap();
        assert!(json.len() <= 768 << 10);
        let read = Document::from_json(&consumer(), json.as_bytes()).unwrap();
        assert!(read.outstanding.keys().eq(document.outstanding.keys()));
        assert!(read.outstanding.values().all(|entry| entry.failures == 3 && entry.history.len() == 1));
        let refused = document.to_json(&consumer(), 10 << 10).unwrap_err();
        assert!(refused.to_string().contains("1000 outstanding events"), "{refused}");
    }

    #[test]
    fn usual_document_survives_a_round_trip_whole() {
        let mut document = Document::new(7, 10, patterns(&["*"]));
        document.outstanding = [(-1, entry(2)), (3, Entry { given_up_ms: Some(4), replayed: true, ..entry(0) })].into();
        let json = document.to_json(&consumer(), 768 << 10).unwrap();
        assert_eq!(Document::from_json(&consumer(), json.as_bytes()).unwrap(), document);
    }

    #[test]
    fn document_of_a_newer_host_is_left_alone() {
        let refused = Document::from_json(&consumer(), br#"{"version":2,"place":"elsewhere"}"#).unwrap_err();
        assert!(matches!(&refused, EventsError::Misconfigured(why) if why.contains("form 2")), "{refused}");
    }
}
