//! Memory: what a claim may cost, and what a large stream takes. Alone in its binary, because peaks are per process.

use flate2::{Compress, Compression, FlushCompress};
use hepz_recompression::{Step, close, open};

/// Peak resident memory so far, in bytes; `None` where the system does not say.
fn peak_bytes() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<usize>().ok()? * 1024)
}

#[test]
fn a_bomb_costs_no_more_than_its_claim() {
    let zeros = vec![0u8; 64 << 20];
    let mut bomb = Vec::with_capacity(1 << 20);
    let mut squeeze = Compress::new(Compression::new(9), true);
    squeeze.compress_vec(&zeros, &mut bomb, FlushCompress::Finish).expect("room enough");
    drop(zeros);
    let Some(before) = peak_bytes() else { return println!("skipped: no /proc/self/status") };
    assert_eq!(open(&[Step::Zlib], &bomb, 10_000), None);
    assert_eq!(open(&[Step::Zlib], &bomb[..1_000], usize::MAX), None);
    let after = peak_bytes().unwrap_or(usize::MAX);
    assert!(after - before < 8 << 20, "{} bytes more", after - before);

    // The whole of it, honestly claimed: the plain bytes and some ten times one piece.
    let opened = open(&[Step::Zlib], &bomb, 64 << 20).expect("by a known encoder");
    assert!(close(&opened.plain, &opened.recipe).as_ref() == Ok(&bomb));
}
