//! Who may upload to what, and who may read what. Pure: what other services say of the thing is an argument.

use super::file::Source;
use mutrapro_contracts::answers::{BookingAnswer, RequestAnswer, TaskAnswer};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::{Role, User};

/// Whether `user` may upload to a request that they know of.
pub(crate) fn may_upload_to_request(user: &User, source: Source, request: &RequestAnswer) -> bool {
    coordinates_request(user, request) || (source == Source::CustomerUpload && filed_request(user, request))
}

/// Whether `user` may know of a request: those who could claim it do.
pub(crate) fn knows_request(user: &User, request: &RequestAnswer) -> bool {
    let could_claim = user.is(Role::ServiceCoordinator) && request.coordinator_user_id.is_none();
    could_claim || coordinates_request(user, request) || filed_request(user, request)
}

/// Whether `user` may upload to a task that they know of.
pub(crate) fn may_upload_to_task(user: &User, source: Source, task: &TaskAnswer) -> bool {
    let is_for_coordinators = source == Source::ProcessedOutput && is_coordinator(user, Some(task.coordinator_user_id));
    user.is(Role::SystemAdmin) || does_task(user, task) || is_for_coordinators
}

/// Whether a task still takes files: not one that nobody will do.
pub(crate) fn is_task_open_to_files(task: &TaskAnswer) -> bool {
    !matches!(task.status.as_str(), "rejected" | "cancelled")
}

/// Whether `user` takes part in a booking, or sees it through. Where nobody does, because a customer booked for
/// themselves, any coordinator of the studio may hand a recording over.
pub(crate) fn may_upload_to_booking(user: &User, booking: &BookingAnswer) -> bool {
    let coordinates = match booking.coordinator_user_id {
        Some(coordinator) => is_coordinator(user, Some(coordinator)),
        None => user.is(Role::ServiceCoordinator),
    };
    let takes_part = user.is(Role::RecordingArtist) && booking.artist_user_ids.contains(&user.id.uuid());
    user.is(Role::SystemAdmin) || coordinates || takes_part
}

/// Whether `user` may know of a booking.
pub(crate) fn knows_booking(user: &User, booking: &BookingAnswer) -> bool {
    is_customer(user, booking.customer_user_id) || may_upload_to_booking(user, booking)
}

/// Whether `user` sees everything of a request as its coordinator.
pub(crate) fn coordinates_request(user: &User, request: &RequestAnswer) -> bool {
    user.is(Role::SystemAdmin) || is_coordinator(user, request.coordinator_user_id)
}

/// Whether `user` filed a request.
pub(crate) fn filed_request(user: &User, request: &RequestAnswer) -> bool {
    is_customer(user, request.customer_user_id)
}

/// Whether `user` does a task or sees it through: then they know of it.
pub(crate) fn may_read_of_task(user: &User, task: &TaskAnswer) -> bool {
    user.is(Role::SystemAdmin) || does_task(user, task) || is_coordinator(user, Some(task.coordinator_user_id))
}

/// Whether `user` may read the recordings of a booking: as [`may_upload_to_booking`], and the customer, unless it is for a
/// project: then it is delivered in a package.
pub(crate) fn may_read_of_booking(user: &User, booking: &BookingAnswer) -> bool {
    let is_own_session = booking.project_id.is_none() && is_customer(user, booking.customer_user_id);
    is_own_session || may_upload_to_booking(user, booking)
}

/// Whether `user` may read a file of this source without a look at anything else: their own, and what specialists show of
/// their work, to whoever is signed in.
pub(crate) fn may_read_at_once(user: &User, owner_user_id: Uuid, source: Source) -> bool {
    user.is(Role::SystemAdmin) || owner_user_id == user.id.uuid() || source == Source::PortfolioDemo
}

/// Whether `user` may be a specialist with a task in some project.
pub(crate) fn is_specialist(user: &User) -> bool {
    [Role::TranscriptionSpecialist, Role::ArrangementSpecialist, Role::RecordingArtist]
        .into_iter()
        .any(|role| user.is(role))
}

/// Whether `user` is the customer `customer` still.
fn is_customer(user: &User, customer: Uuid) -> bool {
    user.is(Role::Customer) && customer == user.id.uuid()
}

/// Whether `user` is the coordinator `coordinator` still.
fn is_coordinator(user: &User, coordinator: Option<Uuid>) -> bool {
    user.is(Role::ServiceCoordinator) && coordinator == Some(user.id.uuid())
}

fn does_task(user: &User, task: &TaskAnswer) -> bool {
    is_specialist(user) && task.specialist_user_id == user.id.uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUSTOMER: u128 = 1;
    const COORDINATOR: u128 = 2;
    const SPECIALIST: u128 = 3;
    const STRANGER: u128 = 4;

    fn id(id: u128) -> Uuid {
        Uuid::from_u128(id)
    }

    fn user(user: u128, roles: &[Role]) -> User {
        User { id: id(user).into(), roles: roles.to_vec(), session_id: None }
    }

    fn request() -> RequestAnswer {
        RequestAnswer {
            id: id(9),
            customer_id: id(91),
            customer_user_id: id(CUSTOMER),
            coordinator_id: Some(id(92)),
            coordinator_user_id: Some(id(COORDINATOR)),
            request_type: "transcription".into(),
            title: "Nocturne".into(),
            priority: "normal".into(),
            status: "pending".into(),
            currency: "VND".into(),
        }
    }

    fn task(status: &str) -> TaskAnswer {
        TaskAnswer {
            id: id(9),
            project_id: id(8),
            request_id: id(7),
            specialist_id: id(93),
            specialist_user_id: id(SPECIALIST),
            customer_user_id: id(CUSTOMER),
            coordinator_user_id: id(COORDINATOR),
            task_type: "transcription".into(),
            status: status.into(),
        }
    }

    fn booking(project_id: Option<Uuid>, coordinator_user_id: Option<Uuid>) -> BookingAnswer {
        BookingAnswer {
            id: id(9),
            customer_user_id: id(CUSTOMER),
            project_id,
            request_id: None,
            coordinator_user_id,
            artist_user_ids: vec![id(SPECIALIST)],
            status: "confirmed".into(),
        }
    }

    /// Which of customer, coordinator, specialist and stranger may, each with the role for which their name stands there.
    fn who(may: impl Fn(&User) -> bool) -> [bool; 4] {
        assert!(may(&user(STRANGER, &[Role::SystemAdmin])));
        let people: [(u128, &[Role]); 4] = [
            (CUSTOMER, &[Role::Customer]),
            (COORDINATOR, &[Role::ServiceCoordinator]),
            (SPECIALIST, &[Role::RecordingArtist]),
            (STRANGER, &[Role::Customer, Role::RecordingArtist]),
        ];
        people.map(|(id, roles)| may(&user(id, roles)))
    }

    #[test]
    fn requests_take_files_of_their_customer_and_coordinator() {
        let upload = |source| who(|user| may_upload_to_request(user, source, &request()));
        assert_eq!(upload(Source::CustomerUpload), [true, true, false, false]);
        assert_eq!(upload(Source::ProcessedOutput), [false, true, false, false]);
        let unclaimed = RequestAnswer { coordinator_user_id: None, ..request() };
        let may = who(|user| may_upload_to_request(user, Source::CustomerUpload, &unclaimed));
        assert_eq!(may, [true, false, false, false]);
    }

    #[test]
    fn tasks_take_files_of_their_specialist() {
        let upload = |source| who(|user| may_upload_to_task(user, source, &task("in_progress")));
        assert_eq!(upload(Source::TaskDeliverable), [false, false, true, false]);
        assert_eq!(upload(Source::ProcessedOutput), [false, true, true, false]);
        assert_eq!(who(|user| may_read_of_task(user, &task("completed"))), [false, true, true, false]);
    }

    #[test]
    fn a_task_that_nobody_will_do_takes_no_files() {
        for (status, is_open) in [("in_progress", true), ("completed", true), ("rejected", false), ("cancelled", false)]
        {
            assert_eq!(is_task_open_to_files(&task(status)), is_open, "{status}");
        }
    }

    #[test]
    fn recordings_come_from_artists_and_coordinators() {
        let with_project = booking(Some(id(5)), Some(id(COORDINATOR)));
        assert_eq!(who(|user| may_upload_to_booking(user, &with_project)), [false, true, true, false]);
        assert_eq!(who(|user| may_read_of_booking(user, &with_project)), [false, true, true, false]);
        let own_session = booking(None, None);
        assert_eq!(who(|user| may_upload_to_booking(user, &own_session)), [false, true, true, false]);
        assert_eq!(who(|user| may_read_of_booking(user, &own_session)), [true, true, true, false]);
        assert!(may_upload_to_booking(&user(STRANGER, &[Role::ServiceCoordinator]), &own_session));
        assert!(!may_upload_to_booking(&user(STRANGER, &[Role::ServiceCoordinator]), &with_project));
    }

    #[test]
    fn people_know_of_what_concerns_them_and_coordinators_of_what_they_could_claim() {
        assert_eq!(who(|user| knows_request(user, &request())), [true, true, false, false]);
        let other = user(STRANGER, &[Role::ServiceCoordinator]);
        assert!(!knows_request(&other, &request()));
        assert!(knows_request(&other, &RequestAnswer { coordinator_user_id: None, ..request() }));
        let with_project = booking(Some(id(5)), Some(id(COORDINATOR)));
        assert_eq!(who(|user| knows_booking(user, &with_project)), [true, true, true, false]);
    }

    #[test]
    fn names_without_the_role_that_they_stand_there_for_grant_nothing() {
        let booking = booking(None, Some(id(COORDINATOR)));
        for (who, lost) in [
            (CUSTOMER, &[Role::ServiceCoordinator, Role::RecordingArtist]),
            (COORDINATOR, &[Role::Customer, Role::RecordingArtist]),
            (SPECIALIST, &[Role::Customer, Role::ServiceCoordinator]),
        ] {
            let user = user(who, lost);
            assert!(!knows_request(&user, &request()), "{who}");
            assert!(!may_upload_to_request(&user, Source::CustomerUpload, &request()), "{who}");
            assert!(!may_read_of_task(&user, &task("in_progress")), "{who}");
            assert!(!may_upload_to_task(&user, Source::ProcessedOutput, &task("in_progress")), "{who}");
            assert!(!knows_booking(&user, &booking) && !may_read_of_booking(&user, &booking), "{who}");
        }
    }

    #[test]
    fn own_files_and_demos_need_no_look_at_anything_else() {
        for source in Source::ALL {
            let may = who(|user| may_read_at_once(user, id(CUSTOMER), *source));
            let is_demo = *source == Source::PortfolioDemo;
            assert_eq!(may, [true, is_demo, is_demo, is_demo], "{source}");
        }
    }
}
