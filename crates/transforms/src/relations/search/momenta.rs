//! Columns that look like the components of a momentum, and those that look like an energy.
//!
//! In: some rows of neighbouring columns. Out: which three of them may be px, py and pz; masses that particles have.
//! Not here: what is made of them (`invariants`, `decays`).
//! Holds: values and places decide, never names; what looks like a momentum and is none costs time, nothing else.
//! Source of the masses: Particle Data Group, *Review of Particle Physics* 2022, rounded to what is known.

/// Masses of particles that live long enough to be measured, in GeV: photon (and whatever is taken as massless),
/// electron, muon, charged pion, charged kaon, proton.
pub(super) const MASSES_GEV: [f64; 6] =
    [0.0, 0.000_510_998_95, 0.105_658_375_5, 0.139_570_39, 0.493_677, 0.938_272_088_16];

/// What a GeV is in the unit of the momenta: files hold GeV or MeV.
pub(super) const UNITS: [f64; 2] = [1.0, 1000.0];

/// Momenta that are looked at in one table.
const MOST_VECTORS: usize = 12;

/// Three places of a list of columns whose values look like the components of momenta: the first two without a
/// preferred sign and of similar size, the third not much smaller.
pub(super) fn vectors(
    columns: &[usize],
    float: impl Fn(usize) -> bool,
    values: impl Fn(usize) -> Vec<f64>,
) -> Vec<[usize; 3]> {
    let looks: Vec<Option<Look>> =
        columns.iter().map(|&c| if float(c) { Look::of(values(c)) } else { None }).collect();
    let mut found = Vec::new();
    for (names, looks) in columns.windows(3).zip(looks.windows(3)) {
        let (&[a, b, c], [Some(x), Some(y), Some(z)]) = (names, looks) else { continue };
        let balanced = |look: &Look| (0.15..=0.85).contains(&look.negative);
        let alike = x.typical <= 2.0 * y.typical && y.typical <= 2.0 * x.typical;
        if balanced(x) && balanced(y) && alike && z.typical * 8.0 >= x.typical {
            found.push([a, b, c]);
        }
    }
    found.truncate(MOST_VECTORS);
    found
}

/// The distribution of a column, coarsely.
struct Look {
    /// Share of negative values.
    negative: f64,
    /// Median of the absolute values.
    typical: f64,
}

impl Look {
    fn of(values: Vec<f64>) -> Option<Look> {
        let mut sizes: Vec<f64> = values.iter().filter(|x| x.is_normal()).map(|x| x.abs()).collect();
        // A column with many gaps is no momentum of every event.
        if sizes.len() < 24 || sizes.len() * 10 < values.len() * 9 {
            return None;
        }
        let negative = values.iter().filter(|&&x| x < 0.0).count() as f64 / sizes.len() as f64;
        let at = sizes.len() / 2;
        let typical = *sizes.select_nth_unstable_by(at, f64::total_cmp).1;
        Some(Look { negative, typical })
    }
}
