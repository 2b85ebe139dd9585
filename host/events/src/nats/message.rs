//! Events as NATS messages: CloudEvents 1.0 in binary mode, so that other programs can read along.
//!
//! The payload is the message's body, everything else stands in headers: `ce-id`, `ce-type` (the kind), `ce-source` (the
//! producer), `ce-subject` (the aggregate), `ce-time`, the extensions `ce-aggregatetype`, `ce-aggregateid` and
//! `ce-correlationid`, and `traceparent` as W3C Trace Context has it. A dead letter has headers `mutrapro-*` besides.

use crate::dead_letter::{Attempt, DeadLetter, DeadLetterId, Stage};
use crate::event::Event;
use crate::nats::broker::Stored;
use crate::nats::document::{Entry, PastAttempt};
use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use jiff::Timestamp;
use mutrapro_manifest::ComponentId;

const ID: &str = "ce-id";
const KIND: &str = "ce-type";
const PRODUCER: &str = "ce-source";
const TIME: &str = "ce-time";
const AGGREGATE_TYPE: &str = "ce-aggregatetype";
const AGGREGATE_ID: &str = "ce-aggregateid";
const CORRELATION_ID: &str = "ce-correlationid";
const TRACE: &str = "traceparent";
const CONSUMER: &str = "mutrapro-consumer";
const SEQUENCE: &str = "mutrapro-sequence";
const ACCEPTED_MS: &str = "mutrapro-accepted-ms";
const FAILURES: &str = "mutrapro-failures";
const GIVEN_UP_MS: &str = "mutrapro-given-up-ms";
const HISTORY: &str = "mutrapro-history";

/// What a dead letter's headers take beside those of its event and its history, in bytes, rounded up.
pub(super) const DEAD_LETTER_BYTES: usize = 1_024;

/// The headers of `event`. Its id is the message's, by which the server recognises it.
pub(super) fn headers(event: &Event) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let id = event.id.to_string();
    headers.insert(NATS_MESSAGE_ID, id.as_str());
    headers.insert("ce-specversion", "1.0");
    headers.insert("content-type", "application/json");
    headers.insert(ID, id.as_str());
    headers.insert(KIND, encode(&event.kind));
    headers.insert(PRODUCER, encode(event.producer.as_str()));
    headers.insert("ce-subject", encode(&format!("{}/{}", event.aggregate_type, event.aggregate_id)));
    headers.insert(TIME, encode(&event.occurred_at));
    headers.insert(AGGREGATE_TYPE, encode(&event.aggregate_type));
    headers.insert(AGGREGATE_ID, encode(&event.aggregate_id));
    if let Some(correlation_id) = &event.correlation_id {
        headers.insert(CORRELATION_ID, encode(correlation_id));
    }
    if let Some(trace_id) = &event.trace_id {
        // The span that emitted it is not known any more; the event stands for it.
        let span: String = id.chars().filter(|c| *c != '-').skip(16).collect();
        headers.insert(TRACE, encode(&format!("00-{trace_id}-{span}-01")));
    }
    headers
}

/// Reads what [`headers`] wrote.
///
/// # Errors
/// What is missing: somebody else wrote the message.
pub(super) fn event(stored: &Stored) -> Result<Event, String> {
    let id = stored.header(ID)?.parse().map_err(|_| format!("{ID} is no UUID"))?;
    Ok(Event {
        id,
        kind: stored.decoded(KIND)?,
        aggregate_type: stored.decoded(AGGREGATE_TYPE)?,
        aggregate_id: stored.decoded(AGGREGATE_ID)?,
        payload: String::from_utf8(stored.payload.to_vec()).map_err(|_| "its payload is no UTF-8".to_owned())?,
        occurred_at: stored.decoded(TIME)?,
        producer: ComponentId::new(&stored.decoded(PRODUCER)?),
        trace_id: stored.decoded(TRACE).ok().and_then(|trace| trace.split('-').nth(1).map(str::to_owned)),
        correlation_id: stored.decoded(CORRELATION_ID).ok(),
    })
}

/// The headers of `event` as a dead letter of `consumer`: with where it stood in the stream and how it fared, of which the
/// oldest attempts are left out beyond `history_bytes_max`.
pub(super) fn dead_letter_headers(
    event: &Event,
    consumer: &ComponentId,
    (sequence, entry): (i64, &Entry),
    history_bytes_max: usize,
) -> HeaderMap {
    let given_up_ms = entry.given_up_ms.unwrap_or_default();
    let mut headers = headers(event);
    // Given up twice it is two dead letters; told twice, by two hosts at one takeover, it is one.
    headers.insert(NATS_MESSAGE_ID, format!("{consumer}/{}/{given_up_ms}/{}", event.id, entry.history.len()));
    headers.insert(CONSUMER, encode(consumer.as_str()));
    headers.insert(SEQUENCE, sequence.to_string());
    headers.insert(ACCEPTED_MS, entry.accepted_ms.to_string());
    headers.insert(FAILURES, entry.failures.to_string());
    headers.insert(GIVEN_UP_MS, given_up_ms.to_string());
    headers.insert(HISTORY, history(&entry.history, history_bytes_max));
    headers
}

/// Reads a dead letter, and the entry to replay it with at its sequence.
///
/// # Errors
/// What is missing: somebody else wrote the message.
pub(super) fn dead_letter(stored: &Stored) -> Result<(DeadLetter, i64, Entry), String> {
    let event = event(stored)?;
    let number = |name| -> Result<i64, String> {
        stored.header(name)?.parse().map_err(|error| format!("{name} is no number: {error}"))
    };
    let instant = |ms| Timestamp::from_millisecond(ms).map_err(|error| format!("{ms} ms is no instant: {error}"));
    let history: Vec<PastAttempt> =
        serde_json::from_str(stored.header(HISTORY)?).map_err(|error| format!("{HISTORY} is none: {error}"))?;
    let attempts = history.iter().map(|past| Ok(Attempt { at: instant(past.at_ms)?, error: past.error.clone() }));
    let service = ComponentId::new(&stored.decoded(CONSUMER)?);
    let letter = DeadLetter {
        id: DeadLetterId { stage: Stage::Deliver, service, event: event.id },
        attempts: u32::try_from(number(FAILURES)?).map_err(|error| format!("{FAILURES}: {error}"))?,
        error: history.last().map(|past| past.error.clone()).unwrap_or_default(),
        died_at: instant(number(GIVEN_UP_MS)?)?,
        history: attempts.collect::<Result<_, String>>()?,
        event,
    };
    let entry = Entry {
        event: letter.event.id,
        aggregate: letter.event.aggregate_key(),
        accepted_ms: number(ACCEPTED_MS)?,
        failures: 0,
        due_ms: 0,
        history,
        replayed: true,
        given_up_ms: None,
    };
    Ok((letter, number(SEQUENCE)?, entry))
}

/// How many bytes a message takes of what the server accepts.
pub(super) fn bytes(headers: &HeaderMap, payload: &str) -> usize {
    // `NATS/1.0`, the line ends around, and of each header the colon, the blank and the line end.
    let lines = headers.iter().flat_map(|(name, values)| {
        let name = AsRef::<str>::as_ref(name).len();
        values.iter().map(move |value| name + value.as_str().len() + 4)
    });
    12 + lines.sum::<usize>() + payload.len()
}

/// JSON of the last of `attempts`, as many as fit, and of the very last at least the beginning. Nothing in it ends a line.
fn history(attempts: &[PastAttempt], bytes_max: usize) -> String {
    let json = |attempts: &[PastAttempt]| serde_json::to_string(attempts).unwrap_or_else(|_| "[]".to_owned());
    let suffixes = (0..attempts.len()).filter_map(|oldest| attempts.get(oldest..));
    let fitting = suffixes.map(json).find(|json| json.len() <= bytes_max);
    fitting.unwrap_or_else(|| {
        let last = attempts.last().map(|last| {
            // A character takes six bytes in JSON at the most.
            let error = last
                .error
                .get(..last.error.floor_char_boundary((bytes_max / 6).saturating_sub(10)))
                .unwrap_or_default();
            PastAttempt { at_ms: last.at_ms, error: error.to_owned() }
        });
        json(last.as_slice())
    })
}

/// A header's value as CloudEvents writes it: blanks, `"`, `%` and what is not printable ASCII as `%XX` of their bytes.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'"' | b'%' | ..=b' ' | b'\x7f'.. => encoded.push_str(&format!("%{byte:02X}")),
            _ => encoded.push(char::from(byte)),
        }
    }
    encoded
}

/// Reads what [`encode`] wrote; `None` when it is no UTF-8 then.
fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.extend_from_slice(before.as_bytes());
        let (digits, behind) = after.split_at_checked(2)?;
        decoded.push(u8::from_str_radix(digits, 16).ok()?);
        rest = behind;
    }
    decoded.extend_from_slice(rest.as_bytes());
    String::from_utf8(decoded).ok()
}

impl Stored {
    /// The header of this name.
    fn header(&self, name: &str) -> Result<&str, String> {
        self.headers.get(name).map(|value| value.as_str()).ok_or_else(|| format!("it has no header {name}"))
    }

    /// The header of this name, decoded.
    fn decoded(&self, name: &str) -> Result<String, String> {
        decode(self.header(name)?).ok_or_else(|| format!("its header {name} is not well encoded"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventId;
    use proptest::prelude::*;

    fn event_with(aggregate_id: &str, correlation_id: Option<&str>) -> Event {
        Event {
            id: EventId::generate(),
            kind: "user.registered".to_owned(),
            aggregate_type: "user".to_owned(),
            aggregate_id: aggregate_id.to_owned(),
            payload: r#"{"name":"Größe"}"#.to_owned(),
            occurred_at: "2026-01-31T09:30:00.000000Z".to_owned(),
            producer: ComponentId::new("user-service"),
            trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
            correlation_id: correlation_id.map(str::to_owned),
        }
    }

    fn stored(headers: HeaderMap, event: &Event) -> Stored {
        Stored { sequence: 7, accepted_ms: 1, subject: String::new(), headers, payload: event.payload.clone().into() }
    }

    proptest! {
        #[test]
        fn any_text_survives_a_header(text: String) {
            let encoded = encode(&text);
            prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(decode(&encoded), Some(text));
        }

        #[test]
        fn any_event_survives_a_message(aggregate_id in ".{1,40}", correlation_id in proptest::option::of(".{0,40}")) {
            let event = event_with(&aggregate_id, correlation_id.as_deref());
            prop_assert_eq!(super::event(&stored(headers(&event), &event)), Ok(event));
        }

        #[test]
        fn history_stays_within_its_bytes_and_keeps_the_last(errors in proptest::collection::vec(".{0,300}", 1..30)) {
            let attempt = |(at_ms, error): (i64, String)| PastAttempt { at_ms, error };
            let attempts: Vec<PastAttempt> = (1..).zip(errors).map(attempt).collect();
            let json = history(&attempts, 400);
            prop_assert!(json.len() <= 400);
            let kept: Vec<PastAttempt> = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(kept.last().unwrap().at_ms, attempts.last().unwrap().at_ms);
        }
    }

    #[test]
    fn message_of_others_is_no_event() {
        let event = event_with("1", None);
        let mut headers = headers(&event);
        headers.insert(ID, "4711");
        assert!(super::event(&stored(headers, &event)).unwrap_err().contains("ce-id"));
        assert!(super::event(&stored(HeaderMap::new(), &event)).unwrap_err().contains("ce-id"));
    }

    #[test]
    fn malformed_escapes_are_refused() {
        for bad in ["%", "%4", "%zz", "%é", "%ff"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
