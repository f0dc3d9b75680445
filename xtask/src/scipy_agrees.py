"""Whether `hepz evaluate` finds the statistics that SciPy finds, on generated columns of many shapes.

In: the command hepz, a folder for what is written. Out: a line for each column; exit code 1 if a statistic differs.
Not here: fixed vectors, which every test run looks at (`crates/evaluation/tests/judge_scipy.rs`).
Tables are smaller than the samples that tests look at, so the tests in pairs see every row.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np
import scipy
from scipy import stats

ROWS = 4000


def columns(rng):
    """Originals by name: smooth, heavy-tailed, tied, far from zero."""
    yield "log_uniform", np.exp(rng.uniform(-3, 9, ROWS))
    yield "normal", rng.normal(0, 1, ROWS)
    yield "exponential", rng.exponential(20000, ROWS)
    yield "cauchy", rng.standard_cauchy(ROWS)
    yield "tied", rng.integers(0, 40, ROWS) / 4
    yield "far", 1e6 + rng.normal(0, 1, ROWS)


def expected(x, y):
    residual = y - x
    same = (x * y > 0)
    welch = stats.ttest_ind(x, y, equal_var=False)
    return {
        "kolmogorov_smirnov": stats.ks_2samp(x, y, method="asymp").statistic,
        "anderson_darling": stats.anderson_ksamp([x, y], midrank=True).statistic,
        "wasserstein_1": stats.wasserstein_distance(x, y),
        "energy_distance": stats.energy_distance(x, y),
        "welch_t": abs(welch.statistic),
    }, {
        "bias": residual.mean(),
        "bias_error": stats.sem(residual),
        "rms": np.sqrt(np.mean(residual**2)),
        "max_absolute": np.abs(residual).max(),
        "ln_mse": np.mean(np.log(y[same] / x[same]) ** 2),
    }


def main(hepz, folder):
    import warnings

    warnings.simplefilter("ignore")
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    wrong = 0
    for change in ("moved", "stretched", "coarse"):
        names, originals = zip(*columns(rng))
        a = np.empty(ROWS, dtype=[(name, "<f8") for name in names])
        b = a.copy()
        for name, x in zip(names, originals):
            a[name] = x
            spread = np.subtract(*np.percentile(x, [75, 25]))
            b[name] = {
                "moved": x + rng.normal(0.02, 0.1, ROWS) * spread,
                "stretched": x * 1.03,
                "coarse": np.round(x / spread * 16) / 16 * spread,
            }[change]
        paths = [folder / "scipy_a.npy", folder / "scipy_b.npy", folder / "scipy.json"]
        np.save(paths[0], a)
        np.save(paths[1], b)
        arguments = ["evaluate", "--quiet", "--permutations", "1", "--json", paths[2], paths[0], paths[1]]
        subprocess.run([hepz, *arguments], check=True)
        found = json.loads(paths[2].read_text())["tables"][0]["columns"]
        for column in found:
            name = column["column"]
            tests, figures = expected(a[name], b[name])
            have = {test["test"]: test["statistic"] for test in column["tests_of_pairs"]["tests"]}
            have.update({figure: column["residuals"][figure] for figure in figures})
            # Sums of 4000 numbers far from zero lose digits on either side.
            off = {
                key: (have[key], value)
                for key, value in {**tests, **figures}.items()
                if not np.isclose(have[key], value, rtol=1e-7, atol=1e-9 * np.abs(a[name]).max() * (key != "kolmogorov_smirnov"))
            }
            wrong += len(off)
            print(f"   {change} {name}: {off or 'agrees'}")
        for path in paths:
            path.unlink()
    print(f"   SciPy {scipy.__version__}, NumPy {np.__version__}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
