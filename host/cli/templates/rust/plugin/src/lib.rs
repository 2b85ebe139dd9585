//! sample-name: a plugin for sample-contract.
//!
//! What calls the host is in `component`; everything else is tested natively, with `cargo test`.

#![cfg_attr(
    not(target_family = "wasm"),
    allow(dead_code, reason = "the component uses it")
)]

mod rules;

#[cfg(target_family = "wasm")]
mod component;
