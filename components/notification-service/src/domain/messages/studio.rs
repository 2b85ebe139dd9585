//! What is said because of studio-service: to customers, to the artists of a session, and to who sees its project or request
//! through.

use super::{Topic, except};
use crate::domain::text::{because, days_left, excerpt, money, span, time};
use crate::domain::{Message, NotificationType};
use mutrapro_contracts::studio::{
    BookingCancelled, BookingCompleted, BookingConfirmed, BookingCreated, BookingNoShow, BookingReminded,
};
use mutrapro_sdk::id::Uuid;

/// The customer gets a receipt, whoever booked.
pub(super) fn created(event: &BookingCreated) -> Vec<Message> {
    let topic = booking(event.booking_id);
    let session = session(&event.studio_name, &event.starts_at, &event.ends_at);
    let cost = money(event.total_cost, &event.currency);
    let (title, state) = match &event.hold_expires_at {
        Some(until) => {
            ("Studio held for you", format!("is held until {} and has to be confirmed by then", time(until)))
        }
        None => ("Studio booked for you", "is booked".to_owned()),
    };
    let for_customer = format!("{session} {state}. It costs {cost}.");
    let for_artist = format!("You are asked to take part in a session: {session}.");
    let for_coordinator = format!("A session of your customer: {session} {state}.");
    let artists = event.artist_user_ids.iter().copied();
    let mut others = topic.tell_all(artists, "New session", &for_artist);
    others.extend(topic.tell_all(event.coordinator_user_id, "New session", &for_coordinator));
    let mut messages = vec![topic.tell(event.customer_user_id, title, for_customer)];
    messages.extend(except(event.created_by, others));
    messages
}

pub(super) fn confirmed(event: &BookingConfirmed) -> Vec<Message> {
    let session = session(&event.studio_name, &event.starts_at, &event.ends_at);
    let text = format!("{session} is confirmed.");
    let people = participants(event.customer_user_id, &event.artist_user_ids, event.coordinator_user_id);
    except(event.confirmed_by, booking(event.booking_id).tell_all(people, "Session confirmed", &text))
}

/// A receipt for the customer; the artists were there.
pub(super) fn completed(event: &BookingCompleted) -> Vec<Message> {
    let session = session(&event.studio_name, &event.starts_at, &event.ends_at);
    let text = format!("{session} took place and costs {}.", money(event.total_cost, &event.currency));
    vec![booking(event.booking_id).tell(event.customer_user_id, "Session completed", text)]
}

pub(super) fn cancelled(event: &BookingCancelled) -> Vec<Message> {
    let session = session(&event.studio_name, &event.starts_at, &event.ends_at);
    let text = format!("{session} does not take place{}", because(event.reason.as_deref()));
    let people = participants(event.customer_user_id, &event.artist_user_ids, event.coordinator_user_id);
    except(event.cancelled_by, booking(event.booking_id).tell_all(people, "Session cancelled", &text))
}

pub(super) fn no_show(event: &BookingNoShow) -> Vec<Message> {
    let session = session(&event.studio_name, &event.starts_at, &event.ends_at);
    let text = format!("{session} was given up, since nobody had come half an hour after its start.");
    let people = participants(event.customer_user_id, &event.artist_user_ids, event.coordinator_user_id);
    booking(event.booking_id).tell_all(people, "Session missed", &text)
}

pub(super) fn reminded(event: &BookingReminded) -> Vec<Message> {
    let session = session(&event.studio_name, &event.starts_at, &event.ends_at);
    let text = format!("{session} is coming up. {}.", days_left(event.days_left));
    let people = participants(event.customer_user_id, &event.artist_user_ids, event.coordinator_user_id);
    let topic = Topic::new(NotificationType::DeadlineAlert, "booking", event.booking_id);
    topic.tell_all(people, "Session coming up", &text)
}

fn participants(customer: Uuid, artists: &[Uuid], coordinator: Option<Uuid>) -> impl Iterator<Item = Uuid> {
    std::iter::once(customer).chain(artists.iter().copied()).chain(coordinator)
}

/// `Studio A on 31 Jan 2026, 09:30 to 11:00 UTC`.
fn session(studio_name: &str, starts_at: &str, ends_at: &str) -> String {
    format!("{} on {}", excerpt(studio_name), span(starts_at, ends_at))
}

const fn booking(id: Uuid) -> Topic {
    Topic::new(NotificationType::BookingConfirmation, "booking", id)
}
