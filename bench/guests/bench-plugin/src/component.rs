//! The component: the contract.

#![expect(unsafe_code, reason = "generated: the canonical ABI is written with raw pointers")]

wit_bindgen::generate!({
    path: "../../../wit/worlds",
    world: "pricing-plugin",
    generate_all,
});

use exports::mutrapro::plugins::pricing::{Basis, Guest, Line};

struct Component;

export!(Component);

impl Guest for Component {
    fn adjust(basis: Basis) -> Result<Vec<Line>, String> {
        Ok(vec![Line { label: "Ten percent".to_owned(), amount: -basis.amount / 10 }])
    }
}
