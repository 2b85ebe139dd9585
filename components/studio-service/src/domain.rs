//! The rules of studios, equipment and bookings. Nothing here touches the database or another service.

pub(crate) mod billing;
pub(crate) mod booking;
pub(crate) mod calendar;
pub(crate) mod day;
pub(crate) mod equipment;
pub(crate) mod session;
pub(crate) mod text;

mutrapro_sdk::id! {
    /// A studio.
    pub(crate) StudioId
}

mutrapro_sdk::id! {
    /// A category of equipment.
    pub(crate) CategoryId
}

mutrapro_sdk::id! {
    /// A model of equipment.
    pub(crate) EquipmentId
}

mutrapro_sdk::id! {
    /// The pieces of a model that a studio has.
    pub(crate) StudioEquipmentId
}

mutrapro_sdk::id! {
    /// A booking.
    pub(crate) BookingId
}

mutrapro_sdk::id! {
    /// A part of an artist in a booking.
    pub(crate) BookingArtistId
}

mutrapro_sdk::id! {
    /// A line of equipment in a booking.
    pub(crate) BookingEquipmentId
}

mutrapro_sdk::id! {
    /// A customer profile; user-service answers for it.
    pub(crate) CustomerId
}

mutrapro_sdk::id! {
    /// A project; project-service answers for it.
    pub(crate) ProjectId
}

mutrapro_sdk::id! {
    /// A request; quotation-service answers for it.
    pub(crate) RequestId
}

mutrapro_sdk::id! {
    /// A specialist profile; specialist-service answers for it.
    pub(crate) SpecialistId
}

mutrapro_sdk::id! {
    /// A skill; specialist-service answers for it.
    pub(crate) SkillId
}
