//! The connection to NATS, and what is asked there in more than one place.
//!
//! Promise: every question ends within its time limit, and what goes wrong is told in the words of this crate. A connection
//! that is lost is made again in the background, without end. *Deliberately absent:* waiting for a server at the start,
//! because a wrong address should be noticed.

use crate::clock::Clock;
use crate::error::EventsError;
use crate::limits::NatsLimits;
use crate::nats::config::{NatsConfig, NatsCredentials};
use crate::nats::names::Names;
use crate::nats::streams::Streams;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::context::ContextBuilder;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{LastRawMessageErrorKind, RawMessageError, Stream};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, HeaderMap, ServerAddr};
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// The oldest server whose consumers know several filters.
const VERSION_MIN: (i64, i64, i64) = (2, 10, 0);

/// How many messages are asked for at once where many are read.
const PAGE: usize = 32;

/// How long the server keeps a consumer of which nobody asks anything.
pub(super) const INACTIVE_CONSUMER_TIME: Duration = Duration::from_secs(30);

/// Everything that parts of the bus share.
pub(super) struct Broker {
    pub(super) client: Client,
    pub(super) jetstream: Context,
    pub(super) streams: Streams,
    pub(super) names: Names,
    pub(super) limits: NatsLimits,
    pub(super) clock: Arc<dyn Clock>,
    /// Who we are to the other hosts: another one at each start.
    pub(super) host: String,
    /// Changes when a connection was made.
    connections: watch::Receiver<()>,
}

/// A message as a stream keeps it.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) sequence: i64,
    /// When the stream took it, in ms since 1970.
    pub(super) accepted_ms: i64,
    pub(super) subject: String,
    pub(super) headers: HeaderMap,
    pub(super) payload: bytes::Bytes,
}

/// What is to be found in a stream.
pub(super) struct Look {
    pub(super) filters: Vec<String>,
    pub(super) from: DeliverPolicy,
    /// How many messages to read.
    pub(super) max: usize,
}

/// What was found in a stream.
pub(super) struct Found {
    /// How many messages there are.
    pub(super) count: u64,
    /// The first of them.
    pub(super) messages: Vec<Stored>,
}

impl Broker {
    /// Connects, and makes the streams as `config` has them.
    ///
    /// # Errors
    /// [`EventsError::Misconfigured`] when the configuration, the server's or ours, has to change;
    /// [`EventsError::Unavailable`] when no server answers.
    pub(super) async fn connect(
        config: &NatsConfig,
        limits: NatsLimits,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, EventsError> {
        let prefix = &config.prefix;
        let names = Names::new(prefix).ok_or_else(|| {
            EventsError::Misconfigured(format!(
                "{prefix:?} cannot begin names on a NATS server: write 1 to 32 lower-case letters, digits and underscores"
            ))
        })?;
        let host = uuid::Uuid::now_v7().simple().to_string();
        let (made, connections) = watch::channel(());
        let options = options(config, &limits).await?.name(format!("mutrapro/{prefix}/{host}"));
        let options = options.event_callback(move |event| {
            tell(&event);
            if matches!(event, Event::Connected) {
                made.send_replace(());
            }
            std::future::ready(())
        });
        let addresses = addresses(config)?;
        let client = options.connect(addresses).await.map_err(|error| not_connected(config, &error))?;
        let (major, minor, patch) = VERSION_MIN;
        if !client.is_server_compatible(major, minor, patch) {
            let version = client.server_info().version;
            return Err(EventsError::Misconfigured(format!(
                "the NATS server has version {version}: {major}.{minor} or newer is needed"
            )));
        }
        let request_time = limits.request_time;
        let jetstream = ContextBuilder::new().timeout(request_time).ack_timeout(request_time).build(client.clone());
        let streams = Box::pin(Streams::open(&jetstream, &names, config, &limits)).await?;
        Ok(Self { client, jetstream, streams, names, limits, clock, host, connections })
    }

    /// Now, in ms since 1970.
    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    /// How often a connection was made.
    pub(super) fn connects(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }

    /// Changes when a connection was made; whatever was on its way over the one before is lost.
    pub(super) fn connections(&self) -> watch::Receiver<()> {
        self.connections.clone()
    }

    /// The message at `sequence`, if it is still there. Asks the stream's leader, so what was accepted is found.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub(super) async fn message(&self, stream: &Stream, sequence: i64) -> Result<Option<Stored>, EventsError> {
        stored(stream, stream.get_raw_message(unsigned(sequence)).await)
    }

    /// The last message of `subject`, if there is one. Asks the stream's leader.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub(super) async fn last_message(&self, stream: &Stream, subject: &str) -> Result<Option<Stored>, EventsError> {
        stored(stream, stream.get_last_raw_message_by_subject(subject).await)
    }

    /// Publishes to a stream and waits until it is kept there.
    ///
    /// # Errors
    /// The server's, or that it did not answer.
    pub(super) async fn publish(
        &self,
        subject: String,
        headers: HeaderMap,
        payload: bytes::Bytes,
    ) -> Result<(), jetstream::context::PublishError> {
        self.jetstream.publish_with_headers(subject, headers, payload).await?.await.map(drop)
    }

    /// Looks through a stream. The answer may lack what was accepted in the last moments, when another replica gives it.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub(super) async fn look(&self, stream: &Stream, look: Look) -> Result<Found, EventsError> {
        let name = stream_name(stream);
        let config = pull::Config {
            deliver_policy: look.from,
            ack_policy: AckPolicy::None,
            filter_subjects: look.filters,
            inactive_threshold: INACTIVE_CONSUMER_TIME,
            num_replicas: 1,
            memory_storage: true,
            ..pull::Config::default()
        };
        let failed =
            |error: &dyn std::error::Error| EventsError::unavailable(format_args!("looking through {name}"), error);
        let consumer = stream.create_consumer(config).await.map_err(|error| failed(&error))?;
        let count = consumer.cached_info().num_pending;
        let wanted = look.max.min(usize::try_from(count).unwrap_or(usize::MAX));
        let messages = self.read(&consumer, wanted).await;
        if let Err(error) = stream.delete_consumer(&consumer.cached_info().name).await {
            tracing::debug!(%error, "NATS will forget a consumer of {name} by itself");
        }
        Ok(Found { count, messages: messages? })
    }

    async fn read(&self, consumer: &jetstream::consumer::PullConsumer, max: usize) -> Result<Vec<Stored>, EventsError> {
        let name = &consumer.cached_info().stream_name;
        let unavailable = |why: &dyn std::fmt::Display| EventsError::Unavailable(format!("reading {name}: {why}"));
        let mut messages = Vec::new();
        while messages.len() < max {
            let page = PAGE.min(max - messages.len());
            let before = messages.len();
            let request = consumer.fetch().max_messages(page).expires(self.limits.request_time);
            let mut batch = request.messages().await.map_err(|error| unavailable(&error))?;
            loop {
                match timeout(self.limits.request_time, batch.next()).await {
                    Ok(Some(Ok(message))) => messages.push(read(&message).map_err(|error| unavailable(&error))?.0),
                    Ok(Some(Err(error))) => return Err(unavailable(&error)),
                    Ok(None) => break,
                    Err(_) => return Err(unavailable(&"the server stopped answering")),
                }
            }
            if messages.len() == before {
                // Removed meanwhile.
                break;
            }
        }
        Ok(messages)
    }
}

/// A delivered message as the stream keeps it, with what its delivery tells: which one of the consumer's it is, from 1, and how
/// many follow.
pub(super) fn read(message: &jetstream::Message) -> Result<(Stored, u64, u64), EventsError> {
    let info =
        message.info().map_err(|error| EventsError::Unavailable(format!("a message tells no place: {error}")))?;
    let stored = Stored {
        sequence: signed(info.stream_sequence),
        accepted_ms: milliseconds(info.published.unix_timestamp_nanos()),
        subject: message.subject.to_string(),
        headers: message.headers.clone().unwrap_or_default(),
        payload: message.payload.clone(),
    };
    Ok((stored, info.consumer_sequence, info.pending))
}

fn stored(stream: &Stream, answer: Result<StreamMessage, RawMessageError>) -> Result<Option<Stored>, EventsError> {
    match answer {
        Ok(message) => Ok(Some(Stored {
            sequence: signed(message.sequence),
            accepted_ms: milliseconds(message.time.unix_timestamp_nanos()),
            subject: message.subject.to_string(),
            headers: message.headers,
            payload: message.payload,
        })),
        Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => Ok(None),
        Err(error) => Err(EventsError::unavailable(format_args!("reading {}", stream_name(stream)), &error)),
    }
}

/// The name of a stream, for messages.
pub(super) fn stream_name(stream: &Stream) -> &str {
    &stream.cached_info().config.name
}

/// A sequence as NATS has it.
pub(super) fn unsigned(sequence: i64) -> u64 {
    u64::try_from(sequence).unwrap_or(0)
}

/// A sequence of NATS.
pub(super) fn signed(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

/// Nanoseconds in ms.
pub(super) fn milliseconds(nanoseconds: i128) -> i64 {
    i64::try_from(nanoseconds.div_euclid(1_000_000)).unwrap_or(i64::MAX)
}

fn addresses(config: &NatsConfig) -> Result<Vec<ServerAddr>, EventsError> {
    let address = |url: &String| {
        url.parse::<ServerAddr>().map_err(|error| {
            let shown = config.shown_urls();
            EventsError::Misconfigured(format!("{shown} is no address of NATS: {error}; write nats://<host>:<port>"))
        })
    };
    config.urls.iter().map(address).collect()
}

async fn options(config: &NatsConfig, limits: &NatsLimits) -> Result<ConnectOptions, EventsError> {
    let wait_max = limits.reconnect_wait_max;
    let mut options = ConnectOptions::new()
        .connection_timeout(limits.connect_time)
        .request_timeout(Some(limits.request_time))
        .ping_interval(limits.ping_interval)
        .reconnect_delay_callback(move |attempts| {
            let exponent = u32::try_from(attempts).unwrap_or(u32::MAX).min(16);
            Duration::from_millis(2u64.saturating_pow(exponent)).min(wait_max)
        })
        .require_tls(config.tls.required);
    if let Some(authorities) = &config.tls.root_certificates {
        options = options.add_root_certificates(authorities.clone());
    }
    if let Some((certificate, key)) = &config.tls.client_certificate {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    Ok(match &config.credentials {
        NatsCredentials::None => options,
        NatsCredentials::UserPassword { user, password } => options.user_and_password(user.clone(), password.clone()),
        NatsCredentials::Token(token) => options.token(token.clone()),
        NatsCredentials::NKey(seed) => options.nkey(seed.clone()),
        NatsCredentials::File(file) => options.credentials_file(file).await.map_err(|error| {
            EventsError::Misconfigured(format!("cannot read the NATS credentials in {}: {error}", file.display()))
        })?,
    })
}

fn not_connected(config: &NatsConfig, error: &async_nats::ConnectError) -> EventsError {
    let servers = config.shown_urls();
    match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            EventsError::Misconfigured(format!("NATS at {servers} does not let us in: {error}; check the credentials"))
        }
        ConnectErrorKind::Tls => EventsError::Misconfigured(format!(
            "no secure connection to NATS at {servers}: {error}; check the certificates and whether the server has TLS"
        )),
        _ => {
            let tls = &config.tls;
            let is_secured =
                tls.required || tls.root_certificates.is_some() || config.urls.iter().any(|u| u.starts_with("tls:"));
            let or = if is_secured { ", or check the certificates and whether the server has TLS" } else { "" };
            EventsError::Unavailable(format!(
                "cannot reach NATS at {servers}: {error}; start the server, correct its address{or}"
            ))
        }
    }
}

fn tell(event: &Event) {
    match event {
        Event::Connected => tracing::info!("connected to NATS"),
        Event::Disconnected => tracing::warn!("the connection to NATS is lost, and made again"),
        Event::SlowConsumer(_) | Event::ServerError(_) | Event::ClientError(_) => tracing::warn!("NATS: {event}"),
        Event::LameDuckMode | Event::Draining | Event::Closed => tracing::info!("NATS: {event}"),
    }
}
