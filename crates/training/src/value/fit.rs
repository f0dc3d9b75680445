//! Fitting a value network: AdamW on random rows, rounded weights in the last part, the best on held-out rows kept.
//!
//! In: a [`Lesson`], [`FitSettings`]. Out: integers, and what they cost in bits. Not here: the gradient
//! (`perceptron`).
//! Holds: with a limit of steps and time to spare, the same lesson and settings give the same network on one machine;
//! decoding depends on the integers alone.
//! Source: AdamW, arXiv 1711.05101, algorithm 2; weights shrink by a proximal step for the sum of their absolutes.

use std::time::{Duration, Instant};

use burn::tensor::Device;
use hepz::Lesson;
use hepz_neural::kernel::Kernel;
use hepz_neural::softmax::{MOST_OUTCOMES, TOTAL};
use hepz_neural::value::{MOST_LAYERS, ValueNetwork};

use super::perceptron::{Layer, Perceptron};
use crate::random::Random;
use crate::schedule::Schedule;

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct FitSettings {
    /// Widths of hidden layers.
    pub hidden: Vec<usize>,
    /// No longer than this, but for the last evaluation.
    pub budget: Duration,
    /// No more steps than this.
    pub steps: u64,
    /// Rows of a step.
    pub batch: usize,
    /// The greatest learning rate.
    pub learning_rate: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Weights move towards zero by this share of the learning rate in each step, and stay there where the data do not object:
    /// what is zero takes no room.
    pub sparsity: f64,
    /// Warm-up, cosine, rounding.
    pub schedule: Schedule,
    /// Of initial weights and the order of rows.
    pub seed: u64,
    /// Share of the rows, the last ones, that judge and are not fitted to.
    pub validation: f64,
}

impl Default for FitSettings {
    fn default() -> FitSettings {
        FitSettings {
            hidden: vec![64, 32],
            budget: Duration::from_secs(30),
            steps: 20_000,
            batch: 1024,
            learning_rate: 3e-3,
            weight_decay: 1e-2,
            sparsity: 0.01,
            schedule: Schedule::default(),
            seed: 1,
            validation: 0.1,
        }
    }
}

/// What came of it; bits are for each held-out row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FitReport {
    /// Of the frequencies of the outcomes in the rows fitted to.
    pub marginal: f64,
    /// Of the best network before and after rounding, in floating point.
    pub float: f64,
    /// Of the integers.
    pub integer: f64,
    /// Steps done.
    pub steps: u64,
    /// Rows fitted to, each time counted.
    pub rows: u64,
    /// Time for all.
    pub seconds: f64,
}

/// Why nothing was fitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// Numbers of rows, inputs, outcomes do not agree.
    #[error("{0}")]
    Lesson(&'static str),
    /// Layers that integer inference does not have.
    #[error("layers of {0:?} are more or wider than networks may be")]
    Widths(Vec<usize>),
}

/// Judged this often.
const EVALUATIONS: u32 = 20;

/// Held-out rows that judge, at most: the bits of so many are known to half a percent, and more would cost time.
const MOST_JUDGES: usize = 16_384;

/// Rows of a lesson as floating point.
struct Rows<'a> {
    lesson: &'a Lesson,
    rows: Vec<u32>,
}

impl Rows<'_> {
    fn gather(&self, at: std::ops::Range<usize>) -> (Vec<f32>, Vec<u16>) {
        let n = self.lesson.inputs;
        let rows = &self.rows[at];
        let mut features = Vec::with_capacity(rows.len() * n);
        for &row in rows {
            let row = &self.lesson.features[row as usize * n..][..n];
            features.extend(row.iter().map(|&x| f32::from(x) * (1.0 / 4096.0)));
        }
        (features, rows.iter().map(|&row| self.lesson.targets[row as usize]).collect())
    }

    /// Bits for each row.
    fn bits(&self, device: &Device, network: &Perceptron) -> f64 {
        let mut bits = 0.0;
        for start in (0..self.rows.len()).step_by(2048) {
            let (features, targets) = self.gather(start..self.rows.len().min(start + 2048));
            bits += network.bits(device, features, &targets);
        }
        bits / self.rows.len().max(1) as f64
    }

    /// Bits for each row with the integers.
    fn integer_bits(&self, network: &ValueNetwork) -> f64 {
        let n = self.lesson.inputs;
        let mut bits = 0.0;
        for rows in self.rows.chunks(2048) {
            let features: Vec<i16> = rows
                .iter()
                .flat_map(|&row| &self.lesson.features[row as usize * n..][..n])
                .copied()
                .collect();
            let frequencies = network.forecast(Kernel::best(), &features);
            for (&row, frequencies) in rows.iter().zip(frequencies.chunks(self.lesson.outcomes)) {
                let frequency = frequencies[usize::from(self.lesson.targets[row as usize])];
                bits += (f64::from(TOTAL) / f64::from(frequency.max(1))).log2();
            }
        }
        bits / self.rows.len().max(1) as f64
    }
}

/// Moments of one parameter vector.
#[derive(Clone)]
struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Moments {
    fn zeros(n: usize) -> Moments {
        Moments { first: vec![0.0; n], second: vec![0.0; n] }
    }

    /// One step; `rate` has the corrections of both moments in it.
    fn step(&mut self, values: &mut [f32], gradient: &[f32], rate: f32, epsilon: f32, kept: f32) {
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((value, &g), (first, second)) in values.iter_mut().zip(gradient).zip(moments) {
            *first = 0.9 * *first + 0.1 * g;
            *second = 0.99 * *second + 0.01 * g * g;
            *value = kept * *value - rate * *first / (second.sqrt() + epsilon);
        }
    }
}

/// AdamW. The second moment forgets after 100 steps, not 1000: runs are a few hundred to a few thousand steps.
struct AdamW {
    moments: Vec<(Moments, Moments)>,
    steps: i32,
}

impl AdamW {
    fn new(network: &Perceptron) -> AdamW {
        let moments = network.layers.iter();
        let moments = moments.map(|l| (Moments::zeros(l.weights.len()), Moments::zeros(l.biases.len())));
        AdamW { moments: moments.collect(), steps: 0 }
    }

    fn step(&mut self, network: &mut Perceptron, gradients: &[Layer], rate: f64, decay: f64) {
        self.steps = self.steps.saturating_add(1);
        let second = (1.0 - 0.99f64.powi(self.steps)).sqrt();
        let corrected = (rate * second / (1.0 - 0.9f64.powi(self.steps))) as f32;
        let epsilon = (1e-8 * second) as f32;
        let kept = (1.0 - rate * decay) as f32;
        let layers = network.layers.iter_mut().zip(gradients).zip(&mut self.moments);
        for ((layer, gradient), (weights, biases)) in layers {
            weights.step(&mut layer.weights, &gradient.weights, corrected, epsilon, kept);
            biases.step(&mut layer.biases, &gradient.biases, corrected, epsilon, 1.0);
        }
    }
}

fn entropy(counts: &[u64]) -> f64 {
    let total = counts.iter().sum::<u64>() as f64;
    counts.iter().filter(|&&n| n > 0).map(|&n| -(n as f64) * (n as f64 / total).log2()).sum::<f64>()
        / total.max(1.0)
}

fn checked(lesson: &Lesson) -> Result<usize, FitError> {
    let rows = lesson.targets.len();
    if lesson.inputs == 0 || rows.checked_mul(lesson.inputs) != Some(lesson.features.len()) {
        return Err(FitError::Lesson("features are not rows times inputs"));
    }
    if !(2..=MOST_OUTCOMES).contains(&lesson.outcomes) {
        return Err(FitError::Lesson("outcomes are fewer than two or more than networks have"));
    }
    if lesson.targets.iter().any(|&target| usize::from(target) >= lesson.outcomes) {
        return Err(FitError::Lesson("a target that is no outcome"));
    }
    if rows < 16 || u32::try_from(rows).is_err() {
        return Err(FitError::Lesson("too few rows, or more than 2^32"));
    }
    Ok(rows)
}

/// Fits a network to a lesson.
///
/// The best by held-out bits is kept: of the networks with rounded weights if there are any, because these are
/// stored.
/// Training starts its last part from the best weights so far, so a network that learns its rows by heart goes back.
///
/// # Errors
/// [`FitError`] if the lesson contradicts itself or the widths are none that a [`ValueNetwork`] has.
pub fn fit(lesson: &Lesson, settings: &FitSettings) -> Result<(ValueNetwork, FitReport), FitError> {
    let start = Instant::now();
    let rows = checked(lesson)?;
    let mut widths = vec![lesson.inputs];
    widths.extend(&settings.hidden);
    widths.push(lesson.outcomes);
    let within = widths.iter().all(|w| (1..=hepz_neural::matrix::MOST).contains(w));
    if !within || widths.len() > MOST_LAYERS + 1 {
        return Err(FitError::Widths(widths));
    }
    let device = Device::flex();
    let mut random = Random::new(settings.seed);
    let judged = ((rows as f64 * settings.validation.clamp(0.0, 0.5)) as usize).max(1);
    let step_by = judged.div_ceil(MOST_JUDGES);
    let judges =
        Rows { lesson, rows: (rows - judged..rows).step_by(step_by).map(|row| row as u32).collect() };
    let mut fitted = Rows { lesson, rows: (0..(rows - judged) as u32).collect() };
    let mut counts = vec![0u64; lesson.outcomes];
    lesson.targets[..rows - judged].iter().for_each(|&target| counts[usize::from(target)] += 1);

    let mut network = Perceptron::new(&widths, &counts, &mut random);
    let mut optimiser = AdamW::new(&network);
    let mut report = FitReport { marginal: entropy(&counts), ..FitReport::default() };
    let mut best = (f64::INFINITY, network.clone());
    let mut float = f64::INFINITY;
    let (mut quantised, mut judged_at) = (false, 0);
    let mut next = fitted.rows.len();
    loop {
        let by_time = start.elapsed().as_secs_f64() / settings.budget.as_secs_f64().max(1e-9);
        let by_steps = report.steps as f64 / settings.steps.max(1) as f64;
        let progress = by_time.max(by_steps);
        let slot = (progress.min(1.0) * f64::from(EVALUATIONS)) as u32;
        if slot > judged_at || progress >= 1.0 {
            judged_at = slot;
            let bits = if quantised { network.rounded() } else { network.clone() };
            let bits = judges.bits(&device, &bits);
            if bits < best.0 {
                best = (bits, network.clone());
            }
            float = if quantised { float } else { float.min(bits) };
        }
        if progress >= 1.0 {
            break;
        }
        if !quantised && settings.schedule.quantised(progress) {
            quantised = true;
            if best.0.is_finite() {
                network = best.1.clone();
            }
            best.0 = f64::INFINITY;
        }
        if next + settings.batch.min(fitted.rows.len()) > fitted.rows.len() {
            random.shuffle(&mut fitted.rows);
            next = 0;
        }
        let end = fitted.rows.len().min(next + settings.batch.max(1));
        let (features, targets) = fitted.gather(next..end);
        next = end;
        report.rows += targets.len() as u64;
        report.steps += 1;
        let (gradients, _) = if quantised {
            network.rounded().gradient(&device, features, &targets)
        } else {
            network.gradient(&device, features, &targets)
        };
        let rate = settings.learning_rate * settings.schedule.rate(progress);
        optimiser.step(&mut network, &gradients, rate, settings.weight_decay);
        network.shrink((rate * settings.sparsity) as f32);
    }
    let kept = best.1;
    let exported = kept.export().ok_or(FitError::Widths(widths))?;
    report.float = float.min(judges.bits(&device, &kept));
    report.integer = judges.integer_bits(&exported);
    report.seconds = start.elapsed().as_secs_f64();
    Ok((exported, report))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outcomes near the product of two inputs plus a third, with normal errors; the price of each row for who knows
    /// this.
    fn toy(rows: usize, seed: u64) -> (Lesson, Vec<f64>) {
        let mut random = Random::new(seed);
        let mut lesson = Lesson { inputs: 3, outcomes: 32, ..Lesson::default() };
        let mut bits = Vec::new();
        for _ in 0..rows {
            let x: Vec<f32> = (0..3).map(|_| random.normal().clamp(-3.0, 3.0)).collect();
            let centre = f64::from(16.0 + 4.0 * (x[0] * x[1]).clamp(-3.0, 3.0) + x[2]);
            let weights: Vec<f64> = (0..32).map(|k| (-0.5 * (f64::from(k) - centre).powi(2)).exp()).collect();
            let total: f64 = weights.iter().sum();
            let mut left = f64::from(random.uniform()) * total;
            let drawn = weights.iter().position(|w| {
                left -= w;
                left < 0.0
            });
            let drawn = drawn.unwrap_or(31);
            bits.push((total / weights[drawn]).log2());
            lesson.features.extend(x.iter().map(|&x| (x * 4096.0).round() as i16));
            lesson.targets.push(drawn as u16);
        }
        (lesson, bits)
    }

    fn settings(steps: u64) -> FitSettings {
        let budget = Duration::from_secs(3600);
        FitSettings { hidden: vec![32, 24], budget, steps, batch: 512, ..FitSettings::default() }
    }

    #[test]
    fn a_lesson_of_known_entropy_is_learnt_and_integers_lose_little() {
        let (lesson, bits) = toy(100_000, 3);
        let (network, report) = fit(&lesson, &settings(6000)).unwrap();
        let entropy = bits[90_000..].iter().sum::<f64>() / 10_000.0;
        assert_eq!((network.inputs(), network.outcomes()), (3, 32));
        assert!(report.float < 1.02 * entropy, "{report:?} {entropy}");
        assert!(report.integer < 1.005 * report.float, "{report:?}");
        assert!(report.marginal > 1.3 * entropy, "{report:?} {entropy}");
    }

    #[test]
    fn the_same_seed_gives_the_same_network_and_another_seed_another() {
        let (lesson, _) = toy(4000, 4);
        let fitted = |seed| fit(&lesson, &FitSettings { seed, ..settings(60) }).unwrap().0;
        assert_eq!(fitted(1), fitted(1));
        assert_ne!(fitted(1), fitted(2));
    }

    #[test]
    fn lessons_that_contradict_themselves_are_refused() {
        let (good, _) = toy(100, 5);
        for lesson in [
            Lesson { inputs: 4, ..good.clone() },
            Lesson { outcomes: 1, ..good.clone() },
            Lesson { outcomes: 3, ..good.clone() },
            Lesson::default(),
        ] {
            assert!(fit(&lesson, &settings(1)).is_err());
        }
        assert!(fit(&good, &FitSettings { hidden: vec![5000], ..settings(1) }).is_err());
    }
}
