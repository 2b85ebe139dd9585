//! What of a user's account decides whether they can work.

use mutrapro_sdk::identity::Role;

/// The roles of those who may have a profile here.
pub(crate) const SPECIALIST_ROLES: [Role; 3] =
    [Role::TranscriptionSpecialist, Role::ArrangementSpecialist, Role::RecordingArtist];

/// What this service keeps of a user's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// As the user writes it.
    pub(crate) full_name: String,
    /// Whether it can be used.
    pub(crate) is_active: bool,
    pub(crate) is_transcriber: bool,
    pub(crate) is_arranger: bool,
    pub(crate) is_recording_artist: bool,
}

impl Account {
    /// An account with `roles`, of which those that this service does not know grant nothing here.
    pub(crate) fn new(full_name: String, is_active: bool, roles: &[String]) -> Self {
        let holds = |role: Role| roles.iter().any(|held| held == role.as_str());
        Self {
            full_name,
            is_active,
            is_transcriber: holds(Role::TranscriptionSpecialist),
            is_arranger: holds(Role::ArrangementSpecialist),
            is_recording_artist: holds(Role::RecordingArtist),
        }
    }

    /// Whether the user holds the role of a specialist.
    pub(crate) fn is_specialist(&self) -> bool {
        self.is_transcriber || self.is_arranger || self.is_recording_artist
    }

    /// Whether the user can be given work.
    pub(crate) fn can_work(&self) -> bool {
        self.is_active && self.is_specialist()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(is_active: bool, roles: &[&str]) -> Account {
        let roles: Vec<_> = roles.iter().map(|role| (*role).to_owned()).collect();
        Account::new("Thu".into(), is_active, &roles)
    }

    #[test]
    fn each_role_of_specialists_lets_work() {
        for role in SPECIALIST_ROLES {
            assert!(account(true, &["customer", role.as_str()]).can_work(), "{role}");
            assert!(!account(false, &[role.as_str()]).can_work(), "{role}");
        }
    }

    #[test]
    fn other_roles_do_not() {
        let others = Role::ALL.iter().filter(|role| !SPECIALIST_ROLES.contains(role)).map(|role| role.as_str());
        let others: Vec<_> = others.chain(["from_the_future"]).collect();
        assert!(!account(true, &others).is_specialist());
        assert!(!account(true, &[]).is_specialist());
    }
}
