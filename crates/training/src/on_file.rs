//! Networks for the file that is being compressed: fitted to its own columns within a given time.
//!
//! In: lessons of a plan. Out: networks. Not here: fitting one (`value`), whether it pays (`hepz`).
//! Holds: decoding needs only what is stored, whatever was fitted and in whatever time.

use crate::value::{FitReport, FitSettings, fit};
use hepz_neural::value::ValueNetwork;
use std::sync::Mutex;
use std::time::Duration;

/// Passes over the rows after which nothing more is expected.
const PASSES: u64 = 400;

/// Steps that a small lesson gets nevertheless.
const LEAST_STEPS: u64 = 20_000;

/// Fits a network to each lesson, in its share of the time.
pub struct OnFile {
    budget: Duration,
    threads: u32,
    reports: Mutex<Vec<(String, FitReport)>>,
}

impl OnFile {
    /// About `budget` of wall time for all columns, with lessons on so many threads (at least 1) at once.
    pub fn new(budget: Duration, threads: usize) -> OnFile {
        OnFile { budget, threads: threads.clamp(1, 1024) as u32, reports: Mutex::default() }
    }

    /// What came of each lesson, by name.
    pub fn reports(&self) -> Vec<(String, FitReport)> {
        let mut reports = self.reports.lock().map(|reports| reports.clone()).unwrap_or_default();
        reports.sort_by(|a, b| a.0.cmp(&b.0));
        reports
    }
}

impl hepz::Trainer for OnFile {
    fn fit(&self, lesson: &hepz::Lesson) -> Option<ValueNetwork> {
        // Lessons run on all threads at once, each with its share of what they have together.
        let budget = self.budget.mul_f64(f64::from(lesson.share * self.threads) / 1024.0).min(self.budget);
        let mut settings = FitSettings { hidden: lesson.hidden.clone(), budget, ..FitSettings::default() };
        let pass = (lesson.targets.len() / settings.batch.max(1)).max(1) as u64;
        settings.steps = (pass * PASSES).max(LEAST_STEPS);
        let (network, report) = fit(lesson, &settings).ok()?;
        if let Ok(mut reports) = self.reports.lock() {
            reports.push((lesson.name.clone(), report));
        }
        Some(network)
    }
}
