//! Who gets how far with a task, and until when an offer stands.

use super::*;
use crate::domain::task::{Priority, TaskType};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::Role;
use std::time::Duration;

const CUSTOMER: u128 = 1;
const COORDINATOR: u128 = 2;
const SPECIALIST: u128 = 3;
const STRANGER: u128 = 4;

fn now() -> Instant {
    "2026-01-31T09:30:00Z".parse().unwrap()
}

/// A transcription that was assigned now and is due in a week.
pub(crate) fn task(status: TaskStatus, priority: Priority) -> Assignment {
    let id = Uuid::from_u128;
    Assignment {
        id: id(9).into(),
        project_id: id(8).into(),
        request_id: id(7).into(),
        project_name: "Nocturne".into(),
        customer_user_id: id(CUSTOMER).into(),
        coordinator_user_id: id(COORDINATOR).into(),
        specialist_id: id(6).into(),
        specialist_user_id: id(SPECIALIST).into(),
        revision_id: None,
        task_type: TaskType::Transcription,
        status,
        slot: None,
        priority,
        assigned_by: id(COORDINATOR).into(),
        assigned_at: now(),
        due_at: now().plus(Duration::from_secs(7 * 24 * 3600)),
        estimated_minutes: 240,
        actual_minutes: None,
        progress_percent: 0,
        progress_notes: None,
        rush_offered_at: None,
        rush_response_deadline: None,
        rush_responded_at: None,
        rush_decline_reason: None,
        completed_at: None,
        reminded_days_left: None,
        notes: None,
        created_at: now(),
        updated_at: now(),
    }
}

fn user(user: u128, roles: &[Role]) -> User {
    User { id: Uuid::from_u128(user).into(), roles: roles.to_vec(), session_id: None }
}

/// What a check answers: 200, or the code of the problem.
fn outcome(check: fn(&Assignment, &User) -> Result<()>, user: &User) -> String {
    let task = task(TaskStatus::Assigned, Priority::Normal);
    check(&task, user).map_or_else(|problem| problem.code().to_owned(), |()| "ok".to_owned())
}

#[test]
fn only_those_concerned_know_of_a_task() {
    let specialist = [Role::TranscriptionSpecialist];
    for (user, expected) in [
        (user(SPECIALIST, &specialist), "ok"),
        (user(COORDINATOR, &[Role::ServiceCoordinator]), "ok"),
        (user(STRANGER, &[Role::SystemAdmin]), "ok"),
        (user(STRANGER, &specialist), "not_found"),
        (user(STRANGER, &[Role::ServiceCoordinator]), "not_found"),
        (user(CUSTOMER, &[Role::Customer]), "not_found"),
        (user(SPECIALIST, &[Role::Customer]), "not_found"),
    ] {
        assert_eq!(outcome(check_visible, &user), expected, "{user:?}");
    }
}

#[test]
fn only_its_specialist_works_on_a_task() {
    for (user, expected) in [
        (user(SPECIALIST, &[Role::TranscriptionSpecialist]), "ok"),
        (user(SPECIALIST, &[Role::RecordingArtist]), "role_required"),
        (user(COORDINATOR, &[Role::ServiceCoordinator]), "not_your_task"),
        (user(STRANGER, &[Role::SystemAdmin]), "not_your_task"),
        (user(STRANGER, &[Role::TranscriptionSpecialist]), "not_found"),
        (user(CUSTOMER, &[Role::Customer]), "not_found"),
    ] {
        assert_eq!(outcome(check_specialist, &user), expected, "{user:?}");
    }
}

#[test]
fn only_its_coordinator_changes_or_cancels_a_task() {
    for (user, expected) in [
        (user(COORDINATOR, &[Role::ServiceCoordinator]), "ok"),
        (user(STRANGER, &[Role::SystemAdmin]), "ok"),
        (user(SPECIALIST, &[Role::TranscriptionSpecialist]), "not_your_project"),
        (user(STRANGER, &[Role::ServiceCoordinator]), "not_found"),
        (user(CUSTOMER, &[Role::Customer]), "not_found"),
    ] {
        assert_eq!(outcome(check_coordinator, &user), expected, "{user:?}");
    }
}

#[test]
fn offers_stand_until_their_deadline_and_not_at_it() {
    let deadline = now().plus(Duration::from_secs(3600));
    let offer = Assignment { rush_response_deadline: Some(deadline), ..task(TaskStatus::RushOffered, Priority::Rush) };
    let just_before = deadline.minus(Duration::from_micros(1));
    assert_eq!(check_offer_stands(&offer, just_before), Ok(()));
    assert_eq!(check_offer_stands(&offer, deadline).unwrap_err().code(), "offer_expired");
    let accepted = Assignment { status: TaskStatus::Accepted, ..offer };
    assert_eq!(check_offer_stands(&accepted, deadline), Ok(()));
}

#[test]
fn what_is_open_is_overdue_once_its_time_has_passed() {
    for status in TaskStatus::ALL {
        let task = task(*status, Priority::Normal);
        assert!(!task.is_overdue(task.due_at), "{status}");
        let later = task.due_at.plus(Duration::from_micros(1));
        assert_eq!(task.is_overdue(later), status.is_open(), "{status}");
    }
}
