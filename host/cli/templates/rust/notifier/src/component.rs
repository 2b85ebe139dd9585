//! The export: writes notifications to the host's log. Put a channel that people read in its place.

use crate::rules;

#[allow(clippy::all)]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "component", generate_all });
}

use bindings::exports::mutrapro::plugins::notifier::{Guest, Notification, Refusal};

struct SampleName;
bindings::export!(SampleName with_types_in bindings);

impl Guest for SampleName {
    /// A notification may come more than once, always under the same id: have the channel tell them apart by it.
    fn deliver(notification: Notification) -> Result<(), Refusal> {
        let Notification {
            id,
            recipient,
            title,
            text,
            ..
        } = notification;
        println!("{id} {}", rules::line(&recipient.full_name, &title, &text));
        Ok(())
    }
}
