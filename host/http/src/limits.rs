//! Every limit of the HTTP trigger, in one place.

use std::time::Duration;

/// What a client may ask of the trigger.
#[derive(Debug, Clone)]
pub struct HttpLimits {
    /// The largest request body, in bytes, unless the service's manifest entry says otherwise: 413 beyond it.
    pub body_bytes_max: u64,
    /// How much of a body that nobody reads is taken in beside the answer, in bytes: a client that is still sending would
    /// otherwise find the connection broken instead of the answer.
    pub unread_body_bytes_max: u64,
    /// How long that may take.
    pub unread_body_time: Duration,
    /// The largest request head, in bytes: 431 beyond it.
    pub head_bytes_max: u32,
    /// How many header fields a request may have: 431 beyond it.
    pub header_fields_max: usize,
    /// How long a new connection may take until it has brought the whole head of its first request.
    pub head_time: Duration,
    /// How long an HTTP/1.1 connection is kept after an answer until the whole head of its next request is there. Load balancers
    /// keep theirs for a minute: were it shorter than that, a request could set out on one that is just being closed.
    pub idle_time: Duration,
    /// How long an HTTP/2 connection may be quiet until its client is asked whether it is there, and how long it has to say so.
    pub http2_ping_time: Duration,
    /// How many requests may be in flight, streams included: 503 beyond it.
    pub requests_max: usize,
    /// How many connections may be open; more wait to be accepted.
    pub connections_max: usize,
    /// How many requests one HTTP/2 connection may have in flight.
    pub http2_streams_max: u32,
    /// How long requests in flight may take to finish when the host shuts down.
    pub drain_time: Duration,
    /// The longest key of a rate limit, in bytes.
    pub rate_limit_key_bytes_max: usize,
    /// How many pairs of limit and period the rate limits of this host may use.
    pub rate_limit_quotas_max: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            body_bytes_max: 1 << 20,
            unread_body_bytes_max: 256 << 20,
            unread_body_time: Duration::from_secs(5),
            head_bytes_max: 32 << 10,
            header_fields_max: 100,
            head_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(75),
            http2_ping_time: Duration::from_secs(20),
            requests_max: 1024,
            connections_max: 4096,
            http2_streams_max: 128,
            drain_time: Duration::from_secs(6),
            rate_limit_key_bytes_max: 256,
            rate_limit_quotas_max: 64,
        }
    }
}
