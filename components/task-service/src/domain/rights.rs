//! Who may do what with a task.

use super::task::{SPECIALIST_ROLES, TaskType};
use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::problem::Result;

/// Whether `user` sees through a project that the user `coordinator` holds.
pub(crate) fn coordinates(user: &User, coordinator: UserId) -> bool {
    user.is(Role::SystemAdmin) || (user.is(Role::ServiceCoordinator) && user.id == coordinator)
}

/// Whether `user` is the specialist whose task it is, the user `specialist`.
pub(crate) fn has_task(user: &User, specialist: UserId) -> bool {
    user.id == specialist && SPECIALIST_ROLES.into_iter().any(|role| user.is(role))
}

/// Goes on only if `user`, whose task it is, has a role for tasks of this type.
///
/// # Errors
/// 403.
pub(crate) fn check_role(user: &User, task_type: TaskType) -> Result<()> {
    user.require_any(task_type.roles())
}

/// Whose tasks a list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everyone's.
    All,
    /// Those of projects that this user holds, and those that this user does.
    Coordinator(UserId),
    /// Those that this user does.
    Specialist(UserId),
}

/// Which tasks `user` sees.
///
/// # Errors
/// 403 for who has nothing to do with tasks.
pub(crate) fn scope(user: &User) -> Result<Scope> {
    let [transcription, arrangement, recording] = SPECIALIST_ROLES;
    user.require_any(&[transcription, arrangement, recording, Role::ServiceCoordinator, Role::SystemAdmin])?;
    Ok(if user.is(Role::SystemAdmin) {
        Scope::All
    } else if user.is(Role::ServiceCoordinator) {
        Scope::Coordinator(user.id)
    } else {
        Scope::Specialist(user.id)
    })
}

/// Whether somebody who sees tasks as far as `scope` goes sees how busy the specialist is who is the user `specialist`.
pub(crate) fn sees_workload(scope: Scope, specialist: UserId) -> bool {
    match scope {
        // Coordinators choose among all specialists.
        Scope::All | Scope::Coordinator(_) => true,
        Scope::Specialist(user) => user == specialist,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;

    const OWN: u128 = 1;
    const OTHER: u128 = 2;

    fn id(id: u128) -> UserId {
        Uuid::from_u128(id).into()
    }

    fn user(roles: &[Role]) -> User {
        User { id: id(OWN), roles: roles.to_vec(), session_id: None }
    }

    #[test]
    fn coordinators_coordinate_what_they_hold() {
        let coordinator = user(&[Role::ServiceCoordinator]);
        assert!(coordinates(&coordinator, id(OWN)) && !coordinates(&coordinator, id(OTHER)));
        assert!(coordinates(&user(&[Role::SystemAdmin]), id(OTHER)));
        // Held once, before the role was taken away.
        assert!(!coordinates(&user(&[Role::Customer, Role::RecordingArtist]), id(OWN)));
    }

    #[test]
    fn specialists_have_their_own_tasks_as_long_as_they_are_specialists() {
        for role in SPECIALIST_ROLES {
            assert!(has_task(&user(&[role]), id(OWN)) && !has_task(&user(&[role]), id(OTHER)));
        }
        for role in [Role::Customer, Role::ServiceCoordinator, Role::SystemAdmin] {
            assert!(!has_task(&user(&[role]), id(OWN)), "{role}");
        }
    }

    #[test]
    fn recording_artists_record_and_review() {
        let artist = user(&[Role::RecordingArtist]);
        let may: Vec<_> = TaskType::ALL.iter().filter(|task_type| check_role(&artist, **task_type).is_ok()).collect();
        use TaskType::{Mastering, Mixing, Recording, Review};
        assert_eq!(may, [&Recording, &Mixing, &Mastering, &Review]);
        let admin = user(&[Role::SystemAdmin, Role::ServiceCoordinator, Role::Customer]);
        assert!(TaskType::ALL.iter().all(|task_type| check_role(&admin, *task_type).is_err()));
    }

    #[test]
    fn lists_show_what_people_see_one_by_one() {
        assert_eq!(scope(&user(&[Role::Customer])).unwrap_err().code(), "role_required");
        assert_eq!(scope(&user(&[Role::RecordingArtist])), Ok(Scope::Specialist(id(OWN))));
        let both = [Role::RecordingArtist, Role::ServiceCoordinator];
        assert_eq!(scope(&user(&both)), Ok(Scope::Coordinator(id(OWN))));
        assert_eq!(scope(&user(&[Role::Customer, Role::SystemAdmin])), Ok(Scope::All));
    }

    #[test]
    fn specialists_see_how_busy_they_are_and_coordinators_how_busy_all_are() {
        assert!(sees_workload(Scope::All, id(OTHER)) && sees_workload(Scope::Coordinator(id(OWN)), id(OTHER)));
        assert!(sees_workload(Scope::Specialist(id(OWN)), id(OWN)));
        assert!(!sees_workload(Scope::Specialist(id(OWN)), id(OTHER)));
    }
}
