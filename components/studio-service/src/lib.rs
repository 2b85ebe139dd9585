//! studio-service: studios, their equipment, and who has them when.
//!
//! It owns `studios`, `equipment_categories`, `equipment`, `studio_equipment`, `studio_bookings`, `booking_artists` and
//! `booking_required_equipment`. Who artists are and what an hour of theirs costs it asks specialist-service, whose a project or
//! request is project-service and quotation-service.

mod announcements;
mod booking;
mod bookings;
mod dependencies;
mod domain;
mod events;
mod jobs;
mod routes;
mod store;

mutrapro_sdk::service! { router: routes::router, events: events::handle, jobs: jobs::run }
