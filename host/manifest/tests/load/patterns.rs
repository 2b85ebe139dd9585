//! Patterns of kinds and hosts, for any text.

use mutrapro_manifest::{HostPattern, KindPattern};
use proptest::prelude::*;

fn kind() -> impl Strategy<Value = String> {
    "[ab](_[ab])?(\\.[ab]{1,2}){1,3}"
}

fn pattern() -> impl Strategy<Value = String> {
    prop_oneof![kind(), "([ab]{1,2}\\.){1,3}\\*", Just("*".to_owned())]
}

/// What a pattern means, said word by word.
fn means(pattern: &str, kind: &str) -> bool {
    let words: Vec<_> = kind.split('.').collect();
    let wanted: Vec<_> = pattern.split('.').collect();
    match wanted.split_last() {
        Some((&"*", head)) => words.len() > head.len() && words.starts_with(head),
        _ => words == wanted,
    }
}

fn host() -> impl Strategy<Value = String> {
    "[ab]{1,2}(\\.[ab]{1,2}){0,3}"
}

proptest! {
    #[test]
    fn kind_pattern_matches_word_by_word(pattern in pattern(), kind in kind()) {
        prop_assert_eq!(KindPattern::new(&pattern).matches(&kind), means(&pattern, &kind));
    }

    #[test]
    fn patterns_that_match_one_kind_overlap(left in pattern(), right in pattern(), kind in kind()) {
        let (left, right) = (KindPattern::new(&left), KindPattern::new(&right));
        prop_assert_eq!(left.overlaps(&right), right.overlaps(&left));
        if left.matches(&kind) && right.matches(&kind) {
            prop_assert!(left.overlaps(&right));
        }
    }

    #[test]
    fn overlapping_patterns_have_a_kind_in_common(left in pattern(), right in pattern()) {
        // Of two patterns that overlap, one with its star replaced is such a kind.
        let kinds = [&left, &right].map(|pattern| match pattern.as_str() {
            "*" => "a.b".to_owned(),
            pattern => pattern.replace('*', "a"),
        });
        let (left, right) = (KindPattern::new(&left), KindPattern::new(&right));
        let is_common = kinds.iter().any(|kind| left.matches(kind) && right.matches(kind));
        prop_assert_eq!(left.overlaps(&right), is_common);
    }

    #[test]
    fn subdomain_pattern_matches_subdomains_only(domain in host(), host in host()) {
        let pattern = HostPattern { scheme: None, host: format!("*.{domain}"), port: None };
        let labels: Vec<_> = host.split('.').collect();
        let wanted: Vec<_> = domain.split('.').collect();
        let expected = labels.len() > wanted.len() && labels.ends_with(&wanted);
        prop_assert_eq!(pattern.matches("https", &host, 443), expected);
        prop_assert_eq!(pattern.matches("https", &host.to_uppercase(), 443), expected);
    }

    #[test]
    fn plain_pattern_matches_itself_on_its_scheme_and_port(host in host(), other in host(), port: u16) {
        let pattern = HostPattern { scheme: Some("https".to_owned()), host: host.clone(), port: Some(443) };
        prop_assert!(pattern.matches("https", &host, 443));
        prop_assert!(!pattern.matches("http", &host, 443));
        prop_assert_eq!(pattern.matches("https", &host, port), port == 443);
        prop_assert_eq!(pattern.matches("https", &other, 443), other == host);
    }

    #[test]
    fn star_matches_every_host(host in host(), port: u16) {
        let pattern = HostPattern { scheme: None, host: "*".to_owned(), port: None };
        prop_assert!(pattern.matches("http", &host, port));
    }
}
