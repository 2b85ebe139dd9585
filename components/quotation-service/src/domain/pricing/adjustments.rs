//! What plugins add to a computed price or take off it, and which of their lines are taken.
//!
//! The lines of one plugin are taken together or left out together: half of them would be a promise that nobody made.

use mutrapro_sdk::money::AMOUNT_MAX;
use serde::Serialize;
use utoipa::ToSchema;

/// The most lines of one plugin.
pub(crate) const PLUGIN_LINES_MAX: usize = 20;
/// The most lines of a price, over all plugins.
pub(crate) const LINES_MAX: usize = 60;
/// The longest label, in characters.
pub(crate) const LABEL_CHARACTERS_MAX: usize = 120;

/// Something that a plugin added to a price, or took off it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PriceLine {
    /// The plugin that did.
    pub(crate) plugin: String,
    /// What for: 1 to 120 characters, in one line.
    pub(crate) label: String,
    /// In minor units, never 0; negative where it was taken off.
    pub(crate) amount: i64,
}

/// A price with the lines that were taken so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Adjusted {
    total_price: i64,
    /// What it may not fall below: 1, or 0 where it was computed so.
    least: i64,
    lines: Vec<PriceLine>,
}

impl Adjusted {
    /// A price from 0 to [`AMOUNT_MAX`] that nobody has adjusted.
    pub(crate) fn of(computed_price: i64) -> Self {
        Self { total_price: computed_price, least: computed_price.min(1), lines: Vec::new() }
    }

    /// The price with all lines: 0 only where it was computed so, at most [`AMOUNT_MAX`].
    pub(crate) fn total_price(&self) -> i64 {
        self.total_price
    }

    /// The lines, in the order in which they were taken; at most [`LINES_MAX`].
    pub(crate) fn into_lines(self) -> Vec<PriceLine> {
        self.lines
    }

    /// Takes the lines of one plugin.
    ///
    /// # Errors
    /// Why all of them are left out; the price is then as it was.
    pub(crate) fn add(&mut self, lines: Vec<PriceLine>) -> Result<(), String> {
        if lines.len() > PLUGIN_LINES_MAX {
            return Err(format!("{} lines are more than {PLUGIN_LINES_MAX}", lines.len()));
        }
        if self.lines.len() + lines.len() > LINES_MAX {
            return Err(format!("with {} lines more, the price would have more than {LINES_MAX}", lines.len()));
        }
        for (number, line) in (1..).zip(&lines) {
            check_label(&line.label).map_err(|reason| format!("the label of line {number} {reason}"))?;
            if line.amount == 0 {
                return Err(format!("the amount of line {number} is 0"));
            }
        }
        // So few amounts cannot overflow what is twice as wide.
        let total: i128 = i128::from(self.total_price) + lines.iter().map(|line| i128::from(line.amount)).sum::<i128>();
        // Nothing cannot be quoted, and no promotion may keep a quotation from being made.
        let total_price = i64::try_from(total).ok().filter(|total| (self.least..=AMOUNT_MAX).contains(total));
        self.total_price = total_price.ok_or_else(|| format!("the price would be {total}, not 1 to {AMOUNT_MAX}"))?;
        self.lines.extend(lines);
        Ok(())
    }
}

/// A label that says something in one line. It is kept as it is, so white space around it counts as well.
fn check_label(label: &str) -> Result<(), String> {
    // Unicode's separators of lines and paragraphs are no control characters.
    let breaks = |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
    if label.chars().any(breaks) {
        return Err("is not one line of plain text".to_owned());
    }
    if label.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    let characters = label.chars().count();
    if characters > LABEL_CHARACTERS_MAX {
        return Err(format!("has {characters} characters, more than {LABEL_CHARACTERS_MAX}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
