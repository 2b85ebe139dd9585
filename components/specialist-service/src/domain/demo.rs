//! What a demo may say, and where it can be heard.

use super::FileId;
use mutrapro_sdk::json::Patch;

/// The most demos of a specialist: a profile shows all that are public.
pub(crate) const DEMOS_MAX: i64 = 50;

mutrapro_sdk::text_enum! {
    /// What the artist does in a demo.
    pub(crate) enum DemoRole {
        /// Sings.
        Vocalist = "vocalist",
        /// Plays.
        Instrumentalist = "instrumentalist",
        /// Sings and plays.
        Both = "both",
    }
}

impl DemoRole {
    /// Whether an instrument can be named.
    pub(crate) fn plays(self) -> bool {
        self != Self::Vocalist
    }

    /// Whether a range can be named.
    pub(crate) fn sings(self) -> bool {
        self != Self::Instrumentalist
    }
}

/// Where a demo can be heard: in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recording {
    /// In a file of this application.
    File(FileId),
    /// At an address elsewhere.
    Preview(String),
}

impl Recording {
    /// What a client gave: one of the two.
    pub(crate) fn new(file_id: Option<FileId>, preview_url: Option<String>) -> Option<Self> {
        match (file_id, preview_url) {
            (Some(file_id), None) => Some(Self::File(file_id)),
            (None, Some(preview_url)) => Some(Self::Preview(preview_url)),
            (None, None) | (Some(_), Some(_)) => None,
        }
    }

    /// After a change: one takes the place of the other. `None` when both are given, or the only one is taken away.
    pub(crate) fn changed(self, file_id: &Patch<FileId>, preview_url: &Patch<String>) -> Option<Self> {
        match (file_id.value(), preview_url.value()) {
            (Some(_), Some(_)) => None,
            (Some(file_id), None) => Some(Self::File(*file_id)),
            (None, Some(preview_url)) => Some(Self::Preview(preview_url.clone())),
            (None, None) => {
                // Neither has a value: one that is given is `null`.
                let is_taken_away = match &self {
                    Self::File(_) => file_id.is_given(),
                    Self::Preview(_) => preview_url.is_given(),
                };
                (!is_taken_away).then_some(self)
            }
        }
    }

    pub(crate) fn file_id(&self) -> Option<FileId> {
        match self {
            Self::File(file_id) => Some(*file_id),
            Self::Preview(_) => None,
        }
    }

    pub(crate) fn preview_url(&self) -> Option<&str> {
        match self {
            Self::File(_) => None,
            Self::Preview(preview_url) => Some(preview_url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;
    use proptest::prelude::*;

    fn file(id: u128) -> FileId {
        Uuid::from_u128(id).into()
    }

    fn any_patch<T: Clone + std::fmt::Debug>(value: T) -> impl Strategy<Value = Patch<T>> {
        prop_oneof![Just(Patch::Unchanged), Just(Patch::Cleared), Just(Patch::Set(value))]
    }

    #[test]
    fn demo_is_heard_in_one_place() {
        let url = || Some("https://example.com".to_owned());
        assert_eq!(Recording::new(Some(file(1)), None), Some(Recording::File(file(1))));
        assert_eq!(Recording::new(None, url()).and_then(|recording| recording.file_id()), None);
        assert_eq!(Recording::new(None, None), None);
        assert_eq!(Recording::new(Some(file(1)), url()), None);
    }

    #[test]
    fn one_place_takes_that_of_the_other() {
        let address = Patch::Set("https://example.com".to_owned());
        let moved = Recording::File(file(1)).changed(&Patch::Unchanged, &address);
        assert_eq!(moved, Some(Recording::Preview("https://example.com".into())));
        assert_eq!(
            moved.and_then(|moved| moved.changed(&Patch::Set(file(2)), &Patch::Cleared)).unwrap().file_id(),
            Some(file(2))
        );
        assert_eq!(Recording::File(file(1)).changed(&Patch::Set(file(2)), &address), None);
    }

    #[test]
    fn only_place_is_not_taken_away() {
        assert_eq!(Recording::File(file(1)).changed(&Patch::Cleared, &Patch::Unchanged), None);
        assert_eq!(Recording::Preview("x".into()).changed(&Patch::Unchanged, &Patch::Cleared), None);
        let kept = Recording::File(file(1)).changed(&Patch::Unchanged, &Patch::Cleared);
        assert_eq!(kept, Some(Recording::File(file(1))));
    }

    #[test]
    fn singers_have_a_range_and_players_an_instrument() {
        let parts = DemoRole::ALL.iter().map(|role| (role.sings(), role.plays()));
        assert_eq!(parts.collect::<Vec<_>>(), [(true, false), (false, true), (true, true)]);
    }

    proptest! {
        #[test]
        fn change_sets_what_is_given_and_keeps_what_is_not(
            starts_as_file: bool,
            file_id in any_patch(file(2)),
            preview_url in any_patch("https://example.com/new".to_owned()),
        ) {
            let before = if starts_as_file { Recording::File(file(1)) } else { Recording::Preview("old".into()) };
            if let Some(after) = before.clone().changed(&file_id, &preview_url) {
                let given = [file_id.value().is_some(), preview_url.value().is_some()];
                prop_assert_eq!(given == [false, false], after == before);
                prop_assert_eq!(after.file_id().is_some(), after.preview_url().is_none());
            } else {
                let are_both_given = file_id.value().is_some() && preview_url.value().is_some();
                let is_only_one_taken_away = match before {
                    Recording::File(_) => file_id == Patch::Cleared && preview_url.value().is_none(),
                    Recording::Preview(_) => preview_url == Patch::Cleared && file_id.value().is_none(),
                };
                prop_assert!(are_both_given || is_only_one_taken_away);
            }
        }
    }
}
