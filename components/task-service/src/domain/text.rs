//! What texts of clients have to be.

/// The longest note or reason, in characters.
pub(crate) const TEXT_CHARACTERS_MAX: usize = 5000;

/// A text of 1 to [`TEXT_CHARACTERS_MAX`] characters, white space around it not counted.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_text(text: &str) -> Result<(), String> {
    if text.contains('\0') {
        return Err("must be plain text".to_owned());
    }
    if (1..=TEXT_CHARACTERS_MAX).contains(&text.trim().chars().count()) {
        return Ok(());
    }
    Err(format!("must have 1 to {TEXT_CHARACTERS_MAX} characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_say_something_and_end_somewhere() {
        let longest = "ễ".repeat(TEXT_CHARACTERS_MAX);
        for right in ["x", " two\nlines ", &longest, &format!(" {longest} ")] {
            assert_eq!(check_text(right), Ok(()));
        }
        for wrong in ["", " \n ", "with a \0 inside", &format!("{longest}x")] {
            assert!(check_text(wrong).is_err(), "{wrong:?}");
        }
    }
}
