//! What becomes of a request's body that nobody reads to its end: it is read on for a while, and forgotten.
//!
//! A connection that is closed while its client is still sending is reset, and a reset takes the answer with it that the
//! client has not read yet (RFC 9112, section 9.6). So a refusal in the middle of an upload lingers: the client can read
//! why before the connection ends.

use crate::limits::HttpLimits;
use bytes::Bytes;
use http::Request;
use http::header::EXPECT;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Limited};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::runtime::Handle;
use wasmtime_wasi_http::{Error, WasiBody};

/// A body that is read on in the background when it is dropped before its end.
pub(crate) struct Lingering {
    /// Until its end, or its failure.
    body: Option<WasiBody>,
    /// The client sends only when it is asked to: what nobody has asked for does not come.
    awaits_continue: bool,
    bytes_max: usize,
    time: Duration,
}

impl Lingering {
    /// The same request, whose body lingers within `limits`.
    pub(crate) fn request<B>(request: Request<B>, limits: &HttpLimits) -> Request<Self>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Error>,
    {
        let awaits_continue = request.headers().contains_key(EXPECT);
        let bytes_max = usize::try_from(limits.unread_body_bytes_max).unwrap_or(usize::MAX);
        request.map(|body| Self {
            body: Some(body.map_err(Into::into).boxed_unsync()),
            awaits_continue,
            bytes_max,
            time: limits.unread_body_time,
        })
    }
}

impl Body for Lingering {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.awaits_continue = false;
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let unread = self.body.take().filter(|body| !self.awaits_continue && !body.is_end_stream());
        // Outside of a runtime the host is at its end, and its connections with it.
        if let (Some(body), Ok(runtime)) = (unread, Handle::try_current()) {
            let (mut body, time) = (Limited::new(body, self.bytes_max), self.time);
            let reading = async move { while let Some(Ok(_)) = body.frame().await {} };
            runtime.spawn(async move {
                if tokio::time::timeout(time, reading).await.is_err() {
                    tracing::debug!("a client was still sending a body that nobody reads: cut off");
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::channel::mpsc;
    use http_body_util::StreamBody;

    type Part = Result<Frame<Bytes>, Error>;

    /// A request whose body is what is sent.
    fn request(expect: bool) -> (mpsc::Sender<Part>, Request<StreamBody<mpsc::Receiver<Part>>>) {
        let (sender, receiver) = mpsc::channel(0);
        let head = if expect { Request::builder().header(EXPECT, "100-continue") } else { Request::builder() };
        (sender, head.body(StreamBody::new(receiver)).unwrap())
    }

    /// How many parts of one KiB are taken, of so many.
    async fn taken(sender: &mut mpsc::Sender<Part>, parts: usize) -> usize {
        for part in 0..parts {
            let frame = Frame::data(Bytes::from_static(&[0; 1024]));
            if futures::SinkExt::send(sender, Ok(frame)).await.is_err() {
                return part;
            }
        }
        parts
    }

    fn limits(kib: u64) -> HttpLimits {
        let unread_body_time = Duration::from_millis(200);
        HttpLimits { unread_body_bytes_max: kib << 10, unread_body_time, ..HttpLimits::default() }
    }

    #[tokio::test]
    async fn body_that_is_given_up_is_read_on() {
        let (mut sender, request) = request(false);
        let mut request = Lingering::request(request, &limits(64));
        let reading = tokio::spawn(async move { request.body_mut().frame().await.is_some() });
        assert_eq!(taken(&mut sender, 32).await, 32);
        assert!(reading.await.unwrap(), "the first part was read, and the body dropped");
    }

    #[tokio::test]
    async fn body_that_does_not_end_is_cut_off() {
        let (mut sender, request) = request(false);
        drop(Lingering::request(request, &limits(8)));
        let parts = taken(&mut sender, 1024).await;
        assert!((8..16).contains(&parts), "{parts} KiB");
    }

    #[tokio::test]
    async fn client_that_stops_sending_is_not_waited_for() {
        let (mut sender, request) = request(false);
        drop(Lingering::request(request, &limits(64)));
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert!(taken(&mut sender, 2).await < 2);
    }

    #[tokio::test]
    async fn body_that_was_never_asked_for_is_not_asked_for() {
        let (mut sender, request) = request(true);
        drop(Lingering::request(request, &limits(64)));
        assert_eq!(taken(&mut sender, 1).await, 0);
    }
}
