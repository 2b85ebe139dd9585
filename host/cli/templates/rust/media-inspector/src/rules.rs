//! Reads the header of Sun audio files (`.au`): six numbers of 32 bits, the largest digit first.

/// How long the header is, in bytes.
pub const HEADER_BYTES: u32 = 24;
const MAGIC: &[u8; 4] = b".snd";
/// Linear samples of 16 bits.
const LINEAR_16: u32 = 3;

/// What the header says.
#[derive(Debug, PartialEq, Eq)]
pub struct Audio {
    pub sample_rate_hz: u32,
    pub channels: u32,
    pub bit_depth: Option<u32>,
}

/// `None` when it is another kind of file, or a damaged one.
pub fn read(header: &[u8]) -> Option<Audio> {
    let rest = header.strip_prefix(MAGIC)?;
    let number = |index: usize| {
        let bytes = rest.get(index * 4..index * 4 + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    };
    let (encoding, sample_rate_hz, channels) = (number(2)?, number(3)?, number(4)?);
    let bit_depth = (encoding == LINEAR_16).then_some(16);
    (sample_rate_hz > 0 && channels > 0).then_some(Audio {
        sample_rate_hz,
        channels,
        bit_depth,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(encoding: u32, rate: u32, channels: u32) -> Vec<u8> {
        let numbers = [24, u32::MAX, encoding, rate, channels];
        MAGIC
            .iter()
            .copied()
            .chain(numbers.into_iter().flat_map(u32::to_be_bytes))
            .collect()
    }

    #[test]
    fn a_header_says_what_the_recording_is() {
        let audio = Audio {
            sample_rate_hz: 44_100,
            channels: 2,
            bit_depth: Some(16),
        };
        assert_eq!(read(&header(LINEAR_16, 44_100, 2)), Some(audio));
    }

    #[test]
    fn other_and_damaged_files_are_not_known() {
        assert_eq!(read(b"RIFF"), None);
        assert_eq!(read(&header(LINEAR_16, 44_100, 0)), None);
        assert_eq!(read(&header(LINEAR_16, 44_100, 2)[..23]), None);
    }
}
