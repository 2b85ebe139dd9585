//! What a guest writes to its standard output and error becomes log lines that name its service.

use mutrapro_manifest::ComponentId;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

/// A line longer than this is cut into several, so that a guest cannot fill the host's memory with one.
const LINE_BYTES_MAX: usize = 8 * 1024;

/// One of a guest's two output streams.
#[derive(Clone)]
pub(crate) struct GuestOutput {
    service: ComponentId,
}

impl GuestOutput {
    pub(crate) fn new(service: &ComponentId) -> Self {
        Self { service: service.clone() }
    }
}

impl IsTerminal for GuestOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(LineWriter { service: self.service.clone(), line: Vec::new() })
    }
}

/// Collects bytes until a line is whole. A line that begins with a level (`[error]`, `[warn]`, `[info]`, `[debug]`) is logged
/// at it, any other at `info`.
struct LineWriter {
    service: ComponentId,
    line: Vec<u8>,
}

impl LineWriter {
    fn push(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") || self.line.len() >= LINE_BYTES_MAX {
                self.log();
            }
        }
    }

    fn log(&mut self) {
        let line = String::from_utf8_lossy(&self.line);
        let line = line.trim_end();
        let service = self.service.as_str();
        match line.split_once(' ') {
            _ if line.is_empty() => {}
            Some(("[error]", rest)) => tracing::error!(target: "guest", service, "{rest}"),
            Some(("[warn]", rest)) => tracing::warn!(target: "guest", service, "{rest}"),
            Some(("[info]", rest)) => tracing::info!(target: "guest", service, "{rest}"),
            Some(("[debug]", rest)) => tracing::debug!(target: "guest", service, "{rest}"),
            _ => tracing::info!(target: "guest", service, "{line}"),
        }
        self.line.clear();
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        self.log();
    }
}

impl AsyncWrite for LineWriter {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
