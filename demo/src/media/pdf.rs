//! The tune to be read: a page of staves in a PDF file (ISO 32000-1, section 7.5).

use super::tune::{BARS, Note, TITLE};
use std::fmt::Write;

/// A4, in points.
const PAGE: (u32, u32) = (595, 842);
const LEFT: f64 = 60.0;
const TOP: f64 = 690.0;
const BAR_WIDTH: f64 = 118.0;
const BARS_A_STAFF: usize = 4;
const STAFF_DISTANCE: f64 = 90.0;
/// From a line of a staff to the space above it.
const PLACE_HEIGHT: f64 = 4.0;
/// What the lowest line of a staff with a G clef stands for, and the middle one: E4 and B4.
const LOWEST_LINE: u32 = 30;
const MIDDLE_LINE: u32 = 34;
const LINES: u32 = 5;
const STEM_HEIGHT: f64 = 28.0;
const HEAD_WIDTH: f64 = 5.0;
const HEAD_HEIGHT: f64 = 3.6;
/// How far the handles of four curves are that make a circle of radius one.
const ROUNDNESS: f64 = 0.5523;

/// The score.
pub(crate) fn score() -> Vec<u8> {
    let content = page();
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {} {}] /Contents 4 0 R \
             /Resources << /Font << /F1 5 0 R >> >> >>",
            PAGE.0, PAGE.1
        ),
        format!("<< /Length {} >>\nstream\n{content}endstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>".to_owned(),
    ];
    file(&objects).into_bytes()
}

/// A file of these objects, numbered from 1 on, of which the first is the catalogue.
fn file(objects: &[String]) -> String {
    let mut file = "%PDF-1.4\n".to_owned();
    let mut entries = String::new();
    for (number, object) in (1..).zip(objects) {
        entries.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let (table_at, count) = (file.len(), objects.len() + 1);
    file.push_str(&format!("xref\n0 {count}\n0000000000 65535 f \n{entries}"));
    file.push_str(&format!("trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{table_at}\n%%EOF\n"));
    file
}

/// The drawing.
fn page() -> String {
    let mut drawing = Drawing::default();
    drawing.text(LEFT, TOP + 80.0, 22, TITLE);
    drawing.text(LEFT, TOP + 58.0, 11, "For a melody instrument, in the treble clef");
    for (staff, bars) in BARS.chunks(BARS_A_STAFF).enumerate() {
        let lowest = TOP - STAFF_DISTANCE * staff as f64;
        let right = LEFT + BAR_WIDTH * bars.len() as f64;
        for line in 0..LINES {
            let height = lowest + 2.0 * PLACE_HEIGHT * f64::from(line);
            drawing.line((LEFT, height), (right, height));
        }
        let highest = lowest + 2.0 * PLACE_HEIGHT * f64::from(LINES - 1);
        drawing.line((LEFT, lowest), (LEFT, highest));
        for (number, bar) in bars.iter().enumerate() {
            let left = LEFT + BAR_WIDTH * number as f64;
            drawing.line((left + BAR_WIDTH, lowest), (left + BAR_WIDTH, highest));
            let distance = BAR_WIDTH / (bar.len() as f64 + 0.5);
            for (place, note) in bar.iter().enumerate() {
                drawing.note(left + distance * (place as f64 + 0.6), lowest, *note);
            }
        }
    }
    drawing.content
}

/// Operators of a content stream (ISO 32000-1, annex A).
#[derive(Default)]
struct Drawing {
    content: String,
}

impl Drawing {
    fn operate(&mut self, operator: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.content, "{operator}");
    }

    /// `text` has no parentheses and no backslash.
    fn text(&mut self, x: f64, y: f64, size: u32, text: &str) {
        self.operate(format_args!("BT /F1 {size} Tf {x:.1} {y:.1} Td ({text}) Tj ET"));
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.operate(format_args!("0.7 w {:.1} {:.1} m {:.1} {:.1} l S", from.0, from.1, to.0, to.1));
    }

    /// A note on the staff whose lowest line is at `lowest`.
    fn note(&mut self, x: f64, lowest: f64, note: Note) {
        let y = lowest + PLACE_HEIGHT * (f64::from(note.place()) - f64::from(LOWEST_LINE));
        self.head(x, y, note.beats == 1);
        if note.place() + 2 == LOWEST_LINE {
            self.line((x - 2.0 * HEAD_WIDTH, y), (x + 2.0 * HEAD_WIDTH, y));
        }
        // A whole note has no stem; from the middle line on it goes down, on the left.
        if note.beats < 4 {
            let side = if note.place() < MIDDLE_LINE { 1.0 } else { -1.0 };
            self.line((x + side * HEAD_WIDTH, y), (x + side * HEAD_WIDTH, y + side * STEM_HEIGHT));
        }
    }

    fn head(&mut self, x: f64, y: f64, is_filled: bool) {
        let at = |across: f64, up: f64| format!("{:.2} {:.2}", x + HEAD_WIDTH * across, y + HEAD_HEIGHT * up);
        let curve = |one: (f64, f64), other: (f64, f64), end: (f64, f64)| {
            format!("{} {} {} c", at(one.0, one.1), at(other.0, other.1), at(end.0, end.1))
        };
        let curves = [
            curve((1.0, ROUNDNESS), (ROUNDNESS, 1.0), (0.0, 1.0)),
            curve((-ROUNDNESS, 1.0), (-1.0, ROUNDNESS), (-1.0, 0.0)),
            curve((-1.0, -ROUNDNESS), (-ROUNDNESS, -1.0), (0.0, -1.0)),
            curve((ROUNDNESS, -1.0), (1.0, -ROUNDNESS), (1.0, 0.0)),
        ];
        let paint = if is_filled { "f" } else { "S" };
        self.operate(format_args!("1.2 w {} m {} {paint}", at(1.0, 0.0), curves.join(" ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_is_where_the_table_says() {
        let pdf = String::from_utf8(score()).unwrap();
        let table_at: usize = pdf.lines().rev().nth(1).unwrap().parse().unwrap();
        let mut lines = pdf[table_at..].lines().skip(1);
        let count: usize = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        for (number, entry) in lines.take(count).enumerate().skip(1) {
            let offset: usize = entry.split(' ').next().unwrap().parse().unwrap();
            assert!(pdf[offset..].starts_with(&format!("{number} 0 obj\n")), "{entry}");
        }
        assert_eq!(count, 6);
    }

    #[test]
    fn length_of_the_stream_is_told() {
        let pdf = String::from_utf8(score()).unwrap();
        let (_, stream) = pdf.split_once("stream\n").unwrap();
        let length = stream.split_once("endstream").unwrap().0.len();
        assert!(pdf.contains(&format!("/Length {length} ")), "{length}");
    }

    #[test]
    fn every_note_has_a_head_on_the_page() {
        let notes = BARS.iter().map(|bar| bar.len()).sum::<usize>();
        assert_eq!(page().lines().filter(|line| line.contains(" c ")).count(), notes);
    }
}
