//! What work costs: what the studio's own rules give, and what the plugins for prices make of it.
//!
//! No plugin holds a price up: without an answer, or with lines that are refused, the price stands without that
//! plugin's lines, and the log says why. The host refuses calls of plugins while a transaction is open: price first,
//! then write.

use crate::domain::pricing::adjustments::{Adjusted, PriceLine};
use crate::domain::pricing::{Complexity, Cost, Price, ServiceType, Terms, UnitType, Units, computed_price};
use crate::domain::request::Priority;
use crate::domain::{CustomerId, RequestId};
use mutrapro_sdk::log;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::plugins::{self, pricing as contract};
use mutrapro_sdk::problem::{FieldError, Problem, Result};
use mutrapro_sdk::time::Instant;

/// What is priced, for whom and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// `None` for an estimate.
    pub(crate) request_id: Option<RequestId>,
    /// `None` where nobody says who asks.
    pub(crate) customer_id: Option<CustomerId>,
    pub(crate) service_type: ServiceType,
    pub(crate) complexity: Complexity,
    pub(crate) priority: Priority,
    /// Minutes or songs, as [`Units::of`] takes them.
    pub(crate) amount: u32,
    pub(crate) currency: Currency,
    pub(crate) quoted_at: Instant,
}

/// What a piece costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Priced {
    /// What the studio's own rules give, in minor units.
    pub(crate) computed_price: i64,
    /// What plugins added and took off, in their order.
    pub(crate) lines: Vec<PriceLine>,
    /// All of it, with the lines.
    pub(crate) cost: Cost,
}

/// What `piece` costs at `price` on `terms`. Asks every plugin for prices, so it may take seconds.
///
/// # Errors
/// 422 when the studio's own rules give more than any amount may be.
pub(crate) fn priced(price: &Price, piece: &Piece, terms: &Terms) -> Result<Priced> {
    let units = Units::of(price.unit_type, piece.amount);
    let computed_price = computed_price(price, units, terms).ok_or_else(too_much)?;
    let adjusted = adjusted(computed_price, &contract::names(), |plugin, amount| {
        contract::adjust(plugin, &basis(piece, price.unit_type, computed_price, amount))
    });
    let cost = Cost::of(adjusted.total_price(), terms.deposit_bp);
    Ok(Priced { computed_price, lines: adjusted.into_lines(), cost })
}

/// The price with the lines of `plugins`; `ask` gets a plugin and the price with the lines of those before it.
fn adjusted(
    computed_price: i64,
    plugins: &[String],
    ask: impl Fn(&str, i64) -> Result<Vec<contract::Line>, plugins::Error>,
) -> Adjusted {
    let mut adjusted = Adjusted::of(computed_price);
    for plugin in plugins {
        let of_plugin = |contract::Line { label, amount }| PriceLine { plugin: plugin.clone(), label, amount };
        let taken = ask(plugin, adjusted.total_price())
            .map_err(|error| error.to_string())
            .and_then(|lines| adjusted.add(lines.into_iter().map(of_plugin).collect()));
        if let Err(reason) = taken {
            log::warn!("a price stands without the lines of plugin {plugin}: {reason}");
        }
    }
    adjusted
}

fn basis(piece: &Piece, unit_type: UnitType, computed_amount: i64, amount: i64) -> contract::Basis {
    contract::Basis {
        request_id: piece.request_id.map(|id| id.to_string()),
        customer_id: piece.customer_id.map(|id| id.to_string()),
        service_type: piece.service_type.to_string(),
        complexity: piece.complexity.to_string(),
        priority: piece.priority.to_string(),
        audio_minutes: (unit_type == UnitType::PerMinute).then_some(piece.amount),
        currency: piece.currency.to_string(),
        computed_amount,
        amount,
        quoted_at: piece.quoted_at.to_string(),
    }
}

fn too_much() -> Problem {
    Problem::unprocessable(vec![FieldError {
        field: "additional_fees".to_owned(),
        code: "too_large".into(),
        message: "the price would be more than 1000000000000 minor units".to_owned(),
    }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::plugins::CallError;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn line(label: &str, amount: i64) -> contract::Line {
        contract::Line { label: label.to_owned(), amount }
    }

    fn taken(plugin: &str, label: &str, amount: i64) -> PriceLine {
        PriceLine { plugin: plugin.to_owned(), label: label.to_owned(), amount }
    }

    #[test]
    fn each_plugin_is_asked_about_the_price_that_those_before_it_left() {
        let adjusted = adjusted(1_000, &names(&["loyalty", "promotion"]), |plugin, amount| {
            Ok(vec![line(&format!("{plugin} of {amount}"), -amount / 10)])
        });
        assert_eq!(adjusted.total_price(), 810);
        let expected = [taken("loyalty", "loyalty of 1000", -100), taken("promotion", "promotion of 900", -90)];
        assert_eq!(adjusted.into_lines(), expected);
    }

    #[test]
    fn plugin_without_an_answer_leaves_the_price_to_the_others() {
        let causes = [
            CallError::Unknown("x".to_owned()),
            CallError::Resting(3),
            CallError::Overloaded,
            CallError::TimedOut,
            CallError::Failed("trap".to_owned()),
            CallError::CannotSay("no rate".to_owned()),
            CallError::TransactionOpen,
        ];
        for cause in causes {
            let adjusted = adjusted(1_000, &names(&["broken", "promotion"]), |plugin, amount| match plugin {
                "broken" => Err(plugins::Error { plugin: plugin.to_owned(), cause: cause.clone() }),
                _ => Ok(vec![line("Spring", -amount / 2)]),
            });
            assert_eq!(adjusted.into_lines(), [taken("promotion", "Spring", -500)], "{cause:?}");
        }
    }

    #[test]
    fn refused_lines_leave_the_price_to_the_others() {
        let adjusted = adjusted(1_000, &names(&["greedy", "promotion"]), |plugin, amount| match plugin {
            "greedy" => Ok(vec![line("Fee", 5), line("", 5)]),
            _ => Ok(vec![line("Spring", -amount / 2)]),
        });
        assert_eq!(adjusted.into_lines(), [taken("promotion", "Spring", -500)]);
    }

    #[test]
    fn price_without_plugins_is_the_computed_one() {
        let adjusted = adjusted(1_000, &[], |_, _| Ok(vec![line("Fee", 1)]));
        assert_eq!((adjusted.total_price(), adjusted.into_lines()), (1_000, Vec::new()));
    }

    #[test]
    fn plugin_learns_who_asks_for_what() {
        let (request_id, customer_id) = (RequestId::generate(), CustomerId::generate());
        let piece = Piece {
            request_id: Some(request_id),
            customer_id: Some(customer_id),
            service_type: ServiceType::FullProduction,
            complexity: Complexity::Virtuoso,
            priority: Priority::Rush,
            amount: 4,
            currency: Currency::Eur,
            quoted_at: "2026-11-25T09:00:00Z".parse().unwrap(),
        };
        let told = basis(&piece, UnitType::PerMinute, 1_000, 900);
        assert_eq!(told.request_id, Some(request_id.to_string()));
        assert_eq!(told.customer_id, Some(customer_id.to_string()));
        assert_eq!((told.service_type.as_str(), told.complexity.as_str()), ("full_production", "virtuoso"));
        assert_eq!((told.priority.as_str(), told.currency.as_str()), ("rush", "EUR"));
        assert_eq!((told.computed_amount, told.amount), (1_000, 900));
        assert_eq!(told.quoted_at, "2026-11-25T09:00:00.000000Z");
        assert_eq!(told.audio_minutes, Some(4));
        let estimate = basis(&Piece { request_id: None, customer_id: None, ..piece }, UnitType::PerSong, 1, 1);
        assert_eq!((estimate.request_id, estimate.customer_id, estimate.audio_minutes), (None, None, None));
    }
}
