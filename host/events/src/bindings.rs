//! Generated bindings of `mutrapro:events`.

mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit/worlds",
        inline: "
            package mutrapro:events-host;
            world host {
                import mutrapro:events/types@0.1.0;
                import mutrapro:events/outbox@0.1.0;
                export mutrapro:events/consumer@0.1.0;
            }
        ",
        world: "mutrapro:events-host/host",
        imports: { default: async | trappable },
        exports: { default: async },
        with: { "mutrapro:sql/database": mutrapro_sql::bindings::mutrapro::sql::database },
    });
}

pub(crate) use generated::exports::mutrapro::events::consumer;
pub(crate) use generated::mutrapro::events::{outbox, types};
