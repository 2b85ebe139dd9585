//! What is written of an order, and what is read of it when it comes again.

use super::*;
use crate::store::BookingEquipment;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::money::Currency;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn artist(specialist: u128, hourly_rate: i64) -> Artist {
    Artist {
        specialist_id: Uuid::from_u128(specialist).into(),
        user_id: Uuid::from_u128(specialist + 1_000).into(),
        hourly_rate,
        currency: "VND".to_owned(),
    }
}

fn part(specialist: u128, instrument: Option<u128>) -> ArtistWish {
    ArtistWish {
        specialist_id: Uuid::from_u128(specialist).into(),
        role: ArtistRole::Instrumentalist,
        instrument_skill_id: instrument.map(|id| Uuid::from_u128(id).into()),
    }
}

fn studio() -> Studio {
    let now = at("2026-01-01T00:00:00Z");
    Studio {
        id: StudioId::generate(),
        name: "A".to_owned(),
        location: "Hà Nội".to_owned(),
        capacity: 8,
        hourly_rate: 300_000,
        admin_fee: 20_000,
        currency: Currency::Vnd,
        opens_at_minute: 480,
        closes_at_minute: 1_320,
        utc_offset_minutes: 420,
        description: None,
        is_active: true,
        created_at: now,
        updated_at: now,
    }
}

/// Two artists, of whom the first has two parts, and two microphones.
fn order(studio: &Studio) -> Order {
    let wish = Wish {
        studio_id: studio.id,
        purpose: Purpose::Own,
        session_type: SessionType::Hybrid,
        session: Interval { starts_at: at("2026-01-31T02:00:00Z"), ends_at: at("2026-01-31T04:00:00Z") },
        artists: vec![part(7, Some(1)), part(8, None), part(7, Some(2))],
        equipment: vec![EquipmentWish { studio_equipment_id: StudioEquipmentId::generate(), quantity: 2 }],
        subject: Some("Diễm xưa".to_owned()),
        special_instructions: None,
    };
    let party = Party {
        customer_id: Uuid::from_u128(1).into(),
        customer_user_id: Uuid::from_u128(2).into(),
        coordinator_user_id: None,
        project_id: None,
        request_id: None,
        currency: None,
    };
    Order { wish, party, artists: vec![artist(7, 150_000), artist(8, 100_000)] }
}

fn offered(studio: &Studio, order: &Order) -> Offer {
    let rates: Vec<i64> = order.artists.iter().map(|artist| artist.hourly_rate).collect();
    let usage = Usage {
        minutes: order.wish.session.minutes(),
        studio_rate: studio.hourly_rate,
        artist_rates: &rates,
        equipment: &[(2, 50_000)],
        admin_fee: studio.admin_fee,
    };
    Offer { studio: studio.clone(), bill: bill(STEPS, &usage).unwrap(), rental_fees: vec![50_000] }
}

/// A booking as it is written first, made at `now`.
pub(crate) fn booked(now: Instant) -> Booking {
    let studio = studio();
    let order = order(&studio);
    let of = Repeatable { by: order.party.customer_user_id, key: "k" };
    pending(&order, &offered(&studio, &order), of, now)
}

#[test]
fn booking_is_held_for_half_an_hour_and_costs_what_was_offered() {
    let now = at("2026-01-30T09:30:00Z");
    let booking = booked(now);
    assert_eq!(booking.status, BookingStatus::Pending);
    assert_eq!(booking.hold_expires_at, Some(at("2026-01-30T10:00:00Z")));
    assert_eq!((booking.billable_minutes, booking.billing_step_minutes, booking.min_billing_minutes), (120, 30, 60));
    let fees = [booking.studio_fee, booking.artist_fee, booking.equipment_fee, booking.admin_fee];
    assert_eq!(fees, [600_000, 500_000, 100_000, 20_000]);
    assert_eq!(booking.total_cost, 1_220_000);
}

#[test]
fn artist_is_paid_once_however_many_parts_they_have() {
    let studio = studio();
    let order = order(&studio);
    let offer = offered(&studio, &order);
    let parts = parts(BookingId::generate(), &order, &offer.bill);
    let fees: Vec<_> = parts.iter().map(|part| (part.specialist_id.uuid().as_u128(), part.fee)).collect();
    assert_eq!(fees, [(7, 300_000), (8, 200_000), (7, 0)]);
    assert_eq!(parts.iter().map(|part| part.fee).sum::<i64>(), offer.bill.artist_fee);
    assert!(parts.is_sorted_by_key(|part| part.id), "they are read in the order in which they are asked for");
}

fn details(order: &Order, studio: &Studio) -> BookingDetails {
    let offer = offered(studio, order);
    let of = Repeatable { by: order.party.customer_user_id, key: "k" };
    let booking = pending(order, &offer, of, at("2026-01-30T09:30:00Z"));
    let artists = parts(booking.id, order, &offer.bill);
    let line = |wish: &EquipmentWish| BookingEquipment {
        id: crate::domain::BookingEquipmentId::generate(),
        studio_equipment_id: wish.studio_equipment_id,
        name: "Microphone".to_owned(),
        brand: "Neumann".to_owned(),
        model: "U 87".to_owned(),
        quantity: wish.quantity,
        rental_fee: 50_000,
    };
    let equipment = order.wish.equipment.iter().map(line).collect();
    BookingDetails { booking, artists, equipment }
}

#[test]
fn same_request_is_recognised_whatever_it_is_for() {
    let studio = studio();
    let (project, request) = (ProjectId::generate(), RequestId::generate());
    let for_project = Party { project_id: Some(project), request_id: Some(request), ..order(&studio).party };
    let for_request = Party { request_id: Some(request), ..order(&studio).party };
    for (purpose, party) in [
        (Purpose::Own, order(&studio).party),
        (Purpose::Project(project), for_project),
        (Purpose::Request(request), for_request),
    ] {
        let mut order = order(&studio);
        order.party = party;
        order.wish.purpose = purpose;
        assert_eq!(wish_of(&details(&order, &studio)), order.wish, "{purpose:?}");
    }
}

#[test]
fn another_request_is_told_apart_by_each_of_its_fields() {
    let studio = studio();
    let order = order(&studio);
    let booked = wish_of(&details(&order, &studio));
    let changes: [fn(&mut Wish); 8] = [
        |wish| wish.studio_id = StudioId::generate(),
        |wish| wish.purpose = Purpose::Request(RequestId::generate()),
        |wish| wish.session_type = SessionType::ArtistAssisted,
        |wish| wish.session.ends_at = at("2026-01-31T05:00:00Z"),
        |wish| wish.artists.truncate(1),
        |wish| wish.equipment[0].quantity = 1,
        |wish| wish.subject = None,
        |wish| wish.special_instructions = Some("Warm up the amplifier".to_owned()),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut other = order.wish.clone();
        change(&mut other);
        assert_ne!(booked, other, "change {index}");
    }
}

#[test]
fn everything_is_paid_in_the_currency_of_the_studio() {
    let studio = studio();
    let Order { party, artists, .. } = order(&studio);
    let fields = |party: &Party, artists: &[Artist]| {
        let mut errors = FieldErrors::default();
        check_currencies(&mut errors, &studio, party, artists);
        let problem = errors.finish().err();
        let errors = problem.map(|problem| problem.details().errors.clone()).unwrap_or_default();
        errors.into_iter().map(|error| error.field).collect::<Vec<_>>()
    };
    assert!(fields(&party, &artists).is_empty());
    let foreign = [Artist { currency: "USD".to_owned(), ..artist(7, 10) }, artist(8, 10)];
    assert_eq!(fields(&party, &foreign), ["artists"]);
    let request = Party { request_id: Some(RequestId::generate()), currency: Some("EUR".to_owned()), ..party };
    assert_eq!(fields(&request, &artists), ["request_id"]);
    let project = Party { project_id: Some(ProjectId::generate()), ..request };
    assert_eq!(fields(&project, &artists), ["project_id"]);
}
