//! Networks for the file that is being compressed: fitted to its own columns within a given time.
//!
//! In: lessons of a plan. Out: networks. Not here: fitting one (`value`), whether it pays (`hepz`).
//! Holds: decoding needs only what is stored, whatever was fitted and in whatever time.

use crate::value::{FitReport, FitSettings, Lesson, fit};
use hepz_neural::value::ValueNetwork;
use std::sync::Mutex;
use std::time::Duration;

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
        let settings = FitSettings { hidden: lesson.hidden.clone(), budget, ..FitSettings::default() };
        let own = Lesson {
            inputs: lesson.inputs,
            outcomes: lesson.outcomes,
            features: lesson.features.clone(),
            targets: lesson.targets.clone(),
        };
        let (network, report) = fit(&own, &settings).ok()?;
        if let Ok(mut reports) = self.reports.lock() {
            reports.push((lesson.name.clone(), report));
        }
        Some(network)
    }
}
