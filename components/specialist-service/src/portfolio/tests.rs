use super::*;
use crate::domain::profile::Specialization;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::money::Currency;

const SPECIALIST: Uuid = Uuid::from_u128(1);
const USER: Uuid = Uuid::from_u128(2);
const FILE: Uuid = Uuid::from_u128(3);

fn specialist() -> Specialist {
    Specialist {
        id: SPECIALIST.into(),
        user_id: USER.into(),
        full_name: "Hoa".into(),
        is_account_active: true,
        is_transcriber: false,
        is_arranger: false,
        is_recording_artist: true,
        specialization: Specialization::Recording,
        experience_years: 6,
        hourly_rate: 150_000,
        currency: Currency::Vnd,
        max_concurrent_tasks: 5,
        portfolio_url: None,
        rating_sum: 0,
        rating_count: 0,
        rating_bp: 0,
        total_projects: 0,
        created_at: Instant::UNIX_EPOCH,
        updated_at: Instant::UNIX_EPOCH,
    }
}

fn demo() -> Demo {
    Demo {
        id: Uuid::from_u128(4).into(),
        specialist_id: SPECIALIST.into(),
        role: DemoRole::Both,
        title: "Diễm xưa".into(),
        description: None,
        instrument_skill_id: Some(Uuid::from_u128(5).into()),
        vocal_range: Some("mezzo-soprano".into()),
        genre: Some("bolero".into()),
        file_id: Some(FILE.into()),
        preview_url: None,
        is_public: false,
        created_at: Instant::UNIX_EPOCH,
        updated_at: Instant::UNIX_EPOCH,
    }
}

fn file() -> FileAnswer {
    FileAnswer {
        id: FILE,
        owner_user_id: USER,
        request_id: None,
        project_id: None,
        assignment_id: None,
        booking_id: None,
        specialist_id: Some(SPECIALIST),
        file_name: "demo.wav".into(),
        mime_type: "audio/x-wav".into(),
        content_type: "audio".into(),
        stage: "final".into(),
        size_bytes: 44,
        duration_ms: Some(1_000),
    }
}

fn wrong(outcome: Result<impl Sized>) -> String {
    let Err(problem) = outcome else { panic!("it was taken") };
    assert_eq!(problem.status().as_u16(), 422, "{problem}");
    problem.details().errors[0].field.clone()
}

#[test]
fn only_the_specialists_own_demo_files_are_taken() {
    assert_eq!(check_file(&specialist(), Some(&file())), Ok(()));
    let strangers = Uuid::from_u128(9);
    for other in [
        None,
        Some(FileAnswer { owner_user_id: strangers, ..file() }),
        Some(FileAnswer { specialist_id: Some(strangers), ..file() }),
        // Their own file, which belongs to a task.
        Some(FileAnswer { specialist_id: None, assignment_id: Some(strangers), ..file() }),
    ] {
        assert_eq!(wrong(check_file(&specialist(), other.as_ref())), "file_id");
    }
}

#[test]
fn file_is_checked_when_it_is_new_or_shown() {
    let to_check = |demo: &Demo, change: DemoChange| file_to_check(demo, &change, Instant::UNIX_EPOCH).unwrap();
    let (hidden, shown) = (demo(), Demo { is_public: true, ..demo() });
    let publishing = || DemoChange { is_public: Some(true), ..DemoChange::default() };
    let retitled = || DemoChange { title: Some("Cát bụi".into()), ..DemoChange::default() };
    let other: FileId = Uuid::from_u128(6).into();
    let replaced = || DemoChange { file_id: Patch::Set(other), ..DemoChange::default() };
    assert_eq!(to_check(&hidden, publishing()), Some(FILE.into()));
    assert_eq!(to_check(&shown, publishing()), None);
    assert_eq!((to_check(&hidden, retitled()), to_check(&shown, retitled())), (None, None));
    assert_eq!((to_check(&hidden, replaced()), to_check(&shown, replaced())), (Some(other), Some(other)));
    let elsewhere = DemoChange { preview_url: Patch::Set("https://example.com".into()), ..publishing() };
    assert_eq!(to_check(&hidden, elsewhere), None);
}

#[test]
fn only_what_is_given_changes() {
    let now: Instant = "2026-01-31T09:30:00Z".parse().unwrap();
    let untouched = DemoChange::default().applied(&demo(), now).unwrap();
    assert_eq!(untouched, Demo { updated_at: now, ..demo() });
    let change = DemoChange {
        genre: Patch::Cleared,
        description: Patch::Set("Live".into()),
        is_public: Some(true),
        ..DemoChange::default()
    };
    let expected = Demo { genre: None, description: Some("Live".into()), is_public: true, updated_at: now, ..demo() };
    assert_eq!(change.applied(&demo(), now), Ok(expected));
}

#[test]
fn demo_that_could_be_heard_nowhere_is_refused() {
    let change = DemoChange { file_id: Patch::Cleared, ..DemoChange::default() };
    assert_eq!(wrong(change.applied(&demo(), Instant::UNIX_EPOCH)), "file_id");
}

#[test]
fn part_fits_what_the_artist_does() {
    assert_eq!(check_part(&demo()), Ok(()));
    assert_eq!(wrong(check_part(&Demo { role: DemoRole::Vocalist, ..demo() })), "instrument_skill_id");
    assert_eq!(wrong(check_part(&Demo { role: DemoRole::Instrumentalist, ..demo() })), "vocal_range");
    let singer = Demo { role: DemoRole::Vocalist, instrument_skill_id: None, ..demo() };
    assert_eq!(check_part(&singer), Ok(()));
}
