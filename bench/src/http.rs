//! The client's side of HTTP/1.1, no more than the benchmark needs: one keep-alive connection, one request at a time.
//!
//! A full client would spend more of the two cores than the plain-text route itself. Deliberately absent:
//! chunked bodies, redirects and pipelining; an answer of that kind is an error.

use anyhow::{Context, Result, bail, ensure};
use serde::de::DeserializeOwned;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The most header fields that an answer may have.
const FIELDS_MAX: usize = 32;

/// A request as it goes over the wire, made once and sent many times.
#[derive(Debug, Clone)]
pub(crate) struct Request(Vec<u8>);

impl Request {
    /// A request without a body.
    pub(crate) fn get(path: &str) -> Self {
        Self(format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes())
    }

    /// A request with a JSON body.
    pub(crate) fn post(path: &str, json: &str) -> Self {
        let length = json.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        Self(format!("{head}{json}").into_bytes())
    }
}

/// An answer, as long as the connection is not used again.
#[derive(Debug)]
pub(crate) struct Answer<'c> {
    pub(crate) status: u16,
    pub(crate) body: &'c [u8],
}

impl Answer<'_> {
    /// The answer itself, if it has this status; otherwise an error with its body.
    pub(crate) fn expect(self, status: u16) -> Result<Self> {
        ensure!(
            self.status == status,
            "expected {status}, got {}: {}",
            self.status,
            String::from_utf8_lossy(self.body)
        );
        Ok(self)
    }

    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(self.body)
            .with_context(|| format!("unexpected body {:?}", String::from_utf8_lossy(self.body)))
    }
}

/// A connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    /// Connects to the server at `address`.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(4096) })
    }

    /// Sends `request` and reads its whole answer.
    pub(crate) async fn send(&mut self, request: &Request) -> Result<Answer<'_>> {
        self.ask(request).await?;
        self.answer().await
    }

    /// Sends `request`, so that [`answer`](Self::answer) is its answer.
    pub(crate) async fn ask(&mut self, request: &Request) -> Result<()> {
        Ok(self.stream.write_all(&request.0).await?)
    }

    /// Reads the whole answer to what was asked.
    pub(crate) async fn answer(&mut self) -> Result<Answer<'_>> {
        self.received.clear();
        let head = loop {
            let read = self.stream.read_buf(&mut self.received).await?;
            ensure!(read > 0, "the server closed the connection before the end of its answer");
            match Head::parse(&self.received)? {
                Some(head) if self.received.len() >= head.length + head.body_length => break head,
                _ => {}
            }
        };
        let body = self.received.get(head.length..).unwrap_or_default();
        ensure!(body.len() == head.body_length, "the answer is longer than its content-length of {}", head.body_length);
        Ok(Answer { status: head.status, body })
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Bytes up to the body.
    length: usize,
    body_length: usize,
}

impl Head {
    /// The head of the answer that `received` begins with, once it is there as a whole.
    fn parse(received: &[u8]) -> Result<Option<Self>> {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
        let mut response = httparse::Response::new(&mut fields);
        let httparse::Status::Complete(length) = response.parse(received)? else { return Ok(None) };
        let status = response.code.context("an answer without a status")?;
        let announced = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length"));
        let body_length = match announced {
            Some(field) => std::str::from_utf8(field.value)?.parse()?,
            // RFC 9110, section 15.3.5: never a body.
            None if status == 204 => 0,
            None => bail!("an answer of status {status} without content-length"),
        };
        Ok(Some(Self { status, length, body_length }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_read_once_it_is_whole() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(Head::parse(answer).unwrap(), Some(Head { status: 201, length: 43, body_length: 5 }));
        assert_eq!(Head::parse(&answer[..30]).unwrap(), None);
    }

    #[test]
    fn answer_of_unknown_length_is_an_error() {
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        let empty = Head::parse(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap();
        assert_eq!(empty.body_length, 0);
    }
}
