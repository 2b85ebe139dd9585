//! What a recording is: how long, how fine, how many channels. Read from the headers of WAV, FLAC, MP3 and OGG, and
//! never decoded. Pure: no bindings.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::OnceLock;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

/// How much is read at once, in bytes.
const WINDOW_BYTES: u32 = 64 << 10;
/// How often a window may be read before the file counts as one that nothing can be said of: 8 MiB in all.
const WINDOWS_MAX: u32 = 128;

/// What is known of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recording {
    /// How long it is.
    pub(crate) duration_ms: Option<u64>,
    pub(crate) sample_rate_hz: Option<u32>,
    pub(crate) channels: Option<u32>,
    /// Where the codec has one.
    pub(crate) bit_depth: Option<u32>,
    /// For example `pcm_s16le`, `flac`, `mp3`, `vorbis`.
    pub(crate) codec: Option<String>,
}

/// Where the bytes of a file come from.
pub(crate) trait Bytes: Send + Sync {
    /// How many there are.
    fn size_bytes(&self) -> u64;

    /// The bytes from `offset`, as many as `length` or as there are.
    ///
    /// # Errors
    /// Why the storage does not answer.
    fn read(&self, offset: u64, length: u32) -> Result<Vec<u8>, String>;
}

/// What the file behind `bytes`, which looks like `mime_type`, says of itself; `None` where it is no audio, malformed,
/// of another format, or made so that too much of it would have to be read.
///
/// # Errors
/// Why the storage did not answer, so that nothing can be said.
pub(crate) fn inspect(mime_type: &str, bytes: &impl Bytes) -> Result<Option<Recording>, String> {
    if mime_type.starts_with("audio/") { measure(bytes) } else { Ok(None) }
}

fn measure(bytes: &impl Bytes) -> Result<Option<Recording>, String> {
    let start = after_id3(bytes)?;
    let failure = OnceLock::new();
    let file = Windowed::new(bytes, start, &failure);
    let options = MediaSourceStreamOptions { buffer_len: 64 << 10 };
    let stream = MediaSourceStream::new(Box::new(file), options);
    let probe = symphonia::default::get_probe();
    let reader = probe.probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default());
    let recording = reader.ok().and_then(|reader| reader.first_track(TrackType::Audio).and_then(described));
    match (recording, failure.into_inner()) {
        (None, Some(failure)) => Err(failure),
        (recording, _) => Ok(recording),
    }
}

/// The end of an ID3v2 tag, which may hold pictures: nothing in it is of interest (ID3v2.4.0, section 3.1).
fn after_id3(bytes: &impl Bytes) -> Result<u64, String> {
    let head = bytes.read(0, 10)?;
    let [b'I', b'D', b'3', _, _, _, a, b, c, d] = head.as_slice() else { return Ok(0) };
    let size = [a, b, c, d].iter().fold(0_u64, |size, byte| (size << 7) | u64::from(**byte & 0x7f));
    Ok(Some(size.saturating_add(10)).filter(|end| *end < bytes.size_bytes()).unwrap_or(0))
}

fn described(track: &Track) -> Option<Recording> {
    let Some(CodecParameters::Audio(codec)) = &track.codec_params else { return None };
    Some(Recording {
        duration_ms: duration_ms(track, codec),
        sample_rate_hz: codec.sample_rate,
        channels: codec.channels.as_ref().and_then(|channels| u32::try_from(channels.count()).ok()),
        bit_depth: codec.bits_per_sample,
        codec: symphonia::default::get_codecs()
            .get_audio_decoder(codec.codec)
            .map(|decoder| decoder.codec.info.short_name.to_owned()),
    })
}

fn duration_ms(track: &Track, codec: &AudioCodecParameters) -> Option<u64> {
    let in_time = || {
        let time = track.time_base?.calc_duration(track.duration?)?;
        let (seconds, nanos) = time.parts();
        u64::try_from(seconds).ok()?.checked_mul(1000)?.checked_add(u64::from(nanos) / 1_000_000)
    };
    let in_frames = || {
        let rate = u128::from(codec.sample_rate.filter(|rate| *rate > 0)?);
        u64::try_from(u128::from(track.num_frames?) * 1000 / rate).ok()
    };
    in_time().or_else(in_frames)
}

/// A file of which one window is in memory.
struct Windowed<'a, B> {
    bytes: &'a B,
    /// Why the storage did not answer, as its reader makes nothing of that.
    failure: &'a OnceLock<String>,
    /// Where the file begins for its reader.
    start: u64,
    end: u64,
    position: u64,
    window: Vec<u8>,
    window_start: u64,
    windows_left: u32,
}

impl<'a, B: Bytes> Windowed<'a, B> {
    fn new(bytes: &'a B, start: u64, failure: &'a OnceLock<String>) -> Self {
        Self {
            bytes,
            failure,
            start,
            end: bytes.size_bytes(),
            position: start,
            window: Vec::new(),
            window_start: 0,
            windows_left: WINDOWS_MAX,
        }
    }

    /// What of the window is at the position and after it.
    fn ready(&self) -> &[u8] {
        let offset = self.position.checked_sub(self.window_start).and_then(|offset| usize::try_from(offset).ok());
        offset.and_then(|offset| self.window.get(offset..)).unwrap_or_default()
    }
}

impl<B: Bytes> Read for Windowed<'_, B> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.end || buffer.is_empty() {
            return Ok(0);
        }
        if self.ready().is_empty() {
            self.windows_left =
                self.windows_left.checked_sub(1).ok_or_else(|| io::Error::other("too much has been read"))?;
            self.window = self.bytes.read(self.position, WINDOW_BYTES).map_err(|failure| {
                let error = io::Error::other(failure.clone());
                // The first one tells the most.
                self.failure.get_or_init(|| failure);
                error
            })?;
            self.window_start = self.position;
        }
        let mut ready = self.ready();
        let length = ready.read(buffer)?;
        self.position = self.position.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        Ok(length)
    }
}

impl<B: Bytes> Seek for Windowed<'_, B> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(offset) => self.start.checked_add(offset),
            SeekFrom::End(offset) => self.end.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        let position = position.filter(|position| *position >= self.start);
        self.position = position.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position - self.start)
    }
}

impl<B: Bytes> MediaSource for Windowed<'_, B> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.end.saturating_sub(self.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Memory {
        /// The file's beginning; zeros follow.
        head: Vec<u8>,
        size: u64,
        /// What is behind this is not to be had.
        readable: u64,
        read_bytes: AtomicU64,
    }

    impl Memory {
        fn new(head: &[u8], size: u64) -> Self {
            Self { head: head.to_vec(), size, readable: u64::MAX, read_bytes: AtomicU64::new(0) }
        }
    }

    impl Bytes for Memory {
        fn size_bytes(&self) -> u64 {
            self.size
        }

        fn read(&self, offset: u64, length: u32) -> Result<Vec<u8>, String> {
            if offset >= self.readable {
                return Err("the storage is away".to_owned());
            }
            let length = u64::from(length).min(self.size.saturating_sub(offset));
            self.read_bytes.fetch_add(length, Ordering::Relaxed);
            let at = |position: u64| usize::try_from(position).ok().and_then(|at| self.head.get(at)).copied();
            Ok((offset..offset + length).map(|position| at(position).unwrap_or(0)).collect())
        }
    }

    /// The header of a WAV with `data_bytes` of samples: 16 bits, two channels, 44.1 kHz.
    fn wav(data_bytes: u32) -> Vec<u8> {
        let mut wav = b"RIFF".to_vec();
        wav.extend((36 + data_bytes).to_le_bytes());
        wav.extend(b"WAVEfmt ");
        wav.extend(16_u32.to_le_bytes());
        wav.extend([1, 0, 2, 0]);
        wav.extend(44_100_u32.to_le_bytes());
        wav.extend(176_400_u32.to_le_bytes());
        wav.extend([4, 0, 16, 0]);
        wav.extend(b"data");
        wav.extend(data_bytes.to_le_bytes());
        wav
    }

    fn measured(head: &[u8], size: u64) -> Option<Recording> {
        inspect("audio/wav", &Memory::new(head, size)).unwrap()
    }

    #[test]
    fn wav_is_measured_by_its_header() {
        let data_bytes = 176_400 * 200;
        let file = Memory::new(&wav(data_bytes), u64::from(data_bytes) + 44);
        let recording = inspect("audio/wav", &file).unwrap().unwrap();
        assert_eq!(recording.duration_ms, Some(200_000));
        assert_eq!(
            (recording.sample_rate_hz, recording.channels, recording.bit_depth),
            (Some(44_100), Some(2), Some(16))
        );
        assert_eq!(recording.codec.as_deref(), Some("pcm_s16le"));
        assert!(file.read_bytes.load(Ordering::Relaxed) < 1 << 20, "35 MB were not read");
    }

    #[test]
    fn flac_is_measured_by_its_stream_info() {
        // Half a second of a sine, as `sox -n -r 8000 -c 1 -b 16 tone.flac synth 0.5 sine 440` makes it.
        let flac = include_bytes!("audio/tone.flac");
        let recording = measured(flac, u64::try_from(flac.len()).unwrap()).unwrap();
        assert_eq!((recording.duration_ms, recording.sample_rate_hz), (Some(500), Some(8000)));
        assert_eq!((recording.channels, recording.bit_depth), (Some(1), Some(16)));
        assert_eq!(recording.codec.as_deref(), Some("flac"));
    }

    #[test]
    fn mp3_is_measured_behind_its_tag() {
        // 128 kbit/s, 44.1 kHz: 417 bytes a frame, of which the last of each three has a byte of padding or not.
        let frame: Vec<u8> = [0xff, 0xfb, 0x90, 0x00].into_iter().chain(std::iter::repeat_n(0, 413)).collect();
        let mut mp3 = b"ID3\x04\x00\x00\x00\x00\x02\x00".to_vec();
        mp3.extend(std::iter::repeat_n(0xff, 256));
        mp3.extend(frame.repeat(383));
        let size = u64::try_from(mp3.len()).unwrap();
        let recording = measured(&mp3, size).unwrap();
        assert_eq!(recording.sample_rate_hz, Some(44_100));
        let duration_ms = recording.duration_ms.unwrap();
        assert!((9_900..=10_100).contains(&duration_ms), "{duration_ms}");
    }

    #[test]
    fn ogg_is_measured_by_its_last_page() {
        // Half a second of a sine, as `sox -n -r 8000 -c 1 tone.ogg synth 0.5 sine 440` makes it.
        let ogg = include_bytes!("audio/tone.ogg");
        let recording = measured(ogg, u64::try_from(ogg.len()).unwrap()).unwrap();
        assert_eq!((recording.duration_ms, recording.sample_rate_hz), (Some(500), Some(8000)));
        assert_eq!((recording.channels, recording.bit_depth), (Some(1), None));
        assert_eq!(recording.codec.as_deref(), Some("vorbis"));
    }

    #[test]
    fn of_what_is_malformed_nothing_is_known() {
        for head in [b"".as_slice(), b"RIFF", b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff", b"fLaC", b"OggS", b"ID3"]
        {
            assert_eq!(measured(head, 4096), None, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn zeros_without_end_are_given_up_on() {
        let file = Memory::new(b"ID3\x04\x00\x00\x00\x00\x00\x00\xff\xfb", 1 << 30);
        assert_eq!(inspect("audio/mpeg", &file), Ok(None));
        assert!(file.read_bytes.load(Ordering::Relaxed) <= u64::from(WINDOW_BYTES) * u64::from(WINDOWS_MAX) + 10);
    }

    #[test]
    fn what_is_no_audio_is_not_even_read() {
        let file = Memory::new(&wav(176_400), 176_444);
        for mime_type in ["video/mp4", "application/zip", "text/plain", "audio", "", "x-audio/wav"] {
            assert_eq!(inspect(mime_type, &file), Ok(None), "{mime_type}");
        }
        assert_eq!(file.read_bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn storage_that_does_not_answer_says_nothing_of_the_file() {
        let away = Err("the storage is away".to_owned());
        let mut file = Memory::new(&wav(176_400), 176_444);
        file.readable = 0;
        assert_eq!(inspect("audio/wav", &file), away, "from the start");
        // A tag of 128 KiB, behind which the recording would begin.
        let mut file = Memory::new(b"ID3\x04\x00\x00\x00\x08\x00\x00", 1 << 20);
        file.readable = 1 << 10;
        assert_eq!(inspect("audio/mpeg", &file), away, "on the way");
    }

    #[test]
    fn what_was_found_before_the_storage_failed_is_told() {
        let mut file = Memory::new(&wav(176_400), 176_444);
        file.readable = 1;
        let recording = inspect("audio/wav", &file).unwrap().unwrap();
        assert_eq!(recording.duration_ms, Some(1_000));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn damage_is_no_error(position in 0_usize..44, byte in any::<u8>(), size in 0_u64..100_000) {
            let mut wav = wav(50_000);
            wav[position] = byte;
            let _ = measured(&wav, size);
        }
    }
}
