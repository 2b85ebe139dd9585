//! Rust values as the database's, and back.

use super::Value;
use uuid::Uuid;

/// A Rust value that can be a statement's parameter.
pub trait ToValue {
    /// The value as the database takes it.
    fn to_value(&self) -> Value;
}

/// A Rust value that can be read from a column.
pub trait FromValue: Sized {
    /// What a column must hold, for messages: `an integer`.
    const EXPECTED: &'static str;

    /// The value, unless the column holds something else.
    fn from_value(value: Value) -> Option<Self>;
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl FromValue for String {
    const EXPECTED: &'static str = "text";

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Boolean(*self)
    }
}

impl FromValue for bool {
    const EXPECTED: &'static str = "a truth value";

    fn from_value(value: Value) -> Option<Self> {
        match value {
            // SQLite gives the value of an expression such as `a = b` as 0 or 1.
            Value::Boolean(_) | Value::Integer(0 | 1) => {
                Some(matches!(value, Value::Boolean(true) | Value::Integer(1)))
            }
            _ => None,
        }
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value {
        Value::Bytes(self.to_vec())
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value {
        Value::Bytes(self.clone())
    }
}

impl FromValue for Vec<u8> {
    const EXPECTED: &'static str = "bytes";

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl ToValue for Uuid {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl FromValue for Uuid {
    const EXPECTED: &'static str = "a UUID";

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
}

macro_rules! integer {
    ($($type:ty = $expected:literal),+) => {
        $(
            impl ToValue for $type {
                fn to_value(&self) -> Value {
                    Value::Integer(i64::from(*self))
                }
            }

            impl FromValue for $type {
                const EXPECTED: &'static str = $expected;

                fn from_value(value: Value) -> Option<Self> {
                    match value {
                        Value::Integer(number) => number.try_into().ok(),
                        _ => None,
                    }
                }
            }
        )+
    };
}

integer! {
    i64 = "an integer",
    i32 = "an integer of 32 bits",
    u32 = "an integer from 0 to 4294967295",
    u16 = "an integer from 0 to 65535",
    u8 = "an integer from 0 to 255"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn truth_comes_in_two_forms() {
        assert_eq!(bool::from_value(Value::Integer(1)), Some(true));
        assert_eq!(bool::from_value(Value::Boolean(false)), Some(false));
        assert_eq!(bool::from_value(Value::Integer(2)), None);
    }

    #[test]
    fn null_is_only_for_what_may_be_absent() {
        assert_eq!(<Option<String>>::from_value(Value::Null), Some(None));
        assert_eq!(String::from_value(Value::Null), None);
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(number: i64, small: u16, text: String, bytes: Vec<u8>, id: u128) {
            prop_assert_eq!(i64::from_value(number.to_value()), Some(number));
            prop_assert_eq!(u16::from_value(small.to_value()), Some(small));
            prop_assert_eq!(u16::from_value(number.to_value()), u16::try_from(number).ok());
            prop_assert_eq!(String::from_value(text.to_value()), Some(text));
            prop_assert_eq!(Vec::<u8>::from_value(bytes.to_value()), Some(bytes));
            prop_assert_eq!(Uuid::from_value(Uuid::from_u128(id).to_value()), Some(Uuid::from_u128(id)));
        }
    }
}
