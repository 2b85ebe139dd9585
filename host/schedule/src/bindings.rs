//! Generated bindings of `mutrapro:schedule`.

mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit/worlds",
        inline: "
            package mutrapro:schedule-host;
            world host {
                export mutrapro:schedule/job@0.1.0;
            }
        ",
        world: "mutrapro:schedule-host/host",
        exports: { default: async },
    });
}

pub(crate) use generated::exports::mutrapro::schedule::job;
