//! The formula, by example and for any price.

use super::*;
use proptest::prelude::*;

const TRANSCRIPTION: Price =
    Price { unit_type: UnitType::PerMinute, base_price: 50_000, min_price: None, max_price: None };

fn terms(complexity: Complexity, is_rush: bool) -> Terms {
    Terms {
        complexity_bp: complexity.multiplier_bp(),
        rush_bp: if is_rush { RUSH_BP } else { 10_000 },
        additional_fees: 0,
        discount_bp: 0,
        deposit_bp: DEPOSIT_BP,
    }
}

fn total(price: &Price, units: Units, terms: &Terms) -> i64 {
    computed_price(price, units, terms).unwrap()
}

#[test]
fn song_of_the_story_costs_four_minutes() {
    let minutes = begun_minutes(200_000);
    let units = Units::of(UnitType::PerMinute, minutes);
    let total_price = total(&TRANSCRIPTION, units, &terms(Complexity::Simple, false));
    let cost = Cost { total_price: 200_000, deposit_amount: 80_000, final_amount: 120_000 };
    assert_eq!(Cost::of(total_price, DEPOSIT_BP), cost);
}

#[test]
fn multipliers_fees_and_discount_come_in_this_order() {
    let terms = Terms { additional_fees: 10_000, discount_bp: 1_000, ..terms(Complexity::Moderate, true) };
    // 50,000 × 4 × 1.3 × 1.5 = 390,000; + 10,000; − 10 %.
    assert_eq!(total(&TRANSCRIPTION, Units::whole(4), &terms), 360_000);
}

#[test]
fn bounds_hold_before_fees_and_discount() {
    let price = Price { min_price: Some(100_000), max_price: Some(120_000), ..TRANSCRIPTION };
    let with_fees = Terms { additional_fees: 5_000, ..terms(Complexity::Simple, false) };
    assert_eq!(total(&price, Units::whole(1), &with_fees), 105_000);
    assert_eq!(total(&price, Units::whole(9), &with_fees), 125_000);
}

#[test]
fn half_a_minor_unit_is_rounded_up() {
    let price = Price { base_price: 1, ..TRANSCRIPTION };
    let discounted = |discount_bp| Terms { discount_bp, ..terms(Complexity::Simple, false) };
    assert_eq!(total(&price, Units::whole(1), &discounted(5_000)), 1);
    assert_eq!(total(&price, Units::whole(1), &discounted(5_001)), 0);
}

#[test]
fn hours_come_in_half_hour_steps() {
    let hour = Price { unit_type: UnitType::PerHour, base_price: 200_000, ..TRANSCRIPTION };
    for (minutes, expected) in [(1, 100_000), (30, 100_000), (31, 200_000), (90, 300_000)] {
        let units = Units::of(UnitType::PerHour, minutes);
        assert_eq!(total(&hour, units, &terms(Complexity::Simple, false)), expected, "{minutes}");
    }
}

#[test]
fn begun_minutes_count_whole() {
    for (duration_ms, minutes) in [(0, 0), (1, 1), (60_000, 1), (60_001, 2), (u64::MAX, UNITS_MAX)] {
        assert_eq!(begun_minutes(duration_ms), minutes, "{duration_ms}");
    }
}

#[test]
fn more_than_the_largest_amount_has_no_price() {
    let price = Price { base_price: AMOUNT_MAX, ..TRANSCRIPTION };
    assert_eq!(computed_price(&price, Units::whole(2), &terms(Complexity::Simple, false)), None);
}

#[test]
fn every_kind_of_work_has_a_first_price_for_every_complexity() {
    assert_eq!(first_prices().count(), ServiceType::ALL.len() * Complexity::ALL.len());
}

fn any_price() -> impl Strategy<Value = Price> {
    let unit_type = prop::sample::select(UnitType::ALL);
    (unit_type, 0..=AMOUNT_MAX, prop::option::of(0..1_000_000_i64), prop::option::of(0..1_000_000_i64)).prop_map(
        |(unit_type, base_price, min_price, above)| {
            let max_price = above.map(|above| min_price.unwrap_or(0) + above);
            Price { unit_type, base_price, min_price, max_price }
        },
    )
}

fn any_terms() -> impl Strategy<Value = Terms> {
    let multiplier = || 10_000..=MULTIPLIER_BP_MAX;
    (multiplier(), multiplier(), 0..=AMOUNT_MAX, 0..=10_000_u32, 0..=10_000_u32).prop_map(
        |(complexity_bp, rush_bp, additional_fees, discount_bp, deposit_bp)| Terms {
            complexity_bp,
            rush_bp,
            additional_fees,
            discount_bp,
            deposit_bp,
        },
    )
}

proptest! {
    #[test]
    fn deposit_and_final_payment_are_the_total(total_price in 0..=AMOUNT_MAX, deposit_bp in 0..=10_000_u32) {
        let cost = Cost::of(total_price, deposit_bp);
        prop_assert_eq!(cost.deposit_amount + cost.final_amount, total_price);
        prop_assert!(cost.deposit_amount >= 0 && cost.final_amount >= 0);
    }

    #[test]
    fn price_is_an_amount(price in any_price(), units in 0..=UNITS_MAX, terms in any_terms()) {
        if let Some(computed) = computed_price(&price, Units::of(price.unit_type, units), &terms) {
            prop_assert!((0..=AMOUNT_MAX).contains(&computed));
        }
    }

    #[test]
    fn longer_never_costs_less(price in any_price(), units in 0..UNITS_MAX, more in 0..1_000_u32, terms in any_terms()) {
        let of = |units| computed_price(&price, Units::of(price.unit_type, units), &terms);
        // What has no price any more is above every price.
        let [less, more] = [of(units), of(units + more)].map(|total| total.unwrap_or(i64::MAX));
        prop_assert!(less <= more);
    }

    #[test]
    fn price_is_never_under_its_minimum(price in any_price(), units in 0..=UNITS_MAX, terms in any_terms()) {
        let terms = Terms { discount_bp: 0, ..terms };
        if let Some(computed) = computed_price(&price, Units::of(price.unit_type, units), &terms) {
            prop_assert!(computed >= price.min_price.unwrap_or(0));
        }
    }
}
