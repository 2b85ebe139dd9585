//! A plugin for prices that does next to nothing, so that what is measured is the call.

// Natively there is nothing to build: the exports link for WebAssembly alone.
#[cfg(target_family = "wasm")]
mod component;
