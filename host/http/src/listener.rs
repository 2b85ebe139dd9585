//! Accepts connections, and drains at the end.

use crate::connections::Connections;
use crate::trigger::HttpTrigger;
use http::HeaderValue;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// How long accepting rests when the system refuses another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The address could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}; choose another address with --listen or --admin")]
pub struct ListenError {
    address: String,
    source: io::Error,
}

/// A bound socket that does not accept yet.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds `address`, `host:port`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address is taken, not this machine's, or malformed.
    pub async fn bind(address: &str) -> Result<Self, ListenError> {
        let failed = |source| ListenError { address: address.to_owned(), source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, address })
    }

    /// The address that was bound, with its real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection; `None` when this one failed and the next may not.
    pub(crate) async fn accept(&self) -> Option<(TcpStream, IpAddr)> {
        accept(&self.socket).await
    }

    /// Serves until `shutdown` is ready, then lets requests in flight finish within the limit.
    pub async fn serve(self, trigger: Arc<HttpTrigger>, shutdown: impl Future<Output = ()>) {
        let places = Arc::new(Semaphore::new(trigger.limits().connections_max));
        let connections = Connections::new(trigger.limits());
        let accepting = async {
            loop {
                // A semaphore that nobody closes always gives its permit in the end.
                let Ok(permit) = Arc::clone(&places).acquire_owned().await else {
                    return;
                };
                let Some((stream, client)) = accept(&self.socket).await else {
                    continue;
                };
                let (trigger, address) = (Arc::clone(&trigger), address_of(client));
                let connection = connections.serve(stream, move |request| {
                    let (trigger, address) = (Arc::clone(&trigger), address.clone());
                    async move { trigger.answer(request, address).await }
                });
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!(%client, "connection ended: {error}");
                    }
                    drop(permit);
                });
            }
        };
        tokio::select! {
            () = accepting => {}
            () = shutdown => {}
        }
        drop(self.socket);
        if tokio::time::timeout(trigger.limits().drain_time, connections.shutdown()).await.is_err() {
            tracing::warn!("requests were still in flight after {:?}: cut off", trigger.limits().drain_time);
        }
    }
}

async fn accept(socket: &TcpListener) -> Option<(TcpStream, IpAddr)> {
    match socket.accept().await {
        Ok((stream, client)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%client, "cannot switch off Nagle's algorithm: {error}");
            }
            Some((stream, client.ip()))
        }
        Err(error) => {
            // Out of file descriptors, for example: connections that end make room.
            tracing::warn!("cannot accept a connection: {error}");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// A client's address as components see it.
fn address_of(client: IpAddr) -> HeaderValue {
    // Digits, dots and colons are always valid.
    HeaderValue::from_str(&client.to_string()).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}
