//! sample-name: keeps notes, says so with an event, and handles that event.
//!
//! What calls the host is in `component`; everything else is tested natively, with `cargo test`.

#![cfg_attr(
    not(target_family = "wasm"),
    allow(dead_code, reason = "the component uses it")
)]

mod note;

#[cfg(target_family = "wasm")]
mod component;
