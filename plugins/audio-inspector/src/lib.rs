//! A plugin for `mutrapro:plugins/media-inspector`: measures recordings, which are WAV, FLAC, MP3 and OGG.
//!
//! Only what its first bytes look like as audio is looked at. Nothing is decoded, and at most 8 MiB of a file are read.

// Only a component calls these; natively they are there for their tests.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod audio;
#[cfg(target_family = "wasm")]
mod component;
