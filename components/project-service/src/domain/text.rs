//! What texts of clients have to be.

/// The longest name, in characters.
pub(crate) const NAME_CHARACTERS_MAX: usize = 200;
/// The longest note or reason, in characters.
pub(crate) const TEXT_CHARACTERS_MAX: usize = 5000;

/// A line of 1 to `characters_max` characters that says something.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_line(text: &str, characters_max: usize) -> Result<(), String> {
    if text.chars().any(char::is_control) {
        return Err("must be one line of plain text".to_owned());
    }
    check_text(text, characters_max)
}

/// A text of 1 to `characters_max` characters, white space around it not counted.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_text(text: &str, characters_max: usize) -> Result<(), String> {
    if text.contains('\0') {
        return Err("must be plain text".to_owned());
    }
    let characters = text.trim().chars().count();
    if (1..=characters_max).contains(&characters) {
        return Ok(());
    }
    Err(format!("must have 1 to {characters_max} characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_something_in_one_line() {
        assert_eq!(check_line("Diễm xưa", NAME_CHARACTERS_MAX), Ok(()));
        for wrong in ["", "  ", "a\nb", "a\0", &"x".repeat(NAME_CHARACTERS_MAX + 1)] {
            assert!(check_line(wrong, NAME_CHARACTERS_MAX).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn texts_are_counted_in_characters_without_the_space_around_them() {
        let longest = format!(" {} ", "ễ".repeat(TEXT_CHARACTERS_MAX));
        assert_eq!(check_text(&longest, TEXT_CHARACTERS_MAX), Ok(()));
        assert_eq!(check_text("two\nlines", TEXT_CHARACTERS_MAX), Ok(()));
        for wrong in ["", " \n ", "with a \0 inside", &"ễ".repeat(TEXT_CHARACTERS_MAX + 1)] {
            assert!(check_text(wrong, TEXT_CHARACTERS_MAX).is_err(), "{wrong:?}");
        }
    }
}
