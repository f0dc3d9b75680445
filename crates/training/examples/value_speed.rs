//! How fast value networks are fitted: `cargo run --release -p hepz-training --example value_speed -- [seconds]`.
//!
//! In: seconds of the budget. Out: rows a second and bits, for a generated lesson of 24 inputs and 256 outcomes.
//! Not here: real columns (`hepz`).

use std::time::Duration;

use hepz_training::random::Random;
use hepz_training::value::{FitSettings, Lesson, fit};

fn main() {
    let seconds = std::env::args().nth(1).and_then(|s| s.parse().ok()).unwrap_or(10.0);
    let mut random = Random::new(11);
    let mut lesson = Lesson { inputs: 24, outcomes: 256, ..Lesson::default() };
    for _ in 0..400_000 {
        let x: Vec<f32> = (0..24).map(|_| random.normal().clamp(-4.0, 4.0)).collect();
        let centre = 128.0 + 30.0 * (x[0] * x[1]).tanh() + 20.0 * x[2] + 8.0 * (x[3] - x[4]).abs();
        let drawn = (centre + (4.0 + x[5].abs() * 4.0) * random.normal()).clamp(0.0, 255.0);
        lesson.features.extend(x.iter().map(|&x| (x * 4096.0) as i16));
        lesson.targets.push(drawn as u16);
    }
    for batch in [512, 1024, 2048, 4096, 8192] {
        let settings =
            FitSettings { batch, budget: Duration::from_secs_f64(seconds), ..FitSettings::default() };
        match fit(&lesson, &settings) {
            Ok((network, r)) => println!(
                "batch {batch}: {} weights, {:.0} rows/s, {} steps; bits: {:.4} marginal, {:.4} float, {:.4} integer",
                network.parameters(),
                r.rows as f64 / r.seconds,
                r.steps,
                r.marginal,
                r.float,
                r.integer
            ),
            Err(error) => println!("batch {batch}: {error}"),
        }
    }
}
