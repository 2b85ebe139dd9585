//! Generated bindings of `mutrapro:sql`, for this crate and for those whose contracts use its transaction.

#[expect(missing_docs, reason = "generated; the contract's own text is in wit/sql")]
mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit/worlds",
        inline: "
            package mutrapro:sql-host;
            world host {
                import mutrapro:sql/database@0.1.0;
            }
        ",
        world: "mutrapro:sql-host/host",
        imports: { default: async | trappable },
        with: { "mutrapro:sql/database.transaction": crate::host::TransactionResource },
        additional_derives: [Clone, PartialEq],
    });
}

pub use generated::mutrapro;
