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
