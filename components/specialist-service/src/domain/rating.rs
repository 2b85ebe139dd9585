//! What customers think of a specialist's work.

use mutrapro_sdk::money::BASIS_POINTS;
use serde::{Deserialize, Deserializer};
use std::str::FromStr;

/// The most stars of a rating.
const STARS_MAX: u32 = 5;
/// The most decimals of a number of stars: a basis point is the smallest part of one.
const DECIMALS_MAX: usize = 4;

/// All ratings of a specialist together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rating {
    /// All stars.
    pub(crate) sum: i64,
    /// How many ratings.
    pub(crate) count: u32,
}

impl Rating {
    /// With one rating more.
    pub(crate) fn with(self, stars: u8) -> Self {
        Self { sum: self.sum.saturating_add(i64::from(stars)), count: self.count.saturating_add(1) }
    }

    /// The mean in basis points of a star, rounded half up; 0 without a rating.
    pub(crate) fn mean_bp(self) -> u32 {
        let (sum, count) = (i128::from(self.sum) * i128::from(BASIS_POINTS), i128::from(self.count));
        let mean = (2 * sum + count).checked_div(2 * count).unwrap_or(0);
        u32::try_from(mean).unwrap_or(0)
    }
}

/// A number of stars from 0 to 5, such as `4.5`, in basis points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stars {
    pub(crate) bp: u32,
}

impl FromStr for Stars {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "must be 0 to 5 stars, with at most 4 decimals";
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(decimals) || decimals.len() > DECIMALS_MAX {
            return Err(WRONG);
        }
        // `5` is 0.5, so zeros follow until there are four.
        let bp = format!("{whole}{decimals:0<DECIMALS_MAX$}").parse().map_err(|_| WRONG)?;
        if i64::from(bp) > i64::from(STARS_MAX) * BASIS_POINTS { Err(WRONG) } else { Ok(Self { bp }) }
    }
}

impl<'de> Deserialize<'de> for Stars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mean_bp(ratings: &[u8]) -> u32 {
        ratings.iter().fold(Rating::default(), |rating, stars| rating.with(*stars)).mean_bp()
    }

    #[test]
    fn first_rating_is_the_mean() {
        assert_eq!(mean_bp(&[4]), 40_000);
    }

    #[test]
    fn nobody_rated_is_zero() {
        assert_eq!(mean_bp(&[]), 0);
    }

    #[test]
    fn mean_is_rounded_half_up() {
        assert_eq!(mean_bp(&[5, 4, 4]), 43_333);
        assert_eq!(mean_bp(&[5, 5, 4]), 46_667);
        // 1/32 of a star is 312.5 basis points.
        assert_eq!(Rating { sum: 33, count: 32 }.mean_bp(), 10_313);
    }

    #[test]
    fn stars_are_exact() {
        for (text, bp) in
            [("0", 0), ("4", 40_000), ("4.5", 45_000), ("4.05", 40_500), ("4.0005", 40_005), ("5.0", 50_000)]
        {
            assert_eq!(text.parse(), Ok(Stars { bp }), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_of_stars_is_refused() {
        for text in ["", ".", "4.", ".5", "-1", "+4", "5.0001", "6", "4.00001", "four", "4,5", "99999999999"] {
            assert!(text.parse::<Stars>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn mean_is_the_nearest_basis_point_whatever_the_order(ratings in prop::collection::vec(1..=5_u8, 1..200)) {
            let mean = mean_bp(&ratings);
            let (sum, count) = (ratings.iter().map(|stars| i64::from(*stars)).sum::<i64>(), ratings.len() as i64);
            prop_assert!((2 * (i64::from(mean) * count - sum * BASIS_POINTS)).abs() <= count);
            let mut reversed = ratings;
            reversed.reverse();
            prop_assert_eq!(mean_bp(&reversed), mean);
        }

        #[test]
        fn stars_are_read_as_they_are_written(bp in 0..=50_000_u32) {
            let text = format!("{}.{:04}", bp / 10_000, bp % 10_000);
            prop_assert_eq!(text.parse(), Ok(Stars { bp }));
        }
    }
}
