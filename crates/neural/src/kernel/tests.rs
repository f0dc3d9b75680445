//! Operations against real numbers, and kernels against the scalar one.
//!
//! In: seeded random and extreme vectors. Out: nothing. Not here: whole networks (`tests/`).

use super::*;

#[test]
fn sizes_become_one_and_extremes_do_not_overflow() {
    let mut state = 7u32;
    for n in [8, 96, 1024] {
        for size in [0, 1, 9, 300, 4096, 32_767] {
            let mut activation = |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((state >> 8) as i32 % (2 * size + 1) - size).clamp(-32_768, 32_767) as i16
            };
            let mut x: Vec<i16> = (0..n).map(&mut activation).collect();
            for one_hot in [false, true] {
                if one_hot {
                    x[1..].fill(0);
                    x[0] = -size as i16;
                }
                let reals: Vec<f64> = x.iter().map(|&x| f64::from(x) / 4096.0).collect();
                let mean = reals.iter().map(|x| x * x).sum::<f64>() / n as f64;
                let mut own = vec![0; n];
                normalise(Kernel::Scalar, n, &x, &mut own);
                for (own, real) in own.iter().zip(reals) {
                    let real = (real / (mean + 2f64.powi(-12)).sqrt()).clamp(-8.0, 8.0 - 2f64.powi(-12));
                    let error = (f64::from(*own) / 4096.0 - real).abs();
                    assert!(error <= real.abs() / 2048.0 + 0.6 / 4096.0, "{n} {size}: {own} {real}");
                }
            }
        }
    }
}

/// A generator of numbers (Steele et al., SplitMix64), of all sizes and with extremes.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn wide(&mut self) -> i32 {
        match self.next() % 8 {
            0 => [i32::MIN, i32::MAX, 0, -1][self.next() as usize % 4],
            _ => (self.next() as i32) >> (self.next() % 31),
        }
    }

    fn medium(&mut self, n: usize) -> Vec<i16> {
        let number = |_| match self.next() % 8 {
            0 => [i16::MIN, i16::MAX, 0, -1][self.next() as usize % 4],
            _ => (self.next() as i16) >> (self.next() % 15),
        };
        (0..n).map(number).collect()
    }

    fn wides(&mut self, n: usize, within: i32) -> Vec<i32> {
        (0..n).map(|_| self.wide().clamp(-within, within - 1)).collect()
    }
}

/// Runs `of` with every kernel on copies of `start` and compares what it left.
fn agree<T: Clone + PartialEq + std::fmt::Debug>(start: &[T], what: &str, of: impl Fn(Kernel, &mut [T])) {
    let mut expected = start.to_vec();
    of(Kernel::Scalar, &mut expected);
    for kernel in Kernel::available() {
        let mut own = start.to_vec();
        of(kernel, &mut own);
        assert_eq!(own, expected, "{what} by {kernel:?}");
    }
}

#[test]
fn every_kernel_gives_the_integers_of_the_scalar_one() {
    let random = &mut Random(3);
    for n in (1..70).chain([96, 127, 128, 192, 1024]) {
        let [a, b, c, d, e] = [(); 5].map(|()| random.medium(n));
        let positive: Vec<i16> = c.iter().map(|c| c & i16::MAX).collect();
        agree(&a, "add", |kernel, x| add(kernel, &b, x));
        agree(&a, "silu", silu);
        agree(&a, "gate", |kernel, x| gate(kernel, &b, x));
        agree(&a, "reset", |kernel, x| reset(kernel, &positive, &b, x));
        agree(&a, "updated", |kernel, x| updated(kernel, &positive, &b, x));
        agree(&a, "normalise", |kernel, x| normalise(kernel, n, &b, x));
        let taps = random.medium(4 * n);
        agree(&a, "convolve", |kernel, x| convolve(kernel, &taps, &a, [&b, &c, &d, &e], x));
        for step in [0, 9, 16_384, 65_535] {
            agree(&a, "stepped", |kernel, x| stepped(kernel, step, &b, x));
        }
        let (logits, sums) = (random.wides(3 * n, 1 << 18), random.wides(n, i32::MAX));
        agree(&vec![0; 3 * n], "frequencies", |kernel, x| frequencies(kernel, n, &logits, x));
        agree(&sums, "biased", |kernel, x| biased(kernel, &b, x));
        let scores_of_one = random.wides(n, 1 << 21);
        agree(&a, "shares", |kernel, x| shares(kernel, &mut scores_of_one.clone(), x));
        for (rows, stride) in [(1, n), (5, n + 3), (16, n)] {
            let (q, keys) = (random.medium(rows), random.medium(rows * stride + SCORES));
            let blocks = random.wides(n.next_multiple_of(SCORES), i32::MAX);
            agree(&blocks, "scores", |kernel, x| scores(kernel, &q, &keys, stride, x));
            agree(&blocks, "weighted", |kernel, x| weighted(kernel, &q, &keys, stride, x));
        }
    }
    for (width, n) in [(16, 4), (112, 8), (1024, 32)] {
        let states = random.wides(n * width, 1 << 30);
        let forgotten: Vec<i16> = random.medium(width).iter().map(|f| (f & i16::MAX).max(1)).collect();
        let [w, v, through] = [(); 3].map(|()| random.medium(width));
        let [b, c] = [(); 2].map(|()| random.medium(n));
        agree(&states, "states", |kernel, states| {
            let mut y = vec![0; width];
            scan(kernel, [&forgotten, &w, &v, &through], [&b, &c], states, &mut y);
        });
        agree(&w, "y", |kernel, y| {
            scan(kernel, [&forgotten, &w, &v, &through], [&b, &c], &mut states.clone(), y);
        });
    }
}

#[test]
fn every_kernel_draws_the_curves_of_the_tables() {
    let all: Vec<i16> = (i16::MIN..=i16::MAX).collect();
    for curve in [&crate::tables::SIGMOID, &crate::tables::TANH] {
        agree(&all, "curve", |kernel, x| curved(kernel, curve, x));
        agree(&all[5..], "curve", |kernel, x| curved(kernel, curve, x));
    }
    agree(&all, "silu", silu);
}

#[test]
fn every_kernel_multiplies_matrices_of_all_sides() {
    let random = &mut Random(4);
    for (inputs, outputs) in
        [(1, 1), (1, 17), (2, 16), (3, 15), (7, 33), (40, 64), (63, 49), (96, 288), (257, 100)]
    {
        for extreme in [false, true] {
            let weight =
                |random: &mut Random| if extreme { 127 } else { ((random.next() % 255) as i32 - 127) as i8 };
            let weights: Vec<i8> = (0..inputs * outputs).map(|_| weight(random)).collect();
            let multipliers = random.wides(outputs, 1 << 23).iter().map(|m| m.abs()).collect();
            let weights = Weights::new(inputs, weights, multipliers, random.wides(outputs, (1 << 30) - 1));
            for streams in [1, 2, 3, 4, 7, 8, 13, 64] {
                let rows =
                    if extreme { vec![i16::MIN; streams * inputs] } else { random.medium(streams * inputs) };
                for lowest in [0, i16::MIN] {
                    let into = vec![1; streams * outputs];
                    agree(&into, "activations", |kernel, into| {
                        activations(kernel, &weights, lowest, &rows, into)
                    });
                }
                agree(&vec![1; streams * outputs], "logits", |kernel, into| {
                    logits(kernel, &weights, &rows, into)
                });
            }
        }
    }
}
