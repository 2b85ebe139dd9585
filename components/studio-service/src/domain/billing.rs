//! What a session costs. Quotes and bookings are worked out by the same function.
//!
//! Minutes are billed in begun steps, and never fewer than a minimum. The studio and each artist are paid by the billed hour,
//! rounded half up to the minor unit; equipment is paid by the piece and session, and the studio's admin fee is added once.

use mutrapro_sdk::money::AMOUNT_MAX;

/// What minutes are billed in.
pub(crate) const STEP_MINUTES: u32 = 30;
/// The fewest minutes that are billed.
pub(crate) const MIN_MINUTES: u32 = 60;

const MINUTES_AN_HOUR: i128 = 60;

/// How minutes are billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Steps {
    /// More than 0.
    pub(crate) step_minutes: u32,
    /// The fewest minutes that are billed.
    pub(crate) min_minutes: u32,
}

/// How minutes are billed now.
pub(crate) const STEPS: Steps = Steps { step_minutes: STEP_MINUTES, min_minutes: MIN_MINUTES };

impl Steps {
    /// The minutes that are billed for `minutes`: whole steps, and never fewer than the minimum.
    pub(crate) fn billed(self, minutes: u32) -> u32 {
        let step = self.step_minutes.max(1);
        minutes.div_ceil(step).saturating_mul(step).max(self.min_minutes)
    }
}

/// What a session is billed for; amounts in minor units of one currency, none of them negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage<'a> {
    /// How long it takes.
    pub(crate) minutes: u32,
    /// What an hour in the studio costs.
    pub(crate) studio_rate: i64,
    /// What an hour of each artist costs, each artist once.
    pub(crate) artist_rates: &'a [i64],
    /// How many pieces of equipment, and what one of them costs a session.
    pub(crate) equipment: &'a [(u32, i64)],
    /// Added once.
    pub(crate) admin_fee: i64,
}

/// What it costs, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bill {
    /// The minutes that are paid for.
    pub(crate) billable_minutes: u32,
    /// For the studio.
    pub(crate) studio_fee: i64,
    /// For each artist, in the order of the rates.
    pub(crate) artist_fees: Vec<i64>,
    /// For all artists.
    pub(crate) artist_fee: i64,
    /// For all equipment.
    pub(crate) equipment_fee: i64,
    /// Added once.
    pub(crate) admin_fee: i64,
    /// All of it.
    pub(crate) total_cost: i64,
}

/// Works out what a session costs. `None` when it is more than [`AMOUNT_MAX`].
pub(crate) fn bill(steps: Steps, usage: &Usage<'_>) -> Option<Bill> {
    let billable_minutes = steps.billed(usage.minutes);
    let studio_fee = hourly(usage.studio_rate, billable_minutes)?;
    let artist_fees: Option<Vec<i64>> = usage.artist_rates.iter().map(|rate| hourly(*rate, billable_minutes)).collect();
    let artist_fees = artist_fees?;
    let artist_fee = bounded(artist_fees.iter().map(|fee| i128::from(*fee)).sum())?;
    let pieces = usage.equipment.iter().map(|(quantity, fee)| i128::from(*quantity) * i128::from(*fee));
    let equipment_fee = bounded(pieces.sum())?;
    let total = [studio_fee, artist_fee, equipment_fee, usage.admin_fee].into_iter().map(i128::from).sum();
    Some(Bill {
        billable_minutes,
        studio_fee,
        artist_fees,
        artist_fee,
        equipment_fee,
        admin_fee: usage.admin_fee,
        total_cost: bounded(total)?,
    })
}

/// `minutes` at `rate` an hour, rounded half up.
fn hourly(rate: i64, minutes: u32) -> Option<i64> {
    let exact = i128::from(rate) * i128::from(minutes);
    bounded((exact + MINUTES_AN_HOUR / 2).div_euclid(MINUTES_AN_HOUR))
}

fn bounded(amount: i128) -> Option<i64> {
    i64::try_from(amount).ok().filter(|amount| (0..=AMOUNT_MAX).contains(amount))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn begun_steps_are_billed_and_an_hour_at_least() {
        for (minutes, billed) in [(1, 60), (60, 60), (61, 90), (90, 90), (91, 120), (240, 240)] {
            assert_eq!(STEPS.billed(minutes), billed, "{minutes}");
        }
    }

    #[test]
    fn total_is_studio_artists_equipment_and_admin_fee() {
        let usage = Usage {
            minutes: 100,
            studio_rate: 200_000,
            artist_rates: &[150_000, 100_001],
            equipment: &[(2, 50_000), (1, 30_000)],
            admin_fee: 10_000,
        };
        let expected = Bill {
            billable_minutes: 120,
            studio_fee: 400_000,
            artist_fees: vec![300_000, 200_002],
            artist_fee: 500_002,
            equipment_fee: 130_000,
            admin_fee: 10_000,
            total_cost: 1_040_002,
        };
        assert_eq!(bill(STEPS, &usage), Some(expected));
    }

    #[test]
    fn half_a_unit_is_rounded_up() {
        // An hour and a half at 1 is one and a half.
        let usage = Usage { minutes: 90, studio_rate: 1, artist_rates: &[], equipment: &[], admin_fee: 0 };
        assert_eq!(bill(STEPS, &usage).map(|bill| bill.total_cost), Some(2));
    }

    #[test]
    fn more_than_the_largest_amount_has_no_bill() {
        let usage = Usage { minutes: 60, studio_rate: AMOUNT_MAX, artist_rates: &[], equipment: &[], admin_fee: 0 };
        assert_eq!(bill(STEPS, &usage).map(|bill| bill.total_cost), Some(AMOUNT_MAX));
        assert_eq!(bill(STEPS, &Usage { admin_fee: 1, ..usage }), None);
        assert_eq!(bill(STEPS, &Usage { equipment: &[(u32::MAX, i64::MAX)], ..usage }), None);
    }

    fn any_steps() -> impl Strategy<Value = Steps> {
        (1..=240_u32, 1..=480_u32).prop_map(|(step_minutes, min_minutes)| Steps { step_minutes, min_minutes })
    }

    fn amounts(most: usize) -> impl Strategy<Value = Vec<i64>> {
        prop::collection::vec(0..=1_000_000_000_i64, 0..most)
    }

    proptest! {
        #[test]
        fn billed_minutes_cover_the_session_by_less_than_a_step(steps in any_steps(), minutes in 1..=1_440_u32) {
            let billed = steps.billed(minutes);
            prop_assert!(billed >= minutes && billed >= steps.min_minutes);
            prop_assert!(billed == steps.min_minutes || billed % steps.step_minutes == 0);
            prop_assert!(billed == steps.min_minutes || billed - minutes < steps.step_minutes);
        }

        #[test]
        fn longer_never_costs_less(
            minutes in 1..=1_440_u32, more in 0..=1_440_u32, rate in 0..=1_000_000_000_i64, rates in amounts(4),
        ) {
            let total = |minutes| {
                let usage =
                    Usage { minutes, studio_rate: rate, artist_rates: &rates, equipment: &[], admin_fee: 7 };
                bill(STEPS, &usage).map_or(i64::MAX, |bill| bill.total_cost)
            };
            prop_assert!(total(minutes) <= total(minutes + more));
        }

        #[test]
        fn parts_are_the_whole(
            minutes in 1..=1_440_u32, rate in 0..=1_000_000_000_i64, rates in amounts(4), fees in amounts(4),
            admin_fee in 0..=1_000_000_i64,
        ) {
            let equipment: Vec<(u32, i64)> = fees.iter().map(|fee| (3, *fee)).collect();
            let usage =
                Usage { minutes, studio_rate: rate, artist_rates: &rates, equipment: &equipment, admin_fee };
            let bill = bill(STEPS, &usage).expect("far below the largest amount");
            prop_assert_eq!(bill.artist_fees.len(), rates.len());
            prop_assert_eq!(bill.artist_fees.iter().sum::<i64>(), bill.artist_fee);
            prop_assert_eq!(bill.equipment_fee, fees.iter().map(|fee| 3 * fee).sum::<i64>());
            let parts = bill.studio_fee + bill.artist_fee + bill.equipment_fee + bill.admin_fee;
            prop_assert_eq!(parts, bill.total_cost);
        }

        #[test]
        fn hours_are_paid_for_to_half_a_unit(minutes in 1..=1_440_u32, rate in 0..=1_000_000_000_i64) {
            let usage = Usage { minutes, studio_rate: rate, artist_rates: &[], equipment: &[], admin_fee: 0 };
            let bill = bill(STEPS, &usage).expect("far below the largest amount");
            let error = i128::from(bill.studio_fee) * 60 - i128::from(rate) * i128::from(bill.billable_minutes);
            prop_assert!((-30..=30).contains(&error), "{}", error);
        }
    }
}
