use super::*;
use crate::domain::profile::Specialization;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::page::PagingParameters;
use mutrapro_sdk::time::Instant;
use proptest::prelude::*;

/// The specialist of this number, who has room or has none.
fn listed(number: u128, has_room: bool) -> ListedSpecialist {
    let specialist = Specialist {
        id: Uuid::from_u128(number).into(),
        user_id: Uuid::from_u128(number).into(),
        full_name: "Thu".into(),
        is_account_active: true,
        is_transcriber: true,
        is_arranger: false,
        is_recording_artist: false,
        specialization: Specialization::Transcription,
        experience_years: 6,
        hourly_rate: 150_000,
        currency: Currency::Vnd,
        max_concurrent_tasks: 1,
        portfolio_url: None,
        rating_sum: 0,
        rating_count: 0,
        rating_bp: 0,
        total_projects: 0,
        created_at: Instant::UNIX_EPOCH,
        updated_at: Instant::UNIX_EPOCH,
    };
    ListedSpecialist { specialist, availability: Availability::of(u32::from(!has_room), 1) }
}

fn paging(limit: u16, cursor: Option<String>) -> Paging {
    PagingParameters { limit: Some(limit), cursor }.try_into().unwrap()
}

/// A page of those who have room, and how often it looked.
fn page_of(all: &[ListedSpecialist], limit: u16, cursor: Option<String>) -> (Page<ListedSpecialist>, usize) {
    let mut looks = 0;
    let look = |after: Option<SpecialistId>, rows_max: i64| {
        looks += 1;
        let later = all.iter().filter(|listed| after.is_none_or(|after| listed.specialist.id > after));
        Ok(later.take(usize::try_from(rows_max).unwrap()).cloned().collect())
    };
    let page = found(&paging(limit, cursor), look, |listed| listed.availability.has_room()).unwrap();
    (page, looks)
}

#[test]
fn nobody_with_room_is_a_short_page_that_goes_on() {
    let looked_at = LOOKS_MAX * WorkloadsAnswer::SPECIALISTS_MAX;
    let mut all: Vec<_> = (1..=looked_at as u128).map(|number| listed(number, false)).collect();
    all.push(listed(looked_at as u128 + 1, true));
    let (page, looks) = page_of(&all, 20, None);
    assert_eq!((page.items.len(), looks), (0, LOOKS_MAX));
    let (page, looks) = page_of(&all, 20, page.next_cursor);
    assert_eq!((page.items, page.next_cursor, looks), (vec![listed(looked_at as u128 + 1, true)], None, 1));
}

#[test]
fn one_look_is_enough_when_it_fills_the_page() {
    let all: Vec<_> = (1..=500).map(|number| listed(number, true)).collect();
    let (page, looks) = page_of(&all, 20, None);
    assert_eq!((page.items.len(), page.next_cursor.is_some(), looks), (20, true, 1));
}

proptest! {
    #[test]
    fn pages_together_are_all_who_have_room(
        rooms in prop::collection::vec(prop::bool::weighted(0.02), 0..2_500),
        limit in 1_u16..=100,
    ) {
        let all: Vec<_> = rooms.iter().zip(1..).map(|(has_room, number)| listed(number, *has_room)).collect();
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let (page, _) = page_of(&all, limit, cursor);
            prop_assert!(page.items.len() <= usize::from(limit));
            seen.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() { break }
        }
        let expected: Vec<_> = all.into_iter().filter(|listed| listed.availability.has_room()).collect();
        prop_assert_eq!(seen, expected);
    }
}
