//! The bar chart: the dearest columns of an archive by hepz.
//!
//! In: [`Prices`]. Out: SVG.
//! Not here: where prices come from (`prices`).
//! Holds: dearest first; the last bar sums up what is not shown.

use super::palette::{GENERAL, HEPZ, INK};
use super::{ChartError, FONT};
use crate::Prices;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const WIDTH: u32 = 900;
/// Columns that are shown.
const SHOWN: usize = 24;
/// Letters of a name that are shown.
const LETTERS: usize = 44;
/// Height of one bar and the gap under it.
const BAR: u32 = 20;
/// Where bars begin: behind the names.
const LEFT: i32 = 300;
/// What stands behind a bar needs this much room.
const RIGHT: i32 = 200;
/// Above and below the bars.
const MARGIN: u32 = 8;

/// Draws prices; `None` if nothing has a price.
pub(crate) fn bars(prices: &Prices) -> Result<Option<String>, ChartError> {
    let paid: Vec<_> = prices.items.iter().filter(|item| item.archive_bytes > 0.0).collect();
    let Some(dearest) = paid.first() else { return Ok(None) };
    let listed = paid.iter().take(SHOWN);
    let mut rows: Vec<(String, f64, String, bool)> = listed
        .map(|item| {
            let bits = item.bits_per_value.map_or(String::new(), |bits| format!(", {bits:.2} bits/value"));
            (shortened(&item.name), item.archive_bytes, bits, true)
        })
        .collect();
    let shown: f64 = rows.iter().map(|row| row.1).sum();
    let rest = prices.archive_bytes as f64 - shown;
    if rest >= 0.5 {
        let others = paid.len().saturating_sub(SHOWN);
        let name = match (prices.of, others) {
            ("columns", 0) => "everything else".to_owned(),
            (of, others) => format!("{others} other {of}, and the rest"),
        };
        rows.push((name, rest, String::new(), false));
    }
    let most = rows.iter().map(|row| row.1).fold(dearest.archive_bytes, f64::max);
    let scale = f64::from(WIDTH as i32 - LEFT - RIGHT) / most;
    let mut svg = String::new();
    {
        let height = rows.len() as u32 * BAR + 2 * MARGIN;
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        let words = |horizontal| {
            let font = (FONT, 12).into_font().color(&INK.colour());
            font.pos(Pos::new(horizontal, VPos::Center))
        };
        for (number, (name, bytes, bits, is_one)) in (0..).zip(&rows) {
            let middle = MARGIN as i32 + number * BAR as i32 + BAR as i32 / 2;
            let paint = if *is_one { &HEPZ } else { &GENERAL };
            let end = LEFT + ((bytes * scale) as i32).max(1);
            root.draw(&Text::new(name.as_str(), (LEFT - 8, middle), words(HPos::Right)))?;
            let corners = [(LEFT, middle - 6), (end, middle + 6)];
            root.draw(&Rectangle::new(corners, paint.colour().filled()))?;
            let share = 100.0 * bytes / prices.archive_bytes.max(1) as f64;
            let text = format!("{} ({share:.1} %){bits}", size(*bytes));
            root.draw(&Text::new(text, (end + 6, middle), words(HPos::Left)))?;
        }
        root.present()?;
    }
    Ok(Some(svg))
}

/// The end of a name, which is what differs.
fn shortened(name: &str) -> String {
    let letters = name.chars().count();
    if letters <= LETTERS {
        return name.to_owned();
    }
    let end: String = name.chars().skip(letters - LETTERS + 1).collect();
    format!("…{end}")
}

/// Bytes, in words.
fn size(bytes: f64) -> String {
    if bytes >= 1e6 {
        format!("{:.2} MB", bytes / 1e6)
    } else if bytes >= 1e3 {
        format!("{:.1} kB", bytes / 1e3)
    } else {
        format!("{bytes:.0} B")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Price;

    #[test]
    fn what_is_not_shown_is_summed_up() {
        let price = |number: usize| Price {
            name: format!("table/{}{number}<&>", "long_".repeat(12)),
            archive_bytes: 100.0,
            bits_per_value: Some(3.25),
            transform: String::new(),
        };
        let items: Vec<Price> = (0..30).map(price).collect();
        let prices = Prices { file: "f".into(), archive_bytes: 4000, of: "columns", items };
        let svg = bars(&prices).unwrap().unwrap();
        assert_eq!(svg.matches("bits/value").count(), SHOWN);
        assert!(svg.contains("6 other columns, and the rest"), "{svg}");
        assert!(svg.contains("1.6 kB (40.0 %)") && svg.contains("3.25 bits/value"));
        assert!(svg.contains('…') && svg.contains("&lt;&amp;&gt;") && !svg.contains("<&>"));
    }
}
