//! A network that fails on demand: forwards TCP connections to a server, until it is told not to.

use crate::process::free_address;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

const CHUNK_BYTES_MAX: usize = 16 * 1024;
/// What is under way in one direction of one connection, in chunks; who sends more waits.
const CHUNKS_MAX: usize = 256;

/// Forwards connections until it is dropped.
pub struct TcpProxy {
    address: SocketAddr,
    upstream: SocketAddr,
    weather: watch::Sender<Weather>,
    open: Mutex<Option<Open>>,
}

/// How bytes travel.
#[derive(Debug, Clone, Copy, Default)]
struct Weather {
    delay: Duration,
    stalled: bool,
}

/// What accepts connections; all are closed when `end` is dropped.
struct Open {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl TcpProxy {
    /// Forwards what comes to a free port of 127.0.0.1 to `upstream`.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(upstream: SocketAddr) -> Result<Self> {
        let address = free_address()?;
        let (weather, _) = watch::channel(Weather::default());
        let proxy = Self { address, upstream, weather, open: Mutex::new(None) };
        proxy.mend().await?;
        Ok(proxy)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes every connection; new ones are refused from now on.
    ///
    /// # Errors
    /// When what forwards them failed.
    pub async fn cut(&self) -> Result<()> {
        let Some(Open { end, task }) = self.open.lock().await.take() else { return Ok(()) };
        drop(end);
        task.await.context("the proxy failed")
    }

    /// Forwards again, at once and everything.
    ///
    /// # Errors
    /// When somebody else has the port by now.
    pub async fn mend(&self) -> Result<()> {
        self.weather.send_replace(Weather::default());
        let mut open = self.open.lock().await;
        if open.is_none() {
            let listener = TcpListener::bind(self.address).await.context("cannot listen again")?;
            let (end, ended) = oneshot::channel();
            let task = tokio::spawn(accept(listener, self.upstream, self.weather.subscribe(), ended));
            *open = Some(Open { end, task });
        }
        Ok(())
    }

    /// Every byte from now on takes this much longer, each way.
    pub fn delay(&self, delay: Duration) {
        self.weather.send_modify(|weather| weather.delay = delay);
    }

    /// Connections stay and are still accepted, but no byte is forwarded until [`mend`](Self::mend), which forwards what was held.
    pub fn stall(&self) {
        self.weather.send_modify(|weather| weather.stalled = true);
    }
}

async fn accept(
    listener: TcpListener,
    upstream: SocketAddr,
    weather: watch::Receiver<Weather>,
    mut ended: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut ended => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                // What fails is one connection's, and its client sees that.
                if let Ok((client, _)) = accepted {
                    connections.spawn(connect(client, upstream, weather.clone()));
                }
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// Forwards until both sides have said that they are done, or one fails, which closes both.
async fn connect(client: TcpStream, upstream: SocketAddr, weather: watch::Receiver<Weather>) -> std::io::Result<()> {
    let server = TcpStream::connect(upstream).await?;
    // Else the kernel adds a delay of its own.
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let there = forward(from_client, to_server, weather.clone());
    let back = forward(from_server, to_client, weather);
    tokio::try_join!(there, back).map(drop)
}

async fn forward(from: OwnedReadHalf, to: OwnedWriteHalf, weather: watch::Receiver<Weather>) -> std::io::Result<()> {
    let (sender, under_way) = mpsc::channel(CHUNKS_MAX);
    tokio::try_join!(receive(from, sender, weather.clone()), send(under_way, to, weather)).map(drop)
}

async fn receive(
    mut from: OwnedReadHalf,
    under_way: mpsc::Sender<(Instant, Vec<u8>)>,
    weather: watch::Receiver<Weather>,
) -> std::io::Result<()> {
    loop {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES_MAX);
        let length = from.read_buf(&mut chunk).await?;
        let due = Instant::now() + weather.borrow().delay;
        // Without bytes it is the end, which travels as they do: when this sender is gone and all is sent.
        if length == 0 || under_way.send((due, chunk)).await.is_err() {
            return Ok(());
        }
    }
}

async fn send(
    mut under_way: mpsc::Receiver<(Instant, Vec<u8>)>,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
) -> std::io::Result<()> {
    while let Some((due, chunk)) = under_way.recv().await {
        tokio::time::sleep_until(due).await;
        if weather.wait_for(|weather| !weather.stalled).await.is_err() {
            return Ok(());
        }
        to.write_all(&chunk).await?;
    }
    to.shutdown().await
}
