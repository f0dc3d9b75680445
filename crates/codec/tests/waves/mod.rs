//! A table whose last column is a sum of waves of the others: easy for a network, hard for contexts and fits.

/// Rows of `a:f4,b:f4,c:f4,y:f4`, with exact arithmetic only: the same bytes everywhere.
pub fn table(rows: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32
    };
    let wave = |x: f32| ((x - x.floor()) * 2.0 - 1.0).abs();
    let mut bytes = Vec::with_capacity(rows * 16);
    for _ in 0..rows {
        let [a, b, c] = [random(), random(), random()].map(|x| (x * 256.0).floor() / 256.0);
        let noise = random() + random() - random() - random();
        let y = 1.0 + wave(3.0 * a) + wave(2.0 * b) + wave(4.0 * c) + noise / 64.0;
        bytes.extend([a, b, c, y].iter().flat_map(|value| value.to_le_bytes()));
    }
    bytes
}
