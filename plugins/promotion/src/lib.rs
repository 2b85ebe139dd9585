//! A plugin for `mutrapro:plugins/pricing`: takes a part off the price while a promotion lasts.
//!
//! Its settings are variables of its entry in the manifest: `discount_bp`, in hundredths of a percent, without which there is no
//! promotion; `label`, as the customer reads it; `service_types`, separated by commas, or all; `until`, an instant (RFC 3339), or
//! for good.

// Only a component calls these; natively they are there for their tests.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

#[cfg(target_family = "wasm")]
mod component;
mod promotion;
