//! What an account's fields may hold.

/// The length of a password, in characters.
pub(crate) const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=128;
/// The length of a username, in characters.
const USERNAME_CHARS: std::ops::RangeInclusive<usize> = 3..=30;
/// The most bytes of an e-mail address (RFC 5321, section 4.5.3.1.3), and of its part before the @.
const EMAIL_BYTES_MAX: usize = 254;
const EMAIL_LOCAL_BYTES_MAX: usize = 64;
/// The most digits of a telephone number with its country code (ITU-T E.164), and the fewest that make sense.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 6..=15;
/// The most characters of a telephone number as people write it.
const PHONE_CHARS_MAX: usize = 30;

/// The form in which an e-mail address or a username is kept and looked for.
pub(crate) fn normal(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

/// An e-mail address in its usual form (RFC 5321's dot-string and a domain name), in ASCII.
pub(crate) fn check_email(email: &str) -> Result<(), &'static str> {
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let is_valid = email.split_once('@').is_some_and(|(local, domain)| {
        email.len() <= EMAIL_BYTES_MAX
            && local.len() <= EMAIL_LOCAL_BYTES_MAX
            && local.split('.').all(|part| !part.is_empty() && part.bytes().all(is_atom))
            && domain.contains('.')
            && domain.split('.').all(is_domain_label)
    });
    is_valid.then_some(()).ok_or("is not an e-mail address")
}

fn is_domain_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A username in its normal form.
pub(crate) fn check_username(username: &str) -> Result<(), &'static str> {
    let is_valid = USERNAME_CHARS.contains(&username.len())
        && username.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
        && username.starts_with(|first: char| first.is_ascii_alphanumeric());
    is_valid
        .then_some(())
        .ok_or("must be 3 to 30 letters, digits, dots, underscores or hyphens, and begin with a letter or digit")
}

/// A new password. Only its length is prescribed (NIST SP 800-63B, section 3.1.1.2).
pub(crate) fn check_password(password: &str) -> Result<(), &'static str> {
    PASSWORD_CHARS.contains(&password.chars().count()).then_some(()).ok_or("must be 8 to 128 characters")
}

/// A telephone number as people write it.
pub(crate) fn check_phone(phone: &str) -> Result<(), &'static str> {
    let rest = phone.strip_prefix('+').unwrap_or(phone);
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    let is_valid = phone.len() <= PHONE_CHARS_MAX
        && PHONE_DIGITS.contains(&digits)
        && rest.bytes().all(|byte| byte.is_ascii_digit() || b" -.()".contains(&byte));
    is_valid.then_some(()).ok_or("is not a telephone number")
}

/// Text for people, of 1 to `chars_max` characters, on one line.
pub(crate) fn check_line(text: &str, chars_max: usize) -> Result<(), String> {
    check_text(text, chars_max)?;
    if text.chars().any(char::is_control) {
        return Err("must be one line".to_owned());
    }
    Ok(())
}

/// Text for people, of 1 to `chars_max` characters.
pub(crate) fn check_text(text: &str, chars_max: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("must not be empty".to_owned());
    }
    if text.chars().count() > chars_max {
        return Err(format!("must be at most {chars_max} characters"));
    }
    // PostgreSQL cannot store it.
    if text.contains('\0') {
        return Err("must not contain the character U+0000".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn usual_addresses_are_accepted() {
        for email in ["a@b.vn", "lan.nguyen+music@example.co.uk", "x_1@a-b.io", "o'brien@example.com"] {
            assert_eq!(check_email(email), Ok(()), "{email}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "x".repeat(65));
        for email in [
            "",
            "@",
            "a@",
            "@b.vn",
            "a@b",
            "a@@b.vn",
            "a@b@c.vn",
            ".a@b.vn",
            "a..b@c.vn",
            "a @b.vn",
            "a@-b.vn",
            "a@b-.vn",
            "a@b..vn",
            "é@b.vn",
            "a@é.vn",
            "a\n@b.vn",
            "\"a b\"@c.vn",
            &long,
        ] {
            assert!(check_email(email).is_err(), "{email}");
        }
    }

    #[test]
    fn usernames_are_plain() {
        for username in ["lan", "lan.nguyen", "7up", &"x".repeat(30)] {
            assert_eq!(check_username(username), Ok(()), "{username}");
        }
        for username in ["", "ab", ".lan", "Lan", "lan nguyen", "lần", &"x".repeat(31)] {
            assert!(check_username(username).is_err(), "{username}");
        }
    }

    #[test]
    fn passwords_are_counted_in_characters() {
        for password in ["12345678", "mật khẩu", &"ẩ".repeat(128)] {
            assert_eq!(check_password(password), Ok(()), "{password}");
        }
        for password in ["", "1234567", "mậtkhẩu", &"x".repeat(129)] {
            assert!(check_password(password).is_err(), "{password}");
        }
    }

    #[test]
    fn telephone_numbers_are_accepted_as_people_write_them() {
        for phone in ["+84 28 3823 4567", "0901234567", "(028) 3823-4567"] {
            assert_eq!(check_phone(phone), Ok(()), "{phone}");
        }
        for phone in ["", "12345", "call me", "++84901234567", "1234567890123456", &"1 ".repeat(16)] {
            assert!(check_phone(phone).is_err(), "{phone}");
        }
    }

    #[test]
    fn text_has_something_to_say() {
        for text in ["", "  ", "x\0y", &"x".repeat(11)] {
            assert!(check_text(text, 10).is_err(), "{text:?}");
        }
        assert!(check_line("two\nlines", 20).is_err());
        assert_eq!(check_text("two\nlines", 20), Ok(()));
    }

    proptest! {
        #[test]
        fn normal_form_is_a_fixed_point(text: String) {
            prop_assert_eq!(normal(&normal(&text)), normal(&text));
        }

        #[test]
        fn case_does_not_make_another_address(local in "[a-zA-Z0-9]{1,20}", domain in "[a-zA-Z0-9]{1,20}") {
            let email = format!("{local}@{domain}.vn");
            prop_assert_eq!(check_email(&normal(&email)), Ok(()));
            prop_assert_eq!(normal(&email), normal(&email.to_ascii_uppercase()));
        }

        #[test]
        fn accepted_address_fits_on_a_line_and_in_a_header(local in "[ -~\\n\\té]{1,6}", domain in "[ -~\\n\\té]{1,6}[.]vn") {
            let email = format!("{local}@{domain}");
            if check_email(&email).is_ok() {
                prop_assert!(email.bytes().all(|byte| byte.is_ascii_graphic()), "{email:?}");
                prop_assert_eq!(email.matches('@').count(), 1);
            }
        }
    }
}
