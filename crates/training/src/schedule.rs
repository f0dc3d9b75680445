//! Learning rate and quantisation over a run.
//!
//! In: how much of the run is done, 0 to 1. Out: the share of the greatest learning rate; whether weights are
//! rounded.
//! Not here: what progress is, steps or time (the loops).
//! Source: cosine without restarts, arXiv 1608.03983, equation 5; linear warm-up, arXiv 1706.02677, section 2.2.

/// Warm-up, cosine, and the last part with rounded weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// Share of the run in which the rate rises from 0.
    pub warm_up: f64,
    /// Share of the greatest rate that is left at the end.
    pub floor: f64,
    /// From which share of the run weights are rounded to 8 bits as the integers will have them.
    pub quantise_from: f64,
}

impl Default for Schedule {
    fn default() -> Schedule {
        Schedule { warm_up: 0.03, floor: 0.01, quantise_from: 2.0 / 3.0 }
    }
}

impl Schedule {
    /// The factor of the greatest learning rate.
    pub fn rate(&self, progress: f64) -> f64 {
        let progress = progress.clamp(0.0, 1.0);
        if progress < self.warm_up {
            return progress / self.warm_up;
        }
        let fallen = (progress - self.warm_up) / (1.0 - self.warm_up).max(f64::EPSILON);
        self.floor + (1.0 - self.floor) * 0.5 * (1.0 + (std::f64::consts::PI * fallen).cos())
    }

    /// Whether weights are rounded.
    pub fn quantised(&self, progress: f64) -> bool {
        progress >= self.quantise_from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_then_falls_to_the_floor() {
        let schedule = Schedule { warm_up: 0.1, floor: 0.05, quantise_from: 0.75 };
        assert_eq!(schedule.rate(0.0), 0.0);
        assert!((schedule.rate(0.1) - 1.0).abs() < 1e-12);
        assert!((schedule.rate(0.55) - 0.525).abs() < 1e-12);
        assert!((schedule.rate(1.0) - 0.05).abs() < 1e-12);
        assert!(!schedule.quantised(0.7) && schedule.quantised(0.8));
    }
}
