//! Generated bindings of `mutrapro:blobs`.

#[expect(missing_docs, reason = "generated; the contract's own text is in wit/blobs")]
mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit/worlds",
        inline: "
            package mutrapro:blobs-host;
            world host {
                import mutrapro:blobs/store@0.1.0;
            }
        ",
        world: "mutrapro:blobs-host/host",
        imports: { default: async | trappable },
        with: {
            "mutrapro:blobs/store.upload": crate::upload::Upload,
            "mutrapro:blobs/store.content": crate::content::Content,
        },
        additional_derives: [Clone, PartialEq],
    });
}

pub use generated::mutrapro;
