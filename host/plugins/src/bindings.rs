//! Generated bindings of `mutrapro:plugins`: what plugins export, and what services and plugins import.

mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit/worlds",
        inline: "
            package mutrapro:plugins-host;
            world host {
                import mutrapro:plugins/pricing-plugins@0.1.0;
                import mutrapro:plugins/payment-gateway-plugins@0.1.0;
                import mutrapro:plugins/notifier-plugins@0.1.0;
                import mutrapro:plugins/media-inspector-plugins@0.1.0;
                import mutrapro:plugins/media@0.1.0;
                export mutrapro:plugins/pricing@0.1.0;
                export mutrapro:plugins/payment-gateway@0.1.0;
                export mutrapro:plugins/notifier@0.1.0;
                export mutrapro:plugins/media-inspector@0.1.0;
            }
        ",
        world: "mutrapro:plugins-host/host",
        imports: { default: async | trappable },
        exports: { default: async },
        with: { "mutrapro:plugins/media.content": crate::media::Content },
    });
}

pub(crate) use generated::exports::mutrapro::plugins as exports;
pub(crate) use generated::mutrapro::plugins as imports;
