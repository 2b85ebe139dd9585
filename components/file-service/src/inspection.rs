//! What a file is as a recording: the plugins are asked, and what they say is checked.
//!
//! Each looks at the file on an instance of its own, so content that is made to harm its reader costs that call and
//! nothing else. Without an answer the file is kept, and nothing is known of it.

use crate::domain::audio::AudioMetadata;
use crate::domain::content::Kind;
use mutrapro_sdk::log;
use mutrapro_sdk::plugins::Error;
use mutrapro_sdk::plugins::media_inspector::{self, Audio};

/// What is known of the blob `blob_key` of this `kind`, as the first plugin says that knows such files. No transaction
/// may be open.
pub(crate) fn audio(kind: Kind, blob_key: &str) -> Option<AudioMetadata> {
    if !kind.is_measured() {
        return None;
    }
    let plugins = media_inspector::names();
    let (plugin, said) = first_answer(&plugins, |plugin| media_inspector::inspect(plugin, kind.mime_type, blob_key))?;
    let (metadata, refused) = AudioMetadata::checked(said);
    if !refused.is_empty() {
        log::warn!("plugin {plugin} is not believed about {blob_key}: {}", refused.join(", "));
    }
    metadata
}

/// The first of `plugins` that answers `ask`, with its answer.
fn first_answer(plugins: &[String], ask: impl Fn(&str) -> Result<Option<Audio>, Error>) -> Option<(&str, Audio)> {
    plugins.iter().find_map(|plugin| match ask(plugin) {
        Ok(said) => Some((plugin.as_str(), said?)),
        Err(error) => {
            log::warn!("a recording was not measured: {error}");
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::plugins::CallError;
    use std::cell::RefCell;

    fn fails(plugin: &str) -> Result<Option<Audio>, Error> {
        Err(Error { plugin: plugin.to_owned(), cause: CallError::Failed("trap".to_owned()) })
    }

    fn lasts(duration_ms: u64) -> Result<Option<Audio>, Error> {
        let duration_ms = Some(duration_ms);
        Ok(Some(Audio { duration_ms, sample_rate_hz: None, channels: None, bit_depth: None, codec: None }))
    }

    /// Who answered what, and who was asked.
    fn asked(names: &[&str]) -> (Option<(String, Option<u64>)>, Vec<String>) {
        let plugins: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let asked = RefCell::new(Vec::new());
        let answer = first_answer(&plugins, |plugin| {
            asked.borrow_mut().push(plugin.to_owned());
            match plugin {
                "broken" => fails(plugin),
                "video" => Ok(None),
                "short" => lasts(1),
                _ => lasts(2),
            }
        });
        (answer.map(|(plugin, said)| (plugin.to_owned(), said.duration_ms)), asked.into_inner())
    }

    #[test]
    fn the_first_that_knows_the_file_answers_and_no_other_is_asked() {
        let (answer, asked) = asked(&["broken", "video", "short", "long"]);
        assert_eq!(answer, Some(("short".to_owned(), Some(1))));
        assert_eq!(asked, ["broken", "video", "short"]);
        assert_eq!(self::asked(&["long", "short"]).0, Some(("long".to_owned(), Some(2))));
    }

    #[test]
    fn without_an_answer_nothing_is_known() {
        let (answer, asked) = asked(&["video", "broken"]);
        assert_eq!((answer, asked.len()), (None, 2));
        assert_eq!(self::asked(&[]).0, None);
    }
}
