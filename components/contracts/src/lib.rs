//! What services tell each other: events, one file per producing service, the answers of their internal
//! paths, and the access token that auth-service issues and the gateway checks.
//!
//! A payload carries the ids and values that its consumers need, so that a handler never has to call back, and the user
//! ids of the people concerned, so that they can be told. Fields are only ever added, as `Option` or with a default;
//! readers ignore those that they do not know. Statuses, types and roles are text here: each service keeps its own
//! enumerations. There are no bindings and no rules of any service in this crate, so that native tests can use it.

pub mod access_token;
pub mod answers;
pub mod auth;
pub mod feedback;
pub mod file;
pub mod notification;
pub mod payment;
pub mod project;
pub mod quotation;
pub mod revision;
pub mod specialist;
pub mod studio;
pub mod task;
pub mod user;

use serde::Serialize;

/// Something that happened, as its producer tells it.
pub trait Event: Serialize {
    /// `<aggregate>.<fact>`, for example `user.registered`.
    const KIND: &'static str;

    /// The kind of thing that it happened to, for example `user`.
    const AGGREGATE: &'static str;

    /// Which one. Events of one aggregate reach a consumer in the order in which they were committed.
    fn aggregate_id(&self) -> String;
}

/// Names the kind of a payload, and the field that says to whom or what it happened.
macro_rules! event {
    ($payload:ty, $kind:literal, $aggregate:literal, $($id:ident).+) => {
        impl $crate::Event for $payload {
            const KIND: &'static str = $kind;
            const AGGREGATE: &'static str = $aggregate;

            fn aggregate_id(&self) -> String {
                self.$($id).+.to_string()
            }
        }
    };
}
use event;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn kind_and_aggregate<E: Event>() -> (&'static str, &'static str) {
        (E::KIND, E::AGGREGATE)
    }

    #[test]
    fn kinds_begin_with_their_aggregate() {
        for (kind, aggregate) in [
            kind_and_aggregate::<auth::SessionStarted>(),
            kind_and_aggregate::<auth::SessionRevoked>(),
            kind_and_aggregate::<feedback::FeedbackCreated>(),
            kind_and_aggregate::<file::FileUploaded>(),
            kind_and_aggregate::<file::FileDeleted>(),
            kind_and_aggregate::<notification::NotificationSent>(),
            kind_and_aggregate::<payment::PaymentInitiated>(),
            kind_and_aggregate::<payment::PaymentCompleted>(),
            kind_and_aggregate::<payment::PaymentFailed>(),
            kind_and_aggregate::<payment::PaymentRefunded>(),
            kind_and_aggregate::<project::ProjectCreated>(),
            kind_and_aggregate::<project::ProjectStarted>(),
            kind_and_aggregate::<project::ProjectCompleted>(),
            kind_and_aggregate::<project::ProjectCancelled>(),
            kind_and_aggregate::<quotation::RequestCreated>(),
            kind_and_aggregate::<quotation::RequestUpdated>(),
            kind_and_aggregate::<quotation::RequestCancelled>(),
            kind_and_aggregate::<quotation::QuotationSent>(),
            kind_and_aggregate::<quotation::QuotationRevised>(),
            kind_and_aggregate::<quotation::QuotationApproved>(),
            kind_and_aggregate::<quotation::QuotationRejected>(),
            kind_and_aggregate::<quotation::QuotationExpired>(),
            kind_and_aggregate::<quotation::MilestonesGenerated>(),
            kind_and_aggregate::<quotation::MilestoneDue>(),
            kind_and_aggregate::<quotation::MilestoneOverdue>(),
            kind_and_aggregate::<quotation::MilestoneCancelled>(),
            kind_and_aggregate::<quotation::MilestonePaid>(),
            kind_and_aggregate::<quotation::MilestoneReminded>(),
            kind_and_aggregate::<revision::RevisionRequested>(),
            kind_and_aggregate::<revision::RevisionApproved>(),
            kind_and_aggregate::<revision::RevisionRejected>(),
            kind_and_aggregate::<revision::RevisionCompleted>(),
            kind_and_aggregate::<revision::PackagePrepared>(),
            kind_and_aggregate::<revision::PackageDelivered>(),
            kind_and_aggregate::<revision::PackageApproved>(),
            kind_and_aggregate::<revision::PackageRejected>(),
            kind_and_aggregate::<specialist::SpecialistCreated>(),
            kind_and_aggregate::<specialist::SpecialistUpdated>(),
            kind_and_aggregate::<specialist::SkillUpdated>(),
            kind_and_aggregate::<specialist::ArtistDemoPublished>(),
            kind_and_aggregate::<studio::BookingCreated>(),
            kind_and_aggregate::<studio::BookingConfirmed>(),
            kind_and_aggregate::<studio::BookingCompleted>(),
            kind_and_aggregate::<studio::BookingCancelled>(),
            kind_and_aggregate::<studio::BookingNoShow>(),
            kind_and_aggregate::<studio::BookingReminded>(),
            kind_and_aggregate::<task::TaskAssigned>(),
            kind_and_aggregate::<task::TaskAccepted>(),
            kind_and_aggregate::<task::TaskRejected>(),
            kind_and_aggregate::<task::TaskInProgress>(),
            kind_and_aggregate::<task::TaskCompleted>(),
            kind_and_aggregate::<task::TaskCancelled>(),
            kind_and_aggregate::<task::TaskOverdue>(),
            kind_and_aggregate::<task::TaskReminded>(),
            kind_and_aggregate::<user::UserRegistered>(),
            kind_and_aggregate::<user::UserUpdated>(),
            kind_and_aggregate::<user::UserDeactivated>(),
            kind_and_aggregate::<user::RoleGranted>(),
            kind_and_aggregate::<user::RoleRevoked>(),
        ] {
            assert_eq!(kind.split_once('.').map(|(first, _)| first), Some(aggregate), "{kind}");
        }
    }

    #[test]
    fn payload_from_a_newer_producer_is_understood() {
        let user_id = Uuid::from_u128(7);
        let newer = json!({ "user_id": user_id, "deactivated_by": null, "reason": "added next year" });
        let event: user::UserDeactivated = serde_json::from_value(newer).expect("a payload with one more field");
        assert_eq!(event, user::UserDeactivated { user_id, deactivated_by: None });
        assert_eq!(event.aggregate_id(), user_id.to_string());
    }

    #[test]
    fn payload_without_optional_fields_is_understood() {
        let session = json!({ "session_id": Uuid::nil(), "user_id": Uuid::nil() });
        let event: auth::SessionStarted = serde_json::from_value(session).expect("a payload without optional fields");
        assert_eq!(event.ip_address, None);
    }

    #[test]
    fn payload_with_a_shared_part_is_one_flat_object() {
        let ids = ["booking_id", "studio_id", "customer_id", "customer_user_id"];
        let mut payload = json!({
            "studio_name": "Studio A", "project_id": null, "request_id": null, "session_type": "hybrid",
            "starts_at": "2026-01-31T09:30:00Z", "ends_at": "2026-01-31T11:00:00Z", "total_cost": 500_000,
            "currency": "VND", "artist_ids": [], "artist_user_ids": [], "days_left": 3,
        });
        ids.into_iter().zip(1..).for_each(|(field, id)| payload[field] = json!(Uuid::from_u128(id)));
        let event: studio::BookingReminded =
            serde_json::from_value(payload.clone()).expect("a payload of an old producer");
        assert_eq!((event.aggregate_id(), event.days_left), (Uuid::from_u128(1).to_string(), 3));
        payload["coordinator_user_id"] = json!(null);
        assert_eq!(serde_json::to_value(event).expect("a payload"), payload);
    }
}
