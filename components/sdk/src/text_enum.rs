//! Enumerations that are text in JSON, in SQL and in queries.

/// Declares an enumeration whose values have one text form everywhere.
///
/// ```
/// mutrapro_sdk::text_enum! {
///     /// How far a task is.
///     pub enum Status {
///         /// Nobody has begun.
///         Assigned = "assigned",
///         /// It is being worked on.
///         InProgress = "in_progress",
///     }
/// }
/// assert_eq!(Status::InProgress.as_str(), "in_progress");
/// assert_eq!("assigned".parse(), Ok(Status::Assigned));
/// assert!("lost".parse::<Status>().is_err());
/// ```
#[macro_export]
macro_rules! text_enum {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident { $($(#[$value_attribute:meta])* $value:ident = $text:literal),+ $(,)? }
    ) => {
        $(#[$attribute])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            $crate::serde::Serialize, $crate::serde::Deserialize,
        )]
        #[serde(crate = "::mutrapro_sdk::serde")]
        $visibility enum $name { $($(#[$value_attribute])* #[serde(rename = $text)] $value),+ }

        #[allow(dead_code, reason = "an enumeration has all of these, whether the service uses them or not")]
        impl $name {
            /// Every value, in the order of declaration.
            $visibility const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The value as it is in JSON and SQL.
            $visibility const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text),+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::text_enum::UnknownValue;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                match text {
                    $($text => ::std::result::Result::Ok(Self::$value),)+
                    _ => ::std::result::Result::Err($crate::text_enum::UnknownValue {
                        text: text.to_owned(),
                        allowed: &[$($text),+],
                    }),
                }
            }
        }

        impl $crate::sql::ToValue for $name {
            fn to_value(&self) -> $crate::sql::Value {
                $crate::sql::Value::Text(self.as_str().to_owned())
            }
        }

        impl $crate::sql::FromValue for $name {
            const EXPECTED: &'static str = ::std::concat!("a value of ", ::std::stringify!($name));

            fn from_value(value: $crate::sql::Value) -> ::std::option::Option<Self> {
                match value {
                    $crate::sql::Value::Text(text) => text.parse().ok(),
                    _ => ::std::option::Option::None,
                }
            }
        }

        impl $crate::utoipa::PartialSchema for $name {
            fn schema() -> $crate::utoipa::openapi::RefOr<$crate::utoipa::openapi::schema::Schema> {
                $crate::openapi::enum_schema(&[$($text),+])
            }
        }

        impl $crate::utoipa::ToSchema for $name {
            fn name() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(::std::stringify!($name))
            }
        }
    };
}

/// A text that is none of an enumeration's values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is none of {}", allowed.join(", "))]
pub struct UnknownValue {
    /// What was given.
    pub text: String,
    /// What would have been understood.
    pub allowed: &'static [&'static str],
}

#[cfg(test)]
mod tests {
    crate::text_enum! {
        /// For these tests.
        enum Size { Small = "small", ExtraLarge = "extra_large" }
    }

    #[test]
    fn text_is_the_same_everywhere() {
        use crate::sql::{FromValue, ToValue};
        for size in Size::ALL {
            assert_eq!(serde_json::to_value(size).unwrap(), size.as_str());
            assert_eq!(size.as_str().parse(), Ok(*size));
            assert_eq!(Size::from_value(size.to_value()), Some(*size));
        }
    }

    #[test]
    fn unknown_text_names_what_is_allowed() {
        let error = "medium".parse::<Size>().unwrap_err();
        assert_eq!(error.to_string(), "\"medium\" is none of small, extra_large");
    }
}
