//! What a note is.

use serde::{Deserialize, Serialize};

/// How long a note may be, in characters.
pub const LENGTH_MAX: usize = 1000;

/// What a client sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    text: String,
}

/// What is kept of it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// A UUID.
    pub id: String,
    /// 1 to [`LENGTH_MAX`] characters.
    pub text: String,
    /// Whether its event was handled.
    pub handled: bool,
}

impl NewNote {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// What is wrong with it, and what to send instead.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let note: Self = serde_json::from_slice(body)
            .map_err(|error| format!("send {{\"text\": \"…\"}}: {error}"))?;
        match note.text.trim().chars().count() {
            1..=LENGTH_MAX => Ok(Self {
                text: note.text.trim().to_owned(),
            }),
            length => Err(format!(
                "text has {length} characters: send 1 to {LENGTH_MAX}"
            )),
        }
    }

    /// The note under an id.
    pub fn with_id(self, id: String) -> Note {
        Note {
            id,
            text: self.text,
            handled: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_kept_without_the_space_around_it() {
        let note = NewNote::read(br#"{"text": " hello "}"#)
            .unwrap()
            .with_id("1".to_owned());
        assert_eq!(
            note,
            Note {
                id: "1".to_owned(),
                text: "hello".to_owned(),
                handled: false
            }
        );
    }

    #[test]
    fn what_is_no_note_is_refused_by_name() {
        let long = format!(r#"{{"text": "{}"}}"#, "x".repeat(LENGTH_MAX + 1));
        for (body, part) in [
            ("", "text"),
            (r#"{"text": " "}"#, "0 characters"),
            (&long, "1001"),
            (r#"{"txt": ""}"#, "txt"),
        ] {
            let said = NewNote::read(body.as_bytes()).unwrap_err();
            assert!(said.contains(part), "{body}: {said}");
        }
    }
}
