//! What texts of clients have to be.

use std::ops::RangeInclusive;

/// The longest reason, in characters.
pub(crate) const REASON_CHARACTERS_MAX: usize = 1000;
/// The longest token, in characters.
pub(crate) const TOKEN_CHARACTERS_MAX: usize = 255;

/// How many digits the number of a card has (ISO/IEC 7812-1).
const CARD_DIGITS: RangeInclusive<usize> = 12..=19;

/// A text of 1 to [`REASON_CHARACTERS_MAX`] characters, white space around it not counted.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_reason(reason: &str) -> Result<(), String> {
    if reason.contains('\0') {
        return Err("must be plain text".to_owned());
    }
    if (1..=REASON_CHARACTERS_MAX).contains(&reason.trim().chars().count()) {
        return Ok(());
    }
    Err(format!("must have 1 to {REASON_CHARACTERS_MAX} characters"))
}

/// What a gateway gave the client for its means of payment: 1 to [`TOKEN_CHARACTERS_MAX`] visible characters of ASCII.
/// The number of a card is refused, so that none is ever kept here.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_token(token: &str) -> Result<(), String> {
    let is_plain = token.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_plain || !(1..=TOKEN_CHARACTERS_MAX).contains(&token.len()) {
        return Err(format!("must have 1 to {TOKEN_CHARACTERS_MAX} visible characters"));
    }
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    let is_number = token.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_number && CARD_DIGITS.contains(&digits) {
        return Err("must be the token that the gateway gave for a card, never the card's number".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reasons_are_counted_in_characters_without_the_space_around_them() {
        assert_eq!(check_reason(&format!("  {}  ", "ễ".repeat(REASON_CHARACTERS_MAX))), Ok(()));
        for wrong in ["", " ", "a\0", &"x".repeat(REASON_CHARACTERS_MAX + 1)] {
            assert!(check_reason(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn tokens_are_short_and_visible() {
        for token in ["x", "sandbox_success", "tok_1-2", "4242", &"t".repeat(TOKEN_CHARACTERS_MAX)] {
            assert_eq!(check_token(token), Ok(()), "{token}");
        }
        for token in ["", "two words", "line\n", "tökén", &"t".repeat(TOKEN_CHARACTERS_MAX + 1)] {
            assert!(check_token(token).is_err(), "{token:?}");
        }
    }

    proptest! {
        #[test]
        fn no_number_of_a_card_is_a_token(number in "[0-9]{4}-?[0-9]{4}-?[0-9]{4}-?[0-9]{0,7}") {
            prop_assert!(check_token(&number).is_err());
        }
    }
}
