//! A plugin for every contract that tries everything it may not: what, is said by a text in what it gets.

#[expect(unsafe_code, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/worlds",
        inline: "
            package mutrapro:hostile-plugin;
            world hostile-plugin {
                import fermyon:spin/variables@2.0.0;
                export mutrapro:plugins/pricing@0.1.0;
                export mutrapro:plugins/payment-gateway@0.1.0;
                export mutrapro:plugins/notifier@0.1.0;
                export mutrapro:plugins/media-inspector@0.1.0;
            }
        ",
        generate_all,
    });
    use super::Plugin;
    export!(Plugin);
}
mod misdeeds;

use bindings::exports::mutrapro::plugins::{media_inspector, notifier, payment_gateway, pricing};
use bindings::mutrapro::plugins::payment_gateway_types::Outcome;
use misdeeds::commit;

struct Plugin;

impl pricing::Guest for Plugin {
    fn adjust(basis: pricing::Basis) -> Result<Vec<pricing::Line>, String> {
        match basis.service_type.as_str() {
            "aliased" => Ok(misdeeds::aliased_lines()),
            misdeed => Ok(vec![pricing::Line { label: commit(misdeed)?, amount: basis.amount }]),
        }
    }
}

fn answer(misdeed: &str) -> Result<payment_gateway::Answer, String> {
    Ok(payment_gateway::Answer {
        transaction_id: commit(misdeed)?,
        outcome: Outcome::Succeeded,
        details: String::new(),
    })
}

impl payment_gateway::Guest for Plugin {
    fn charge(order: payment_gateway::ChargeOrder) -> Result<payment_gateway::Answer, String> {
        answer(&order.token)
    }

    fn refund(order: payment_gateway::RefundOrder) -> Result<payment_gateway::Answer, String> {
        answer(&order.transaction_id)
    }

    fn verify_webhook(
        webhook: payment_gateway::Webhook,
        _received_at: String,
    ) -> Result<payment_gateway::Notice, payment_gateway::WebhookRefusal> {
        let said = commit(&String::from_utf8_lossy(&webhook.body));
        said.and_then(|_| Err(String::new())).map_err(payment_gateway::WebhookRefusal::CannotSay)
    }

    fn simulated_webhooks(
        order: payment_gateway::ChargeOrder,
        _sent_at: String,
    ) -> Result<Vec<payment_gateway::Webhook>, String> {
        commit(&order.token).map(|_| Vec::new())
    }
}

impl notifier::Guest for Plugin {
    fn deliver(notification: notifier::Notification) -> Result<(), notifier::Refusal> {
        match notification.title.as_str() {
            "never" => Err(notifier::Refusal::Never("no such address".to_owned())),
            misdeed => commit(misdeed).map(drop).map_err(notifier::Refusal::Later),
        }
    }
}

impl media_inspector::Guest for Plugin {
    fn inspect(
        mime_type: String,
        content: &media_inspector::Content,
    ) -> Result<Option<media_inspector::Audio>, String> {
        let told = |text: String| {
            let nothing = media_inspector::Audio {
                duration_ms: None,
                sample_rate_hz: None,
                channels: None,
                bit_depth: None,
                codec: None,
            };
            Some(media_inspector::Audio { codec: Some(text), ..nothing })
        };
        match mime_type.as_str() {
            "read" => Ok(told(misdeeds::read(content)?)),
            "read-on" => Ok(told(misdeeds::read_for_ever(content))),
            "nothing" => Ok(None),
            misdeed => Ok(told(commit(misdeed)?)),
        }
    }
}
