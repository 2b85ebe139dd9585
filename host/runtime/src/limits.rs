//! Every limit of the runtime, in one place.

use std::time::Duration;

/// What an instance and a call may use. A service's manifest entry may override some of them.
#[derive(Debug, Clone)]
pub struct RuntimeLimits {
    /// The largest linear memory of an instance, in bytes.
    pub memory_bytes_max: usize,
    /// How many instances of one service may run at once; more callers wait.
    pub instances_max: u32,
    /// How many instances may exist at once in the whole host: the size of the pool.
    pub instances_total_max: u32,
    /// How many callers of one service may wait for an instance; the answer to one more is `overloaded` at once, so that a
    /// flood on one service leaves room for requests to others.
    pub instance_waiters_max: u32,
    /// How long a caller waits for an instance before the answer is `overloaded`.
    pub instance_wait: Duration,
    /// How long a request may take: to the last byte of a response that fits in memory, or to the head of one that streams.
    /// A body that is still arriving gives it this time anew.
    pub request_time: Duration,
    /// How long one event or the statements of its handler may take: it holds the database's writer.
    pub event_time: Duration,
    /// How long a job may run before it is cut short.
    pub job_time: Duration,
    /// How long a guest may compute in one call before it counts as endless; a stream, half of the time that it lasts besides.
    pub compute_time: Duration,
    /// How often a computing guest yields to its neighbours.
    pub epoch_tick: Duration,
    /// How deeply components may call each other.
    pub call_depth_max: u8,
    /// The largest request or response that travels as one record, in bytes.
    pub exchange_bytes_max: usize,
    /// How many bytes a guest can make the host copy in one crossing: a list of fields may name the same bytes many times.
    pub crossing_bytes_max: usize,
    /// How many handles an instance may hold.
    pub handles_max: usize,
    /// How long an instance may be idle before it is let go.
    pub instance_idle: Duration,
    /// How many calls an instance serves before it is let go, so that no leak in a guest grows for ever.
    pub instance_calls_max: u32,
    /// How much of its memory an instance may have taken, in percent, to serve another call: one that is fuller is let go
    /// before it fails in the middle of one. Memory never shrinks, and engines of other languages free late.
    pub instance_memory_percent_max: usize,
    /// How many streams of one service may be open at once.
    pub streams_max: u32,
    /// How long a request's body may take to arrive, and how long a stream may last after the head of its response.
    pub stream_time: Duration,
    /// How many bytes of a request's body have to arrive for each second that it takes beyond `request_time`.
    pub upload_bytes_per_s_min: u64,
}

impl Default for RuntimeLimits {
    fn default() -> Self {
        Self {
            memory_bytes_max: 64 << 20,
            instances_max: 32,
            instances_total_max: 512,
            instance_waiters_max: 64,
            instance_wait: Duration::from_secs(1),
            request_time: Duration::from_secs(30),
            event_time: Duration::from_secs(5),
            job_time: Duration::from_secs(60),
            compute_time: Duration::from_secs(5),
            epoch_tick: Duration::from_millis(5),
            call_depth_max: 8,
            exchange_bytes_max: 8 << 20,
            crossing_bytes_max: 16 << 20,
            handles_max: 10_000,
            instance_idle: Duration::from_secs(10),
            instance_calls_max: 100_000,
            instance_memory_percent_max: 75,
            streams_max: 64,
            stream_time: Duration::from_secs(3600),
            upload_bytes_per_s_min: 16 << 10,
        }
    }
}
