//! Tables of text: what programs print is recognised, becomes columns, and comes back byte by byte.

use hepz_formats::Source;
use hepz_formats::delimited::{Content, Notation, Stream, TextTable};
use proptest::prelude::*;
use std::fmt::Write;

/// Bytes in memory.
struct Memory<'a>(&'a [u8]);

impl Source for Memory<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> std::io::Result<()> {
        self.0.read_at(at, into)
    }
}

/// The table of a text, and its image.
fn folded(text: &[u8]) -> Option<(TextTable, Vec<u8>)> {
    let mut table = TextTable::recognise(&Memory(text)).unwrap()?;
    let mut parts = [const { Vec::new() }; 3];
    let mut sink = |stream: Stream, bytes: &[u8]| {
        parts[stream as usize].extend_from_slice(bytes);
        Ok(())
    };
    let is_table = table.fold(&Memory(text), &mut sink).unwrap();
    is_table.then(|| (table, parts.concat()))
}

fn unfolded(table: &TextTable, image: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut take = |bytes: &[u8]| {
        text.extend_from_slice(bytes);
        if text.len() < 1 << 24 { Ok(()) } else { Err(()) }
    };
    table.unfold(&Memory(image), &mut take).ok().map(|()| text)
}

/// The table of a text which has to be one; it comes back through the stored description.
fn returns(text: &str) -> TextTable {
    let (table, image) = folded(text.as_bytes()).expect("a table");
    assert_eq!(table.image_bytes(), Some(image.len() as u64));
    let read = TextTable::from_bytes(&table.to_bytes()).unwrap();
    assert_eq!(read, table);
    assert_eq!(String::from_utf8(unfolded(&read, &image).unwrap()).unwrap(), text);
    table
}

#[test]
fn corpus_files_return() {
    let Some(folder) = std::env::var_os("HEPZ_CORPUS") else {
        println!("skipped: HEPZ_CORPUS is not set");
        return;
    };
    for name in ["trackml_hits.csv", "cms_zmumu_run2011a.csv"] {
        let text = std::fs::read(std::path::Path::new(&folder).join("text").join(name)).unwrap();
        let start = std::time::Instant::now();
        let recognised = TextTable::recognise(&Memory(&text)).unwrap().expect("a table");
        let recognising = start.elapsed();
        let start = std::time::Instant::now();
        let mut lengths = [0; 3];
        let mut sink = |stream: Stream, bytes: &[u8]| {
            lengths[stream as usize] += bytes.len();
            Ok(())
        };
        recognised.clone().fold(&Memory(&text), &mut sink).unwrap();
        let folding = start.elapsed();
        let (table, image) = folded(&text).expect("a table");
        assert_eq!(lengths.iter().sum::<usize>(), image.len());
        let start = std::time::Instant::now();
        assert!(unfolded(&table, &image).as_deref() == Some(&text[..]), "{name}");
        let unfolding = start.elapsed();
        let rate = |time: std::time::Duration| text.len() as f64 / 1e6 / time.as_secs_f64();
        println!(
            "{name}: recognised in {recognising:?}, {:.0} and {:.0} MB/s",
            rate(folding),
            rate(unfolding)
        );
        for cells in &table.cells {
            println!("  {} {:?} {} words", cells.name, cells.content, cells.words.len());
        }
        println!("  {} rows, {} bytes of marks, {} of text", table.rows, table.marks_bytes, table.text_bytes);
        assert!(table.marks_bytes + table.text_bytes < 1000);
    }
}

/// A generator good enough for tests.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 ^ self.0 >> 31
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    /// Of either sign, over some decades.
    fn number(&mut self) -> f64 {
        let size = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        let decade = [1e-7, 1e-3, 1.0, 1.0, 10.0, 500.0, 1e6, 1e12][self.below(8) as usize];
        if self.below(2) == 0 { size * decade } else { -size * decade }
    }
}

/// `%.Ng` of C.
fn general(value: f64, digits: usize) -> String {
    let text = format!("{:.*e}", digits - 1, value);
    let (mantissa, exponent) = text.split_once('e').unwrap();
    let exponent: i32 = exponent.parse().unwrap();
    let strip = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if exponent < -4 || exponent >= digits as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", strip(mantissa), exponent.abs())
    } else {
        strip(&format!("{:.*}", (digits as i32 - 1 - exponent) as usize, value))
    }
}

/// `%.Ne` of C.
fn scientific(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap();
    let exponent: i32 = exponent.parse().unwrap();
    format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// `repr` of Python.
fn repr(value: f64) -> String {
    let exponent: i32 = format!("{value:e}").split_once('e').unwrap().1.parse().unwrap();
    if (-4..16).contains(&exponent) {
        return format!("{value:?}");
    }
    let text = format!("{value:e}");
    let (mantissa, _) = text.split_once('e').unwrap();
    format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

fn lines(
    heading: &str,
    end: &str,
    rows: usize,
    seed: u64,
    mut row: impl FnMut(usize, &mut Random) -> String,
) -> String {
    let mut random = Random(seed);
    let mut text = String::new();
    if !heading.is_empty() {
        text = heading.to_owned() + end;
    }
    for at in 0..rows {
        let line = row(at, &mut random);
        write!(text, "{line}{end}").unwrap();
    }
    text
}

/// All columns are numbers of these notations, and all cells but those of the heading are.
fn assert_notations(table: &TextTable, wanted: &[Notation]) {
    let found: Vec<Notation> = table
        .cells
        .iter()
        .filter_map(
            |cells| if let Content::Number(notation, _) = cells.content { Some(notation) } else { None },
        )
        .collect();
    assert_eq!(found, wanted);
}

#[test]
fn what_pandas_writes_becomes_columns() {
    let text = lines(",event,pt,charge,label,weight", "\n", 300, 1, |at, random| {
        let missing = random.below(5) == 0;
        let weight = if missing { String::new() } else { repr(random.number()) };
        let label = ["muon", "electron", "tau, hadronic"][random.below(3) as usize];
        let label = if label.contains(',') { format!("\"{label}\"") } else { label.to_owned() };
        format!(
            "{at},{},{},{},{label},{weight}",
            1000 + at * 3,
            repr(random.number()),
            random.below(2) as i64 * 2 - 1
        )
    });
    let table = returns(&text);
    assert_eq!((table.rows, table.marks_bytes), (300, 1));
    assert_notations(
        &table,
        &[Notation::Integer, Notation::Integer, Notation::Shortest, Notation::Integer, Notation::Shortest],
    );
    assert_eq!(table.labels(4).unwrap().len(), 3);
    assert_eq!(table.format(), "csv");
}

#[test]
fn what_numpy_savetxt_writes_becomes_columns() {
    let text = lines("# x y z", "\n", 100, 2, |_, random| {
        (0..3).map(|_| scientific(random.number(), 18)).collect::<Vec<_>>().join(" ")
    });
    let table = returns(&text);
    assert_notations(&table, &[Notation::Scientific(18); 3]);
    assert_eq!((table.rows, table.cells[1].name.as_str()), (100, "y"));
}

#[test]
fn what_streams_of_cpp_write_becomes_columns() {
    let text = lines("", "\n", 200, 3, |at, random| {
        format!("{at}\t{}\t{}", general(random.number(), 6), general(random.number(), 9))
    });
    let table = returns(&text);
    assert_notations(&table, &[Notation::Integer, Notation::General(6), Notation::General(9)]);
    assert_eq!((table.format(), table.text_bytes), ("tsv", 0));
}

#[test]
fn aligned_columns_of_root_and_fortran_become_columns() {
    let scan = lines("*    Row   *        pt *       eta *", "\n", 100, 4, |at, random| {
        format!("* {at:8} * {:>9} * {:>9} *", general(random.number(), 5), general(random.number(), 5))
    });
    assert!(returns(&scan).rows >= 100);
    let fortran = lines("", "\n", 100, 5, |at, random| {
        format!("{at:6}{:12.4}{:12.4}", random.number() % 1000.0, random.number() % 1e5)
    });
    let table = returns(&fortran);
    assert_notations(&table, &[Notation::Integer, Notation::Fixed(4), Notation::Fixed(4)]);
    assert_eq!((table.rows, table.text_bytes), (100, 0));
}

#[test]
fn crlf_quotes_comments_and_blank_lines_are_kept() {
    let text = lines("\"a\";\"b\"", "\r\n", 80, 6, |at, random| match at % 20 {
        7 => String::new(),
        9 => "# a comment".to_owned(),
        11 => "1;2;3".to_owned(),
        13 => "+1;x".to_owned(),
        _ => format!("\"{}\";{:.2}", random.below(1000), random.number() % 1e4),
    });
    let table = returns(&(text.clone() + "\"17\";1.50"));
    assert!(table.dialect.crlf && table.rows >= 64);
    assert!(returns(&text).rows >= 64);
}

#[test]
fn text_that_is_no_table_of_numbers_is_left_alone() {
    let prose = "It is a truth universally acknowledged, that a single man\n".repeat(100);
    let code = "fn main() { let x = 1; println!(\"{x}\"); }\n".repeat(100);
    let names = "anna,bert,carl\n".repeat(100);
    let few = "1,2\n3,4\n";
    for text in [&prose, &code, &names, few, "", "\n\n\n\n\n\n\n\n\n\n"] {
        assert!(folded(text.as_bytes()).is_none(), "{text}");
    }
    assert!(folded(&[b"1,2\n".repeat(50), vec![0]].concat()).is_none());
}

/// A cell of any kind, most of them as the column is.
fn any_cell(random: &mut Random, kind: u64) -> String {
    let odd = [
        "",
        "nan",
        "-inf",
        "+5",
        "007",
        "1e5",
        "x",
        "\"q\"",
        "\"a,b\"",
        "-0",
        "1.",
        ".5",
        " 1",
        "1e400",
        "12345678901234567890123",
    ];
    if random.below(12) == 0 {
        return odd[random.below(odd.len() as u64) as usize].to_owned();
    }
    match kind {
        0 => (random.next() as i64 >> random.below(60)).to_string(),
        1 => general(random.number(), 6),
        2 => repr(random.number()),
        3 => format!("{:.3}", random.number()),
        4 => scientific(random.number(), 7),
        5 => format!("{}", random.number() as f32),
        6 => format!("{:8.2}", random.number() % 1e4),
        7 => ["a", "bb", "ccc"][random.below(3) as usize].to_owned(),
        _ => format!("{:x}", random.next()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_table_returns(seed in any::<u64>(), rows in 10usize..120, kinds in prop::collection::vec(0u64..9, 1..7), separator in 0usize..5, ragged in 0u64..40, crlf in any::<bool>(), whole in any::<bool>()) {
        let (separator, end) = ([",", "\t", ";", " ", "  "][separator], if crlf { "\r\n" } else { "\n" });
        let mut text = lines("", end, rows, seed, |_, random| {
            let mut cells: Vec<String> = kinds.iter().map(|&kind| any_cell(random, kind)).collect();
            if ragged > 0 && random.below(ragged) == 0 {
                cells.truncate(random.below(cells.len() as u64 + 1) as usize);
            }
            cells.join(separator)
        });
        if !whole {
            text.pop();
        }
        if let Some((table, image)) = folded(text.as_bytes()) {
            let read = TextTable::from_bytes(&table.to_bytes()).unwrap();
            prop_assert_eq!(unfolded(&read, &image).unwrap(), text.into_bytes());
        }
    }

    #[test]
    fn damaged_images_and_descriptions_give_errors_or_text(seed in any::<u64>(), at in any::<usize>(), mask in 1u8.., cut in 0usize..40) {
        let text = lines("a,b,c", "\n", 40, seed, |_, random| {
            format!("{},{},{}", any_cell(random, 0), any_cell(random, 1), any_cell(random, 7))
        });
        let Some((table, mut image)) = folded(text.as_bytes()) else { return Ok(()) };
        let mut stored = table.to_bytes();
        let place = at % stored.len();
        stored[place] ^= mask;
        stored.truncate(stored.len().saturating_sub(cut / 20));
        if let Ok(other) = TextTable::from_bytes(&stored) {
            let _ = unfolded(&other, &image);
        }
        let place = at % image.len();
        image[place] ^= mask;
        let _ = unfolded(&table, &image);
        image.truncate(image.len() - cut.min(image.len()));
        let _ = unfolded(&table, &image);
    }
}
