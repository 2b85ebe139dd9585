//! A service that calls its plugins as it is told: `POST /patron/<contract>/<plugin>`, with what the plugin is to do in the body.
//!
//! What the host says comes back as `<case>: <text>` with the status 200, so that a test sees the very error that a service gets;
//! `ok: <text>` is the plugin's answer.

#[expect(unsafe_code, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/worlds",
        inline: "
            package mutrapro:patron;
            world patron {
                import mutrapro:sql/database@0.1.0;
                import mutrapro:blobs/store@0.1.0;
                import mutrapro:plugins/pricing-plugins@0.1.0;
                import mutrapro:plugins/payment-gateway-plugins@0.1.0;
                import mutrapro:plugins/notifier-plugins@0.1.0;
                import mutrapro:plugins/media-inspector-plugins@0.1.0;
                export mutrapro:http/exchange@0.1.0;
            }
        ",
        generate_all,
    });
    use super::Patron;
    export!(Patron);
}

use bindings::exports::mutrapro::http::exchange::{Guest, Request, Response};
use bindings::mutrapro::blobs::store;
use bindings::mutrapro::plugins::media_inspector_plugins as media_inspector;
use bindings::mutrapro::plugins::notifier_plugins::{self as notifier, Notification};
use bindings::mutrapro::plugins::notifier_types::Recipient;
use bindings::mutrapro::plugins::payment_gateway_plugins::{
    self as payment_gateway, ChargeOrder, RefundOrder, Webhook,
};
use bindings::mutrapro::plugins::pricing_plugins::{self as pricing, Basis};
use bindings::mutrapro::plugins::types::CallError;
use bindings::mutrapro::sql::database;
use std::fmt::Debug;

/// What the host said: the case of its error and the text, or the plugin's answer.
type Outcome = Result<String, (&'static str, String)>;

struct Patron;

impl Guest for Patron {
    fn handle(request: Request) -> Option<Response> {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let path: Vec<_> = request.path_with_query.split('/').skip(2).collect();
        let outcome = match path[..] {
            ["names"] => Ok(names()),
            ["in-transaction", plugin] => in_transaction(plugin),
            ["pricing", plugin] => told(pricing::adjust(plugin, &basis(&body))),
            ["charge", plugin] => told(payment_gateway::charge(plugin, &charge(&body))),
            ["refund", plugin] => told(payment_gateway::refund(plugin, &refund(&body))),
            ["webhook", plugin] => {
                told(payment_gateway::verify_webhook(plugin, &webhook(&body), "2026-11-25T09:00:00Z"))
            }
            ["notifier", plugin] => told(notifier::deliver(plugin, &notification(&body))),
            ["media", plugin] => media(plugin, &body),
            ["no-media", plugin] => told(media_inspector::inspect(plugin, &body, "00000000000000000000000000000000")),
            _ => Err(("unknown", request.path_with_query.clone())),
        };
        let text = match outcome {
            Ok(text) => format!("ok: {text}"),
            Err((case, text)) => format!("{case}: {text}"),
        };
        Some(Response { status: 200, headers: Vec::new(), body: text.into_bytes() })
    }
}

fn told<T: Debug>(answer: Result<T, CallError>) -> Outcome {
    answer.map(|answer| format!("{answer:?}")).map_err(|error| match error {
        CallError::Unknown(name) => ("unknown", name),
        CallError::Resting(seconds) => ("resting", seconds.to_string()),
        CallError::Overloaded => ("overloaded", String::new()),
        CallError::TimedOut => ("timed-out", String::new()),
        CallError::Failed(text) => ("failed", text),
        CallError::CannotSay(text) => ("cannot-say", text),
        CallError::TransactionOpen => ("transaction-open", String::new()),
    })
}

fn names() -> String {
    let contracts = [pricing::names(), payment_gateway::names(), notifier::names(), media_inspector::names()];
    contracts.map(|names| names.join(",")).join(" ")
}

fn in_transaction(plugin: &str) -> Outcome {
    let _open = database::begin().map_err(|error| ("sql", format!("{error:?}")))?;
    told(pricing::adjust(plugin, &basis("nothing")))
}

fn basis(misdeed: &str) -> Basis {
    Basis {
        request_id: None,
        customer_id: None,
        service_type: misdeed.to_owned(),
        complexity: "simple".to_owned(),
        priority: "normal".to_owned(),
        audio_minutes: None,
        currency: "VND".to_owned(),
        computed_amount: 1000,
        amount: 1000,
        quoted_at: "2026-11-25T09:00:00.000000Z".to_owned(),
    }
}

fn charge(misdeed: &str) -> ChargeOrder {
    ChargeOrder {
        reference: "r".to_owned(),
        amount: 1000,
        currency: "VND".to_owned(),
        method: "credit_card".to_owned(),
        token: misdeed.to_owned(),
    }
}

fn refund(misdeed: &str) -> RefundOrder {
    RefundOrder { reference: "r".to_owned(), transaction_id: misdeed.to_owned(), amount: 1000 }
}

fn webhook(misdeed: &str) -> Webhook {
    Webhook { headers: Vec::new(), body: misdeed.as_bytes().to_vec() }
}

fn notification(misdeed: &str) -> Notification {
    let recipient =
        Recipient { user_id: "u".to_owned(), full_name: "An".to_owned(), email: "an@example.com".to_owned() };
    Notification {
        id: "n".to_owned(),
        recipient,
        title: misdeed.to_owned(),
        text: "Something happened.".to_owned(),
        kind: "project_update".to_owned(),
        reference: None,
        written_at: "2026-11-25T09:00:00.000000Z".to_owned(),
    }
}

/// Has the plugin look at a blob of 3 MiB.
fn media(plugin: &str, misdeed: &str) -> Outcome {
    let failed = |error| ("blobs", format!("{error:?}"));
    let upload = store::create(4 << 20).map_err(failed)?;
    let key = upload.key();
    for byte in [b'a', b'b', b'c'] {
        upload.write(&vec![byte; 1 << 20]).map_err(failed)?;
    }
    store::Upload::finish(upload).map_err(failed)?;
    told(media_inspector::inspect(plugin, misdeed, &key))
}
