//! The tune to be heard: PCM in a RIFF file (Multimedia Programming Interface and Data Specifications 1.0, chapter 3).

use super::tune::{BARS, Note, TEMPO};
use anyhow::{Context, Result};
use std::f64::consts::TAU;

const SAMPLE_RATE_HZ: u32 = 8_000;
const CHANNELS: u16 = 1;
const SAMPLE_BYTES: u16 = 2;
/// What comes before the samples, without the first eight bytes, which RIFF does not count.
const HEADER_BYTES: u32 = 36;
const PCM: u16 = 1;
const LOUDNESS: f64 = 0.3;
/// How fast a string fades.
const FADING_PER_SECOND: f64 = 1.2;

/// So many seconds of the tune, over and over, 16 bits mono.
///
/// # Errors
/// When a file cannot be so long.
pub(crate) fn of(seconds: u32) -> Result<Vec<u8>> {
    let samples = seconds.checked_mul(SAMPLE_RATE_HZ).context("too long for a WAV file")?;
    let data_bytes = samples.checked_mul(u32::from(SAMPLE_BYTES)).context("too long for a WAV file")?;
    let riff_bytes = data_bytes.checked_add(HEADER_BYTES).context("too long for a WAV file")?;
    let frame_bytes = CHANNELS * SAMPLE_BYTES;
    let mut file = Vec::new();
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&riff_bytes.to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    file.extend_from_slice(&PCM.to_le_bytes());
    file.extend_from_slice(&CHANNELS.to_le_bytes());
    file.extend_from_slice(&SAMPLE_RATE_HZ.to_le_bytes());
    file.extend_from_slice(&(SAMPLE_RATE_HZ * u32::from(frame_bytes)).to_le_bytes());
    file.extend_from_slice(&frame_bytes.to_le_bytes());
    file.extend_from_slice(&(8 * SAMPLE_BYTES).to_le_bytes());
    file.extend_from_slice(b"data");
    file.extend_from_slice(&data_bytes.to_le_bytes());
    let notes = BARS.iter().copied().flatten().cycle();
    let sound = notes.flat_map(|note| sound(*note)).take(usize::try_from(samples)?);
    file.extend(sound.flat_map(i16::to_le_bytes));
    Ok(file)
}

/// The samples of a note, as of a string that is plucked.
fn sound(note: Note) -> impl Iterator<Item = i16> {
    let frequency_hz = note.frequency_hz();
    (0..note.beats * SAMPLE_RATE_HZ * 60 / TEMPO).map(move |sample| {
        let seconds = f64::from(sample) / f64::from(SAMPLE_RATE_HZ);
        let level = LOUDNESS * (-FADING_PER_SECOND * seconds).exp();
        // Within the range of i16, since the level is.
        (level * (TAU * frequency_hz * seconds).sin() * f64::from(i16::MAX)) as i16
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(file: &[u8], at: usize) -> usize {
        u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize
    }

    #[test]
    fn sizes_in_the_header_are_those_of_the_file() {
        let file = of(3).unwrap();
        assert_eq!(number(&file, 4), file.len() - 8);
        assert_eq!(number(&file, 40), file.len() - 44);
        assert_eq!(number(&file, 40), 3 * number(&file, 28), "three seconds at so many bytes a second");
    }

    #[test]
    fn something_is_heard_all_the_time() {
        let file = of(60).unwrap();
        for (second, sound) in file[44..].chunks(number(&file, 28)).enumerate() {
            let loudest =
                sound.chunks(2).map(|sample| i16::from_le_bytes(sample.try_into().unwrap()).unsigned_abs()).max();
            assert!(loudest > Some(1_000), "silence in second {second}");
        }
    }

    #[test]
    fn what_is_too_long_for_the_format_is_refused() {
        assert!(of(u32::MAX).is_err() && of(300_000).is_err());
    }
}
