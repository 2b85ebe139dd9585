//! The export.

use crate::rules;

#[allow(clippy::all)]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "component", generate_all });
}

use bindings::exports::mutrapro::plugins::media_inspector::{Audio, Content, Guest};

struct SampleName;
bindings::export!(SampleName with_types_in bindings);

impl Guest for SampleName {
    fn inspect(_mime_type: String, content: &Content) -> Result<Option<Audio>, String> {
        let header = content.read(0, rules::HEADER_BYTES)?;
        Ok(rules::read(&header).map(|audio| Audio {
            duration_ms: None,
            sample_rate_hz: Some(audio.sample_rate_hz),
            channels: Some(audio.channels),
            bit_depth: audio.bit_depth,
            codec: Some("pcm".to_owned()),
        }))
    }
}
