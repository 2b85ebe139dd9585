//! Which notifications a stream sends, and when.
//!
//! Notifications are ordered by ids that are made before their transaction commits, so one may appear after another with
//! a greater id was sent. The feed therefore looks again at the last [`LOOKBACK`], and remembers what it sent of it.
//! Nothing here waits or reads a clock.

use super::NotificationId;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::time::Instant;
use std::collections::BTreeSet;
use std::time::Duration;

/// How often the table is looked at.
pub(crate) const POLL: Duration = Duration::from_millis(500);
/// How long a stream is silent at most: a comment keeps it open, and shows whether the client is still there. The gateway
/// learns that one is gone from the first comment that it cannot pass on, and this service from the next one.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(8);
/// How long a stream lasts: the client comes back, with a token that is valid then.
pub(crate) const LIFETIME: Duration = Duration::from_secs(600);
/// How long after its id was made a notification may appear: the 5 s that the host gives a transaction, and as much for
/// the clocks of several hosts.
pub(crate) const LOOKBACK: Duration = Duration::from_secs(10);
/// How many notifications are read at once.
pub(crate) const PAGE_ROWS: u16 = 100;

/// What a stream does next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step<T> {
    /// Notifications to send, oldest first.
    pub(crate) news: Vec<T>,
    /// Whether a comment is due, to show that the stream is alive.
    pub(crate) heartbeat: bool,
    /// How long to wait before the next step.
    pub(crate) wait: Duration,
}

/// The state of one stream.
#[derive(Debug)]
pub(crate) struct Feed {
    ends_at: Instant,
    /// When the client last heard something; `None` before the first step.
    heard_at: Option<Instant>,
    /// Where to read on.
    after: NotificationId,
    /// Those after `after` that the client has.
    sent: BTreeSet<NotificationId>,
}

impl Feed {
    /// A feed of what appears from now on, or of what is newer than `last`, which the client has.
    ///
    /// `recent` are the user's notifications since [`recent_since`], as they are at the moment. Of those a client that
    /// comes back has the ones up to `last`.
    pub(crate) fn new(
        now: Instant,
        last: Option<NotificationId>,
        recent: impl IntoIterator<Item = NotificationId>,
    ) -> Self {
        let since = recent_since(now);
        Self {
            ends_at: now.plus(LIFETIME),
            heard_at: None,
            after: last.map_or(since, |last| last.min(since)),
            sent: recent.into_iter().filter(|id| last.is_none_or(|last| *id <= last)).collect(),
        }
    }

    /// Where to read on: the next step takes the [`PAGE_ROWS`] oldest notifications after this.
    pub(crate) const fn after(&self) -> NotificationId {
        self.after
    }

    /// Goes on with the notifications that were read, oldest first; `None` when the stream has lasted long enough.
    pub(crate) fn step<T>(&mut self, now: Instant, rows: Vec<T>, id: impl Fn(&T) -> NotificationId) -> Option<Step<T>> {
        if now >= self.ends_at {
            return None;
        }
        let full_page = rows.len() >= usize::from(PAGE_ROWS);
        let last_read = rows.last().map(&id);
        let news: Vec<_> = rows.into_iter().filter(|row| self.sent.insert(id(row))).collect();
        let wait = match last_read {
            Some(last_read) if full_page => {
                self.after = last_read;
                Duration::ZERO
            }
            _ => {
                self.after = recent_since(now);
                self.sent.retain(|id| *id > self.after);
                POLL
            }
        };
        let is_silent = self.heard_at.is_none_or(|heard_at| now.since(heard_at) >= HEARTBEAT);
        let heartbeat = news.is_empty() && is_silent;
        if heartbeat || !news.is_empty() {
            self.heard_at = Some(now);
        }
        Some(Step { news, heartbeat, wait })
    }
}

/// An id before all that are made from [`LOOKBACK`] before `now` on.
pub(crate) fn recent_since(now: Instant) -> NotificationId {
    let ms = now.minus(LOOKBACK).since(Instant::UNIX_EPOCH).as_millis();
    // A UUIDv7 begins with the milliseconds since 1970, in 48 bits (RFC 9562, section 5.7).
    Uuid::from_u128(ms << 80).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Duration = Duration::from_secs(1_000_000);

    /// `ms` after the start of the test.
    fn at(ms: u64) -> Instant {
        Instant::UNIX_EPOCH.plus(START + Duration::from_millis(ms))
    }

    /// The id of the `n`th notification that is made `ms` after the start of the test.
    fn id(ms: u64, n: u128) -> NotificationId {
        let ms = START.as_millis() + u128::from(ms);
        Uuid::from_u128((ms << 80) | (0x7000_u128 << 64) | n).into()
    }

    /// The oldest of `visible` that the next step takes.
    fn read(feed: &Feed, visible: &BTreeSet<NotificationId>) -> Vec<NotificationId> {
        visible.iter().copied().filter(|id| *id > feed.after()).take(PAGE_ROWS.into()).collect()
    }

    fn recent(now: Instant, visible: &BTreeSet<NotificationId>) -> Vec<NotificationId> {
        visible.iter().copied().filter(|id| *id > recent_since(now)).take(PAGE_ROWS.into()).collect()
    }

    /// Steps until the feed waits; what it sent.
    fn settle(feed: &mut Feed, now: Instant, visible: &BTreeSet<NotificationId>) -> Vec<NotificationId> {
        let mut sent = Vec::new();
        loop {
            let step = feed.step(now, read(feed, visible), |id| *id).expect("the feed goes on");
            sent.extend(step.news);
            if step.wait > Duration::ZERO {
                return sent;
            }
        }
    }

    #[test]
    fn new_stream_sends_only_what_appears_later() {
        let mut visible = BTreeSet::from([id(0, 1), id(11_990, 2)]);
        let mut feed = Feed::new(at(12_000), None, recent(at(12_000), &visible));
        assert_eq!(settle(&mut feed, at(12_000), &visible), []);
        visible.insert(id(12_100, 3));
        assert_eq!(settle(&mut feed, at(12_500), &visible), [id(12_100, 3)]);
        assert_eq!(settle(&mut feed, at(13_000), &visible), []);
    }

    #[test]
    fn what_commits_late_is_sent_although_a_later_one_was_sent_before() {
        let mut visible = BTreeSet::from([id(12_200, 2)]);
        let mut feed = Feed::new(at(12_000), None, []);
        assert_eq!(settle(&mut feed, at(12_500), &visible), [id(12_200, 2)]);
        // Its id was made before the stream began.
        visible.insert(id(11_900, 1));
        assert_eq!(settle(&mut feed, at(13_000), &visible), [id(11_900, 1)]);
    }

    #[test]
    fn client_that_comes_back_misses_nothing_and_hears_nothing_twice() {
        let visible = BTreeSet::from([id(0, 1), id(60_000, 2), id(900_000, 3), id(999_000, 4)]);
        for (last, expected) in [
            (id(0, 1), vec![id(60_000, 2), id(900_000, 3), id(999_000, 4)]),
            (id(900_000, 3), vec![id(999_000, 4)]),
            (id(999_000, 4), vec![]),
        ] {
            let mut feed = Feed::new(at(1_000_000), Some(last), recent(at(1_000_000), &visible));
            assert_eq!(settle(&mut feed, at(1_000_000), &visible), expected, "{last}");
        }
    }

    #[test]
    fn long_absence_is_caught_up_with_page_by_page_without_waiting() {
        let visible: BTreeSet<_> = (0_u32..250).map(|n| id(n.into(), n.into())).collect();
        let mut feed = Feed::new(at(3_600_000), Some(id(0, 0)), []);
        let first = feed.step(at(3_600_000), read(&feed, &visible), |id| *id).unwrap();
        assert_eq!((first.news.len(), first.wait), (PAGE_ROWS.into(), Duration::ZERO));
        assert_eq!(first.news.len() + settle(&mut feed, at(3_600_000), &visible).len(), 249);
    }

    #[test]
    fn stream_is_never_silent_for_longer_than_the_heartbeat() {
        let mut feed = Feed::new(at(0), None, []);
        let mut step = |ms, rows: Vec<NotificationId>| feed.step(at(ms), rows, |id| *id).unwrap().heartbeat;
        assert!(step(0, vec![]), "the first step shows that the stream is open");
        assert!(!step(7_999, vec![]));
        assert!(step(8_000, vec![]));
        assert!(!step(12_000, vec![id(12_000, 1)]), "a notification is a sign of life itself");
        assert!(!step(19_999, vec![]));
        assert!(step(20_000, vec![]));
    }

    #[test]
    fn stream_ends_after_its_lifetime() {
        let mut feed = Feed::new(at(0), None, []);
        assert!(feed.step(at(599_999), Vec::<NotificationId>::new(), |id| *id).is_some());
        assert!(feed.step(at(600_000), vec![id(1, 1)], |id| *id).is_none());
    }

    proptest! {
        #[test]
        fn each_notification_that_appears_is_sent_once(
            made in prop::collection::vec((0_u64..60_000, 0_u64..9_000), 0..300),
            opened_ms in 0_u64..30_000,
        ) {
            let made: Vec<_> = (0..).zip(made).map(|(n, (ms, late))| (ms + late, id(ms, n))).collect();
            let visible = |now: u64| -> BTreeSet<_> {
                made.iter().filter(|(appears, _)| *appears <= now).map(|(_, id)| *id).collect()
            };
            let before = visible(opened_ms);
            prop_assume!(recent(at(opened_ms), &before).len() < PAGE_ROWS.into());
            let mut feed = Feed::new(at(opened_ms), None, recent(at(opened_ms), &before));
            let mut sent = Vec::new();
            for now in (opened_ms..80_000).step_by(500) {
                sent.extend(settle(&mut feed, at(now), &visible(now)));
            }
            sent.sort();
            let expected: Vec<_> = visible(80_000).difference(&before).copied().collect();
            prop_assert_eq!(sent, expected);
        }
    }
}
