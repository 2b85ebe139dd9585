//! What is uploaded: one short tune, to be heard (WAV), read (PDF), and worked on (MusicXML).
//!
//! It is written for this, so it is nobody's. Deliberately absent: files in the repository.

pub(crate) mod music_xml;
pub(crate) mod pdf;
mod tune;
pub(crate) mod wav;
