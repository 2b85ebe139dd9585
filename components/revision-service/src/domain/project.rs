//! The project that revisions and packages belong to, and who somebody is to it.

use super::{ProjectId, RequestId};
use mutrapro_contracts::answers::{FileAnswer, ProjectAnswer};
use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::problem::{Problem, Result};

/// The statuses of a project that is being worked on.
const OPEN: [&str; 2] = ["in_progress", "review"];

/// Whether something can still be asked of a project, or delivered for it.
pub(crate) fn is_open(project: &ProjectAnswer) -> bool {
    OPEN.contains(&project.status.as_str())
}

/// Goes on only for a project that is being worked on.
///
/// # Errors
/// 409 `project_not_open`.
pub(crate) fn check_open(project: &ProjectAnswer) -> Result<()> {
    if is_open(project) {
        return Ok(());
    }
    let detail = format!("the project is {}: it has to be {}", project.status, OPEN.join(" or "));
    Err(Problem::conflict("project_not_open", detail))
}

/// Whether a file belongs to a project, or to the request that became the project.
pub(crate) fn has_file(project_id: ProjectId, request_id: RequestId, file: &FileAnswer) -> bool {
    // What was uploaded before there was a project knows of the request alone.
    file.project_id == Some(project_id.uuid()) || file.request_id == Some(request_id.uuid())
}

/// Who somebody is to a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// They administer everything.
    Admin,
    /// They see it through.
    Coordinator,
    /// It is theirs.
    Customer,
    /// They may not know of it.
    Stranger,
}

/// Who `user` is to a project of the user `customer` that the user `coordinator` sees through. What allows most comes first.
pub(crate) fn standing(user: &User, customer: UserId, coordinator: UserId) -> Standing {
    if user.is(Role::SystemAdmin) {
        Standing::Admin
    } else if user.is(Role::ServiceCoordinator) && coordinator == user.id {
        Standing::Coordinator
    } else if is_customer(user, customer) {
        Standing::Customer
    } else {
        Standing::Stranger
    }
}

/// Who `user` is to a project.
pub(crate) fn standing_in(user: &User, project: &ProjectAnswer) -> Standing {
    standing(user, project.customer_user_id.into(), project.coordinator_user_id.into())
}

/// Whether `user` is the customer `customer`, whatever else they are.
pub(crate) fn is_customer(user: &User, customer: UserId) -> bool {
    user.is(Role::Customer) && customer == user.id
}

/// Goes on only for who sees the project through.
///
/// # Errors
/// 403 `not_your_project`.
pub(crate) fn check_coordinates(standing: Standing) -> Result<()> {
    match standing {
        Standing::Coordinator | Standing::Admin => Ok(()),
        Standing::Customer | Standing::Stranger => {
            Err(Problem::forbidden("not_your_project", "only the coordinator of the project may do this"))
        }
    }
}

/// Whose projects a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everyone's.
    All,
    /// Those of this user.
    Own {
        user: UserId,
        /// With those that they see through.
        as_coordinator: bool,
        /// With those that are theirs.
        as_customer: bool,
    },
}

/// What `user` sees in a list.
///
/// # Errors
/// 403 `role_required` for who sees nothing in any.
pub(crate) fn scope(user: &User) -> Result<Scope> {
    user.require_any(&[Role::Customer, Role::ServiceCoordinator, Role::SystemAdmin])?;
    Ok(if user.is(Role::SystemAdmin) {
        Scope::All
    } else {
        Scope::Own {
            user: user.id,
            as_coordinator: user.is(Role::ServiceCoordinator),
            as_customer: user.is(Role::Customer),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;

    const CUSTOMER: u128 = 1;
    const COORDINATOR: u128 = 2;

    fn project(status: &str) -> ProjectAnswer {
        let id = Uuid::from_u128;
        ProjectAnswer {
            id: id(10),
            request_id: id(11),
            quotation_id: id(12),
            name: "Diễm xưa".into(),
            status: status.into(),
            customer_id: id(101),
            customer_user_id: id(CUSTOMER),
            coordinator_id: id(102),
            coordinator_user_id: id(COORDINATOR),
            free_revisions_included: 1,
            used_revisions: 0,
            revision_fee: 20_000,
            currency: "VND".into(),
            specialist_ids: Vec::new(),
            specialist_user_ids: Vec::new(),
        }
    }

    fn user(id: u128, roles: &[Role]) -> User {
        User { id: Uuid::from_u128(id).into(), roles: roles.to_vec(), session_id: None }
    }

    fn file(request: Option<u128>, project: Option<u128>) -> FileAnswer {
        FileAnswer {
            id: Uuid::from_u128(20),
            owner_user_id: Uuid::from_u128(3),
            request_id: request.map(Uuid::from_u128),
            project_id: project.map(Uuid::from_u128),
            assignment_id: None,
            booking_id: None,
            specialist_id: None,
            file_name: "score.pdf".into(),
            mime_type: "application/pdf".into(),
            content_type: "sheet_music".into(),
            stage: "draft".into(),
            size_bytes: 70,
            duration_ms: None,
        }
    }

    #[test]
    fn work_is_asked_for_and_delivered_while_it_lasts() {
        for (status, expected) in
            [("assigned", false), ("in_progress", true), ("review", true), ("completed", false), ("cancelled", false)]
        {
            assert_eq!(is_open(&project(status)), expected, "{status}");
            assert_eq!(check_open(&project(status)).is_ok(), expected, "{status}");
        }
        assert_eq!(check_open(&project("completed")).unwrap_err().code(), "project_not_open");
    }

    #[test]
    fn people_are_what_their_roles_and_the_project_make_them() {
        let of = |user: User| standing_in(&user, &project("review"));
        assert_eq!(of(user(CUSTOMER, &[Role::Customer])), Standing::Customer);
        assert_eq!(of(user(COORDINATOR, &[Role::Customer, Role::ServiceCoordinator])), Standing::Coordinator);
        assert_eq!(of(user(7, &[Role::SystemAdmin])), Standing::Admin);
        // Someone else's, and a role that was taken away.
        assert_eq!(of(user(7, &[Role::Customer, Role::ServiceCoordinator])), Standing::Stranger);
        assert_eq!(of(user(COORDINATOR, &[Role::Customer])), Standing::Stranger);
        assert_eq!(of(user(7, &[Role::TranscriptionSpecialist])), Standing::Stranger);
    }

    #[test]
    fn coordinators_and_administrators_coordinate() {
        assert!(check_coordinates(Standing::Coordinator).is_ok() && check_coordinates(Standing::Admin).is_ok());
        for standing in [Standing::Customer, Standing::Stranger] {
            assert_eq!(check_coordinates(standing).unwrap_err().code(), "not_your_project");
        }
    }

    #[test]
    fn lists_are_of_what_is_ones_own_in_either_role() {
        let both = user(7, &[Role::Customer, Role::ServiceCoordinator]);
        let own = |as_coordinator, as_customer| Scope::Own { user: both.id, as_coordinator, as_customer };
        assert_eq!(scope(&both), Ok(own(true, true)));
        assert_eq!(scope(&user(7, &[Role::Customer])), Ok(own(false, true)));
        assert_eq!(scope(&user(7, &[Role::Customer, Role::SystemAdmin])), Ok(Scope::All));
        assert_eq!(scope(&user(7, &[Role::RecordingArtist])).unwrap_err().code(), "role_required");
    }

    #[test]
    fn files_of_the_project_and_of_its_request_belong_to_it() {
        for (request, of, expected) in [
            (Some(11), Some(10), true),
            (None, Some(10), true),
            (Some(11), None, true),
            (None, None, false),
            (Some(99), Some(98), false),
        ] {
            let project = project("review");
            let belongs = has_file(project.id.into(), project.request_id.into(), &file(request, of));
            assert_eq!(belongs, expected, "{request:?} {of:?}");
        }
    }
}
