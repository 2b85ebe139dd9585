//! What the blobs capability tells Prometheus.

use mutrapro_manifest::ComponentId;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// Bytes, uploads and what is open, of every service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct BlobMetrics {
    bytes: Family<DirectionLabels, Counter>,
    uploads: Family<OutcomeLabels, Counter>,
    open: Family<KindLabels, Gauge>,
}

impl BlobMetrics {
    /// Adds `blob_transfer_bytes_total`, `blob_uploads_total` and `blobs_open` to `registry`, whose prefix the caller has
    /// set.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self { bytes: Family::default(), uploads: Family::default(), open: Family::default() };
        registry.register_with_unit(
            "blob_transfer",
            "Bytes that guests wrote and read",
            Unit::Bytes,
            metrics.bytes.clone(),
        );
        registry.register("blob_uploads", "Uploads by how they ended", metrics.uploads.clone());
        registry.register("blobs_open", "Uploads and contents that are open", metrics.open.clone());
        metrics
    }

    /// The metrics of one service, looked up once.
    pub(crate) fn of(&self, service: &ComponentId) -> ServiceMetrics {
        let name = || service.as_str().to_owned();
        let bytes = |direction| self.bytes.get_or_create(&DirectionLabels { service: name(), direction }).clone();
        let uploads = |outcome| self.uploads.get_or_create(&OutcomeLabels { service: name(), outcome }).clone();
        let open = |kind| self.open.get_or_create(&KindLabels { service: name(), kind }).clone();
        ServiceMetrics {
            bytes_written: bytes("written"),
            bytes_read: bytes("read"),
            stored: uploads("stored"),
            dropped: uploads("dropped"),
            uploads_open: open("upload"),
            contents_open: open("content"),
        }
    }
}

/// The metrics of one service.
#[derive(Debug, Clone)]
pub(crate) struct ServiceMetrics {
    pub(crate) bytes_written: Counter,
    pub(crate) bytes_read: Counter,
    pub(crate) stored: Counter,
    pub(crate) dropped: Counter,
    pub(crate) uploads_open: Gauge,
    pub(crate) contents_open: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DirectionLabels {
    service: String,
    direction: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    service: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    service: String,
    kind: &'static str,
}
