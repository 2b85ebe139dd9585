//! The tune: eight bars of four quarters in the pentatonic scale on C.

/// What it is called, in letters that every font has.
pub(crate) const TITLE: &str = "Pentatonic prelude";
/// Quarters a minute.
pub(crate) const TEMPO: u32 = 96;
/// Quarters in a bar.
pub(crate) const BAR_BEATS: u32 = 4;

/// A step of the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    C,
    D,
    E,
    G,
    A,
}

/// A note of so many quarters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) step: Step,
    /// The fourth has A at 440 Hz.
    pub(crate) octave: u32,
    pub(crate) beats: u32,
}

impl Step {
    pub(crate) fn letter(self) -> char {
        match self {
            Self::C => 'C',
            Self::D => 'D',
            Self::E => 'E',
            Self::G => 'G',
            Self::A => 'A',
        }
    }

    fn semitones_above_c(self) -> u32 {
        match self {
            Self::C => 0,
            Self::D => 2,
            Self::E => 4,
            Self::G => 7,
            Self::A => 9,
        }
    }

    /// Places on the staff: lines and spaces.
    fn places_above_c(self) -> u32 {
        match self {
            Self::C => 0,
            Self::D => 1,
            Self::E => 2,
            Self::G => 4,
            Self::A => 5,
        }
    }
}

impl Note {
    /// In equal temperament.
    pub(crate) fn frequency_hz(self) -> f64 {
        let semitones = f64::from(12 * self.octave + self.step.semitones_above_c());
        let concert_a = f64::from(12 * 4 + Step::A.semitones_above_c());
        440.0 * ((semitones - concert_a) / 12.0).exp2()
    }

    /// Places on the staff above the lowest C.
    pub(crate) fn place(self) -> u32 {
        7 * self.octave + self.step.places_above_c()
    }
}

const fn note(step: Step, octave: u32, beats: u32) -> Note {
    Note { step, octave, beats }
}

/// The bars.
pub(crate) static BARS: [&[Note]; 8] = {
    use Step::{A, C, D, E, G};
    [
        &[note(C, 4, 1), note(D, 4, 1), note(E, 4, 1), note(G, 4, 1)],
        &[note(A, 4, 2), note(G, 4, 2)],
        &[note(E, 4, 1), note(G, 4, 1), note(A, 4, 1), note(C, 5, 1)],
        &[note(D, 5, 2), note(C, 5, 2)],
        &[note(E, 5, 1), note(D, 5, 1), note(C, 5, 1), note(A, 4, 1)],
        &[note(G, 4, 2), note(A, 4, 2)],
        &[note(E, 4, 1), note(D, 4, 1), note(E, 4, 1), note(G, 4, 1)],
        &[note(C, 4, 4)],
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_is_full() {
        for bar in BARS {
            assert_eq!(bar.iter().map(|note| note.beats).sum::<u32>(), BAR_BEATS, "{bar:?}");
        }
    }

    #[test]
    fn pitches_are_those_of_equal_temperament() {
        let hz = |step, octave| (note(step, octave, 1).frequency_hz() * 100.0).round() / 100.0;
        assert_eq!((hz(Step::A, 4), hz(Step::C, 4), hz(Step::C, 5)), (440.0, 261.63, 523.25));
    }
}
