//! Identifiers: a newtype over UUIDv7 per kind of thing.

pub use uuid::Uuid;

/// Declares a newtype over [`Uuid`], so that the id of one thing is never taken for that of another.
///
/// It is text in JSON, paths and SQL, and sorts by the time at which it was made.
///
/// ```
/// mutrapro_sdk::id! {
///     /// An album.
///     pub AlbumId
/// }
/// let album = AlbumId::generate();
/// assert_eq!(album.to_string().parse::<AlbumId>().ok(), Some(album));
/// ```
#[macro_export]
macro_rules! id {
    ($(#[$attribute:meta])* $visibility:vis $name:ident) => {
        $(#[$attribute])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            $crate::serde::Serialize, $crate::serde::Deserialize,
        )]
        #[serde(crate = "::mutrapro_sdk::serde", transparent)]
        $visibility struct $name($crate::id::Uuid);

        #[allow(dead_code, reason = "an id has all of these, whether the service uses them or not")]
        impl $name {
            /// A new id, later than every one that this instance made before.
            $visibility fn generate() -> Self {
                Self($crate::id::Uuid::now_v7())
            }

            /// The id as other services' events carry it.
            $visibility const fn uuid(self) -> $crate::id::Uuid {
                self.0
            }
        }

        impl ::std::convert::From<$crate::id::Uuid> for $name {
            fn from(id: $crate::id::Uuid) -> Self {
                Self(id)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = <$crate::id::Uuid as ::std::str::FromStr>::Err;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl $crate::sql::ToValue for $name {
            fn to_value(&self) -> $crate::sql::Value {
                $crate::sql::ToValue::to_value(&self.0)
            }
        }

        impl $crate::sql::FromValue for $name {
            const EXPECTED: &'static str = <$crate::id::Uuid as $crate::sql::FromValue>::EXPECTED;

            fn from_value(value: $crate::sql::Value) -> ::std::option::Option<Self> {
                <$crate::id::Uuid as $crate::sql::FromValue>::from_value(value).map(Self)
            }
        }

        impl $crate::utoipa::PartialSchema for $name {
            fn schema() -> $crate::utoipa::openapi::RefOr<$crate::utoipa::openapi::schema::Schema> {
                $crate::openapi::uuid_schema()
            }
        }

        impl $crate::utoipa::ToSchema for $name {}
    };
}

#[cfg(test)]
mod tests {
    use crate::sql::{FromValue, ToValue, Value};

    crate::id! {
        /// For these tests.
        AlbumId
    }

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        let ids: Vec<AlbumId> = (0..100).map(|_| AlbumId::generate()).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn id_is_text_in_json_and_sql() {
        let id: AlbumId = "0190f3a0-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"0190f3a0-0000-7000-8000-000000000001\"");
        assert_eq!(id.to_value(), Value::Text("0190f3a0-0000-7000-8000-000000000001".into()));
        assert_eq!(AlbumId::from_value(id.to_value()), Some(id));
        assert_eq!(AlbumId::from_value(Value::Text("7".into())), None);
    }
}
