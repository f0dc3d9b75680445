//! The clock: processor time and peak memory of this process, and of programs that it has run.
//!
//! In: the system's counters. Out: seconds and bytes.
//! Not here: what is measured (`measure`).
//! Holds: where the system has no such counter the result says so, and is not guessed.

use std::time::{Duration, Instant};

/// A short piece of work is repeated until it has taken this long in all, and its best time counts.
const ENOUGH_SECONDS: f64 = 0.3;
/// But not more often than this.
const MOST_REPEATS: u32 = 20;

/// What a piece of work took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Spent {
    /// Best time.
    pub(crate) seconds: f64,
    /// Memory at most, beyond what was held before; `None` where the system does not count it.
    pub(crate) peak_bytes: Option<u64>,
}

/// Does `work`, which says what it took, again and again if it is short; the best time and the first peak count.
pub(crate) fn repeated<T, E>(
    once: bool,
    mut work: impl FnMut() -> Result<(T, Spent), E>,
) -> Result<(T, Spent), E> {
    let (result, mut spent) = work()?;
    let (mut sum, mut repeats) = (spent.seconds, 1);
    while !once && sum < ENOUGH_SECONDS && repeats < MOST_REPEATS {
        let (_, again) = work()?;
        spent.seconds = spent.seconds.min(again.seconds);
        sum += again.seconds;
        repeats += 1;
    }
    Ok((result, spent))
}

/// What seconds are seconds of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// The processor, all threads together. Other work on the machine does not count.
    Processor,
    /// The wall.
    Wall,
}

impl Clock {
    /// Processor time for one thread, where the system counts it; for more, the wall.
    pub(crate) fn for_threads(threads: usize) -> Clock {
        if threads == 1 && cfg!(unix) { Clock::Processor } else { Clock::Wall }
    }

    /// The name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Clock::Processor => "cpu",
            Clock::Wall => "wall",
        }
    }

    /// Seconds that `work` takes, and its result.
    pub(crate) fn time<T>(self, work: impl FnOnce() -> T) -> (f64, T) {
        let (wall, processor) = (Instant::now(), processor_time());
        let result = work();
        let spent = match self {
            Clock::Processor => processor_time().saturating_sub(processor),
            Clock::Wall => wall.elapsed(),
        };
        (spent.as_secs_f64(), result)
    }
}

impl Clock {
    /// What `work` in this process takes, and its result.
    pub(crate) fn spent<T, E>(self, work: impl FnOnce() -> Result<T, E>) -> Result<(T, Spent), E> {
        let before = memory();
        let (seconds, result) = self.time(work);
        let peak_bytes = before.zip(memory()).map(|((held, _), (_, peak))| peak.saturating_sub(held));
        Ok((result?, Spent { seconds, peak_bytes }))
    }
}

/// Processor time of all programs that this process has run, and the most memory that one of them held.
#[cfg(unix)]
pub(crate) fn children() -> Option<(Duration, u64)> {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN).ok()?;
    let duration = |time: nix::sys::time::TimeVal| {
        Duration::from_secs(u64::try_from(time.tv_sec()).unwrap_or(0))
            + Duration::from_micros(u64::try_from(time.tv_usec()).unwrap_or(0))
    };
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    let held = u64::try_from(usage.max_rss()).ok()?.saturating_mul(unit);
    Some((duration(usage.user_time()) + duration(usage.system_time()), held))
}

/// Not known here.
#[cfg(not(unix))]
pub(crate) fn children() -> Option<(Duration, u64)> {
    None
}

#[cfg(unix)]
fn processor_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let whole = Duration::from_secs(u64::try_from(now.tv_sec).unwrap_or(0));
    whole + Duration::from_nanos(u64::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(not(unix))]
fn processor_time() -> Duration {
    Duration::ZERO
}

/// Memory of this process in bytes: now, and at most so far. `None` where there is no `/proc`.
pub(crate) fn memory() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = |field: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        line.trim_start_matches(':').trim().strip_suffix("kB")?.trim().parse().ok()
    };
    Some((1024 * kilobytes("VmRSS")?, 1024 * kilobytes("VmHWM")?))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_peak_grows_with_what_is_held_and_time_with_what_is_done() {
        let (before, _) = memory().unwrap();
        let (seconds, held) = Clock::Processor
            .time(|| (0..8_000_000u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect::<Vec<u64>>());
        let held = std::hint::black_box(held);
        let (_, peak) = memory().unwrap();
        assert!(peak >= before + 40_000_000, "{before} {peak} {}", held.len());
        assert!(seconds > 0.0 && seconds < 60.0);
    }
}
