//! The tune to be worked on: MusicXML 4.0, part by part.

use super::tune::{BAR_BEATS, BARS, Note, TEMPO, TITLE};
use std::fmt::Write;

/// The score.
pub(crate) fn score() -> Vec<u8> {
    let mut xml = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">
<score-partwise version="4.0">
  <work><work-title>{TITLE}</work-title></work>
  <part-list><score-part id="P1"><part-name>Melody</part-name></score-part></part-list>
  <part id="P1">
"#
    );
    for (number, bar) in (1..).zip(BARS) {
        let beginning = if number == 1 { attributes() } else { String::new() };
        let notes: String = bar.iter().copied().map(element).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(xml, "    <measure number=\"{number}\">\n{beginning}{notes}    </measure>");
    }
    xml.push_str("  </part>\n</score-partwise>\n");
    xml.into_bytes()
}

fn attributes() -> String {
    format!(
        "      <attributes><divisions>1</divisions><key><fifths>0</fifths></key>\
         <time><beats>{BAR_BEATS}</beats><beat-type>4</beat-type></time>\
         <clef><sign>G</sign><line>2</line></clef></attributes>\n      \
         <direction placement=\"above\"><direction-type><metronome><beat-unit>quarter</beat-unit>\
         <per-minute>{TEMPO}</per-minute></metronome></direction-type><sound tempo=\"{TEMPO}\"/></direction>\n"
    )
}

fn element(note: Note) -> String {
    let value = match note.beats {
        1 => "quarter",
        2 => "half",
        _ => "whole",
    };
    format!(
        "      <note><pitch><step>{}</step><octave>{}</octave></pitch><duration>{}</duration><type>{value}</type></note>\n",
        note.step.letter(),
        note.octave,
        note.beats
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_that_is_opened_is_closed() {
        let xml = String::from_utf8(score()).unwrap();
        let mut open = Vec::new();
        for tag in xml.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name));
            } else if !tag.starts_with(['?', '!']) && !tag.ends_with('/') {
                open.extend(tag.split(' ').next());
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }

    #[test]
    fn every_note_of_the_tune_is_there() {
        let xml = String::from_utf8(score()).unwrap();
        assert_eq!(xml.matches("<measure ").count(), BARS.len());
        assert_eq!(xml.matches("<note>").count(), BARS.iter().map(|bar| bar.len()).sum::<usize>());
    }
}
