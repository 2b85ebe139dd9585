//! Generated bindings of `mutrapro:http/client` and `mutrapro:http/rate-limit`. Requests and responses are the runtime's
//! own types.

#[expect(missing_docs, reason = "generated; the contract's own text is in wit/http")]
mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit/worlds",
        inline: "
            package mutrapro:host-http;
            world http {
                import mutrapro:http/client@0.1.0;
                import mutrapro:http/rate-limit@0.1.0;
            }
        ",
        imports: {
            "mutrapro:http/client.send": async | trappable,
            default: trappable,
        },
        with: { "mutrapro:http/types": mutrapro_runtime::bindings::mutrapro::http::types },
    });
}

pub use generated::mutrapro::http::{client, rate_limit};
