//! The plugins of this service: what the manifest's `plugins = { … }` in its trigger entry names.
//!
//! Each contract is a module with the plugins' names and one function a call. The host carries the calls, limits them and lets a
//! plugin rest that keeps failing; what a service does without an answer is written in `wit/plugins`. Calls are refused while a
//! transaction is open.

use crate::bindings::platform::mutrapro::plugins as wit;
use crate::problem::Problem;
use std::fmt;

pub use wit::types::CallError;

/// Why a plugin has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The plugin that was called.
    pub plugin: String,
    /// By what the caller does next.
    pub cause: CallError,
}

impl Error {
    fn of(plugin: &str) -> impl FnOnce(CallError) -> Self {
        move |cause| Self { plugin: plugin.to_owned(), cause }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plugin = &self.plugin;
        match &self.cause {
            CallError::Unknown(name) => write!(f, "there is no plugin {name:?}"),
            CallError::Resting(seconds) => write!(f, "plugin {plugin} failed too often and rests for {seconds} s more"),
            CallError::Overloaded => write!(f, "plugin {plugin} is overloaded"),
            CallError::TimedOut => write!(f, "plugin {plugin} did not answer in time"),
            CallError::Failed(text) => write!(f, "plugin {plugin} failed: {text}"),
            CallError::CannotSay(text) => write!(f, "plugin {plugin} cannot say: {text}"),
            CallError::TransactionOpen => write!(f, "plugin {plugin} was called with a transaction open"),
        }
    }
}

impl std::error::Error for Error {}

/// 503 where trying again helps, 500 for a mistake of this service.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error.cause {
            CallError::Unknown(_) | CallError::TransactionOpen => Self::internal(error),
            _ => {
                let detail = format!("the plugin {} is not available", error.plugin);
                Self::unavailable("plugin_unavailable", detail).because(error)
            }
        }
    }
}

/// Adjusting computed prices.
pub mod pricing {
    use super::{Error, wit::pricing_plugins as contract};

    pub use contract::{Basis, Line};

    /// The plugins, in the order in which they are asked.
    pub fn names() -> Vec<String> {
        contract::names()
    }

    /// The lines of one plugin for one price.
    ///
    /// # Errors
    /// Whatever keeps the plugin from answering.
    pub fn adjust(plugin: &str, basis: &Basis) -> Result<Vec<Line>, Error> {
        contract::adjust(plugin, basis).map_err(Error::of(plugin))
    }
}

/// Moving money.
pub mod payment_gateway {
    use super::{Error, wit::payment_gateway_plugins as contract, wit::payment_gateway_types as types};

    pub use contract::{Answer, ChargeOrder, Notice, RefundOrder, Webhook, WebhookRefusal};
    pub use types::{Header, Outcome};

    /// The plugins.
    pub fn names() -> Vec<String> {
        contract::names()
    }

    /// Takes money.
    ///
    /// # Errors
    /// Whatever keeps the plugin from answering: nothing is known of the money.
    pub fn charge(plugin: &str, order: &ChargeOrder) -> Result<Answer, Error> {
        contract::charge(plugin, order).map_err(Error::of(plugin))
    }

    /// Gives money back.
    ///
    /// # Errors
    /// Whatever keeps the plugin from answering: nothing is known of the money.
    pub fn refund(plugin: &str, order: &RefundOrder) -> Result<Answer, Error> {
        contract::refund(plugin, order).map_err(Error::of(plugin))
    }

    /// Reads a webhook that arrived at `received_at` (RFC 3339).
    ///
    /// # Errors
    /// Whatever keeps the plugin from answering; its own refusal is the inner result.
    pub fn verify_webhook(
        plugin: &str,
        webhook: &Webhook,
        received_at: &str,
    ) -> Result<Result<Notice, WebhookRefusal>, Error> {
        contract::verify_webhook(plugin, webhook, received_at).map_err(Error::of(plugin))
    }

    /// What a gateway without a server of its own would send for a pending charge at `sent_at` (RFC 3339).
    ///
    /// # Errors
    /// Whatever keeps the plugin from answering.
    pub fn simulated_webhooks(plugin: &str, order: &ChargeOrder, sent_at: &str) -> Result<Vec<Webhook>, Error> {
        contract::simulated_webhooks(plugin, order, sent_at).map_err(Error::of(plugin))
    }
}

/// Bringing notifications to people.
pub mod notifier {
    use super::{Error, wit::notifier_plugins as contract, wit::notifier_types as types};

    pub use contract::{Notification, Refusal};
    pub use types::Recipient;

    /// The plugins.
    pub fn names() -> Vec<String> {
        contract::names()
    }

    /// Delivers one notification.
    ///
    /// # Errors
    /// Whatever keeps the plugin from answering; its own refusal is the inner result.
    pub fn deliver(plugin: &str, notification: &Notification) -> Result<Result<(), Refusal>, Error> {
        contract::deliver(plugin, notification).map_err(Error::of(plugin))
    }
}

/// Knowing kinds of files.
pub mod media_inspector {
    use super::{Error, wit::media_inspector_plugins as contract};

    pub use contract::Audio;

    /// The plugins, in the order in which they are asked.
    pub fn names() -> Vec<String> {
        contract::names()
    }

    /// What the blob `blob_key` of this service is, if the plugin knows such files.
    ///
    /// # Errors
    /// Whatever keeps the plugin from answering.
    pub fn inspect(plugin: &str, mime_type: &str, blob_key: &str) -> Result<Option<Audio>, Error> {
        contract::inspect(plugin, mime_type, blob_key).map_err(Error::of(plugin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(cause: CallError) -> (u16, String) {
        let problem = Problem::from(Error { plugin: "loyalty".to_owned(), cause });
        (problem.status().as_u16(), problem.code().to_owned())
    }

    #[test]
    fn what_passes_is_told_from_what_is_a_mistake() {
        for passing in [
            CallError::Resting(3),
            CallError::Overloaded,
            CallError::TimedOut,
            CallError::Failed("trap".to_owned()),
            CallError::CannotSay("no answer".to_owned()),
        ] {
            assert_eq!(problem(passing), (503, "plugin_unavailable".to_owned()));
        }
        assert_eq!(problem(CallError::TransactionOpen).0, 500);
        assert_eq!(problem(CallError::Unknown("x".to_owned())).0, 500);
    }
}
