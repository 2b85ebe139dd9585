//! The rules, and a family of tokens played through them.

use super::*;
use proptest::prelude::*;

fn now() -> Instant {
    "2026-01-31T09:30:00Z".parse().unwrap()
}

#[test]
fn token_is_fresh_until_it_expires() {
    let life = Life::starting(now());
    let end = now().plus(REFRESH_LIFETIME);
    assert_eq!(life.presented(end.minus(Duration::from_micros(1))), Presented::Fresh);
    assert_eq!(life.presented(end), Presented::Expired);
}

#[test]
fn used_or_revoked_token_is_reused_however_old_it_is() {
    let used = Life { used_at: Some(now()), ..Life::starting(now()) };
    let revoked = Life { revoked_at: Some(now()), ..Life::starting(now()) };
    for life in [used, revoked] {
        assert_eq!(life.presented(now()), Presented::Reused);
        assert_eq!(life.presented(now().plus(REFRESH_LIFETIME * 2)), Presented::Reused);
    }
}

#[test]
fn session_is_active_as_long_as_its_last_token() {
    let seen = now();
    let end = Life::starting(seen).expires_at;
    assert!(is_active(None, seen, end.minus(Duration::from_micros(1))));
    assert!(!is_active(None, seen, end));
    assert!(!is_active(Some(seen), seen, seen));
}

#[test]
fn token_has_256_bits_and_is_kept_as_its_hash_only() {
    let token = RefreshToken::from_random([0xa5; 32]);
    assert_eq!(URL_SAFE_NO_PAD.decode(token.as_str()).unwrap(), [0xa5; 32]);
    assert_eq!(token.hash(), TokenHash::of(token.as_str()));
    assert_ne!(token.hash().as_str(), token.as_str());
    assert_eq!(format!("{token:?}"), "RefreshToken(…)");
}

#[test]
fn hash_is_sha_256() {
    // FIPS 180-2, appendix B.1: the hash of "abc".
    let expected = URL_SAFE_NO_PAD.decode("ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0").unwrap();
    assert_eq!(expected[..4], [0xba, 0x78, 0x16, 0xbf]);
    assert_eq!(URL_SAFE_NO_PAD.decode(TokenHash::of("abc").as_str()).unwrap(), expected);
}

/// A family as the database keeps it: every token that was ever given out.
struct Family {
    tokens: Vec<Life>,
    is_revoked: bool,
}

impl Family {
    fn new(now: Instant) -> Self {
        Self { tokens: vec![Life::starting(now)], is_revoked: false }
    }

    fn revoke(&mut self, now: Instant) {
        self.is_revoked = true;
        self.tokens.iter_mut().filter(|life| life.revoked_at.is_none()).for_each(|life| life.revoked_at = Some(now));
    }

    /// Presents a token as the service does: exchanges a fresh one, and revokes the family for a reused one.
    fn present(&mut self, index: usize, now: Instant) -> Presented {
        let presented = self.tokens[index].presented(now);
        match presented {
            Presented::Fresh => {
                self.tokens[index].used_at = Some(now);
                self.tokens.push(Life::starting(now));
            }
            Presented::Reused => self.revoke(now),
            Presented::Expired => {}
        }
        presented
    }

    fn fresh(&self, now: Instant) -> usize {
        self.tokens.iter().filter(|life| life.presented(now) == Presented::Fresh).count()
    }
}

proptest! {
    #[test]
    fn family_never_has_two_good_tokens(steps in prop::collection::vec((any::<prop::sample::Index>(), 0_u64..400), 1..40)) {
        let mut now = now();
        let mut family = Family::new(now);
        for (index, hours) in steps {
            now = now.plus(Duration::from_secs(hours * 3600));
            family.present(index.index(family.tokens.len()), now);
            prop_assert!(family.fresh(now) <= 1);
        }
    }

    #[test]
    fn nothing_works_after_a_reuse(
        steps in prop::collection::vec((any::<prop::sample::Index>(), 0_u64..400), 1..40),
        later in prop::collection::vec(any::<prop::sample::Index>(), 1..10),
    ) {
        let mut now = now();
        let mut family = Family::new(now);
        for (index, hours) in steps {
            now = now.plus(Duration::from_secs(hours * 3600));
            if family.present(index.index(family.tokens.len()), now) == Presented::Reused { break }
        }
        family.revoke(now);
        for index in later {
            let index = index.index(family.tokens.len());
            prop_assert_eq!(family.present(index, now), Presented::Reused);
            prop_assert!(family.is_revoked);
        }
    }

    #[test]
    fn each_token_is_exchanged_at_most_once(steps in prop::collection::vec(any::<prop::sample::Index>(), 1..40)) {
        let mut family = Family::new(now());
        let mut exchanged = std::collections::BTreeSet::new();
        for index in steps {
            let index = index.index(family.tokens.len());
            if family.present(index, now()) == Presented::Fresh {
                prop_assert!(exchanged.insert(index), "token {} was exchanged twice", index);
            }
        }
    }
}
