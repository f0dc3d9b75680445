//! Opens zlib streams given as files and says what their recipes cost.

use hepz_recompression::{Step, close, open};
use std::time::Instant;

fn main() {
    for path in std::env::args().skip(1) {
        let stored = std::fs::read(&path).expect("a readable file");
        let plain_bytes = std::env::var("PLAIN").ok().and_then(|n| n.parse().ok()).expect("PLAIN=bytes");
        let from = Instant::now();
        let Some(opened) = open(&[Step::Zlib], &stored, plain_bytes) else {
            println!("{path}: stays closed");
            continue;
        };
        let opening = from.elapsed().as_secs_f64();
        let from = Instant::now();
        let closed = close(&opened.plain, &opened.recipe);
        let closing = from.elapsed().as_secs_f64();
        let mega = plain_bytes as f64 / 1e6;
        println!(
            "{path}: {} plain, {} stored, recipe {}, open {:.0} MB/s, close {:.0} MB/s, same {}",
            plain_bytes,
            stored.len(),
            opened.recipe.len(),
            mega / opening,
            mega / closing,
            closed.as_ref() == Ok(&stored)
        );
        let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        println!("  {}", peak.lines().find(|line| line.starts_with("VmHWM")).unwrap_or(""));
    }
}
