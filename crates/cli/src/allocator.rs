//! The allocator's settings: columns come and go by megabytes, and their pages are kept for the next.
//!
//! In: nothing. Out: nothing.
//! Not here: an allocator of our own (mimalloc was measured: twice the memory, and slower to compress).
//! Holds: behaviour is the same without it; only pages are cleared more often (a fifth of the time at level `fast`).

/// Free memory at the end of the heap that is kept.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEEP_BYTES: i32 = 256 << 20;
/// Allocations from here on come from the system, one by one: the most that the C library allows.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OWN_MAPPING_BYTES: i32 = 32 << 20;

/// To be called before the first thread is started.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
pub(crate) fn keep_pages() {
    // SAFETY: mallopt takes two numbers and changes settings of the allocator only; no other thread runs yet.
    unsafe {
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEEP_BYTES);
        libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_MAPPING_BYTES);
    }
}

/// Other allocators are left as they are.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn keep_pages() {}
