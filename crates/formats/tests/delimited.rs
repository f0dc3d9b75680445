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
        let (table, image) = folded(&text).expect("a table");
        let folding = start.elapsed();
        let start = std::time::Instant::now();
        assert!(unfolded(&table, &image).as_deref() == Some(&text[..]), "{name}");
        let unfolding = start.elapsed();
        let rate = |time: std::time::Duration| text.len() as f64 / 1e6 / time.as_secs_f64();
        println!("{name}: {:.0} MB/s, {:.0} MB/s", rate(folding), rate(unfolding));
        for cells in &table.cells {
            println!("  {} {:?} {} words", cells.name, cells.content, cells.words.len());
        }
        println!("  {} rows, {} bytes of marks, {} of text", table.rows, table.marks_bytes, table.text_bytes);
        assert!(table.marks_bytes + table.text_bytes < 1000);
    }
}
