//! Which kinds of event services publish and subscribe to.

use crate::app::KindPattern;
use crate::names::{is_snake, suggestion};
use crate::problem::Report;
use crate::raw::{Located, RawTrigger};

/// The patterns that `texts` say; what is malformed is reported and left out.
pub(crate) fn parse_patterns(texts: &[Located<String>], report: &mut Report) -> Vec<KindPattern> {
    for text in texts.iter().filter(|text| !is_well_formed(&text.value)) {
        report.add(
            &text.place,
            format!("{:?} is no kind of event", text.value),
            "write `<aggregate>.<fact>` in lower case, `<aggregate>.*` for all of an aggregate, or `*` for all",
        );
    }
    texts.iter().filter(|text| is_well_formed(&text.value)).map(|text| KindPattern::new(&text.value)).collect()
}

/// Reports every subscription that no publisher serves, the subscriber itself included.
pub(crate) fn check_subscriptions(triggers: &[RawTrigger], report: &mut Report) {
    let published: Vec<_> = triggers
        .iter()
        .flat_map(|trigger| &trigger.publishes)
        .filter(|text| is_well_formed(&text.value))
        .map(|text| KindPattern::new(&text.value))
        .collect();
    let subscribed = triggers.iter().flat_map(|trigger| &trigger.subscribes);
    for text in subscribed.filter(|text| is_well_formed(&text.value)) {
        let wanted = KindPattern::new(&text.value);
        if !published.iter().any(|pattern| pattern.overlaps(&wanted)) {
            let otherwise = format!("add \"{}\" to the `publishes` of the service that emits it", text.value);
            report.add(
                &text.place,
                format!("nobody publishes \"{}\", which is subscribed to here", text.value),
                suggestion(&text.value, published.iter().map(KindPattern::as_str), otherwise),
            );
        }
    }
}

/// `*`, or dotted words of which the last, but not the first, may be `*`; a kind without a star has two words at least.
fn is_well_formed(pattern: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    match pattern.rsplit_once('.') {
        Some((words, last)) => words.split('.').all(is_snake) && (last == "*" || is_snake(last)),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_dotted_words_with_a_star_at_the_end_only() {
        for good in ["*", "user.*", "user.registered", "user.role_granted", "artist.demo.published", "artist.demo.*"] {
            assert!(is_well_formed(good), "{good}");
        }
        for bad in ["", "user", "user.", ".x", "*.registered", "user*", "user.reg*", "User.x", "a..b", "user.**"] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }
}
