//! What content is, going by its first bytes.
//!
//! What a browser or a shell might run is refused, and so is what nobody here works with. A name says nothing.

/// How many of the first bytes are looked at.
pub(crate) const HEAD_BYTES: usize = 8192;

mutrapro_sdk::text_enum! {
    /// What a file is to those who work with it.
    pub(crate) enum ContentType {
        /// Sound.
        Audio = "audio",
        /// Notes: MusicXML, MIDI, and the files of notation programs.
        SheetMusic = "sheet_music",
        /// A session of a program for audio.
        ProjectFile = "project_file",
        /// Text to read: PDF, office documents, plain text, pictures.
        Documentation = "documentation",
        /// Pictures that move.
        Video = "video",
        /// Several files in one.
        Archive = "archive",
    }
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) mime_type: &'static str,
    pub(crate) content_type: ContentType,
}

impl Kind {
    const fn new(mime_type: &'static str, content_type: ContentType) -> Self {
        Self { mime_type, content_type }
    }

    /// Whether the plugins are asked what it is as a recording.
    pub(crate) fn is_measured(self) -> bool {
        matches!(self.mime_type, "audio/wav" | "audio/flac" | "audio/mpeg" | "audio/ogg")
    }
}

/// Why content is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("the file is empty")]
    Empty,
    #[error("the file is one that a computer or a browser would run")]
    Runs,
    #[error("the file is of no type that is worked with here")]
    Unknown,
}

/// What the content is that begins with `head`, its first [`HEAD_BYTES`] or all of it.
///
/// # Errors
/// [`Refused`].
pub(crate) fn recognise(head: &[u8]) -> Result<Kind, Refused> {
    if head.is_empty() {
        return Err(Refused::Empty);
    }
    // `infer` wants to see more of an ELF than its beginning.
    if head.starts_with(b"#!") || head.starts_with(b"\x7fELF") || infer::is_app(head) {
        return Err(Refused::Runs);
    }
    if let Some(kind) = own(head) {
        return Ok(kind);
    }
    match infer::get(head).map(|found| found.mime_type()) {
        // Which XML it is, `infer` does not say.
        None | Some("text/xml") => text(head),
        Some(mime_type) => of_mime(mime_type),
    }
}

/// What `infer` does not know, or knows less well.
fn own(head: &[u8]) -> Option<Kind> {
    const ZIP: &[u8] = b"PK\x03\x04";
    let is_form = |form: &[u8]| head.starts_with(b"RIFF") && head.get(8..12) == Some(form);
    // Beyond 4 GiB, or with what broadcasters add, a WAV begins otherwise (ITU-R BS.2088).
    if is_form(b"WAVE") || head.starts_with(b"RF64") || head.starts_with(b"BW64") {
        return Some(Kind::new("audio/wav", ContentType::Audio));
    }
    // MPEG audio, layer III, with a checksum, or of version 2.5.
    if matches!(head, [0xff, 0xfa | 0xe2 | 0xe3, ..]) {
        return Some(Kind::new("audio/mpeg", ContentType::Audio));
    }
    if head.starts_with(ZIP) {
        return packed(head);
    }
    if head.starts_with(b"RPP ") || head.starts_with(b"<REAPER_PROJECT") {
        return Some(Kind::new("application/x-reaper-project", ContentType::ProjectFile));
    }
    if head.starts_with(b"FLhd") {
        return Some(Kind::new("application/x-fl-studio-project", ContentType::ProjectFile));
    }
    None
}

/// ZIP archives that stand for one document: what they are is the name of an entry near the beginning.
fn packed(head: &[u8]) -> Option<Kind> {
    let has = |name: &str| head.windows(name.len()).any(|window| window == name.as_bytes());
    if has("application/vnd.recordare.musicxml") || has("META-INF/container.xml") && has(".musicxml") {
        return Some(Kind::new("application/vnd.recordare.musicxml", ContentType::SheetMusic));
    }
    if has(".mscx") {
        return Some(Kind::new("application/x-musescore", ContentType::SheetMusic));
    }
    None
}

fn of_mime(mime_type: &'static str) -> Result<Kind, Refused> {
    let content_type = match mime_type {
        "text/html"
        | "text/x-shellscript"
        | "application/x-shockwave-flash"
        | "application/wasm"
        | "application/java-vm"
        | "application/vnd.android.package-archive" => return Err(Refused::Runs),
        "audio/midi" => ContentType::SheetMusic,
        "audio/x-wav" => return Ok(Kind::new("audio/wav", ContentType::Audio)),
        "audio/x-flac" => return Ok(Kind::new("audio/flac", ContentType::Audio)),
        "audio/m4a" => return Ok(Kind::new("audio/mp4", ContentType::Audio)),
        "application/pdf" | "application/rtf" | "application/msword" => ContentType::Documentation,
        "application/zip"
        | "application/gzip"
        | "application/x-tar"
        | "application/x-7z-compressed"
        | "application/vnd.rar"
        | "application/x-bzip2"
        | "application/x-xz"
        | "application/zstd" => ContentType::Archive,
        _ => match mime_type.split('/').next() {
            Some("audio") => ContentType::Audio,
            Some("video") => ContentType::Video,
            Some("image") => ContentType::Documentation,
            _ if is_office(mime_type) => ContentType::Documentation,
            _ => return Err(Refused::Unknown),
        },
    };
    Ok(Kind::new(mime_type, content_type))
}

fn is_office(mime_type: &str) -> bool {
    mime_type.starts_with("application/vnd.openxmlformats-officedocument.")
        || mime_type.starts_with("application/vnd.oasis.opendocument.")
        || mime_type.starts_with("application/vnd.ms-")
}

/// Text, of which XML is taken if it is MusicXML, and what a browser would show as a page is not.
fn text(head: &[u8]) -> Result<Kind, Refused> {
    let text = utf8(head).ok_or(Refused::Unknown)?;
    let is_printable = |character: char| !character.is_control() || matches!(character, '\n' | '\r' | '\t' | '\u{c}');
    if !text.chars().all(is_printable) {
        return Err(Refused::Unknown);
    }
    let lower = text.to_ascii_lowercase();
    if lower.contains("<score-partwise") || lower.contains("<score-timewise") {
        if lower.contains("<script") || lower.contains("<html") {
            return Err(Refused::Runs);
        }
        return Ok(Kind::new("application/vnd.recordare.musicxml+xml", ContentType::SheetMusic));
    }
    const PAGES: [&str; 9] = ["<html", "<!doctype", "<script", "<svg", "<body", "<iframe", "<?xml", "<?php", "<head"];
    if PAGES.iter().any(|tag| lower.contains(tag)) {
        return Err(Refused::Runs);
    }
    Ok(Kind::new("text/plain", ContentType::Documentation))
}

/// The head as text, without a byte order mark, and without a character that its end cuts in two.
fn utf8(head: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?,
        Err(_) => return None,
    };
    Some(text.trim_start_matches('\u{feff}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(head: &[u8]) -> (&'static str, ContentType) {
        let kind = recognise(head).unwrap();
        (kind.mime_type, kind.content_type)
    }

    #[test]
    fn what_is_worked_with_is_recognised() {
        for (head, mime_type, content_type) in [
            (b"RIFF\x24\x00\x00\x00WAVEfmt ".as_slice(), "audio/wav", ContentType::Audio),
            (b"fLaC\x00\x00\x00\x22", "audio/flac", ContentType::Audio),
            (b"ID3\x04\x00\x00\x00\x00\x00\x00", "audio/mpeg", ContentType::Audio),
            (b"\xff\xfb\x90\x00", "audio/mpeg", ContentType::Audio),
            (b"\xff\xfa\x90\x00", "audio/mpeg", ContentType::Audio),
            (b"\xff\xe3\x18\xc4", "audio/mpeg", ContentType::Audio),
            (b"BW64\xff\xff\xff\xffWAVEds64", "audio/wav", ContentType::Audio),
            (b"OggS\x00\x02\x00\x00", "audio/ogg", ContentType::Audio),
            (b"MThd\x00\x00\x00\x06\x00\x01", "audio/midi", ContentType::SheetMusic),
            (b"%PDF-1.7\n", "application/pdf", ContentType::Documentation),
            (b"Bar 12 is too fast.\n", "text/plain", ContentType::Documentation),
            (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "video/mp4", ContentType::Video),
            (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "application/gzip", ContentType::Archive),
            (b"PK\x03\x04\x14\x00\x00\x00\x08\x00mix.wav", "application/zip", ContentType::Archive),
            (b"\x89PNG\r\n\x1a\n", "image/png", ContentType::Documentation),
        ] {
            assert_eq!(found(head), (mime_type, content_type), "{}", head.escape_ascii());
        }
    }

    #[test]
    fn music_xml_is_sheet_music_packed_or_not() {
        let plain =
            br#"<?xml version="1.0"?><!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN"
            "http://www.musicxml.org/dtds/partwise.dtd"><score-partwise version="4.0">"#;
        assert_eq!(found(plain).1, ContentType::SheetMusic);
        let packed = b"PK\x03\x04\x0a\x00\x00\x00\x00\x00mimetypeapplication/vnd.recordare.musicxmlPK\x03\x04";
        assert_eq!(found(packed), ("application/vnd.recordare.musicxml", ContentType::SheetMusic));
    }

    #[test]
    fn what_runs_is_refused_whatever_it_is_called() {
        for head in [
            b"MZ\x90\x00\x03\x00\x00\x00".as_slice(),
            b"\x7fELF\x02\x01\x01\x00",
            b"#!/bin/sh\nrm -rf /\n",
            b"<!DOCTYPE html><html>",
            b"  \n<html><script>alert(1)</script>",
            b"\xef\xbb\xbf<svg xmlns='http://www.w3.org/2000/svg' onload='x()'>",
            b"<?xml version='1.0'?><score-partwise><script>alert(1)</script>",
            b"notes\n<ScRiPt>alert(1)</ScRiPt>",
            b"\x00asm\x01\x00\x00\x00",
        ] {
            assert_eq!(recognise(head), Err(Refused::Runs), "{}", head.escape_ascii());
        }
    }

    #[test]
    fn nothing_and_noise_are_refused() {
        assert_eq!(recognise(b""), Err(Refused::Empty));
        assert_eq!(recognise(&[0x01, 0x02, 0x03, 0x80, 0xfe]), Err(Refused::Unknown));
        assert_eq!(recognise(b"text\0with NUL"), Err(Refused::Unknown));
    }

    #[test]
    fn a_character_cut_at_the_end_is_no_noise() {
        assert_eq!(found("Bài hát".as_bytes().split_at(2).0), ("text/plain", ContentType::Documentation));
    }

    proptest! {
        #[test]
        fn no_content_is_too_strange_to_be_looked_at(head in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = recognise(&head);
        }

        #[test]
        fn no_markup_passes_as_text(
            before in "[a-z \n]{0,40}",
            tag in "<([sS][cC][rR][iI][pP][tT]|[hH][tT][mM][lL]|[sS][vV][gG]|[iI][fF][rR][aA][mM][eE])",
            after in ".{0,40}",
        ) {
            let page = format!("{before}{tag}{after}");
            prop_assert!(recognise(page.as_bytes()).is_err());
        }
    }
}
