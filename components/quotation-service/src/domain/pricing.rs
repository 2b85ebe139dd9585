//! What work costs by the studio's own rules. Estimates and quotations are worked out by the same function.
//!
//! `base_price × units × complexity_bp × rush_bp`, within the row's bounds, `+ additional_fees`, `− discount_bp`, rounded half
//! up to the minor unit at the end alone. A row of the matrix holds the price of a simple piece of work without hurry; the
//! multipliers are the quotation's, so that a coordinator can judge a piece. What plugins add or take off comes after that:
//! see [`adjustments`].

pub(crate) mod adjustments;

use mutrapro_sdk::money::{AMOUNT_MAX, BASIS_POINTS, Currency, share_rounded_up};

/// The most units that are paid for at once: a thousand hours of minutes.
pub(crate) const UNITS_MAX: u32 = 60_000;
/// What is multiplied with when a customer is in a hurry, unless the coordinator says otherwise.
pub(crate) const RUSH_BP: u32 = 15_000;
/// The deposit, unless the coordinator says otherwise.
pub(crate) const DEPOSIT_BP: u32 = 4_000;
/// The largest multiplier.
pub(crate) const MULTIPLIER_BP_MAX: u32 = 100_000;

const MILLISECONDS_A_MINUTE: u64 = 60_000;

mutrapro_sdk::text_enum! {
    /// What is paid for.
    pub(crate) enum ServiceType {
        /// Writing down what is heard.
        Transcription = "transcription",
        /// Setting it for other instruments.
        Arrangement = "arrangement",
        /// Singing or playing it in the studio.
        Recording = "recording",
        /// Making one sound of many tracks.
        Mixing = "mixing",
        /// Making it ready for release.
        Mastering = "mastering",
        /// Everything.
        FullProduction = "full_production",
    }
}

mutrapro_sdk::text_enum! {
    /// How hard a piece is.
    pub(crate) enum Complexity {
        /// One voice, slow.
        Simple = "simple",
        /// Some voices.
        Moderate = "moderate",
        /// Many voices, or fast.
        Complex = "complex",
        /// For professionals.
        Professional = "professional",
        /// For the best of them.
        Virtuoso = "virtuoso",
    }
}

impl Complexity {
    /// What is multiplied with, unless the coordinator says otherwise.
    pub(crate) const fn multiplier_bp(self) -> u32 {
        match self {
            Self::Simple => 10_000,
            Self::Moderate => 13_000,
            Self::Complex => 16_000,
            Self::Professional => 20_000,
            Self::Virtuoso => 25_000,
        }
    }
}

mutrapro_sdk::text_enum! {
    /// What a price is for.
    pub(crate) enum UnitType {
        /// A begun minute of audio.
        PerMinute = "per_minute",
        /// A song.
        PerSong = "per_song",
        /// An hour, in half-hour steps.
        PerHour = "per_hour",
        /// The whole, however long it is.
        FixedPrice = "fixed_price",
    }
}

/// A price of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Price {
    /// What it is for.
    pub(crate) unit_type: UnitType,
    /// For one unit, in minor units.
    pub(crate) base_price: i64,
    /// The least that is asked before fees and discount.
    pub(crate) min_price: Option<i64>,
    /// The most that is asked before fees and discount.
    pub(crate) max_price: Option<i64>,
}

/// How much there is of it, in the unit that its price is for. Counted in halves, since hours come in half-hour steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Units {
    halves: u32,
}

impl Units {
    /// Whole units; at most [`UNITS_MAX`].
    pub(crate) fn whole(units: u32) -> Self {
        Self { halves: units.min(UNITS_MAX) * 2 }
    }

    /// What `amount` of minutes or songs is in units of `unit_type`.
    ///
    /// Minutes are those of audio (`per_minute`) or of work (`per_hour`, in begun half hours).
    pub(crate) fn of(unit_type: UnitType, amount: u32) -> Self {
        match unit_type {
            UnitType::PerMinute | UnitType::PerSong => Self::whole(amount),
            UnitType::PerHour => Self { halves: amount.min(UNITS_MAX).div_ceil(30) },
            UnitType::FixedPrice => Self::whole(1),
        }
    }
}

/// The begun minutes of audio that takes `duration_ms`.
pub(crate) fn begun_minutes(duration_ms: u64) -> u32 {
    u32::try_from(duration_ms.div_ceil(MILLISECONDS_A_MINUTE)).unwrap_or(u32::MAX).min(UNITS_MAX)
}

/// What a coordinator may set beside the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// At least 10000.
    pub(crate) complexity_bp: u32,
    /// At least 10000.
    pub(crate) rush_bp: u32,
    /// Added after the bounds, in minor units.
    pub(crate) additional_fees: i64,
    /// Taken off at the end: 0 to 10000.
    pub(crate) discount_bp: u32,
    /// The part that is paid first: 0 to 10000.
    pub(crate) deposit_bp: u32,
}

/// What it costs, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// All of it.
    pub(crate) total_price: i64,
    /// What is paid first; with `final_amount` it is the total.
    pub(crate) deposit_amount: i64,
    /// What is paid last.
    pub(crate) final_amount: i64,
}

impl Cost {
    /// Splits a total from 0 to [`AMOUNT_MAX`], of which `deposit_bp` (0 to 10000) are paid first, rounded up.
    pub(crate) fn of(total_price: i64, deposit_bp: u32) -> Self {
        let deposit_amount = share_rounded_up(total_price, i64::from(deposit_bp));
        Self { total_price, deposit_amount, final_amount: total_price - deposit_amount }
    }
}

/// Works out what `units` at `price` cost on `terms` by the studio's own rules, in minor units. `None` when it is more
/// than [`AMOUNT_MAX`].
pub(crate) fn computed_price(price: &Price, units: Units, terms: &Terms) -> Option<i64> {
    // Everything is kept exact, as a multiple of 1/SCALE of a minor unit, and rounded once.
    const SCALE: i128 = 2 * (BASIS_POINTS as i128) * (BASIS_POINTS as i128);
    let exact = i128::from(price.base_price)
        * i128::from(units.halves)
        * i128::from(terms.complexity_bp)
        * i128::from(terms.rush_bp);
    let least = price.min_price.map_or(exact, |min| exact.max(i128::from(min) * SCALE));
    let bounded = price.max_price.map_or(least, |max| least.min(i128::from(max) * SCALE));
    let with_fees = bounded + i128::from(terms.additional_fees) * SCALE;
    let left_bp = i128::from(BASIS_POINTS) - i128::from(terms.discount_bp);
    let divisor = SCALE * i128::from(BASIS_POINTS);
    let rounded = (with_fees * left_bp + divisor / 2).div_euclid(divisor);
    i64::try_from(rounded).ok().filter(|computed| (0..=AMOUNT_MAX).contains(computed))
}

/// What the studio asks before anybody has changed the matrix: a row for every complexity.
pub(crate) fn first_prices() -> impl Iterator<Item = (ServiceType, Complexity, Price)> {
    const PRICES: [(ServiceType, UnitType, i64); 6] = [
        (ServiceType::Transcription, UnitType::PerMinute, 50_000),
        (ServiceType::Arrangement, UnitType::PerSong, 1_500_000),
        (ServiceType::Recording, UnitType::PerHour, 200_000),
        (ServiceType::Mixing, UnitType::PerSong, 1_000_000),
        (ServiceType::Mastering, UnitType::PerSong, 800_000),
        (ServiceType::FullProduction, UnitType::PerSong, 3_500_000),
    ];
    PRICES.into_iter().flat_map(|(service, unit_type, base_price)| {
        let price = Price { unit_type, base_price, min_price: None, max_price: None };
        Complexity::ALL.iter().map(move |complexity| (service, *complexity, price))
    })
}

/// The currency of [`first_prices`].
pub(crate) const FIRST_CURRENCY: Currency = Currency::Vnd;

#[cfg(test)]
mod tests;
