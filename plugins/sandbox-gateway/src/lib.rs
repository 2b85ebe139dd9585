//! A plugin for `mutrapro:plugins/payment-gateway` that moves no money: what it does is said by the token, as with the test
//! cards of real gateways.
//!
//! | token | what becomes of the charge |
//! |---|---|
//! | `sandbox_success`, or none | the money comes at once |
//! | `sandbox_decline` | it does not come: `card_declined` |
//! | `sandbox_delayed` | a webhook tells after a few seconds that it came |
//! | `sandbox_duplicate` | the same, and the webhook comes twice |
//! | `sandbox_wrong_amount`, `sandbox_wrong_currency` | a webhook tells that other money came |
//! | `sandbox_delayed_decline` | a webhook tells that it does not come |
//! | any other | it does not come: `unknown_token` |
//!
//! Its webhooks are signed in the header `x-sandbox-signature`: `t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA256 of
//! "t.body">`, which counts for five minutes. The key is the variable `payment_webhook_key` of its entry in the manifest, of at
//! least 32 bytes.

// Only a component calls these; natively they are there for their tests.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

#[cfg(target_family = "wasm")]
mod component;
mod sandbox;
