//! The contracts `mutrapro:plugins/…-plugins`, for services: each function is one call into a plugin.

use crate::bindings::exports;
use crate::bindings::imports::media_inspector_plugins::{self, Audio};
use crate::bindings::imports::notifier_plugins::{self, Notification, Refusal};
use crate::bindings::imports::payment_gateway_plugins::{
    self, Answer, ChargeOrder, Notice, RefundOrder, Webhook, WebhookRefusal,
};
use crate::bindings::imports::pricing_plugins::{self, Basis, Line};
use crate::bindings::imports::types::{self, CallError};
use crate::call::Question;
use crate::capability::ServicePlugins;
use crate::media::Content;
use mutrapro_manifest::PluginContract;
use mutrapro_runtime::State;
use std::sync::Arc;
use wasmtime::component::Resource;

/// What a plugin answered, or why it did not.
type Answered<T> = wasmtime::Result<Result<T, CallError>>;

fn plugins(state: &State) -> wasmtime::Result<Arc<ServicePlugins>> {
    Ok(Arc::clone(state.part::<Arc<ServicePlugins>>()?))
}

fn question(state: &State, contract: PluginContract, plugin: String) -> Answered<Question> {
    Ok(plugins(state)?.question(contract, &plugin).ok_or(CallError::Unknown(plugin)))
}

/// Unwraps the inner result, or returns its error to the guest.
macro_rules! answer {
    ($outcome:expr) => {
        match $outcome {
            Ok(value) => value,
            Err(error) => return Ok(Err(error)),
        }
    };
}

/// Calls `$function` of the plugin's exported `$interface` with `$arguments`.
macro_rules! ask {
    ($question:expr, $state:expr, $cannot_say:expr, $interface:ident.$function:ident($($argument:expr),*)) => {
        $question.ask($state, $cannot_say, move |store, instance, pre| Box::pin(async move {
            let guest = exports::$interface::GuestIndices::new(&pre)?.load(&mut *store, instance)?;
            guest.$function(&mut *store, $(&$argument),*).await
        })).await
    };
}

impl types::Host for State {}

impl pricing_plugins::Host for State {
    async fn names(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(plugins(self)?.names(PluginContract::Pricing))
    }

    async fn adjust(&mut self, plugin: String, basis: Basis) -> Answered<Vec<Line>> {
        let question = answer!(question(self, PluginContract::Pricing, plugin)?);
        let lines = answer!(ask!(question, self, Result::is_err, pricing.call_adjust(basis)));
        Ok(lines.map_err(CallError::CannotSay))
    }
}

impl payment_gateway_plugins::Host for State {
    async fn names(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(plugins(self)?.names(PluginContract::PaymentGateway))
    }

    async fn charge(&mut self, plugin: String, order: ChargeOrder) -> Answered<Answer> {
        let question = answer!(question(self, PluginContract::PaymentGateway, plugin)?);
        let answer = answer!(ask!(question, self, Result::is_err, payment_gateway.call_charge(order)));
        Ok(answer.map_err(CallError::CannotSay))
    }

    async fn refund(&mut self, plugin: String, order: RefundOrder) -> Answered<Answer> {
        let question = answer!(question(self, PluginContract::PaymentGateway, plugin)?);
        let answer = answer!(ask!(question, self, Result::is_err, payment_gateway.call_refund(order)));
        Ok(answer.map_err(CallError::CannotSay))
    }

    async fn verify_webhook(
        &mut self,
        plugin: String,
        webhook: Webhook,
        received_at: String,
    ) -> Answered<Result<Notice, WebhookRefusal>> {
        let question = answer!(question(self, PluginContract::PaymentGateway, plugin)?);
        // Anybody can send one.
        let question = Question { is_counted: false, ..question };
        let is_unsure = |notice: &Result<_, _>| matches!(notice, Err(WebhookRefusal::CannotSay(_)));
        Ok(ask!(question, self, is_unsure, payment_gateway.call_verify_webhook(webhook, received_at)))
    }

    async fn simulated_webhooks(
        &mut self,
        plugin: String,
        order: ChargeOrder,
        sent_at: String,
    ) -> Answered<Vec<Webhook>> {
        let question = answer!(question(self, PluginContract::PaymentGateway, plugin)?);
        let webhooks =
            answer!(ask!(question, self, Result::is_err, payment_gateway.call_simulated_webhooks(order, sent_at)));
        Ok(webhooks.map_err(CallError::CannotSay))
    }
}

impl notifier_plugins::Host for State {
    async fn names(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(plugins(self)?.names(PluginContract::Notifier))
    }

    async fn deliver(&mut self, plugin: String, notification: Notification) -> Answered<Result<(), Refusal>> {
        let question = answer!(question(self, PluginContract::Notifier, plugin)?);
        let is_put_off = |delivered: &Result<_, _>| matches!(delivered, Err(Refusal::Later(_)));
        Ok(ask!(question, self, is_put_off, notifier.call_deliver(notification)))
    }
}

impl media_inspector_plugins::Host for State {
    async fn names(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(plugins(self)?.names(PluginContract::MediaInspector))
    }

    async fn inspect(&mut self, plugin: String, mime_type: String, blob_key: String) -> Answered<Option<Audio>> {
        let question = answer!(question(self, PluginContract::MediaInspector, plugin)?);
        // Users choose what is in their files.
        let question = Question { is_counted: false, ..question };
        let plugins = plugins(self)?;
        let Some(blobs) = plugins.blobs.clone() else {
            return Ok(Err(CallError::Failed("this service keeps no blobs".to_owned())));
        };
        let bounds = (plugins.limits.media_chunk_bytes_max, plugins.limits.media_bytes_max);
        let content = answer!(Content::open(blobs, blob_key, bounds).await.map_err(CallError::Failed));
        let found = question
            .ask(self, Result::is_err, move |store, instance, pre| {
                Box::pin(async move {
                    let guest = exports::media_inspector::GuestIndices::new(&pre)?.load(&mut *store, instance)?;
                    let lent = store.data_mut().table().push(content)?;
                    let borrowed = Resource::new_borrow(lent.rep());
                    let found = guest.call_inspect(&mut *store, &mime_type, borrowed).await?;
                    store.data_mut().table().delete(lent)?;
                    Ok(found)
                })
            })
            .await;
        Ok(answer!(found).map_err(CallError::CannotSay))
    }
}
