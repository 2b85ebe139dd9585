//! What things are called on the server, so that several applications can share one.

use crate::event::EventId;
use mutrapro_manifest::{ComponentId, KindPattern};

/// The names of one application's streams, buckets and subjects, which all begin with its prefix.
#[derive(Debug, Clone)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    /// The names that begin with `prefix`, for example `mutrapro`: lower-case letters, digits and underscores.
    pub(super) fn new(prefix: &str) -> Option<Self> {
        let is_usual = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let well_formed = (1..=32).contains(&prefix.len()) && prefix.bytes().all(is_usual);
        well_formed.then(|| Self { prefix: prefix.to_owned() })
    }

    /// A stream or a bucket: `MUTRAPRO_<of>`.
    pub(super) fn stream(&self, of: &str) -> String {
        format!("{}_{of}", self.prefix.to_ascii_uppercase())
    }

    /// The subject of events of `kind`, or of many kinds with a wildcard in its place.
    pub(super) fn events(&self, kind: &str) -> String {
        format!("{}.events.{kind}", self.prefix)
    }

    /// The subjects that `patterns` mean, each once: the server refuses one that is part of another.
    pub(super) fn filters(&self, patterns: &[String]) -> Vec<String> {
        let covers = |pattern: &String, other: &String| {
            let prefix = pattern.strip_suffix('*');
            pattern != other && prefix.is_some_and(|prefix| other.starts_with(prefix))
        };
        let mut widest: Vec<&String> =
            patterns.iter().filter(|pattern| !patterns.iter().any(|other| covers(other, pattern))).collect();
        widest.sort();
        widest.dedup();
        let filter = |pattern: &&String| match pattern.strip_suffix('*') {
            Some(prefix) => self.events(&format!("{prefix}>")),
            None => self.events(pattern),
        };
        widest.iter().map(filter).collect()
    }

    /// The subject of a dead letter.
    pub(super) fn dead_letter(&self, consumer: &ComponentId, event: EventId) -> String {
        format!("{}.dead.{consumer}.{event}", self.prefix)
    }

    /// The subject of every dead letter, of `consumer` or of all.
    pub(super) fn dead_letters(&self, consumer: Option<&ComponentId>) -> String {
        format!("{}.dead.{}.*", self.prefix, consumer.map_or("*", ComponentId::as_str))
    }

    /// Whose dead letter a subject is.
    pub(super) fn consumer_of<'a>(&self, dead_letter: &'a str) -> Option<&'a str> {
        dead_letter.strip_prefix(&self.prefix)?.strip_prefix(".dead.")?.split('.').next()
    }

    /// The subject of a dead letter that is delivered again, until it is handled.
    pub(super) fn replayed(&self, consumer: &ComponentId, event: EventId) -> String {
        format!("{}.replayed.{consumer}.{event}", self.prefix)
    }

    /// The subjects of all of these.
    pub(super) fn all_replayed(&self) -> String {
        format!("{}.replayed.*.*", self.prefix)
    }

    /// Every subject that the stream of dead letters keeps.
    pub(super) fn kept_with_dead_letters(&self) -> Vec<String> {
        vec![self.dead_letters(None), self.all_replayed()]
    }

    /// The subject by which a host tells another that `producer` committed events.
    pub(super) fn call(&self, producer: &ComponentId) -> String {
        format!("{}.call.{producer}", self.prefix)
    }
}

/// Patterns as documents have them, in one order, whatever the order in the manifest.
pub(super) fn patterns(patterns: &[KindPattern]) -> Vec<String> {
    let mut texts: Vec<String> = patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect();
    texts.sort();
    texts.dedup();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(patterns: &[&str]) -> Vec<String> {
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        Names::new("app").unwrap().filters(&patterns)
    }

    #[test]
    fn filters_never_overlap() {
        assert_eq!(filters(&["user.*", "*", "demo.published"]), ["app.events.>"]);
        assert_eq!(filters(&["user.*", "user.registered", "users.*"]), ["app.events.user.>", "app.events.users.>"]);
        assert_eq!(filters(&["user.registered", "user.registered"]), ["app.events.user.registered"]);
        assert_eq!(filters(&["artist.demo.*", "artist.*"]), ["app.events.artist.>"]);
        assert_eq!(filters(&[]), [""; 0]);
    }

    #[test]
    fn prefix_is_one_word_of_a_subject() {
        assert!(Names::new("mutrapro_2").is_some());
        for bad in ["", "a.b", "a*", "a b", "Ab", "a-b", "é", &"a".repeat(33)] {
            assert!(Names::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn dead_letter_tells_its_consumer() {
        let (names, event) = (Names::new("app").unwrap(), EventId::generate());
        let subject = names.dead_letter(&ComponentId::new("user-service"), event);
        assert_eq!(names.consumer_of(&subject), Some("user-service"));
        assert_eq!(names.consumer_of("app.replayed.user-service.1"), None);
    }
}
