//! A booking, from its hold to its end, and who may do what with it.

use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::state::State;

/// The most parts of artists in a session.
pub(crate) const ARTISTS_MAX: usize = 20;
/// The most lines of equipment in a session.
pub(crate) const EQUIPMENT_LINES_MAX: usize = 50;
/// What a specialist who takes part in a session is specialised in.
pub(crate) const ARTIST_SPECIALIZATION: &str = "recording";

mutrapro_sdk::text_enum! {
    /// How far a booking is.
    pub(crate) enum BookingStatus {
        /// The studio is held, and somebody has to confirm.
        Pending = "pending",
        /// The session takes place.
        Confirmed = "confirmed",
        /// They are at it.
        InProgress = "in_progress",
        /// It took place.
        Completed = "completed",
        /// It does not take place.
        Cancelled = "cancelled",
        /// Nobody came.
        NoShow = "no_show",
    }
}

impl State for BookingStatus {
    const THING: &'static str = "booking";
    const TRANSITIONS: &'static [(Self, Self)] = &[
        (Self::Pending, Self::Confirmed),
        (Self::Pending, Self::Cancelled),
        (Self::Confirmed, Self::InProgress),
        (Self::Confirmed, Self::Cancelled),
        (Self::Confirmed, Self::NoShow),
        (Self::InProgress, Self::Completed),
    ];
}

impl BookingStatus {
    /// Those that keep others out of the studio.
    pub(crate) const OCCUPYING: [Self; 3] = [Self::Pending, Self::Confirmed, Self::InProgress];
}

mutrapro_sdk::text_enum! {
    /// Who records.
    pub(crate) enum SessionType {
        /// The customer alone.
        SelfRecording = "self_recording",
        /// Artists of the studio.
        ArtistAssisted = "artist_assisted",
        /// The customer together with artists of the studio.
        Hybrid = "hybrid",
    }
}

mutrapro_sdk::text_enum! {
    /// What an artist does in a session.
    pub(crate) enum ArtistRole {
        /// Sings.
        Vocalist = "vocalist",
        /// Plays.
        Instrumentalist = "instrumentalist",
        /// Sings and plays.
        Both = "both",
    }
}

/// Whether so many artists fit a session of this type.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_artists(session_type: SessionType, artists: usize) -> Result<(), &'static str> {
    match (session_type, artists) {
        (SessionType::SelfRecording, 0) => Ok(()),
        (SessionType::SelfRecording, _) => Err("a self_recording has no artists: choose hybrid, or leave them out"),
        (_, 0) => Err("this type of session has at least one artist: add one, or choose self_recording"),
        (_, artists) if artists > ARTISTS_MAX => Err("must be at most 20"),
        _ => Ok(()),
    }
}

/// Who somebody is to a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// They administer everything.
    Admin,
    /// They see its project or request through, or it is for the coordinators to look after together.
    Coordinator,
    /// It is theirs.
    Customer,
    /// They sing or play in it.
    Artist,
    /// They may not know of it.
    Stranger,
}

/// The users that a booking concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct People<'a> {
    /// Whose it is.
    pub(crate) customer: UserId,
    /// Who sees its project or request through; where nobody does, every coordinator may.
    pub(crate) coordinator: Option<UserId>,
    /// Who sings or plays.
    pub(crate) artists: &'a [UserId],
}

/// Who `user` is to a booking of these people. What allows most comes first.
pub(crate) fn standing(user: &User, people: People<'_>) -> Standing {
    let coordinates = people.coordinator.is_none_or(|coordinator| coordinator == user.id);
    if user.is(Role::SystemAdmin) {
        Standing::Admin
    } else if user.is(Role::ServiceCoordinator) && coordinates {
        Standing::Coordinator
    } else if user.is(Role::Customer) && people.customer == user.id {
        Standing::Customer
    } else if user.is(Role::RecordingArtist) && people.artists.contains(&user.id) {
        Standing::Artist
    } else {
        Standing::Stranger
    }
}

/// What a project or request is to somebody who books for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// They may book for it: it is theirs, they see it through, or they administer everything.
    Theirs,
    /// They could see it through, and do not.
    Unclaimed,
    /// They may not know of it.
    None,
}

/// What a project or request of the user `customer` that the user `coordinator` holds is to `user`.
pub(crate) fn claim(user: &User, customer: UserId, coordinator: Option<UserId>) -> Claim {
    let is_coordinator = user.is(Role::ServiceCoordinator);
    let holds = is_coordinator && coordinator == Some(user.id);
    let is_own = user.is(Role::Customer) && customer == user.id;
    if user.is(Role::SystemAdmin) || holds || is_own {
        Claim::Theirs
    } else if is_coordinator && coordinator.is_none() {
        Claim::Unclaimed
    } else {
        Claim::None
    }
}

/// Whether someone of this standing may confirm, start and complete.
pub(crate) fn may_conduct(standing: Standing) -> bool {
    matches!(standing, Standing::Admin | Standing::Coordinator)
}

/// Whether someone of this standing may cancel.
pub(crate) fn may_cancel(standing: Standing) -> bool {
    may_conduct(standing) || standing == Standing::Customer
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;
    use mutrapro_sdk::state;

    fn id(id: u128) -> UserId {
        Uuid::from_u128(id).into()
    }

    fn user(number: u128, roles: &[Role]) -> User {
        User { id: id(number), roles: roles.to_vec(), session_id: None }
    }

    #[test]
    fn exactly_the_designed_transitions_are_allowed() {
        use BookingStatus::{Cancelled, Completed, Confirmed, InProgress, NoShow, Pending};
        let allowed = |from| match from {
            Pending => vec![Confirmed, Cancelled],
            Confirmed => vec![InProgress, Cancelled, NoShow],
            InProgress => vec![Completed],
            Completed | Cancelled | NoShow => vec![],
        };
        for from in BookingStatus::ALL {
            for to in BookingStatus::ALL {
                let outcome = state::check(*from, *to);
                assert_eq!(outcome.is_ok(), allowed(*from).contains(to), "{from} to {to}");
                if let Err(problem) = outcome {
                    assert_eq!((problem.status().as_u16(), problem.code()), (409, "illegal_transition"));
                }
            }
        }
    }

    #[test]
    fn whatever_may_still_take_place_keeps_others_out() {
        for status in BookingStatus::ALL {
            let is_open = BookingStatus::TRANSITIONS.iter().any(|(from, _)| from == status);
            assert_eq!(BookingStatus::OCCUPYING.contains(status), is_open, "{status}");
        }
    }

    #[test]
    fn artists_are_there_when_the_type_says_so() {
        use SessionType::{ArtistAssisted, Hybrid, SelfRecording};
        assert!(check_artists(SelfRecording, 0).is_ok() && check_artists(SelfRecording, 1).is_err());
        for session_type in [ArtistAssisted, Hybrid] {
            assert!(check_artists(session_type, 0).is_err());
            assert!(check_artists(session_type, 1).is_ok() && check_artists(session_type, ARTISTS_MAX).is_ok());
            assert!(check_artists(session_type, ARTISTS_MAX + 1).is_err());
        }
    }

    #[test]
    fn people_see_what_concerns_them() {
        let artists = [id(7)];
        let of = |user: User, coordinator: Option<u128>| {
            standing(&user, People { customer: id(1), coordinator: coordinator.map(id), artists: &artists })
        };
        let coordinator = [Role::Customer, Role::ServiceCoordinator];
        assert_eq!(of(user(1, &[Role::Customer]), Some(3)), Standing::Customer);
        assert_eq!(of(user(2, &[Role::Customer]), Some(3)), Standing::Stranger);
        assert_eq!(of(user(3, &coordinator), Some(3)), Standing::Coordinator);
        assert_eq!(of(user(4, &coordinator), Some(3)), Standing::Stranger);
        assert_eq!(of(user(4, &coordinator), None), Standing::Coordinator);
        assert_eq!(of(user(7, &[Role::RecordingArtist]), None), Standing::Artist);
        assert_eq!(of(user(8, &[Role::RecordingArtist]), None), Standing::Stranger);
        assert_eq!(of(user(7, &[Role::TranscriptionSpecialist]), None), Standing::Stranger);
        assert_eq!(of(user(5, &[Role::SystemAdmin]), Some(3)), Standing::Admin);
    }

    #[test]
    fn people_book_for_what_is_theirs() {
        let coordinator = [Role::Customer, Role::ServiceCoordinator];
        let of = |user: User, coordinator: Option<u128>| claim(&user, id(1), coordinator.map(id));
        assert_eq!(of(user(1, &[Role::Customer]), None), Claim::Theirs);
        assert_eq!(of(user(2, &[Role::Customer]), None), Claim::None);
        assert_eq!(of(user(3, &coordinator), Some(3)), Claim::Theirs);
        assert_eq!(of(user(4, &coordinator), Some(3)), Claim::None);
        assert_eq!(of(user(4, &coordinator), None), Claim::Unclaimed);
        assert_eq!(of(user(3, &[Role::Customer]), Some(3)), Claim::None);
        assert_eq!(of(user(5, &[Role::SystemAdmin]), Some(3)), Claim::Theirs);
    }

    #[test]
    fn customers_cancel_and_artists_look_on() {
        for (standing, conducts, cancels) in [
            (Standing::Admin, true, true),
            (Standing::Coordinator, true, true),
            (Standing::Customer, false, true),
            (Standing::Artist, false, false),
            (Standing::Stranger, false, false),
        ] {
            assert_eq!((may_conduct(standing), may_cancel(standing)), (conducts, cancels), "{standing:?}");
        }
    }
}
