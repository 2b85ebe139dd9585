//! What texts of clients have to be.

/// The longest name, in characters.
pub(crate) const NAME_CHARACTERS_MAX: usize = 200;
/// The longest description, instruction or reason, in characters.
pub(crate) const TEXT_CHARACTERS_MAX: usize = 5000;

/// A line of 1 to [`NAME_CHARACTERS_MAX`] characters that says something.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_line(text: &str) -> Result<(), String> {
    if text.chars().any(char::is_control) {
        return Err("must be one line of plain text".to_owned());
    }
    check_length(text, NAME_CHARACTERS_MAX)
}

/// A text of 1 to [`TEXT_CHARACTERS_MAX`] characters, white space around it not counted.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_text(text: &str) -> Result<(), String> {
    if text.contains('\0') {
        return Err("must be plain text".to_owned());
    }
    check_length(text, TEXT_CHARACTERS_MAX)
}

fn check_length(text: &str, characters_max: usize) -> Result<(), String> {
    if (1..=characters_max).contains(&text.trim().chars().count()) {
        return Ok(());
    }
    Err(format!("must have 1 to {characters_max} characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_something_in_one_line() {
        assert_eq!(check_line("Phòng thu A"), Ok(()));
        assert_eq!(check_line(&"ễ".repeat(NAME_CHARACTERS_MAX)), Ok(()));
        for wrong in ["", "  ", "a\nb", "a\0", &"x".repeat(NAME_CHARACTERS_MAX + 1)] {
            assert!(check_line(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn texts_are_counted_in_characters_without_the_space_around_them() {
        assert_eq!(check_text(&format!(" {} ", "ễ".repeat(TEXT_CHARACTERS_MAX))), Ok(()));
        assert!(check_text(&"x".repeat(TEXT_CHARACTERS_MAX + 1)).is_err());
        assert!(check_text(" ").is_err());
        assert!(check_text("with a \0 inside").is_err());
    }
}
