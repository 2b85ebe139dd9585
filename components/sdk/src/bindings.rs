//! The contracts of `wit/` in Rust, generated once for every service.
//!
//! Imports come from one world; each interface that a service may export has a world of its own, so that a component
//! exports what it has and nothing else. Natively the imports compile to functions that panic: rules that call no
//! capability are tested natively, everything else in the running host.

/// What a service may call.
pub mod platform {
    wit_bindgen::generate!({
        path: "../../wit/worlds",
        world: "platform",
        additional_derives: [PartialEq, Eq],
        generate_all,
    });
}

/// The export that answers requests.
pub mod http_service {
    wit_bindgen::generate!({
        path: "../../wit/worlds",
        world: "http-service",
        pub_export_macro: true,
        default_bindings_module: "mutrapro_sdk::bindings::http_service",
        with: { "mutrapro:http/types@0.1.0": crate::bindings::platform::mutrapro::http::types },
    });
}

/// The export that handles events.
pub mod consumer_service {
    wit_bindgen::generate!({
        path: "../../wit/worlds",
        world: "consumer-service",
        pub_export_macro: true,
        default_bindings_module: "mutrapro_sdk::bindings::consumer_service",
        with: {
            "mutrapro:events/types@0.1.0": generate,
            "mutrapro:sql/database@0.1.0": crate::bindings::platform::mutrapro::sql::database,
        },
    });
}

/// The export that runs jobs.
pub mod job_service {
    wit_bindgen::generate!({
        path: "../../wit/worlds",
        world: "job-service",
        pub_export_macro: true,
        default_bindings_module: "mutrapro_sdk::bindings::job_service",
    });
}
