//! Amounts, dates and other people's words as they are read.

use mutrapro_sdk::money::Currency;
use mutrapro_sdk::time::Instant;

/// How much of someone else's words is repeated, in characters; who wants all of them looks at the thing itself.
pub(crate) const EXCERPT_CHARACTERS_MAX: usize = 200;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// An amount in minor units with its currency: `80,000 VND`, `1,234.50 USD`.
pub(crate) fn money(amount: i64, currency: &str) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    let amount = amount.unsigned_abs();
    match currency.parse() {
        Ok(Currency::Vnd) => format!("{sign}{} {currency}", grouped(amount)),
        Ok(Currency::Usd | Currency::Eur) => {
            format!("{sign}{}.{:02} {currency}", grouped(amount / 100), amount % 100)
        }
        // What the minor unit of a later currency is worth is not known here.
        Err(_) => format!("{sign}{} minor units of {currency}", grouped(amount)),
    }
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A point in time of RFC 3339 as `31 Jan 2026, 09:30 UTC`. A text that is none is told as it is: an odd date is more to
/// people than none.
pub(crate) fn time(text: &str) -> String {
    moment(text).map_or_else(|| text.to_owned(), |(day, time)| format!("{day}, {time} UTC"))
}

/// A span as `31 Jan 2026, 09:30 to 11:00 UTC`, with the day of its end when that is another one.
pub(crate) fn span(from: &str, to: &str) -> String {
    match (moment(from), moment(to)) {
        (Some((day, begins)), Some((last_day, ends))) if day == last_day => format!("{day}, {begins} to {ends} UTC"),
        (Some((day, begins)), Some((last_day, ends))) => format!("{day}, {begins} to {last_day}, {ends} UTC"),
        _ => format!("{from} to {to}"),
    }
}

/// The day and the time of day, in UTC.
fn moment(text: &str) -> Option<(String, String)> {
    let instant = text.parse::<Instant>().ok()?.to_string();
    let (date, time) = instant.split_once('T')?;
    let mut parts = date.rsplitn(3, '-');
    let day: u8 = parts.next()?.parse().ok()?;
    let month: usize = parts.next()?.parse().ok()?;
    let (year, month) = (parts.next()?, MONTHS.get(month.checked_sub(1)?)?);
    Some((format!("{day} {month} {year}"), time.get(..5)?.to_owned()))
}

/// Someone's words as part of a sentence: in one line, cut at [`EXCERPT_CHARACTERS_MAX`].
pub(crate) fn excerpt(words: &str) -> String {
    let is_space = |character: char| character.is_whitespace() || character.is_control();
    let line = words.split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default().trim_end()),
        None => line,
    }
}

/// The end of a sentence that may have a reason: `: “too dear”.`, or a full stop.
pub(crate) fn because(reason: Option<&str>) -> String {
    match reason.map(excerpt) {
        Some(reason) if !reason.is_empty() => format!(": “{reason}”."),
        _ => ".".to_owned(),
    }
}

/// `service_coordinator` as people say it.
pub(crate) fn spoken(name: &str) -> String {
    excerpt(&name.replace('_', " "))
}

/// How much time is left, as a sentence begins.
pub(crate) fn days_left(days: u8) -> String {
    match days {
        0 => "Less than a day is left".to_owned(),
        1 => "1 day is left".to_owned(),
        days => format!("{days} days are left"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_in_major_units() {
        for (amount, currency, expected) in [
            (0, "VND", "0 VND"),
            (999, "VND", "999 VND"),
            (80_000, "VND", "80,000 VND"),
            (1_000_000_000_000, "VND", "1,000,000,000,000 VND"),
            (123_450, "USD", "1,234.50 USD"),
            (7, "EUR", "0.07 EUR"),
            (-150, "USD", "-1.50 USD"),
            (i64::MIN, "VND", "-9,223,372,036,854,775,808 VND"),
            (5_000, "XYZ", "5,000 minor units of XYZ"),
        ] {
            assert_eq!(money(amount, currency), expected);
        }
    }

    #[test]
    fn dates_are_read_in_utc() {
        assert_eq!(time("2026-01-31T09:30:00.000000Z"), "31 Jan 2026, 09:30 UTC");
        assert_eq!(time("2026-12-01T01:05:00+07:00"), "30 Nov 2026, 18:05 UTC");
        assert_eq!(time("soon"), "soon");
    }

    #[test]
    fn spans_name_a_day_once() {
        let from = "2026-01-31T09:30:00Z";
        assert_eq!(span(from, "2026-01-31T11:00:00Z"), "31 Jan 2026, 09:30 to 11:00 UTC");
        assert_eq!(span(from, "2026-02-01T00:30:00Z"), "31 Jan 2026, 09:30 to 1 Feb 2026, 00:30 UTC");
        assert_eq!(span(from, "later"), "2026-01-31T09:30:00Z to later");
    }

    #[test]
    fn reasons_are_quoted_where_there_are_any() {
        assert_eq!(because(Some("too\n dear ")), ": “too dear”.");
        assert_eq!(because(Some(" \0")), ".");
        assert_eq!(because(None), ".");
    }

    #[test]
    fn what_is_left_is_counted() {
        assert_eq!([0, 1, 3].map(days_left), ["Less than a day is left", "1 day is left", "3 days are left"]);
    }

    proptest! {
        #[test]
        fn digits_stay_the_same(amount in 0..i64::MAX) {
            let digits: String = money(amount, "VND").chars().filter(char::is_ascii_digit).collect();
            prop_assert_eq!(digits, amount.to_string());
        }

        #[test]
        fn excerpts_are_one_short_line(words in "\\PC{0,300}|.{0,50}") {
            let excerpt = excerpt(&words);
            prop_assert!(excerpt.chars().count() <= EXCERPT_CHARACTERS_MAX + 1);
            prop_assert!(!excerpt.contains(char::is_control) && excerpt.trim() == excerpt);
        }
    }
}
