//! What is taken off.

/// What the customer reads.
pub const LABEL: &str = "Ten or more minutes";
const MINUTES_MIN: u32 = 10;

/// Five percent, rounded down, off work on [`MINUTES_MIN`] minutes and more: what the line says, in minor units.
pub fn adjustment(amount: i64, audio_minutes: Option<u32>) -> Option<i64> {
    let off = amount / 20;
    (audio_minutes? >= MINUTES_MIN && off > 0).then_some(-off)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_work_costs_less() {
        assert_eq!(adjustment(200_019, Some(10)), Some(-10_000));
    }

    #[test]
    fn short_work_and_work_without_minutes_cost_what_they_cost() {
        assert_eq!(adjustment(200_000, Some(9)), None);
        assert_eq!(adjustment(200_000, None), None);
        assert_eq!(adjustment(19, Some(10)), None);
    }
}
