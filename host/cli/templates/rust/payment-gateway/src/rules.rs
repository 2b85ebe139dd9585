//! Vouchers: means of payment that are worth what is written on them.

/// The amount of a voucher such as `VOUCHER-200000`, in minor units.
pub fn worth(token: &str) -> Option<i64> {
    token
        .strip_prefix("VOUCHER-")?
        .parse()
        .ok()
        .filter(|worth| *worth > 0)
}

/// Why a voucher does not pay for `amount`: a stable reason.
pub fn refusal(token: &str, amount: i64) -> Option<&'static str> {
    match worth(token) {
        None => Some("invalid_voucher"),
        Some(worth) if worth < amount => Some("insufficient_voucher"),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voucher_pays_for_what_it_is_worth() {
        assert_eq!(refusal("VOUCHER-200000", 200_000), None);
        assert_eq!(
            refusal("VOUCHER-200000", 200_001),
            Some("insufficient_voucher")
        );
    }

    #[test]
    fn anything_else_is_no_voucher() {
        for token in [
            "",
            "200000",
            "VOUCHER-",
            "VOUCHER--1",
            "VOUCHER-0",
            "VOUCHER-99999999999999999999",
        ] {
            assert_eq!(refusal(token, 1), Some("invalid_voucher"), "{token}");
        }
    }
}
