//! What names look like, and which known name an unknown one was probably meant to be.

use crate::limits::IDENTIFIER_BYTES_MAX;

/// Whether `name` is `like-this`: what a component, a trigger entry or a job is called.
pub(crate) fn is_kebab(name: &str) -> bool {
    is_words(name, '-')
}

/// Whether `name` is `like_this`: what a variable, a database, a table or a column is called.
pub(crate) fn is_snake(name: &str) -> bool {
    is_words(name, '_')
}

/// Lower-case words that begin with a letter, joined by single separators, within the length that PostgreSQL keeps.
fn is_words(name: &str, separator: char) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.len() <= IDENTIFIER_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.split(separator).all(is_word)
}

/// The one of `known` that is spelled most like `name`, if any comes near: a letter in three is wrong at the most, or
/// the beginning is right.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Below this, suggestions are noise: `id` is no misspelling of `route`.
    const SIMILARITY_MIN: f64 = 0.75;
    let is_near = |candidate: &str, distance: usize| {
        distance * 3 <= candidate.len() || strsim::jaro_winkler(name, candidate) >= SIMILARITY_MIN
    };
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(distance, candidate)| is_near(candidate, *distance))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A remedy for an unknown `name`: the nearest of `known`, or `otherwise`.
pub(crate) fn suggestion<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    otherwise: impl Into<String>,
) -> String {
    nearest(name, known).map_or_else(|| otherwise.into(), |nearest| format!("did you mean `{nearest}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kebab_names_are_lower_case_words_with_single_dashes() {
        for good in ["a", "user-service", "s3-blobs-2"] {
            assert!(is_kebab(good), "{good}");
        }
        for bad in ["", "User", "user_service", "-a", "a-", "a--b", "2a", "a.b", "é", &"a".repeat(64)] {
            assert!(!is_kebab(bad), "{bad}");
        }
    }

    #[test]
    fn nearest_finds_misspellings_and_no_strangers() {
        assert_eq!(nearest("subscibes", ["publishes", "subscribes"]), Some("subscribes"));
        assert_eq!(nearest("kye", ["url", "key"]), Some("key"));
        assert_eq!(nearest("id", ["route", "tables"]), None);
        assert_eq!(nearest("a", ["b"]), None);
    }
}
