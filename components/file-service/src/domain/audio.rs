//! What is kept of a recording, once a plugin has said what it is.

use mutrapro_sdk::plugins::media_inspector::Audio;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest duration that is believed: 30 days.
const DURATION_MS_MAX: u64 = 30 * 24 * 60 * 60 * 1000;
const SAMPLE_RATE_HZ_MAX: u32 = 768_000;
const CHANNELS_MAX: u32 = 64;
const BIT_DEPTH_MAX: u32 = 64;
const CODEC_BYTES_MAX: usize = 32;

/// What is known of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct AudioMetadata {
    /// How long it is.
    pub(crate) duration_ms: Option<u64>,
    pub(crate) sample_rate_hz: Option<u32>,
    pub(crate) channels: Option<u32>,
    /// Where the codec has one.
    pub(crate) bit_depth: Option<u32>,
    /// For example `pcm_s16le`, `flac`, `mp3`, `vorbis`.
    pub(crate) codec: Option<String>,
}

impl AudioMetadata {
    /// What is kept of `said`, with the names of the fields that cannot be true and are left out; `None` when nothing is
    /// left.
    pub(crate) fn checked(said: Audio) -> (Option<Self>, Vec<&'static str>) {
        let mut refused = Vec::new();
        let metadata = Self {
            duration_ms: sane(said.duration_ms, "duration_ms", |ms| *ms <= DURATION_MS_MAX, &mut refused),
            sample_rate_hz: sane(said.sample_rate_hz, "sample_rate_hz", up_to(SAMPLE_RATE_HZ_MAX), &mut refused),
            channels: sane(said.channels, "channels", up_to(CHANNELS_MAX), &mut refused),
            bit_depth: sane(said.bit_depth, "bit_depth", up_to(BIT_DEPTH_MAX), &mut refused),
            codec: sane(said.codec, "codec", |codec| is_codec(codec), &mut refused)
                .map(|codec| codec.to_ascii_lowercase()),
        };
        ((!metadata.is_empty()).then_some(metadata), refused)
    }

    fn is_empty(&self) -> bool {
        let Self { duration_ms, sample_rate_hz, channels, bit_depth, codec } = self;
        let numbers = [sample_rate_hz, channels, bit_depth];
        duration_ms.is_none() && codec.is_none() && numbers.iter().all(|number| number.is_none())
    }
}

/// `said`, if it passes; the name `field` goes to the `refused` if it does not.
fn sane<T>(
    said: Option<T>,
    field: &'static str,
    passes: impl FnOnce(&T) -> bool,
    refused: &mut Vec<&'static str>,
) -> Option<T> {
    let said = said?;
    if passes(&said) {
        return Some(said);
    }
    refused.push(field);
    None
}

fn up_to(max: u32) -> impl FnOnce(&u32) -> bool {
    move |number| (1..=max).contains(number)
}

fn is_codec(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=CODEC_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(duration_ms: u64, [sample_rate_hz, channels, bit_depth]: [u32; 3], codec: &str) -> Audio {
        Audio {
            duration_ms: Some(duration_ms),
            sample_rate_hz: Some(sample_rate_hz),
            channels: Some(channels),
            bit_depth: Some(bit_depth),
            codec: Some(codec.to_owned()),
        }
    }

    const NOTHING: Audio =
        Audio { duration_ms: None, sample_rate_hz: None, channels: None, bit_depth: None, codec: None };

    #[test]
    fn what_can_be_true_is_kept() {
        for (duration_ms, numbers, codec, kept_codec) in [
            (0, [1, 1, 1], "a", "a"),
            (200_000, [44_100, 2, 16], "PCM_s16le", "pcm_s16le"),
            (2_592_000_000, [768_000, 64, 64], "0123456789_abcdefghijklmnop.v1-2", "0123456789_abcdefghijklmnop.v1-2"),
        ] {
            let (metadata, refused) = AudioMetadata::checked(said(duration_ms, numbers, codec));
            let [sample_rate_hz, channels, bit_depth] = numbers.map(Some);
            let codec = Some(kept_codec.to_owned());
            let duration_ms = Some(duration_ms);
            assert_eq!(metadata, Some(AudioMetadata { duration_ms, sample_rate_hz, channels, bit_depth, codec }));
            assert!(refused.is_empty(), "{refused:?}");
        }
    }

    #[test]
    fn a_lie_in_every_field_leaves_nothing() {
        let all = vec!["duration_ms", "sample_rate_hz", "channels", "bit_depth", "codec"];
        for lie in [
            said(2_592_000_001, [0, 0, 0], ""),
            said(u64::MAX, [u32::MAX; 3], &"x".repeat(16 << 20)),
            said(u64::MAX, [768_001, 65, 65], &"x".repeat(33)),
        ] {
            assert_eq!(AudioMetadata::checked(lie), (None, all.clone()));
        }
    }

    #[test]
    fn a_lie_costs_its_field_alone() {
        let (metadata, refused) = AudioMetadata::checked(said(500, [8_000, 65, 16], "flac"));
        let metadata = metadata.unwrap();
        assert_eq!((metadata.duration_ms, metadata.sample_rate_hz, metadata.channels), (Some(500), Some(8_000), None));
        assert_eq!((metadata.bit_depth, metadata.codec.as_deref()), (Some(16), Some("flac")));
        assert_eq!(refused, ["channels"]);
    }

    #[test]
    fn a_codec_is_a_plain_name() {
        for codec in ["a b", "<script>", "mp3\n", "\u{212a}", "Ôgg", "\0", "a/b"] {
            let (metadata, refused) = AudioMetadata::checked(Audio { codec: Some(codec.to_owned()), ..NOTHING });
            assert_eq!((metadata, refused), (None, vec!["codec"]), "{codec:?}");
        }
    }

    #[test]
    fn one_field_is_enough_and_none_is_nothing() {
        for (said, is_kept) in [
            (NOTHING, false),
            (Audio { duration_ms: Some(0), ..NOTHING }, true),
            (Audio { sample_rate_hz: Some(1), ..NOTHING }, true),
            (Audio { channels: Some(1), ..NOTHING }, true),
            (Audio { bit_depth: Some(1), ..NOTHING }, true),
            (Audio { codec: Some("mp3".to_owned()), ..NOTHING }, true),
        ] {
            let (metadata, refused) = AudioMetadata::checked(said);
            assert_eq!((metadata.is_some(), refused.len()), (is_kept, 0), "{metadata:?}");
        }
    }
}
