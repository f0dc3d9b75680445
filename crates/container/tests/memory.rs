//! Memory: what hostile archives make the reader allocate. A binary of its own, for its allocator.
//!
//! In: archives whose lengths lie. Out: none; peak heap stays under a mebibyte.
//! Not here: which error they give (`archive`).
// A counting allocator cannot be written without `unsafe`; it only passes on to the system's.
#![allow(unsafe_code)]

use hepz_container::wire::put_varint;
use hepz_container::{END_MAGIC, INDEX, Limits, Reader, Writer, salvage};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;
static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A section whose head claims `claimed` bytes, with a checksum that holds for what is there.
fn frame(kind: u8, claimed: u64, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![kind, 0];
    put_varint(&mut frame, claimed);
    frame.extend_from_slice(payload);
    let checksum = crc32c::crc32c(&frame);
    frame.extend_from_slice(&checksum.to_le_bytes());
    frame
}

/// Header, `sections`, an index with this payload, trailer: sound as far as the lengths allow.
fn archive(sections: &[u8], index_claims: Option<u64>, index: &[u8]) -> Vec<u8> {
    let empty = Writer::new(Vec::new()).unwrap().finish().unwrap();
    let mut bytes = [&empty[..16], sections].concat();
    let index_at = (bytes.len() as u64).to_le_bytes();
    bytes.extend(frame(INDEX, index_claims.unwrap_or(index.len() as u64), index));
    bytes.extend(index_at);
    bytes.extend(crc32c::crc32c(&index_at).to_le_bytes());
    bytes.extend(END_MAGIC);
    bytes
}

#[test]
fn headers_that_claim_terabytes_allocate_under_a_mebibyte() {
    let claims = [1u64 << 40, 1 << 62, u64::MAX, u64::MAX - 20, u64::MAX / 3];
    for claim in claims {
        let mut count = Vec::new();
        put_varint(&mut count, claim);
        let mut listed = vec![1, 1, 0];
        put_varint(&mut listed, claim);
        let hostile = [
            archive(&frame(1, claim, b"short"), None, &listed),
            archive(&frame(1, 5, b"short"), None, &listed),
            archive(&[], None, &count),
            archive(&[], Some(claim), b""),
            archive(&frame(1, claim, b""), None, b"\x00")[..30].to_vec(),
        ];
        for bytes in &hostile {
            let before = NOW.load(Relaxed);
            PEAK.store(before, Relaxed);
            assert!(Reader::open(bytes, Limits::default()).is_err());
            assert_eq!(salvage(bytes, Limits::default()).filter(|s| s.1 != b"short").count(), 0);
            let peak = PEAK.load(Relaxed) - before;
            assert!(peak < 1 << 20, "claiming {claim} allocates {peak} bytes");
        }
    }
}
