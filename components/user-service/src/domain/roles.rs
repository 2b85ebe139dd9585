//! The roles that a user holds. One of them is primary: the first one given, until an administrator says otherwise.

use mutrapro_sdk::identity::Role;
use std::collections::BTreeSet;

/// The active roles of a user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Roles {
    /// What the user holds now.
    pub(crate) active: BTreeSet<Role>,
    /// One of them; `None` only while there are none.
    pub(crate) primary: Option<Role>,
}

/// Why roles stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The user holds the role already.
    Held,
    /// The user does not hold the role.
    NotHeld,
    /// The role is the primary one.
    Primary,
    /// Nobody would be left to administer the application.
    LastAdmin,
}

impl Roles {
    /// The roles with one more.
    pub(crate) fn granted(mut self, role: Role) -> Result<Self, Refusal> {
        if !self.active.insert(role) {
            return Err(Refusal::Held);
        }
        self.primary = self.primary.or(Some(role));
        Ok(self)
    }

    /// The roles with one less; `other_admins` is how many other active users are administrators.
    pub(crate) fn revoked(mut self, role: Role, other_admins: u32) -> Result<Self, Refusal> {
        if !self.active.contains(&role) {
            return Err(Refusal::NotHeld);
        }
        if self.primary == Some(role) {
            return Err(Refusal::Primary);
        }
        if role == Role::SystemAdmin && other_admins == 0 {
            return Err(Refusal::LastAdmin);
        }
        self.active.remove(&role);
        Ok(self)
    }

    /// The roles with another primary one.
    pub(crate) fn with_primary(mut self, role: Role) -> Result<Self, Refusal> {
        if !self.active.contains(&role) {
            return Err(Refusal::NotHeld);
        }
        self.primary = Some(role);
        Ok(self)
    }

    /// Whether the user may be deactivated; `other_admins` as for [`revoked`](Self::revoked).
    pub(crate) fn check_deactivation(&self, other_admins: u32) -> Result<(), Refusal> {
        let is_last = self.active.contains(&Role::SystemAdmin) && other_admins == 0;
        if is_last { Err(Refusal::LastAdmin) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::select;

    fn roles(granted: &[Role]) -> Roles {
        granted.iter().fold(Roles::default(), |roles, role| roles.granted(*role).unwrap())
    }

    #[test]
    fn first_role_becomes_primary() {
        assert_eq!(roles(&[Role::Customer, Role::SystemAdmin]).primary, Some(Role::Customer));
    }

    #[test]
    fn primary_role_is_not_revoked_until_another_is_primary() {
        let both = roles(&[Role::Customer, Role::RecordingArtist]);
        assert_eq!(both.clone().revoked(Role::Customer, 1), Err(Refusal::Primary));
        let other = both.with_primary(Role::RecordingArtist).unwrap().revoked(Role::Customer, 1).unwrap();
        assert_eq!(other, roles(&[Role::RecordingArtist]));
    }

    #[test]
    fn role_is_granted_once_and_revoked_once() {
        let customer = roles(&[Role::Customer]);
        assert_eq!(customer.clone().granted(Role::Customer), Err(Refusal::Held));
        assert_eq!(customer.clone().revoked(Role::SystemAdmin, 1), Err(Refusal::NotHeld));
        assert_eq!(customer.with_primary(Role::SystemAdmin), Err(Refusal::NotHeld));
    }

    #[test]
    fn last_administrator_stays() {
        let admin = roles(&[Role::Customer, Role::SystemAdmin]);
        assert_eq!(admin.clone().revoked(Role::SystemAdmin, 0), Err(Refusal::LastAdmin));
        assert_eq!(admin.check_deactivation(0), Err(Refusal::LastAdmin));
        assert_eq!(admin.check_deactivation(1), Ok(()));
        assert_eq!(roles(&[Role::Customer]).check_deactivation(0), Ok(()));
        assert!(admin.revoked(Role::SystemAdmin, 1).is_ok());
    }

    proptest! {
        #[test]
        fn primary_role_is_always_one_that_is_held(
            steps in proptest::collection::vec((0_u8..3, select(Role::ALL), 0_u32..2), 0..50)
        ) {
            let mut roles = Roles::default();
            for (step, role, other_admins) in steps {
                let next = match step {
                    0 => roles.clone().granted(role),
                    1 => roles.clone().revoked(role, other_admins),
                    _ => roles.clone().with_primary(role),
                };
                roles = next.unwrap_or(roles);
                prop_assert_eq!(roles.primary.is_some(), !roles.active.is_empty());
                prop_assert!(roles.primary.is_none_or(|primary| roles.active.contains(&primary)));
            }
        }
    }
}
