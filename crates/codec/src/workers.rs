//! Workers: the threads that one call may use.
//!
//! In: a number of threads. Out: work done on them.
//! Not here: which work.
//! Holds: results come back in the order of the work, so bytes do not depend on the number of threads.

/// Chunks or pieces in flight at most: each may need a hundred megabytes.
const MOST_IN_FLIGHT: usize = 4;

/// A pool of threads.
pub(crate) struct Workers(rayon::ThreadPool);

impl Workers {
    /// A pool; 0 for one thread per core.
    pub(crate) fn new(threads: usize) -> Result<Workers, rayon::ThreadPoolBuildError> {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().map(Workers)
    }

    /// Runs `work` on the pool.
    pub(crate) fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.0.install(work)
    }

    /// How many chunks or pieces to work on at the same time.
    pub(crate) fn in_flight(&self) -> usize {
        self.0.current_num_threads().clamp(1, MOST_IN_FLIGHT)
    }
}
