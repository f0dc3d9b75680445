//! Events: a table of toy jets to try hepz on, where no other file is at hand.
//!
//! In: a number of rows. Out: a `.npy` file of records, the same on every run (up to the math library of the system).
//! Not here: physics. Spectra are only roughly those of a collider; quote nothing from them.
//! Holds: what real tables have and compressors miss: columns that follow from others, events of several rows, defaults.

use crate::random::Random;
use crate::records;

/// Name and NumPy type of each column, in the order of the record.
const COLUMNS: [(&str, &str); 13] = [
    ("event", "<u8"),
    ("pt", "<f4"),
    ("eta", "<f4"),
    ("phi", "<f4"),
    ("mass", "<f4"),
    ("energy", "<f4"),
    ("abs_eta", "<f4"),
    ("score_b", "<f4"),
    ("score_c", "<f4"),
    ("score_light", "<f4"),
    ("vertex_mass", "<f4"),
    ("n_tracks", "<i4"),
    ("flavour", "<i4"),
];

/// One jet of an event.
fn jet(event: u64, random: &mut Random) -> Vec<u8> {
    let flavour = match random.uniform() {
        x if x < 0.3 => 5,
        x if x < 0.45 => 4,
        _ => 0,
    };
    let pt_gev = (20.0 / random.uniform().powf(0.35)) as f32;
    let eta = (1.1 * random.normal()).clamp(-2.5, 2.5) as f32;
    let phi_rad = (std::f64::consts::TAU * (random.uniform() - 0.5)) as f32;
    let mass_gev = (f64::from(pt_gev) * (0.12 + 0.03 * random.normal()).abs()) as f32;
    let momentum_gev = f64::from(pt_gev) * f64::from(eta).cosh();
    let energy_gev = (momentum_gev * momentum_gev + f64::from(mass_gev) * f64::from(mass_gev)).sqrt() as f32;
    let likely =
        |truth: i32| (if flavour == truth { 2.0 } else { 0.0 } + 1.2 * random_of(truth, event)).exp();
    let weights = [likely(5), likely(4), likely(0)].map(|w| w * (0.8 * random.normal()).exp());
    let total: f64 = weights.iter().sum();
    let (score_b, score_c) = ((weights[0] / total) as f32, (weights[1] / total) as f32);
    let has_vertex = random.uniform() < if flavour == 5 { 0.8 } else { 0.2 };
    let vertex_gev = if has_vertex { (1.5 + 0.8 * random.normal()).abs() as f32 } else { f32::NAN };
    let n_tracks = (4.0 + f64::from(pt_gev).ln() + 2.0 * random.normal()).max(0.0) as i32;
    let floats = [
        pt_gev,
        eta,
        phi_rad,
        mass_gev,
        energy_gev,
        eta.abs(),
        score_b,
        score_c,
        1.0 - score_b - score_c,
        vertex_gev,
    ];
    let mut record = event.to_le_bytes().to_vec();
    record.extend(floats.iter().flat_map(|value| value.to_le_bytes()));
    record.extend(n_tracks.to_le_bytes());
    record.extend(i32::to_le_bytes(flavour));
    record
}

/// Something that all jets of an event share, so that the scores of an event resemble each other.
fn random_of(truth: i32, event: u64) -> f64 {
    Random(event ^ (u64::from(truth.unsigned_abs()) << 56)).normal()
}

/// `cargo xtask events ROWS FILE`
pub fn write(rows: &str, file: &str) -> Result<(), String> {
    let mut random = Random(1);
    let (mut event, mut left) = (100_000u64, 0);
    records::write(file, &COLUMNS, rows, || {
        if left == 0 {
            event += 1 + (random.uniform() * 3.0) as u64;
            left = 1 + (random.uniform() * 6.0) as u32;
        }
        left -= 1;
        jet(event, &mut random)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_as_long_as_the_header_says() {
        let widths = COLUMNS.iter().map(|(_, kind)| usize::from(kind.as_bytes()[2] - b'0'));
        assert_eq!(jet(1, &mut Random(1)).len(), widths.sum::<usize>());
        assert_eq!(records::header(&COLUMNS, 10).len() % 64, 0);
    }
}
