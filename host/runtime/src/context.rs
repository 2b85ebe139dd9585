//! What a call carries with it from component to component and from request to event.

use mutrapro_manifest::ComponentId;
use std::fmt;
use std::sync::Arc;
use tokio::time::Instant;

/// Where a call comes from, what it belongs to and how long it may take.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// The trace that the call belongs to.
    pub trace: TraceContext,
    /// Ties together everything that one outside request led to.
    pub correlation_id: Arc<str>,
    /// The component that calls; `None` when the call comes from outside, from the bus or from a schedule.
    pub caller: Option<ComponentId>,
    /// How many components called each other before this one: 0 for a call from outside.
    pub depth: u8,
    /// When the call has to be over.
    pub deadline: Instant,
}

impl CallContext {
    /// The context of a call that nothing led to: a new trace, a new correlation id.
    pub fn root(deadline: Instant) -> Self {
        Self::outside(TraceContext::generate(), None, deadline)
    }

    /// The context of a call from outside that belongs to `trace`, under the correlation id that it brought or a new one.
    pub fn outside(trace: TraceContext, correlation_id: Option<&str>, deadline: Instant) -> Self {
        let correlation_id = match correlation_id {
            Some(brought) => brought.into(),
            // Not `Uuid::new_v4`, which asks the operating system for each.
            None => uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string().into(),
        };
        Self { trace, correlation_id, caller: None, depth: 0, deadline }
    }

    /// The context of a call that `caller` makes while it handles this one: same trace, same deadline, one level deeper.
    pub fn nested(&self, caller: &ComponentId) -> Self {
        Self {
            trace: self.trace.child(),
            caller: Some(caller.clone()),
            depth: self.depth.saturating_add(1),
            ..self.clone()
        }
    }
}

/// A position in a distributed trace, as W3C Trace Context has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    sampled: bool,
}

impl TraceContext {
    /// A new trace with its first span.
    pub fn generate() -> Self {
        Self {
            trace_id: random_nonzero(rand::random::<u128>, 0),
            span_id: random_nonzero(rand::random::<u64>, 0),
            sampled: true,
        }
    }

    /// The trace of id `trace_id` (32 hexadecimal digits, as in an event), at a new span; `None` when it is malformed.
    pub fn resume(trace_id: &str) -> Option<Self> {
        let trace_id = parse_hex(trace_id, 32).filter(|id| *id != 0)?;
        Some(Self { trace_id, ..Self::generate() })
    }

    /// Reads a `traceparent` header, whose span becomes the parent; `None` when it is malformed, as the specification's
    /// section 3.2.2.3 demands.
    pub fn from_traceparent(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let version = parse_hex(parts.next()?, 2)?;
        let trace_id = parse_hex(parts.next()?, 32).filter(|id| *id != 0)?;
        let span_id = parse_hex(parts.next()?, 16).filter(|id| *id != 0)?;
        let flags = parse_hex(parts.next()?, 2)?;
        if version == 0xff || (version == 0 && parts.next().is_some()) {
            return None;
        }
        Some(Self { trace_id, span_id: u64::try_from(span_id).ok()?, sampled: flags & 1 == 1 })
    }

    /// The same trace at a new span.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { span_id: random_nonzero(rand::random::<u64>, 0), ..*self }
    }

    /// The trace id as 32 lower-case hexadecimal digits.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

/// The `traceparent` header of this position.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

fn random_nonzero<T: PartialEq>(random: impl Fn() -> T, zero: T) -> T {
    loop {
        let value = random();
        if value != zero {
            return value;
        }
    }
}

/// Exactly `digits` lower-case hexadecimal digits.
fn parse_hex(text: &str, digits: usize) -> Option<u128> {
    let well_formed = text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if well_formed { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn traceparent_survives_a_round_trip() {
        assert_eq!(TraceContext::from_traceparent(HEADER).unwrap().to_string(), HEADER);
    }

    #[test]
    fn malformed_traceparents_are_refused() {
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            assert_eq!(TraceContext::from_traceparent(bad), None, "{bad}");
        }
    }

    #[test]
    fn nested_calls_keep_trace_and_correlation_and_go_deeper() {
        let root = CallContext::root(Instant::now());
        let nested = root.nested(&ComponentId::new("api-gateway"));
        assert_eq!(nested.trace.trace_id(), root.trace.trace_id());
        assert_ne!(nested.trace, root.trace);
        assert_eq!(nested.correlation_id, root.correlation_id);
        assert_eq!(nested.depth, 1);
    }
}
