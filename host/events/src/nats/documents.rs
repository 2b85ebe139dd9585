//! Reading and writing where consumers stand: a bucket with one document each.
//!
//! Promise: a document is written only by whoever has read what is there. *Deliberately absent:* locks.

use crate::error::EventsError;
use crate::nats::broker::{Broker, Look};
use crate::nats::document::Document;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::kv::{CreateErrorKind, Operation, UpdateErrorKind};
use mutrapro_manifest::ComponentId;

/// Which version of a document it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Revision(u64);

/// What became of an attempt to write.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It is there, as this version.
    As(Revision),
    /// Somebody else has written since: nothing is changed.
    TooLate,
}

/// How many documents there may be: more services than a host runs.
const DOCUMENTS_MAX: usize = 10_000;

impl Broker {
    /// The document of `consumer`, if there is one, as the leader has it.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`], and as [`Document::from_json`].
    pub(super) async fn document(&self, consumer: &ComponentId) -> Result<Option<(Document, Revision)>, EventsError> {
        let entry = self.streams.documents.entry(consumer.as_str()).await;
        let entry = entry.map_err(|error| unavailable("reading", consumer, &error))?;
        match entry.filter(|entry| entry.operation == Operation::Put) {
            Some(entry) => Ok(Some((Document::from_json(consumer, &entry.value)?, Revision(entry.revision)))),
            None => Ok(None),
        }
    }

    /// Every document, perhaps not its last version.
    ///
    /// # Errors
    /// As [`document`](Self::document).
    pub(super) async fn documents(&self) -> Result<Vec<(ComponentId, Document)>, EventsError> {
        let store = &self.streams.documents;
        let everything = vec![format!("{}>", store.prefix)];
        let look = Look { filters: everything, from: DeliverPolicy::LastPerSubject, max: DOCUMENTS_MAX };
        let mut documents = Vec::new();
        for stored in self.look(&store.stream, look).await?.messages {
            if let Some(name) = stored.subject.strip_prefix(&store.prefix)
                && !stored.payload.is_empty()
            {
                let consumer = ComponentId::new(name);
                let document = Document::from_json(&consumer, &stored.payload)?;
                documents.push((consumer, document));
            }
        }
        documents.sort_by(|(left, _), (right, _)| left.cmp(right));
        Ok(documents)
    }

    /// Writes the first document of `consumer`.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`]: whether it is written is unknown.
    pub(super) async fn create_document(
        &self,
        consumer: &ComponentId,
        document: &Document,
    ) -> Result<Written, EventsError> {
        let json = document.to_json(consumer, self.document_bytes_max())?;
        match self.streams.documents.create(consumer.as_str(), json.into()).await {
            Ok(revision) => Ok(Written::As(Revision(revision))),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => Ok(Written::TooLate),
            Err(error) => Err(unavailable("writing", consumer, &error)),
        }
    }

    /// Writes the document of `consumer` in the place of version `revision`.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`]: whether it is written is unknown.
    pub(super) async fn write_document(
        &self,
        consumer: &ComponentId,
        document: &Document,
        Revision(revision): Revision,
    ) -> Result<Written, EventsError> {
        let json = document.to_json(consumer, self.document_bytes_max())?;
        match self.streams.documents.update(consumer.as_str(), json.into(), revision).await {
            Ok(revision) => Ok(Written::As(Revision(revision))),
            Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => Ok(Written::TooLate),
            Err(error) => Err(unavailable("writing", consumer, &error)),
        }
    }

    /// The limit, or what the server takes, less what surrounds a document.
    fn document_bytes_max(&self) -> usize {
        self.limits.document_bytes_max.min(self.client.max_payload().saturating_sub(1024))
    }
}

fn unavailable(to_do: &str, consumer: &ComponentId, error: &dyn std::error::Error) -> EventsError {
    EventsError::unavailable(format_args!("{to_do} where {consumer} stands"), error)
}
