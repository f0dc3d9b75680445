//! The machine that figures come from.
//!
//! In: the system. Out: one line of words.
//! Not here: times (`clock`).
//! Holds: what the system does not say is left out, not guessed.

use std::fs::read_to_string;

/// Processor, cores, memory, system.
pub(crate) fn machine() -> String {
    let field = |file: &str, name: &str| {
        let text = read_to_string(file).ok()?;
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map(|cores| format!("{cores} cores")).ok();
    let memory = field("/proc/meminfo", "MemTotal").and_then(|text| {
        let kilobytes: f64 = text.strip_suffix("kB")?.trim().parse().ok()?;
        Some(format!("{:.0} GiB of memory", kilobytes / f64::from(1 << 20)))
    });
    let release = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let system = format!("{} {} {}", std::env::consts::OS, release.trim(), std::env::consts::ARCH);
    let parts = [field("/proc/cpuinfo", "model name"), cores, memory, Some(system)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
