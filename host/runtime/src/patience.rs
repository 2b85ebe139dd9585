//! How long a request whose body is still arriving may take: an upload may last longer than the time for a request, as
//! long as it gets on.
//!
//! Time is given anew with each part that arrives, but not for ever: a body that comes more slowly than the least rate, or
//! that takes longer than any stream may, is given up, so that nobody holds an instance by sending a byte now and then.

use crate::limits::RuntimeLimits;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Instant;
use wasmtime_wasi_http::{Error, WasiBody};

/// The time of one request, shared by its body and by those who wait for its response.
#[derive(Debug)]
pub(crate) struct Patience {
    start: Instant,
    /// How long a request may take from the last of its body on.
    request_time: Duration,
    stream_time: Duration,
    bytes_per_s_min: u64,
    arrived_bytes: AtomicU64,
    /// When the last part arrived, in milliseconds after `start`.
    arrived_ms: AtomicU64,
}

impl Patience {
    /// The time of a request that begins now and would have to be over at `deadline` if it had no body.
    pub(crate) fn until(deadline: Instant, limits: &RuntimeLimits) -> Arc<Self> {
        let start = Instant::now();
        Arc::new(Self {
            start,
            request_time: deadline.saturating_duration_since(start),
            stream_time: limits.stream_time,
            bytes_per_s_min: limits.upload_bytes_per_s_min.max(1),
            arrived_bytes: AtomicU64::new(0),
            arrived_ms: AtomicU64::new(0),
        })
    }

    /// The same body, whose parts give the request more time as they arrive.
    pub(crate) fn watch(self: &Arc<Self>, body: WasiBody) -> WasiBody {
        Arriving { body, patience: Arc::clone(self) }.boxed_unsync()
    }

    /// When the request has to be over, by what has arrived so far.
    pub(crate) fn deadline(&self) -> Instant {
        let gets_on = Duration::from_millis(self.arrived_ms.load(Ordering::Relaxed));
        let earned = Duration::from_secs(self.arrived_bytes.load(Ordering::Relaxed) / self.bytes_per_s_min);
        let more = gets_on.min(earned).min(self.stream_time);
        self.start + self.request_time + more
    }

    /// Ready when the deadline is over, wherever it has moved to by then.
    pub(crate) async fn exhausted(&self) {
        loop {
            let deadline = self.deadline();
            tokio::time::sleep_until(deadline).await;
            if self.deadline() <= deadline {
                return;
            }
        }
    }

    fn arrived(&self, bytes: usize) {
        let elapsed_ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.arrived_bytes.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.arrived_ms.store(elapsed_ms, Ordering::Relaxed);
    }
}

/// A body that tells of its parts.
struct Arriving {
    body: WasiBody,
    patience: Arc<Patience>,
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            self.patience.arrived(frame.data_ref().map_or(0, Bytes::len));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST_TIME: Duration = Duration::from_secs(30);

    fn patience() -> Arc<Patience> {
        let limits = RuntimeLimits { upload_bytes_per_s_min: 1000, ..RuntimeLimits::default() };
        Patience::until(Instant::now() + REQUEST_TIME, &limits)
    }

    /// What has arrived so far, and when the last of it did.
    fn extension(patience: &Patience, bytes: u64, after: Duration) -> Duration {
        patience.arrived_bytes.store(bytes, Ordering::Relaxed);
        patience.arrived_ms.store(u64::try_from(after.as_millis()).unwrap(), Ordering::Relaxed);
        patience.deadline() - patience.start - patience.request_time
    }

    #[test]
    fn request_without_a_body_has_the_time_of_a_request() {
        let patience = patience();
        let left = patience.deadline() - Instant::now();
        assert!(left <= REQUEST_TIME && left > REQUEST_TIME - Duration::from_secs(1), "{left:?}");
    }

    #[test]
    fn body_that_gets_on_gives_the_request_its_time_anew() {
        assert_eq!(extension(&patience(), 10_000_000, Duration::from_secs(100)), Duration::from_secs(100));
    }

    #[test]
    fn body_that_trickles_earns_no_more_than_the_least_rate() {
        assert_eq!(extension(&patience(), 5_000, Duration::from_secs(100)), Duration::from_secs(5));
    }

    #[test]
    fn no_body_lasts_longer_than_a_stream_may() {
        let longest = RuntimeLimits::default().stream_time;
        assert_eq!(extension(&patience(), u64::MAX, longest * 3), longest);
    }

    #[tokio::test]
    async fn body_tells_of_what_arrives() {
        let patience = patience();
        let body = http_body_util::Full::new(Bytes::from_static(b"12345")).map_err(Error::from).boxed_unsync();
        let collected = patience.watch(body).collect().await.unwrap().to_bytes();
        assert_eq!(collected, "12345");
        assert_eq!(patience.arrived_bytes.load(Ordering::Relaxed), 5);
    }
}
