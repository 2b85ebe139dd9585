//! The component: settings and the contract.

#![expect(unsafe_code, reason = "generated: the canonical ABI is written with raw pointers")]

use crate::promotion::Promotion;

wit_bindgen::generate!({
    path: "../../wit/worlds",
    world: "pricing-plugin",
    generate_all,
});

use exports::mutrapro::plugins::pricing::{Basis, Guest, Line};
use fermyon::spin::variables;

struct Component;

export!(Component);

impl Guest for Component {
    fn adjust(basis: Basis) -> Result<Vec<Line>, String> {
        let Some(promotion) = Promotion::read(|name| variables::get(name).ok())? else {
            return Ok(Vec::new());
        };
        let off = promotion.off(&basis.service_type, basis.amount, &basis.quoted_at)?;
        Ok(off.into_iter().map(|(label, amount)| Line { label, amount }).collect())
    }
}
