//! Money: an integer in the minor unit of a currency.

use crate::json::FieldErrors;

/// The largest amount that is taken, in minor units: far from what sums and products of it overflow.
///
/// Descriptions say `maximum = 1e12`: whole numbers in them are `isize`, which has 32 bits in a component.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000;

/// 100 %, in basis points.
pub const BASIS_POINTS: i64 = 10_000;

crate::text_enum! {
    /// What an amount is counted in.
    pub enum Currency {
        /// Đồng, which has no minor unit: 1 is 1 đồng.
        Vnd = "VND",
        /// US cents.
        Usd = "USD",
        /// Euro cents.
        Eur = "EUR",
    }
}

/// Adds an error unless `amount` is from 0 to [`AMOUNT_MAX`].
pub fn check_amount(errors: &mut FieldErrors, field: &str, amount: i64) {
    errors.check((0..=AMOUNT_MAX).contains(&amount), field, "must be 0 to 1000000000000, in the currency's minor unit");
}

/// `amount × share_bp / 10000`, rounded up to the minor unit; for amounts and shares that are not negative.
pub fn share_rounded_up(amount: i64, share_bp: i64) -> i64 {
    let exact = i128::from(amount) * i128::from(share_bp);
    let rounded = (exact + i128::from(BASIS_POINTS) - 1).div_euclid(i128::from(BASIS_POINTS));
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_have_bounds() {
        for (amount, is_valid) in [(-1, false), (0, true), (AMOUNT_MAX, true), (AMOUNT_MAX + 1, false)] {
            let mut errors = FieldErrors::default();
            check_amount(&mut errors, "amount", amount);
            assert_eq!(errors.finish().is_ok(), is_valid, "{amount}");
        }
    }

    #[test]
    fn shares_are_rounded_up() {
        assert_eq!(share_rounded_up(200_001, 4_000), 80_001);
        assert_eq!(share_rounded_up(200_000, 4_000), 80_000);
        assert_eq!(share_rounded_up(0, 4_000), 0);
    }

    proptest! {
        #[test]
        fn share_is_never_less_than_exact_nor_a_unit_more(amount in 0..=AMOUNT_MAX, share_bp in 0..=BASIS_POINTS) {
            let share = i128::from(share_rounded_up(amount, share_bp)) * i128::from(BASIS_POINTS);
            let exact = i128::from(amount) * i128::from(share_bp);
            prop_assert!(share >= exact && share - exact < i128::from(BASIS_POINTS));
        }
    }
}
