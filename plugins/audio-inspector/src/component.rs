//! The component: the lent file and the contract.

#![expect(unsafe_code, reason = "generated: the canonical ABI is written with raw pointers")]

use crate::audio::{Bytes, inspect};

wit_bindgen::generate!({
    path: "../../wit/worlds",
    world: "media-inspector-plugin",
    generate_all,
});

use exports::mutrapro::plugins::media_inspector::{Audio, Content, Guest};

struct Component;

export!(Component);

impl Guest for Component {
    fn inspect(mime_type: String, content: &Content) -> Result<Option<Audio>, String> {
        let recording = inspect(&mime_type, content)?;
        Ok(recording.map(|recording| Audio {
            duration_ms: recording.duration_ms,
            sample_rate_hz: recording.sample_rate_hz,
            channels: recording.channels,
            bit_depth: recording.bit_depth,
            codec: recording.codec,
        }))
    }
}

impl Bytes for Content {
    fn size_bytes(&self) -> u64 {
        Self::size_bytes(self)
    }

    fn read(&self, offset: u64, length: u32) -> Result<Vec<u8>, String> {
        Self::read(self, offset, length)
    }
}
