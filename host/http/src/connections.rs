//! Serves one connection: HTTP/1.1 and HTTP/2 without TLS on the same port, within the limits of its first request and of idleness.

use crate::limits::HttpLimits;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// How a connection ended that did not end well.
type Ended = Box<dyn Error + Send + Sync>;

/// Serves connections, and knows them all until they end.
pub(crate) struct Connections {
    protocols: Builder<TokioExecutor>,
    graceful: GracefulShutdown,
    head_time: Duration,
}

impl Connections {
    /// None so far; each will keep `limits`.
    pub(crate) fn new(limits: &HttpLimits) -> Self {
        let mut protocols = Builder::new(TokioExecutor::new());
        let head_bytes_max = usize::try_from(limits.head_bytes_max).unwrap_or(usize::MAX);
        protocols
            .http1()
            .timer(TokioTimer::new())
            // It counts from the last answer.
            .header_read_timeout(limits.idle_time)
            .max_headers(limits.header_fields_max)
            .max_buf_size(head_bytes_max);
        protocols
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(limits.http2_ping_time)
            .keep_alive_timeout(limits.http2_ping_time)
            .max_header_list_size(limits.head_bytes_max)
            .max_concurrent_streams(limits.http2_streams_max);
        Self { protocols, graceful: GracefulShutdown::new(), head_time: limits.head_time }
    }

    /// Gives each request of `stream` to `answer`, until the connection's end.
    pub(crate) fn serve<S, A, F, B>(
        &self,
        stream: S,
        answer: A,
    ) -> impl Future<Output = Result<(), Ended>> + Send + use<S, A, F, B>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        A: Fn(Request<Incoming>) -> F + Send + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data: Send, Error: Into<Ended>> + Send + 'static,
    {
        let has_asked = Arc::new(AtomicBool::new(false));
        let asks = Arc::clone(&has_asked);
        let service = hyper::service::service_fn(move |request| {
            asks.store(true, Ordering::Relaxed);
            let response = answer(request);
            async move { Ok::<_, Infallible>(response.await) }
        });
        let connection = self.protocols.serve_connection(TokioIo::new(stream), service).into_owned();
        let (connection, head_time) = (self.graceful.watch(connection), self.head_time);
        async move {
            let mut connection = pin!(connection);
            match tokio::time::timeout(head_time, &mut connection).await {
                Ok(ended) => ended,
                Err(_) if has_asked.load(Ordering::Relaxed) => connection.await,
                // hyper would wait without end for what tells the two protocols apart.
                Err(_) => Err(format!("it brought no whole request head in {head_time:?}").into()),
            }
        }
    }

    /// Lets requests in flight finish, and takes no further ones.
    pub(crate) async fn shutdown(self) {
        self.graceful.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http_body_util::Full;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
    use tokio::time::Instant;

    const HEAD_TIME: Duration = Duration::from_secs(1);
    const IDLE_TIME: Duration = Duration::from_secs(4);
    const PING_TIME: Duration = Duration::from_millis(400);
    /// Within this, whatever ends has ended, on a machine that is busy with other things too.
    const PATIENCE: Duration = Duration::from_secs(20);
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

    /// The client's end of a connection whose requests are answered at once.
    fn connection() -> DuplexStream {
        let limits = HttpLimits {
            head_time: HEAD_TIME,
            idle_time: IDLE_TIME,
            http2_ping_time: PING_TIME,
            ..HttpLimits::default()
        };
        let (client, server) = tokio::io::duplex(1 << 16);
        let answer = async |_| Response::new(Full::new(Bytes::from_static(b"here")));
        tokio::spawn(async move {
            let connections = Connections::new(&limits);
            connections.serve(server, answer).await
        });
        client
    }

    /// How long the connection lasts from now on, if its client only listens, and what that hears.
    async fn lasts(client: &mut DuplexStream) -> (Duration, Vec<u8>) {
        let (started, mut heard) = (Instant::now(), Vec::new());
        tokio::time::timeout(PATIENCE, client.read_to_end(&mut heard)).await.expect("it ends").unwrap();
        (started.elapsed(), heard)
    }

    async fn is_answered(client: &mut DuplexStream) {
        client.write_all(REQUEST).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"here") {
            assert_ne!(client.read_buf(&mut answer).await.unwrap(), 0, "closed after {answer:?}");
        }
    }

    #[tokio::test]
    async fn connection_that_brings_no_whole_head_is_closed() {
        for sent in ["", "P", "PRI * HTTP/2.0", "GET / HTTP/1.1\r\nhost: x\r\n"] {
            let mut client = connection();
            client.write_all(sent.as_bytes()).await.unwrap();
            let (lasted, heard) = lasts(&mut client).await;
            assert!((HEAD_TIME..IDLE_TIME).contains(&lasted) && heard.is_empty(), "{sent:?}: {lasted:?}, {heard:?}");
        }
    }

    #[tokio::test]
    async fn head_that_comes_byte_by_byte_is_given_no_more_time() {
        let mut client = connection();
        is_answered(&mut client).await;
        for byte in REQUEST {
            tokio::time::sleep(PING_TIME / 2).await;
            if client.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
        let (_, heard) = lasts(&mut client).await;
        assert!(heard.is_empty(), "its head was whole only after {:?}", PING_TIME / 2 * REQUEST.len() as u32);
    }

    #[tokio::test]
    async fn connection_is_kept_between_requests() {
        let mut client = connection();
        // Longer in all than one may be idle.
        for _ in 0..5 {
            tokio::time::sleep(IDLE_TIME / 4).await;
            is_answered(&mut client).await;
        }
        // It counts from when the answer was sent, which was a moment before it was read.
        let (lasted, _) = lasts(&mut client).await;
        assert!(lasted >= IDLE_TIME / 2, "{lasted:?}");
    }

    #[tokio::test]
    async fn client_of_http2_that_is_gone_is_given_up() {
        let mut client = connection();
        client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        // Settings, none of them, and GET http / as the first stream's only frame (RFC 9113, section 4.1; RFC 7541, appendix A).
        client.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
        client.write_all(&[0, 0, 3, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84]).await.unwrap();
        let (lasted, heard) = lasts(&mut client).await;
        assert!(heard.windows(4).any(|part| part == b"here"), "the request was answered: {heard:?}");
        assert!(lasted >= PING_TIME, "{lasted:?}");
    }
}
