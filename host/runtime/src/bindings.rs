//! Generated bindings of the contracts that the runtime itself carries: requests and responses as flat records, and the
//! exported exchange.

#[expect(missing_docs, reason = "generated; the contract's own text is in wit/http")]
mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit/worlds",
        world: "mutrapro:worlds/http-service",
        exports: { default: async },
    });
}

pub use generated::exports::mutrapro::http::exchange;
pub use generated::mutrapro;
pub use generated::mutrapro::http::types::{Field, Request, Response};
