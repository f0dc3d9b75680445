//! The judge's statistics against SciPy, on small vectors that both can make.
//!
//! In: vectors made by formulas; numbers that SciPy 1.17.1 computed from them (NumPy 2.4.6). Out: agreement.
//! Not here: larger vectors (`cargo xtask slow scipy`), whether p-values are valid (`judge_null.rs`).
//! Holds: the Python line that made each number stands above it. `np`, `stats`, `cdist`, `sqrtm` as usual, and:
//!
//! ```python
//! x = np.array([((i*37)%101)/8 for i in range(60)])
//! y = np.array([((i*53)%97)/8+0.5+(i%3)/4 for i in range(45)])
//! z = y*1.3+2
//! X = np.array([[((i*7)%11)/3, ((i*5)%13)/4, ((i*3)%7)/2] for i in range(30)])
//! Y = np.array([[((i*4)%11)/3+.5, ((i*6)%13)/5, ((i*2)%7)/2] for i in range(25)])
//! ```

use hepz_evaluation::judge::{
    Null, TestResult, frechet_distance, kernel_physics_distance, maximum_mean_discrepancy, tests,
};

fn x() -> Vec<f64> {
    (0..60).map(|i| f64::from((i * 37) % 101) / 8.0).collect()
}

fn y() -> Vec<f64> {
    (0..45).map(|i| f64::from((i * 53) % 97) / 8.0 + 0.5 + f64::from(i % 3) / 4.0).collect()
}

fn z() -> Vec<f64> {
    y().into_iter().map(|y| y * 1.3 + 2.0).collect()
}

fn points(n: u32, factors: [u32; 3], divisors: [f64; 3], first: f64) -> Vec<Vec<f64>> {
    let moduli = [11, 13, 7];
    let part = |i: u32, at: usize| f64::from((i * factors[at]) % moduli[at]) / divisors[at];
    (0..n).map(|i| vec![part(i, 0) + first, part(i, 1), part(i, 2)]).collect()
}

fn clouds() -> [Vec<Vec<f64>>; 2] {
    [points(30, [7, 5, 3], [3.0, 4.0, 2.0], 0.0), points(25, [4, 6, 2], [3.0, 5.0, 2.0], 0.5)]
}

fn find(results: &[TestResult], name: &str) -> TestResult {
    *results.iter().find(|result| result.name == name).unwrap()
}

fn agrees(name: &str, found: f64, scipy: f64) {
    assert!((found - scipy).abs() <= 1e-12 * scipy.abs().max(1e-3), "{name}: {found}, SciPy {scipy}");
}

#[test]
fn statistics_of_close_samples_with_ties_are_those_of_scipy() {
    let found = tests(&x(), &y(), Null::Labels, 9, 1);
    let statistic = |name| find(&found, name).statistic;
    let p = |name| find(&found, name).p_asymptotic.unwrap();
    // k = stats.ks_2samp(x, y); k.statistic; scipy.special.kolmogorov(k.statistic*np.sqrt(60*45/105))
    agrees("KS", statistic("kolmogorov_smirnov"), 0.06111111111111111);
    agrees("KS p", p("kolmogorov_smirnov"), 0.9999786897494971);
    // stats.anderson_ksamp([x, y], midrank=True).statistic
    agrees("AD", statistic("anderson_darling"), -1.1377235447253384);
    // stats.wasserstein_distance(x, y); stats.energy_distance(x, y)
    agrees("W1", statistic("wasserstein_1"), 0.22430555555555562);
    agrees("energy", statistic("energy_distance"), 0.1095374675173909);
    // t = stats.ttest_ind(x, y, equal_var=False); abs(t.statistic); t.pvalue
    agrees("t", statistic("welch_t"), 0.2788142805042352);
    assert!((p("welch_t") - 0.7809864009093072).abs() < 1e-9);
    // c = np.array([[12,8],[11,9],[12,8],[12,9],[13,11]])  # bins of about equal content of the pooled sample
    // h = stats.chi2_contingency(c.T, correction=False); h.statistic; h.pvalue
    agrees("chi-square", statistic("chi_square"), 0.25763888888888864);
    assert!((p("chi_square") - 0.9923820673887889).abs() < 1e-9);
    // P = (c[:,0]+.5)/(c[:,0].sum()+2.5); Q = (c[:,1]+.5)/(c[:,1].sum()+2.5)
    // stats.entropy(P, Q); scipy.spatial.distance.jensenshannon(P, Q)**2
    agrees("KL", statistic("kullback_leibler"), 0.004503691743962743);
    agrees("JS", statistic("jensen_shannon"), 0.001123917008574453);
}

#[test]
fn statistics_of_distant_samples_are_those_of_scipy() {
    let found = tests(&x(), &z(), Null::Labels, 99, 1);
    let statistic = |name| find(&found, name).statistic;
    // The same lines with z for y.
    agrees("KS", statistic("kolmogorov_smirnov"), 0.36666666666666664);
    assert!((find(&found, "kolmogorov_smirnov").p_asymptotic.unwrap() - 0.001986981681347442).abs() < 1e-12);
    agrees("AD", statistic("anderson_darling"), 12.180163358437085);
    agrees("W1", statistic("wasserstein_1"), 4.115972222222221);
    agrees("energy", statistic("energy_distance"), 1.4792134838704647);
    agrees("t", statistic("welch_t"), 4.890595282084427);
    assert!((find(&found, "welch_t").p_asymptotic.unwrap() - 4.9869078068721096e-06).abs() < 1e-9);
    assert!(found.iter().all(|test| test.p_permutation <= 0.05), "{found:#?}");
}

#[test]
fn distances_of_clouds_are_those_of_scipy() {
    let [a, b] = clouds();
    // m, n = X.mean(0), Y.mean(0); S, T = np.cov(X.T), np.cov(Y.T)
    // ((m-n)**2).sum() + np.trace(S+T-2*sqrtm(S@T).real)
    assert!((frechet_distance(&a, &b).unwrap() - 0.30918957586054513).abs() < 1e-9);
    // def mmd(K, n): m = len(K)-n; A, B, C = K[:n,:n], K[n:,n:], K[:n,n:]
    //     return (A.sum()-np.trace(A))/(n*(n-1)) + (B.sum()-np.trace(B))/(m*(m-1)) - 2*C.mean()
    // Z = np.r_[X, Y]; mmd((Z@Z.T/3+1)**4, 30)
    agrees("kernel", kernel_physics_distance(&a, &b).unwrap(), 2.957384483861915);
    // d = np.sort(pdist(Z, 'sqeuclidean')); mmd(np.exp(-cdist(Z, Z, 'sqeuclidean')/(2*d[len(d)//2])), 30)
    let found = maximum_mean_discrepancy(&a, &b, 9, 1).unwrap().statistic;
    assert!((found - -0.005010133675064532).abs() < 1e-12, "{found}");
}
