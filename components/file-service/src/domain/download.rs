//! Which bytes of a file a request asks for, and under which headers they go out (RFC 9110, sections 13 and 14).

use std::ops::Range;

/// What a request gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selection {
    /// 200 with all of it.
    Whole,
    /// 206 with these bytes: never empty, never beyond the end.
    Part(Range<u64>),
    /// 304: the client has it.
    NotModified,
    /// 416: there are no such bytes.
    Unsatisfiable,
}

/// What a request says of what it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Conditions<'a> {
    pub(crate) range: Option<&'a str>,
    pub(crate) if_range: Option<&'a str>,
    pub(crate) if_none_match: Option<&'a str>,
}

/// What of a file of `size_bytes`, known as `etag`, a request gets.
pub(crate) fn select(conditions: Conditions<'_>, size_bytes: u64, etag: &str) -> Selection {
    if conditions.if_none_match.is_some_and(|tags| matches_any(tags, etag)) {
        return Selection::NotModified;
    }
    // A range of another content would be joined to the wrong one. Dates are not compared: the tag is the only validator.
    if conditions.if_range.is_some_and(|tag| tag.trim() != etag) {
        return Selection::Whole;
    }
    conditions.range.map_or(Selection::Whole, |range| part(range, size_bytes))
}

/// Weak comparison, as If-None-Match has it.
fn matches_any(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// One range of bytes. Several at once, another unit and what is malformed are ignored, as section 14.2 allows.
fn part(range: &str, size_bytes: u64) -> Selection {
    let Some((first, last)) = range.trim().strip_prefix("bytes=").and_then(|range| range.trim().split_once('-')) else {
        return Selection::Whole;
    };
    let (first, last) = (first.trim(), last.trim());
    let selected = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size_bytes),
        (Some(first), None) if last.is_empty() => first..size_bytes,
        (None, Some(length)) if first.is_empty() => size_bytes.saturating_sub(length)..size_bytes,
        _ => return Selection::Whole,
    };
    if selected.is_empty() { Selection::Unsatisfiable } else { Selection::Part(selected) }
}

/// Digits alone; more of them than fit stand for a number without end.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// `Content-Disposition` that makes a browser save the file under its name (RFC 6266): in ASCII for old clients, and as
/// it is.
pub(crate) fn disposition(file_name: &str) -> String {
    let is_plain = |character: char| character.is_ascii_graphic() && !matches!(character, '"' | '\\' | '%');
    let plain: String = file_name
        .chars()
        .map(|character| if is_plain(character) || character == ' ' { character } else { '_' })
        .collect();
    let mut encoded = String::with_capacity(file_name.len());
    for byte in file_name.bytes() {
        // `attr-char` of RFC 8187, section 3.2.1.
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranged(range: &str) -> Selection {
        select(Conditions { range: Some(range), ..Conditions::default() }, 10, "\"a\"")
    }

    #[test]
    fn one_range_is_cut_to_the_file() {
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-4", 2..5),
            ("bytes=5-", 5..10),
            ("bytes=5-99", 5..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
            (" bytes= 2 - 4 ", 2..5),
            ("bytes=0-99999999999999999999999", 0..10),
        ] {
            assert_eq!(ranged(range), Selection::Part(part), "{range}");
        }
    }

    #[test]
    fn what_is_beyond_the_end_cannot_be_given() {
        for range in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(ranged(range), Selection::Unsatisfiable, "{range}");
        }
        let empty = select(Conditions { range: Some("bytes=0-"), ..Conditions::default() }, 0, "\"a\"");
        assert_eq!(empty, Selection::Unsatisfiable);
    }

    #[test]
    fn several_ranges_and_nonsense_are_ignored() {
        for range in ["bytes=0-1,3-4", "bytes=4-2", "bytes=", "bytes=-", "bytes=a-b", "items=0-1", "0-1", "bytes=+1-2"]
        {
            assert_eq!(ranged(range), Selection::Whole, "{range}");
        }
    }

    #[test]
    fn a_part_of_another_content_is_not_given() {
        let select = |if_range| {
            let conditions = Conditions { range: Some("bytes=0-1"), if_range: Some(if_range), if_none_match: None };
            select(conditions, 10, "\"a\"")
        };
        assert_eq!(select("\"a\""), Selection::Part(0..2));
        assert_eq!(select("\"b\""), Selection::Whole);
        assert_eq!(select("W/\"a\""), Selection::Whole);
        assert_eq!(select("Wed, 21 Oct 2026 07:28:00 GMT"), Selection::Whole);
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        let select = |tags| {
            let conditions = Conditions { range: Some("bytes=99-"), if_none_match: Some(tags), if_range: None };
            select(conditions, 10, "\"a\"")
        };
        for tags in ["\"a\"", "\"b\", W/\"a\"", "*"] {
            assert_eq!(select(tags), Selection::NotModified, "{tags}");
        }
        assert_eq!(select("\"b\""), Selection::Unsatisfiable);
    }

    #[test]
    fn name_is_told_twice() {
        let header = disposition("Bài \"hát\".wav");
        assert_eq!(header, "attachment; filename=\"B_i _h_t_.wav\"; filename*=UTF-8''B%C3%A0i%20%22h%C3%A1t%22.wav");
    }

    proptest! {
        #[test]
        fn a_part_is_never_empty_and_within_the_file(range in "bytes=[0-9]{0,4}-[0-9]{0,4}", size in 0_u64..5000) {
            let conditions = Conditions { range: Some(&range), ..Conditions::default() };
            if let Selection::Part(part) = select(conditions, size, "\"a\"") {
                prop_assert!(part.start < part.end && part.end <= size);
            }
        }

        #[test]
        fn no_name_breaks_the_header(name in ".{0,200}") {
            let header = disposition(&name);
            prop_assert!(header.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
            prop_assert_eq!(header.matches('"').count(), 2);
        }
    }
}
