//! The streams and buckets on the server: made when they are missing, changed when the configuration has.
//!
//! All four are kept alike. Buckets are streams by a convention of NATS, so its tools show them as such; ours are read at
//! the leader alone, because a follower may be behind.

use crate::error::EventsError;
use crate::limits::NatsLimits;
use crate::nats::config::{NatsConfig, NatsStorage};
use crate::nats::names::Names;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::{CreateStreamError, CreateStreamErrorKind};
use async_nats::jetstream::kv::Store;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{ErrorCode, context::GetStreamErrorKind};
use std::time::Duration;

/// What the server keeps for one application.
pub(super) struct Streams {
    /// Every event that somebody may still need.
    pub(super) events: Stream,
    /// The dead letters of consumers.
    pub(super) dead_letters: Stream,
    /// Where each consumer stands.
    pub(super) documents: Store,
    /// Which host does what.
    pub(super) leases: Store,
}

impl Streams {
    /// Makes them as `config` has them.
    ///
    /// # Errors
    /// [`EventsError::Misconfigured`] when the server refuses, with its reason; [`EventsError::Unavailable`] when it does not
    /// answer.
    pub(super) async fn open(
        jetstream: &Context,
        names: &Names,
        config: &NatsConfig,
        limits: &NatsLimits,
    ) -> Result<Self, EventsError> {
        let max_bytes = config.max_bytes.map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        let events = stream(jetstream, names.stream("EVENTS"), |stream| {
            stream.subjects = vec![names.events(">")];
            stream.max_bytes = max_bytes;
            stream.duplicate_window = limits.deduplication_window;
            keep(stream, config);
        });
        let dead_letters = stream(jetstream, names.stream("DEAD_LETTERS"), |stream| {
            stream.subjects = names.kept_with_dead_letters();
            stream.max_messages_per_subject = 1;
            keep(stream, config);
        });
        let documents = bucket(jetstream, names.stream("CONSUMERS"), Duration::ZERO, config);
        let leases = bucket(jetstream, names.stream("LEASES"), config.lease_time, config);
        let (events, dead_letters, documents, leases) = tokio::try_join!(events, dead_letters, documents, leases)?;
        Ok(Self { events, dead_letters, documents, leases })
    }
}

/// What holds for all of them. A full one refuses what is new: nothing that was accepted makes room.
fn keep(stream: &mut Config, config: &NatsConfig) {
    stream.retention = RetentionPolicy::Limits;
    stream.discard = DiscardPolicy::New;
    stream.num_replicas = config.replicas;
    stream.storage = match config.storage {
        NatsStorage::File => StorageType::File,
        NatsStorage::Memory => StorageType::Memory,
    };
}

async fn bucket(
    jetstream: &Context,
    name: String,
    max_age: Duration,
    config: &NatsConfig,
) -> Result<Store, EventsError> {
    stream(jetstream, format!("KV_{name}"), |stream| {
        stream.subjects = vec![format!("$KV.{name}.>")];
        stream.max_messages_per_subject = 1;
        stream.max_age = max_age;
        stream.allow_rollup = true;
        stream.deny_delete = true;
        stream.allow_direct = false;
        keep(stream, config);
    })
    .await?;
    let opened = jetstream.get_key_value(&name).await;
    opened.map_err(|error| EventsError::unavailable(format_args!("opening the bucket {name} of NATS"), &error))
}

/// The stream of this name, after `set` on what it is, or on what a new one is by default.
async fn stream(jetstream: &Context, name: String, set: impl Fn(&mut Config)) -> Result<Stream, EventsError> {
    let name = name.as_str();
    let existing = match jetstream.get_stream(name).await {
        Ok(existing) => existing,
        Err(error) if is_not_found(&error.kind()) => {
            let mut config = Config { name: name.to_owned(), ..Config::default() };
            set(&mut config);
            match jetstream.create_stream(config).await {
                Ok(created) => return Ok(created),
                // Another host was quicker.
                Err(error) if is_taken(&error.kind()) => jetstream
                    .get_stream(name)
                    .await
                    .map_err(|error| EventsError::unavailable(format_args!("opening the stream {name}"), &error))?,
                Err(error) => return Err(refused(name, "make", &error)),
            }
        }
        Err(error) => return Err(not_opened(name, &error)),
    };
    let mut wanted = existing.cached_info().config.clone();
    set(&mut wanted);
    if wanted != existing.cached_info().config {
        jetstream.update_stream(&wanted).await.map_err(|error| refused(name, "change", &error))?;
    }
    Ok(existing)
}

fn is_not_found(kind: &GetStreamErrorKind) -> bool {
    matches!(kind, GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

fn is_taken(kind: &CreateStreamErrorKind) -> bool {
    matches!(kind, CreateStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NAME_EXIST)
}

fn not_opened(name: &str, error: &async_nats::jetstream::context::GetStreamError) -> EventsError {
    match error.kind() {
        GetStreamErrorKind::JetStream(error) => {
            EventsError::Misconfigured(format!("NATS does not open the stream {name}: {error}"))
        }
        _ => EventsError::unavailable(format_args!("opening the stream {name}; has the server JetStream?"), error),
    }
}

fn refused(name: &str, to_do: &str, error: &CreateStreamError) -> EventsError {
    match error.kind() {
        CreateStreamErrorKind::JetStream(reason) => EventsError::Misconfigured(format!(
            "NATS refuses to {to_do} the stream {name}: {reason}; correct the settings of the host or of the server, or \
             remove the stream with what is in it"
        )),
        CreateStreamErrorKind::JetStreamUnavailable => {
            EventsError::Misconfigured("the NATS server has no JetStream: start it with --jetstream".to_owned())
        }
        _ => EventsError::unavailable(format_args!("opening the stream {name}"), error),
    }
}
