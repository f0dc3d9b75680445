//! The palette: the colours of charts and page, for light and dark screens.
//!
//! In: nothing. Out: colours to draw with, and the style sheet that exchanges them.
//! Not here: what is drawn in which colour (`scatter`, `bars`).
//! Holds: charts are drawn in the light colours; the sheet names each of them, so a dark screen changes them all.

use plotters::style::RGBColor;

/// One colour, twice.
pub(crate) struct Paint {
    name: &'static str,
    light: RGBColor,
    dark: RGBColor,
}

/// Words and axes.
pub(crate) const INK: Paint =
    Paint { name: "ink", light: RGBColor(31, 41, 51), dark: RGBColor(226, 230, 235) };
/// Lines behind the data.
pub(crate) const GRID: Paint =
    Paint { name: "grid", light: RGBColor(226, 230, 234), dark: RGBColor(48, 54, 61) };
/// Lines that belong to the data but should not be seen first.
pub(crate) const QUIET: Paint =
    Paint { name: "quiet", light: RGBColor(176, 184, 193), dark: RGBColor(90, 99, 110) };
/// hepz.
pub(crate) const HEPZ: Paint =
    Paint { name: "hepz", light: RGBColor(194, 65, 12), dark: RGBColor(255, 138, 76) };
/// Compressors of bytes.
pub(crate) const GENERAL: Paint =
    Paint { name: "general", light: RGBColor(75, 88, 101), dark: RGBColor(160, 171, 183) };
/// Compressors of columns.
pub(crate) const NUMERIC: Paint =
    Paint { name: "numeric", light: RGBColor(15, 118, 110), dark: RGBColor(45, 212, 191) };

const ALL: [&Paint; 6] = [&INK, &GRID, &QUIET, &HEPZ, &GENERAL, &NUMERIC];

impl Paint {
    /// What charts are drawn with.
    pub(crate) fn colour(&self) -> RGBColor {
        self.light
    }
}

fn hex(colour: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)
}

/// Variables for both screens, and rules that put them in the place of the colours in charts.
pub(crate) fn style_sheet() -> String {
    let variables = |colour: fn(&Paint) -> RGBColor| {
        ALL.map(|paint| format!("--{}:{}", paint.name, hex(colour(paint)))).join(";")
    };
    let mut sheet = format!(
        ":root{{{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        variables(|paint| paint.light),
        variables(|paint| paint.dark)
    );
    for paint in ALL {
        for part in ["fill", "stroke"] {
            sheet += &format!("svg [{part}=\"{}\"]{{{part}:var(--{})}}\n", hex(paint.light), paint.name);
        }
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_paints_share_a_colour_that_the_sheet_has_to_tell_apart() {
        for (at, paint) in ALL.iter().enumerate() {
            assert!(ALL[..at].iter().all(|other| other.light != paint.light), "{}", paint.name);
        }
    }
}
