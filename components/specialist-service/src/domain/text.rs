//! What texts of clients have to be.

/// The longest title of a demo, in characters.
pub(crate) const TITLE_CHARACTERS_MAX: usize = 200;
/// The longest name, genre or range, in characters.
pub(crate) const NAME_CHARACTERS_MAX: usize = 100;
/// The longest description, in characters.
pub(crate) const TEXT_CHARACTERS_MAX: usize = 5000;
/// The longest web address, in characters.
pub(crate) const URL_CHARACTERS_MAX: usize = 500;

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
    if (1..=characters_max).contains(&text.trim().chars().count()) {
        return Ok(());
    }
    Err(format!("must have 1 to {characters_max} characters"))
}

/// A web address that is safe to link to: `http` or `https` and a host, without a user's name (RFC 3986, section 3).
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_url(url: &str) -> Result<(), String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let is_address = url.len() <= URL_CHARACTERS_MAX
        && url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
        && host.split('.').all(is_label)
        && port.parse::<u16>().is_ok_and(|port| port > 0);
    if is_address {
        return Ok(());
    }
    Err(format!("must be an address that begins with https:// or http://, of at most {URL_CHARACTERS_MAX} characters"))
}

fn is_label(label: &str) -> bool {
    let is_edge_plain = !label.starts_with('-') && !label.ends_with('-');
    !label.is_empty() && is_edge_plain && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What was given, without the white space around it.
pub(crate) fn trimmed(text: String) -> String {
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_say_something_in_one_line() {
        assert_eq!(check_line("Đàn bầu", NAME_CHARACTERS_MAX), Ok(()));
        for wrong in ["", "  ", "a\nb", "a\0", &"ễ".repeat(NAME_CHARACTERS_MAX + 1)] {
            assert!(check_line(wrong, NAME_CHARACTERS_MAX).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn texts_are_counted_in_characters_without_the_space_around_them() {
        assert_eq!(check_text(&format!(" {}\n", "ễ".repeat(TEXT_CHARACTERS_MAX)), TEXT_CHARACTERS_MAX), Ok(()));
        assert!(check_text(&"x".repeat(TEXT_CHARACTERS_MAX + 1), TEXT_CHARACTERS_MAX).is_err());
        assert!(check_text("with a \0 inside", TEXT_CHARACTERS_MAX).is_err());
    }

    #[test]
    fn addresses_of_the_web_are_accepted() {
        for url in [
            "https://example.com",
            "http://localhost:8080/demo?x=1#t=30",
            "https://soundcloud.com/thu/diem-xua",
            "https://xn--dim-xua.vn/%C3%A1/~thu",
        ] {
            assert_eq!(check_url(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let too_long = format!("https://example.com/{}", "x".repeat(URL_CHARACTERS_MAX));
        for url in [
            "",
            "example.com",
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://example.com",
            "https://",
            "https:///path",
            "https://a..b",
            "https://-a.vn",
            "https://user@example.com",
            "https://example.com:0",
            "https://example.com:port",
            "https://example.com/a b",
            "https://example.com/\"><script>",
            "https://diễm.vn",
            &too_long,
        ] {
            assert!(check_url(url).is_err(), "{url}");
        }
    }

    proptest! {
        #[test]
        fn accepted_addresses_cannot_leave_an_attribute(url in "https?://[ -~]{0,40}") {
            if check_url(&url).is_ok() {
                prop_assert!(!url.contains(['"', '<', '>', ' ', '`', '\\']));
            }
        }
    }
}
