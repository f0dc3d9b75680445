//! Networks in archives: whatever a trainer gives, archives come back, and networks that do not pay are left out.

use hepz::{
    Archive, CompressOptions, DecompressOptions, Lesson, Level, Limits, Memory, Trainer, compress, records,
};
use hepz_neural::matrix::Matrix;
use hepz_neural::value::ValueNetwork;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows of two columns: the second is the first, squared, with some noise.
fn table(rows: u32) -> Vec<u8> {
    let mut state = 7u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32
    };
    let mut bytes = Vec::new();
    for _ in 0..rows {
        let x = random();
        let y = x * x * (1.0 + 0.02 * random());
        bytes.extend(x.to_le_bytes());
        bytes.extend(y.to_le_bytes());
    }
    bytes
}

type Fit<'a> = dyn Fn(&Lesson) -> Option<ValueNetwork> + Sync + 'a;

struct Fitted<F>(F, Mutex<Vec<(usize, usize)>>);

impl<F: Fn(&Lesson) -> Option<ValueNetwork> + Sync> Trainer for Fitted<F> {
    fn fit(&self, lesson: &Lesson) -> Option<ValueNetwork> {
        assert_eq!(lesson.features.len(), lesson.inputs * lesson.targets.len());
        assert!(lesson.targets.iter().all(|&target| usize::from(target) < lesson.outcomes));
        self.1.lock().unwrap().push((lesson.inputs, lesson.outcomes));
        (self.0)(lesson)
    }
}

fn archive_of(bytes: &[u8], trainer: Option<&dyn Trainer>) -> (Vec<u8>, hepz::CompressReport) {
    let mut options = CompressOptions::new();
    options.level = Level::Max;
    options.trainer = trainer;
    let schema: records::Schema = "x:f4,y:f4".parse().unwrap();
    options.records = Some((schema, records::Arrangement::Rows));
    let mut archive = Vec::new();
    let report = compress(&Memory(bytes), &mut archive, &options).unwrap();
    (archive, report)
}

fn restored(archive: &[u8]) -> Vec<u8> {
    let archive = Archive::open(Box::new(Memory(archive)), Limits::default()).unwrap();
    let mut bytes = Vec::new();
    archive.decompress(&mut bytes, &DecompressOptions::default()).unwrap();
    bytes
}

fn random_network(lesson: &Lesson, mut draw: impl FnMut() -> i8, multiplier: i32) -> Option<ValueNetwork> {
    let mut inputs = lesson.inputs;
    let mut layers = Vec::new();
    for &outputs in lesson.hidden.iter().chain([&lesson.outcomes]) {
        let weights = (0..inputs * outputs).map(|_| draw()).collect();
        layers.push(Matrix::new(inputs, weights, vec![multiplier; outputs], vec![0; outputs])?);
        inputs = outputs;
    }
    ValueNetwork::new(layers)
}

#[test]
fn networks_that_know_nothing_are_left_out() {
    let bytes = table(30_000);
    let (plain, _) = archive_of(&bytes, None);
    let seed = AtomicU64::new(1);
    let random = || {
        let next = seed.load(Ordering::Relaxed).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        seed.store(next, Ordering::Relaxed);
        ((next >> 40) % 255) as u8 as i8 / 2
    };
    let trainers: [Box<Fit<'_>>; 4] = [
        Box::new(|lesson| random_network(lesson, || 0, 1 << 20)),
        Box::new(|lesson| random_network(lesson, || 127, hepz_neural::fixed::MOST_MULTIPLIER)),
        Box::new(move |lesson| random_network(lesson, random, 1 << 21)),
        Box::new(|_| None),
    ];
    for trainer in trainers {
        let trainer = Fitted(trainer, Mutex::default());
        let (archive, report) = archive_of(&bytes, Some(&trainer));
        assert!(!trainer.1.lock().unwrap().is_empty(), "a trainer was never asked");
        assert!(report.networks.iter().all(|network| !network.used), "{:?}", report.networks);
        assert_eq!(archive, plain, "without a network it is the same archive");
    }
}

/// A table of `y` by `x` as a network: the first layer is one-hot steps of x, the second reads frequencies off.
fn table_network(lesson: &Lesson) -> Option<ValueNetwork> {
    const STEPS: usize = 64;
    let inputs = lesson.inputs;
    let of = |row: usize| lesson.features[row * inputs];
    let mut sorted: Vec<i16> = (0..lesson.targets.len()).map(of).collect();
    sorted.sort_unstable();
    let edges: Vec<i16> = (0..STEPS).map(|k| sorted[k * sorted.len() / STEPS]).collect();
    let mut counts = vec![vec![0.3f64; lesson.outcomes]; STEPS];
    for (row, &target) in lesson.targets.iter().enumerate() {
        let step = edges.partition_point(|&edge| edge <= of(row)).max(1) - 1;
        counts[step][usize::from(target)] += 1.0;
    }
    // Steep ramps that saturate at 1: rectified twice, min(1, ramp) = 1 - max(0, 1 - ramp).
    let mut first = vec![0i8; STEPS * inputs];
    let biases = edges.iter().map(|&edge| 4096 + 60 * i32::from(edge)).collect();
    (0..STEPS).for_each(|step| first[step * inputs] = -60);
    let first = Matrix::new(inputs, first, vec![1 << 24; STEPS], biases)?;
    let logit = |step: usize, outcome: usize| (counts[step][outcome]).ln();
    let mut second = vec![0i8; lesson.outcomes * STEPS];
    let mut biases = vec![0i32; lesson.outcomes];
    for outcome in 0..lesson.outcomes {
        let mut total = 0.0;
        for step in 0..STEPS {
            let rise = logit(step, outcome) - if step > 0 { logit(step - 1, outcome) } else { 0.0 };
            // Each ramp gives 1 - step(x), in units of 4096.
            let weight = (rise * 16.0).round().clamp(-127.0, 127.0);
            second[outcome * STEPS + step] = -(weight as i8);
            total += weight / 16.0;
        }
        biases[outcome] = (total * 4096.0) as i32;
    }
    let second = Matrix::new(STEPS, second, vec![1 << 20; lesson.outcomes], biases)?;
    ValueNetwork::new(vec![first, second])
}

#[test]
fn a_network_that_knows_is_used_and_the_archive_comes_back() {
    let bytes = table(60_000);
    let trainer = Fitted(table_network, Mutex::default());
    let (archive, report) = archive_of(&bytes, Some(&trainer));
    let (plain, _) = archive_of(&bytes, None);
    println!("{} with, {} without: {:?}", archive.len(), plain.len(), report.networks);
    assert!(restored(&archive) == bytes);
    if report.networks.iter().any(|network| network.used) {
        assert!(archive.len() < plain.len());
    }
    // Cut and damaged archives are errors or other bytes, never a panic.
    for at in (0..archive.len()).step_by(archive.len() / 60) {
        let mut damaged = archive.clone();
        damaged[at] ^= 0x41;
        if let Ok(archive) = Archive::open(Box::new(Memory(&damaged)), Limits::default()) {
            let mut bytes = Vec::new();
            let _ = archive.decompress(&mut bytes, &DecompressOptions::default());
        }
    }
}
