//! Spread of the Anderson-Darling statistic, which depends on the sizes of the samples alone.
//!
//! In: sizes. Out: a standard deviation.
//! Not here: the statistic (`rank`).
//! Holds: as `scipy.stats.anderson_ksamp`.
//! Source: Scholz and Stephens, K-sample Anderson-Darling tests, JASA 82 (1987), eq. 4.

/// Standard deviation of the Anderson-Darling statistic of two samples (Scholz and Stephens, eq. 4).
pub(crate) fn darling_sd(sizes: [usize; 2]) -> f64 {
    let k = 2.0;
    let n = sizes[0] + sizes[1];
    let all = n as f64;
    let big_h = 1.0 / sizes[0] as f64 + 1.0 / sizes[1] as f64;
    let h: f64 = (1..n).map(|i| 1.0 / i as f64).sum();
    // g = sum over i < j < n of 1 / ((n - i) j): the inner sum grows as j does.
    let (mut g, mut inner) = (0.0, 0.0);
    for j in 2..n {
        inner += 1.0 / (n - (j - 1)) as f64;
        g += inner / j as f64;
    }
    let a = (4.0 * g - 6.0) * (k - 1.0) + (10.0 - 6.0 * g) * big_h;
    let b =
        (2.0 * g - 4.0) * k * k + 8.0 * h * k + (2.0 * g - 14.0 * h - 4.0) * big_h - 8.0 * h + 4.0 * g - 6.0;
    let c =
        (6.0 * h + 2.0 * g - 2.0) * k * k + (4.0 * h - 4.0 * g + 6.0) * k + (2.0 * h - 6.0) * big_h + 4.0 * h;
    let d = (2.0 * h + 6.0) * k * k - 4.0 * h * k;
    let variance =
        (a * all.powi(3) + b * all * all + c * all + d) / ((all - 1.0) * (all - 2.0) * (all - 3.0));
    variance.sqrt()
}
