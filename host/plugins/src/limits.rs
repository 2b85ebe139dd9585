//! Every limit of calls into plugins, in one place. Memory, processor time and the size of an answer are the runtime's.

use mutrapro_manifest::PluginContract;
use std::time::Duration;

/// What one call into a plugin may use, and how much failure is borne.
#[derive(Debug, Clone)]
pub struct PluginLimits {
    /// How long adjusting one price may take.
    pub pricing_time: Duration,
    /// How long a gateway may take for one answer.
    pub payment_gateway_time: Duration,
    /// How long one delivery may take.
    pub notifier_time: Duration,
    /// How long looking at one file may take.
    pub media_inspector_time: Duration,
    /// How many failures in a row make a plugin rest.
    pub failures_max: u32,
    /// How long it rests before it is tried again.
    pub rest: Duration,
    /// How many bytes of a file are read at once.
    pub media_chunk_bytes_max: u32,
    /// How many bytes of a file are read in one call.
    pub media_bytes_max: u64,
}

impl Default for PluginLimits {
    fn default() -> Self {
        Self {
            pricing_time: Duration::from_secs(2),
            payment_gateway_time: Duration::from_secs(10),
            notifier_time: Duration::from_secs(10),
            media_inspector_time: Duration::from_secs(15),
            failures_max: 5,
            rest: Duration::from_secs(30),
            media_chunk_bytes_max: 1 << 20,
            media_bytes_max: 64 << 20,
        }
    }
}

impl PluginLimits {
    /// How long one call may take.
    pub(crate) fn call_time(&self, contract: PluginContract) -> Duration {
        match contract {
            PluginContract::Pricing => self.pricing_time,
            PluginContract::PaymentGateway => self.payment_gateway_time,
            PluginContract::Notifier => self.notifier_time,
            PluginContract::MediaInspector => self.media_inspector_time,
        }
    }
}
