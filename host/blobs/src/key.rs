//! Where the blob of a key lies.

use uuid::Uuid;

/// The key of a blob: a UUID, so that no text of a guest ever becomes a part of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(Uuid);

impl Key {
    pub(crate) fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// Reads what [`Display`](std::fmt::Display) wrote, and no other form of it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let key = Self(Uuid::try_parse(text).ok()?);
        (key.to_string() == text).then_some(key)
    }

    /// Two digits that spread keys evenly: the last ones are random where the first are the time.
    pub(crate) fn shard(self) -> String {
        let [.., last] = self.0.into_bytes();
        format!("{last:02x}")
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn key_survives_a_round_trip() {
        let key = Key::generate();
        assert_eq!(Key::parse(&key.to_string()), Some(key));
        assert!(key.to_string().ends_with(&key.shard()));
    }

    #[test]
    fn other_forms_of_a_key_are_no_keys() {
        let key = Key::generate().to_string();
        for other in [
            key.to_uppercase(),
            key.replace('-', ""),
            format!("{{{key}}}"),
            format!("urn:uuid:{key}"),
            format!("{key}#1"),
            format!("../{key}"),
        ] {
            assert_eq!(Key::parse(&other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_text_leads_out_of_a_folder(text in ".*") {
            if let Some(key) = Key::parse(&text) {
                prop_assert!(key.to_string().bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'));
            }
        }
    }
}
