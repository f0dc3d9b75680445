//! The page: one HTML file with charts and tables, which needs nothing else.
//!
//! In: rows, prices, and what was left out. Out: HTML with SVG inside.
//! Not here: measuring (`run`), tables for programs (`report`).
//! Holds: no script, no network, no date; text from outside is escaped; the page follows the screen, light or dark.

mod bars;
mod labels;
mod machine;
pub(crate) mod palette;
mod scatter;

use crate::rival::{Rival, Takes};
use crate::{Absent, Prices, Row, Side, View};
use plotters::drawing::DrawingAreaErrorKind;
use scatter::{Family, Point};

/// The style of everything but colours.
pub(crate) const STYLE: &str = include_str!("style.css");
/// The font of charts: what the screen has.
pub(crate) const FONT: &str = "sans-serif";

/// What the figures mean.
const MEANING: &str = "Every row stands for a round trip that was compared byte by byte. <em>Ratio</em>: bytes of \
     the view by bytes of the result, everything included. <em>MB/s</em>: millions of bytes of the view per second \
     of processor time. <em>Memory</em>: what the process held at most beyond its input; of programs, the whole.";

/// What is on the page.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The command that made it.
    pub command: &'a str,
    /// Every row, file by file, view by view.
    pub rows: &'a [Row],
    /// Where hepz spends its bytes, file by file.
    pub prices: &'a [Prices],
    /// Who was not here.
    pub absent: &'a [Absent],
    /// Who failed, in words.
    pub failures: &'a [String],
}

/// Why a chart could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("a chart could not be drawn: {0}")]
pub struct ChartError(String);

impl<E: std::error::Error + Send + Sync> From<DrawingAreaErrorKind<E>> for ChartError {
    fn from(error: DrawingAreaErrorKind<E>) -> ChartError {
        ChartError(error.to_string())
    }
}

/// The page as HTML.
///
/// # Errors
/// If a chart cannot be drawn.
pub fn to_html(page: &Page<'_>) -> Result<String, ChartError> {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>hepz bench</title>\n\
         <style>\n{STYLE}{}</style>\n<body>\n<h1>hepz beside other compressors</h1>\n",
        palette::style_sheet()
    );
    html += &format!("<p class=\"quiet\">{}</p>\n", escaped(&machine::machine()));
    html += &format!("<p class=\"quiet\"><code>{}</code></p>\n", escaped(page.command));
    html += &format!("<p>{MEANING}</p>\n");
    html += &left_out(page);
    html += &summary(page.rows);
    html += "<p class=\"key\">";
    for (name, what) in [("hepz", "hepz"), ("general", "any bytes"), ("numeric", "columns of numbers")] {
        html += &format!("<span><i style=\"background:var(--{name})\"></i>{what}</span>");
    }
    html += "<span>The line joins those that no other beats in both ratio and speed.</span></p>\n";
    let mut files: Vec<&str> = Vec::new();
    for file in
        page.rows.iter().map(|row| row.file.as_str()).chain(page.prices.iter().map(|p| p.file.as_str()))
    {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    for file in files {
        html += &format!("<h2>{}</h2>\n", escaped(base(file)));
        for view in View::ALL {
            let rows: Vec<&Row> =
                page.rows.iter().filter(|row| row.file == file && row.view == view).collect();
            if !rows.is_empty() {
                html += &of_view(view, &rows)?;
            }
        }
        for prices in page.prices.iter().filter(|prices| prices.file == file) {
            if let Some(svg) = bars::bars(prices)? {
                html += &format!(
                    "<h3>Where the {} bytes of hepz go: the dearest {}</h3>\n<figure class=\"bars\">{svg}</figure>\n",
                    prices.archive_bytes, prices.of
                );
            }
        }
    }
    Ok(html + "</body>\n</html>\n")
}

fn of_view(view: View, rows: &[&Row]) -> Result<String, ChartError> {
    let bytes = rows.first().map_or(0, |row| row.view_bytes);
    let mut html =
        format!("<h3>{}: {}, {bytes} bytes</h3>\n<div class=\"pair\">\n", view.name(), view.description());
    for side in [Side::Compress, Side::Decompress] {
        let point = |row: &&Row| {
            let speed = match side {
                Side::Compress => row.compress_mb_per_s,
                Side::Decompress => row.decompress_mb_per_s,
            };
            Point { name: row.rival, family: family(row), speed, ratio: row.ratio }
        };
        let points: Vec<Point> = rows.iter().map(point).collect();
        let axis = match side {
            Side::Compress => "compress, MB/s",
            Side::Decompress => "decompress, MB/s",
        };
        if let Some(svg) = scatter::scatter(&points, axis)? {
            html += &format!("<figure>{svg}</figure>\n");
        }
    }
    html += "</div>\n<details><summary>The figures, smallest first</summary><div class=\"wide\"><table>\n<tr>\
             <th>codec</th><th>bytes</th><th>ratio</th><th>compress MB/s</th><th>decompress MB/s</th>\
             <th>compress MiB</th><th>decompress MiB</th><th class=\"text\">settings</th></tr>\n";
    let mut sorted = rows.to_vec();
    sorted.sort_by_key(|row| row.packed_bytes);
    for row in sorted {
        let memory = |bytes: Option<u64>| {
            bytes.map_or("–".to_owned(), |bytes| format!("{:.1}", bytes as f64 / 1048576.0))
        };
        let clock = if row.threads == 1 && row.clock == "cpu" {
            String::new()
        } else {
            format!("; {} time, {} threads", row.clock, row.threads)
        };
        html += &format!(
            "<tr{}><td>{}</td><td>{}</td><td>{:.3}</td><td>{:.2}</td><td>{:.2}</td><td>{}</td><td>{}</td>\
             <td class=\"text\">{} ({}){clock}</td></tr>\n",
            if family(row) == Family::Hepz { " class=\"hepz\"" } else { "" },
            row.rival,
            row.packed_bytes,
            row.ratio,
            row.compress_mb_per_s,
            row.decompress_mb_per_s,
            memory(row.compress_peak_bytes),
            memory(row.decompress_peak_bytes),
            escaped(row.settings),
            escaped(&row.version),
        );
    }
    Ok(html + "</table></div></details>\n")
}

/// The smallest archive by hepz beside the smallest by another, in each view.
fn summary(rows: &[Row]) -> String {
    let mut html = "<div class=\"wide\"><table>\n<tr><th>file</th><th class=\"text\">view</th><th>bytes</th>\
                    <th>hepz</th><th>ratio</th><th>best other</th><th>its bytes</th><th>its ratio</th></tr>\n"
        .to_owned();
    let mut seen: Vec<(&str, View)> = Vec::new();
    for row in rows {
        if seen.contains(&(&row.file, row.view)) {
            continue;
        }
        seen.push((&row.file, row.view));
        let of_view = || rows.iter().filter(|other| other.file == row.file && other.view == row.view);
        let smallest = |hepz: bool| {
            of_view().filter(|row| (family(row) == Family::Hepz) == hepz).min_by_key(|row| row.packed_bytes)
        };
        let cells = |row: Option<&Row>| {
            row.map_or("<td>–</td><td>–</td>".to_owned(), |row| {
                format!("<td>{}</td><td>{:.3}</td>", row.packed_bytes, row.ratio)
            })
        };
        html += &format!(
            "<tr><td>{}</td><td class=\"text\" style=\"min-width:0\">{}</td><td>{}</td>{}<td>{}</td>{}</tr>\n",
            escaped(base(&row.file)),
            row.view.name(),
            row.view_bytes,
            cells(smallest(true)),
            smallest(false).map_or("–", |row| row.rival),
            cells(smallest(false)),
        );
    }
    if seen.is_empty() { String::new() } else { html + "</table></div>\n" }
}

/// Who failed, and who was not here.
fn left_out(page: &Page<'_>) -> String {
    let mut html = String::new();
    for failure in page.failures {
        html += &format!("<p><strong>No row:</strong> {}</p>\n", escaped(failure));
    }
    if !page.absent.is_empty() {
        let list: Vec<String> =
            page.absent.iter().map(|absent| format!("{} ({})", absent.rival, escaped(&absent.why))).collect();
        html += &format!("<p class=\"quiet\">Left out: {}.</p>\n", list.join("; "));
    }
    html
}

fn family(row: &Row) -> Family {
    match Rival::from_name(row.rival).map(|rival| rival.takes) {
        Some(Takes::File) => Family::Hepz,
        Some(Takes::Columns | Takes::Floats) => Family::Numeric,
        Some(Takes::Bytes) | None => Family::General,
    }
}

fn base(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Text for HTML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_whole_and_escapes_what_comes_from_outside() {
        let row = |rival, ratio: f64| Row {
            file: "dir/a<b>.npy".into(),
            view: View::File,
            rival,
            settings: "level 3",
            version: "1 & 2".into(),
            view_bytes: 1000,
            packed_bytes: (1000.0 / ratio) as u64,
            ratio,
            clock: "cpu".into(),
            threads: 1,
            compress_mb_per_s: 100.0,
            decompress_mb_per_s: 1000.0,
            compress_peak_bytes: Some(1 << 20),
            decompress_peak_bytes: None,
        };
        let absent = Absent { rival: "bsc", why: "not installed: no program bsc".into() };
        let page = Page {
            command: "hepz bench a<b>",
            rows: &[row("hepz", 4.0), row("zstd-3", 2.5)],
            prices: &[],
            absent: &[absent],
            failures: &["fpzip did not give back what it was given".into()],
        };
        let html = to_html(&page).unwrap();
        assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"));
        assert!(html.contains("<h2>a&lt;b&gt;.npy</h2>") && !html.contains("a<b>"));
        assert_eq!(html.matches("<svg").count(), 2);
        assert!(html.contains("no program bsc") && html.contains("No row:") && html.contains("1 &amp; 2"));
        for needs in ["<script", "http-equiv", "src=", "href=", "@import"] {
            assert!(!html.contains(needs), "{needs}");
        }
    }
}
