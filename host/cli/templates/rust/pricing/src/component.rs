//! The export.

use crate::rules;

#[allow(clippy::all)]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "component", generate_all });
}

use bindings::exports::mutrapro::plugins::pricing::{Basis, Guest, Line};

struct SampleName;
bindings::export!(SampleName with_types_in bindings);

impl Guest for SampleName {
    fn adjust(basis: Basis) -> Result<Vec<Line>, String> {
        let adjustment = rules::adjustment(basis.amount, basis.audio_minutes);
        Ok(adjustment
            .map(|amount| Line {
                label: rules::LABEL.to_owned(),
                amount,
            })
            .into_iter()
            .collect())
    }
}
