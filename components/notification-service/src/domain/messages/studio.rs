//! What is said because of studio-service: to customers, to the artists of a session, and to who sees its project or request
//! through.

use super::{Topic, except};
use crate::domain::text::{because, days_left, excerpt, money, span, time};
use crate::domain::{Message, NotificationType};
use mutrapro_contracts::studio::{
    Booking, BookingCancelled, BookingCompleted, BookingConfirmed, BookingCreated, BookingNoShow, BookingReminded,
};
use mutrapro_sdk::id::Uuid;

/// The customer gets a receipt, whoever booked.
pub(super) fn created(event: &BookingCreated) -> Vec<Message> {
    let booking = &event.booking;
    let topic = topic(booking);
    let session = session(booking);
    let cost = money(booking.total_cost, &booking.currency);
    let (title, state) = match &event.hold_expires_at {
        Some(until) => {
            ("Studio held for you", format!("is held until {} and has to be confirmed by then", time(until)))
        }
        None => ("Studio booked for you", "is booked".to_owned()),
    };
    let for_customer = format!("{session} {state}. It costs {cost}.");
    let for_artist = format!("You are asked to take part in a session: {session}.");
    let for_coordinator = format!("A session of your customer: {session} {state}.");
    let artists = booking.artist_user_ids.iter().copied();
    let mut others = topic.tell_all(artists, "New session", &for_artist);
    others.extend(topic.tell_all(booking.coordinator_user_id, "New session", &for_coordinator));
    let mut messages = vec![topic.tell(booking.customer_user_id, title, for_customer)];
    messages.extend(except(event.created_by, others));
    messages
}

pub(super) fn confirmed(event: &BookingConfirmed) -> Vec<Message> {
    let booking = &event.booking;
    let text = format!("{} is confirmed.", session(booking));
    except(event.confirmed_by, topic(booking).tell_all(participants(booking), "Session confirmed", &text))
}

/// A receipt for the customer; the artists were there.
pub(super) fn completed(event: &BookingCompleted) -> Vec<Message> {
    let booking = &event.booking;
    let text = format!("{} took place and costs {}.", session(booking), money(booking.total_cost, &booking.currency));
    vec![topic(booking).tell(booking.customer_user_id, "Session completed", text)]
}

pub(super) fn cancelled(event: &BookingCancelled) -> Vec<Message> {
    let booking = &event.booking;
    let text = format!("{} does not take place{}", session(booking), because(event.reason.as_deref()));
    except(event.cancelled_by, topic(booking).tell_all(participants(booking), "Session cancelled", &text))
}

pub(super) fn no_show(event: &BookingNoShow) -> Vec<Message> {
    let booking = &event.booking;
    let text = format!("{} was given up, since nobody had come half an hour after its start.", session(booking));
    topic(booking).tell_all(participants(booking), "Session missed", &text)
}

pub(super) fn reminded(event: &BookingReminded) -> Vec<Message> {
    let booking = &event.booking;
    let text = format!("{} is coming up. {}.", session(booking), days_left(event.days_left));
    let topic = Topic::new(NotificationType::DeadlineAlert, "booking", booking.booking_id);
    topic.tell_all(participants(booking), "Session coming up", &text)
}

fn participants(booking: &Booking) -> impl Iterator<Item = Uuid> {
    let artists = booking.artist_user_ids.iter().copied();
    std::iter::once(booking.customer_user_id).chain(artists).chain(booking.coordinator_user_id)
}

/// `Studio A on 31 Jan 2026, 09:30 to 11:00 UTC`.
fn session(booking: &Booking) -> String {
    format!("{} on {}", excerpt(&booking.studio_name), span(&booking.starts_at, &booking.ends_at))
}

const fn topic(booking: &Booking) -> Topic {
    Topic::new(NotificationType::BookingConfirmation, "booking", booking.booking_id)
}
