//! NUMERIC in PostgreSQL's binary form: digits to the base of 10,000 behind a weight, a sign and a scale.
//!
//! The form: `numeric_send` in <https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/numeric.c>.

const BASE_DIGITS: usize = 4;
const BASE: i128 = 10_000;
const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
/// The longest number that is encoded, in decimal digits.
const DIGITS_MAX: usize = 1_000;

/// The whole number that `bytes` stand for; `None` for a fraction, for what 64 bits do not hold and for no number.
pub(super) fn decode(bytes: &[u8]) -> Option<i64> {
    let (head, digits) = bytes.split_at_checked(8)?;
    let mut head = head.chunks_exact(2).map(|two| two.try_into().map(u16::from_be_bytes));
    let (count, weight, sign) = (head.next()?.ok()?, head.next()?.ok()?, head.next()?.ok()?);
    // Bit by bit the same: the weight of a fraction is negative.
    let weight = i32::from(weight.cast_signed());
    let mut number: i128 = 0;
    let mut place = weight;
    for digit in digits.chunks_exact(2).take(usize::from(count)) {
        let digit = i128::from(u16::from_be_bytes(digit.try_into().ok()?));
        if place < 0 && digit != 0 {
            return None;
        }
        if place >= 0 {
            number = number.checked_mul(BASE)?.checked_add(digit)?;
        }
        place -= 1;
    }
    // Zeros at the end are left out.
    for _ in 0..=place.min(i32::from(u8::MAX)) {
        if number == 0 {
            break;
        }
        number = number.checked_mul(BASE)?;
    }
    match sign {
        POSITIVE => i64::try_from(number).ok(),
        NEGATIVE => i64::try_from(-number).ok(),
        _ => None,
    }
}

/// The bytes for a number such as `-12.50`; `None` for any other text.
pub(super) fn encode(text: &str) -> Option<Vec<u8>> {
    let (sign, digits) = text.strip_prefix('-').map_or((POSITIVE, text), |digits| (NEGATIVE, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || digits.len() > DIGITS_MAX {
        return None;
    }
    let scale = if digits.contains('.') { fraction.len() } else { 0 };
    let leading = whole.len().next_multiple_of(BASE_DIGITS);
    let trailing = scale.next_multiple_of(BASE_DIGITS);
    let fraction = if scale == 0 { "" } else { fraction };
    let padded = format!("{whole:0>leading$}{fraction:0<trailing$}");
    let groups: Vec<u16> = padded.as_bytes().chunks(BASE_DIGITS).map(group).collect();
    // No weight is written for zeros in front.
    let zeros = groups.iter().take_while(|digit| **digit == 0).count();
    let weight = i16::try_from(leading / BASE_DIGITS).ok()? - 1 - i16::try_from(zeros).ok()?;
    let kept = groups.get(zeros..)?;
    let (weight, sign) = if kept.is_empty() { (0, POSITIVE) } else { (weight, sign) };
    let head = [u16::try_from(kept.len()).ok()?, weight.cast_unsigned(), sign, u16::try_from(scale).ok()?];
    Some(head.iter().chain(kept).flat_map(|two| two.to_be_bytes()).collect())
}

fn group(digits: &[u8]) -> u16 {
    digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_survive_a_round_trip() {
        for number in [0, 1, -1, 9_999, 10_000, 10_001, -120_000_000, 1_000_000_000_000, i64::MAX, i64::MIN] {
            assert_eq!(decode(&encode(&number.to_string()).unwrap()), Some(number), "{number}");
        }
        assert_eq!(decode(&encode("12.000").unwrap()), Some(12));
        assert_eq!(decode(&encode("0012").unwrap()), Some(12));
    }

    #[test]
    fn fractions_and_numbers_beyond_64_bits_are_none() {
        for text in ["0.5", "-12.0001", "9223372036854775808", &format!("1{}", "0".repeat(400))] {
            assert_eq!(decode(&encode(text).unwrap()), None, "{text}");
        }
    }

    #[test]
    fn bytes_are_those_of_the_server() {
        // `SELECT numeric_send(-12345.0607)`
        let expected = [0, 3, 0, 1, 0x40, 0, 0, 4, 0, 1, 0x09, 0x29, 0x02, 0x5f];
        assert_eq!(encode("-12345.0607").unwrap(), expected);
        assert_eq!(encode("0.00").unwrap(), [0, 0, 0, 0, 0, 0, 0, 2]);
    }

    #[test]
    fn text_that_is_no_number_is_none() {
        for text in ["", "-", ".", "1.", ".5", "+1", "1e3", "NaN", "1 ", "--1", "1.2.3"] {
            assert_eq!(encode(text), None, "{text:?}");
        }
        assert_eq!(encode(&"1".repeat(DIGITS_MAX + 1)), None);
    }

    #[test]
    fn damaged_bytes_are_none() {
        for bytes in [&[][..], &[0, 1], &[0, 1, 0, 0, 0xc0, 0, 0, 0]] {
            assert_eq!(decode(bytes), None, "{bytes:?}");
        }
    }
}
