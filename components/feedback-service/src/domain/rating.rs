//! What a specialist's ratings come to. Nothing here touches the database.

use super::feedback::{FeedbackType, RATINGS};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::money::BASIS_POINTS;
use serde::Serialize;
use utoipa::ToSchema;

/// What customers think of a specialist's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RatingSummary {
    /// The specialist.
    #[schema(format = "uuid", value_type = String)]
    pub(crate) specialist_id: Uuid,
    /// How many ratings there are.
    pub(crate) rating_count: i64,
    /// Their average in basis points of a star, 10000 (the worst) to 50000, rounded half up; `null` without any.
    #[schema(minimum = 10_000, maximum = 50_000)]
    pub(crate) rating_bp: Option<i64>,
    /// Each side of a request by itself.
    pub(crate) by_type: Vec<TypeRating>,
    /// How often each rating was given, the worst first.
    pub(crate) by_rating: Vec<RatingCount>,
}

/// The ratings of one side of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TypeRating {
    #[serde(rename = "type")]
    pub(crate) feedback_type: FeedbackType,
    pub(crate) rating_count: i64,
    /// As for all of them together.
    #[schema(minimum = 10_000, maximum = 50_000)]
    pub(crate) rating_bp: Option<i64>,
}

/// How often one rating was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RatingCount {
    /// 1, the worst, to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub(crate) rating: u8,
    pub(crate) rating_count: i64,
}

/// How often one side of requests got one rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) feedback_type: FeedbackType,
    pub(crate) rating: u8,
    pub(crate) count: i64,
}

impl RatingSummary {
    /// Sums up.
    pub(crate) fn of(specialist_id: Uuid, tallies: &[Tally]) -> Self {
        let (rating_count, rating_bp) = average(tallies.iter());
        let by_type = FeedbackType::ALL.iter().map(|feedback_type| {
            let (rating_count, rating_bp) = average(tallies.iter().filter(|t| t.feedback_type == *feedback_type));
            TypeRating { feedback_type: *feedback_type, rating_count, rating_bp }
        });
        let by_rating = RATINGS.map(|rating| {
            let same = tallies.iter().filter(|tally| tally.rating == rating);
            RatingCount { rating, rating_count: same.map(|tally| tally.count).sum() }
        });
        Self { specialist_id, rating_count, rating_bp, by_type: by_type.collect(), by_rating: by_rating.collect() }
    }
}

/// How many ratings, and their average in basis points, rounded half up.
fn average<'t>(tallies: impl Iterator<Item = &'t Tally>) -> (i64, Option<i64>) {
    let (count, stars) = tallies
        .fold((0, 0), |(count, stars), tally| (count + tally.count, stars + tally.count * i64::from(tally.rating)));
    (count, (count > 0).then(|| (stars * BASIS_POINTS * 2 + count) / (count * 2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SPECIALIST: Uuid = Uuid::from_u128(3);

    fn tally(feedback_type: FeedbackType, rating: u8, count: i64) -> Tally {
        Tally { feedback_type, rating, count }
    }

    #[test]
    fn nobody_has_an_average_without_ratings() {
        let summary = RatingSummary::of(SPECIALIST, &[]);
        assert_eq!((summary.rating_count, summary.rating_bp), (0, None));
        assert!(summary.by_type.iter().all(|of| of.rating_count == 0 && of.rating_bp.is_none()));
        assert_eq!(summary.by_type.len(), FeedbackType::ALL.len());
        assert_eq!(summary.by_rating.len(), 5);
    }

    #[test]
    fn one_rating_is_its_own_average() {
        let summary = RatingSummary::of(SPECIALIST, &[tally(FeedbackType::OverallExperience, 4, 1)]);
        assert_eq!((summary.rating_count, summary.rating_bp), (1, Some(40_000)));
    }

    #[test]
    fn averages_are_rounded_half_up() {
        let of = |tallies: &[Tally]| RatingSummary::of(SPECIALIST, tallies).rating_bp;
        let timeliness = |rating, count| tally(FeedbackType::Timeliness, rating, count);
        assert_eq!(of(&[timeliness(4, 1), timeliness(5, 2)]), Some(46_667), "4.6666…");
        assert_eq!(of(&[timeliness(4, 2), timeliness(5, 1)]), Some(43_333), "4.3333…");
        assert_eq!(of(&[timeliness(4, 31), timeliness(5, 1)]), Some(40_313), "4.03125");
    }

    #[test]
    fn sides_and_stars_are_told_apart() {
        let tallies = [tally(FeedbackType::Timeliness, 1, 2), tally(FeedbackType::Communication, 5, 2)];
        let summary = RatingSummary::of(SPECIALIST, &tallies);
        assert_eq!(summary.rating_bp, Some(30_000));
        let of = |feedback_type| summary.by_type.iter().find(|of| of.feedback_type == feedback_type).unwrap();
        assert_eq!(of(FeedbackType::Timeliness).rating_bp, Some(10_000));
        assert_eq!(of(FeedbackType::Communication).rating_bp, Some(50_000));
        assert_eq!(of(FeedbackType::ServiceQuality).rating_bp, None);
        let counts: Vec<_> = summary.by_rating.iter().map(|of| (of.rating, of.rating_count)).collect();
        assert_eq!(counts, [(1, 2), (2, 0), (3, 0), (4, 0), (5, 2)]);
    }

    proptest! {
        #[test]
        fn parts_add_up_and_averages_stay_among_the_stars(
            tallies in prop::collection::vec(
                (prop::sample::select(FeedbackType::ALL), 1_u8..=5, 1_i64..1_000_000)
                    .prop_map(|(feedback_type, rating, count)| Tally { feedback_type, rating, count }),
                1..40,
            ),
        ) {
            let summary = RatingSummary::of(SPECIALIST, &tallies);
            let whole = summary.rating_count;
            prop_assert_eq!(summary.by_type.iter().map(|of| of.rating_count).sum::<i64>(), whole);
            prop_assert_eq!(summary.by_rating.iter().map(|of| of.rating_count).sum::<i64>(), whole);
            let averages = summary.by_type.iter().filter_map(|of| of.rating_bp).chain(summary.rating_bp);
            for average in averages {
                prop_assert!((10_000..=50_000).contains(&average));
            }
        }
    }
}
