//! Planes: what is known of each bit of a float column before it is read, from the sign down to the last bit of the mantissa.
//!
//! In: patterns of a column without special values, its grid, guesses at its values, contexts. Out: for each plane how many of
//! its bits are of each [`BitClass`] and what they cost, and what truncation drops.
//! Not here: who guesses (`crate::plan`), which values are on grids (`grid`).
//! Holds: bits that nobody can tell are priced from other rows than those they stand in: every second run of rows is
//! learnt from, the others are measured.

use super::counts::{Counts, mixed};
use super::findings::{BitClass, Plane, Truncation};
use super::grid::Grid;
use crate::plan::foretold::Basis;
use hepz_columns::Scalar;

/// Rows of a run that is learnt from, or measured.
const RUN: usize = 64;
/// A bit of at least this probability counts as told by a copy or a formula.
const TOLD: f64 = 0.95;
/// Bits that cost at least this are noise.
const NOISE: f64 = 0.98;
/// Mantissa bits that a context has.
const CONTEXT_BITS: u32 = 10;
/// The same, of contexts that another column shares.
const SHARED_BITS: u32 = 3;
/// A guess has so many bits in a context.
const GUESS_BITS: u32 = 3;

/// Guesses at the value in each row, all with the same basis.
pub(super) type Guesses = Vec<Vec<Option<u64>>>;

/// What is measured.
pub(super) struct Measured<'a> {
    pub(super) scalar: Scalar,
    /// Patterns without special values.
    pub(super) raws: &'a [u64],
    /// Bits that are the same in all of them.
    pub(super) fixed: u64,
    pub(super) grid: Option<&'a Grid>,
    pub(super) copies: &'a Guesses,
    pub(super) formulas: &'a Guesses,
    pub(super) alike: &'a Guesses,
    /// Buckets of other columns.
    pub(super) contexts: &'a [Vec<u8>],
}

/// One bit to be priced.
struct Bit {
    row: usize,
    plane: u32,
    raw: u64,
    set: bool,
}

/// What each of the own models costs, in the runs that are learnt from.
#[derive(Clone, Default)]
struct Learnt {
    own: Vec<f64>,
    /// Of the bits near a copy: own models, copies. The same for formulas.
    near: [(Vec<f64>, f64); 2],
}

struct Models<'a> {
    of: &'a Measured<'a>,
    own: Vec<Counts>,
    /// Copies, formulas.
    guessed: [Counts; 2],
}

/// Price of a bit under each model.
struct Priced {
    own: Vec<f64>,
    /// By copies, by formulas: none where the guesses are far off already.
    guessed: [Option<f64>; 2],
}

impl<'a> Models<'a> {
    fn new(of: &'a Measured<'a>) -> Models<'a> {
        let own = 5 + of.contexts.len();
        Models { of, own: (0..own).map(|_| Counts::new()).collect(), guessed: [Counts::new(), Counts::new()] }
    }

    /// The state of the nearest guess as a context: how far its upper bits are off, and its next bits. `None` if all are far off.
    fn nearest(&self, guesses: &Guesses, bit: &Bit) -> Option<u64> {
        let bits = self.of.scalar.bits();
        let below = bits - bit.plane;
        let upper = |raw: u64| if below == 64 { 0 } else { raw >> below };
        let own = upper(bit.raw) as i64;
        let other_sign = |raw: u64| bit.plane > 0 && (raw ^ bit.raw) >> (bits - 1) & 1 == 1;
        let of = |guesses: &Vec<Option<u64>>| {
            let raw = (*guesses.get(bit.row)?).filter(|&raw| !other_sign(raw))?;
            let off = own.wrapping_sub(upper(raw) as i64);
            let next = raw << (64 - below) >> (64 - GUESS_BITS);
            ((-1..=1).contains(&off)).then_some((off.abs(), (off + 1) as u64, next))
        };
        let nearest = guesses.iter().filter_map(of).min_by_key(|near| near.0)?;
        Some(nearest.1 << GUESS_BITS | nearest.2)
    }

    /// Prices a bit under all models, which learn it.
    fn price(&mut self, bit: &Bit) -> Priced {
        let bits = self.of.scalar.bits();
        let mantissa = self.of.scalar.mantissa_bits().unwrap_or(0);
        let first = bits - mantissa;
        let top = |depth: u32| if depth == 0 { 0 } else { bit.raw >> (bits - depth) };
        let plane = u64::from(bit.plane);
        let known = |most: u32| top(bit.plane.min(first + most));
        // The last bits before this one as well.
        let last = if bit.plane > first + CONTEXT_BITS { top(bit.plane) & 3 } else { 0 };
        let far = 1 << 20;
        let mut contexts = vec![
            plane,
            mixed(plane + 64, known(0)),
            mixed(plane + 128, known(CONTEXT_BITS)),
            mixed(plane + 192, known(2) << 2 | last),
            mixed(plane + 256, self.nearest(self.of.alike, bit).unwrap_or(far)),
        ];
        contexts.extend(self.of.contexts.iter().map(|buckets| {
            let bucket = buckets.get(bit.row).copied().unwrap_or(u8::MAX);
            mixed(plane + 320, known(SHARED_BITS) << 8 | u64::from(bucket))
        }));
        let own = self.own.iter_mut().zip(contexts).map(|(counts, context)| counts.take(context, bit.set));
        let own = own.collect();
        let near = [self.nearest(self.of.copies, bit), self.nearest(self.of.formulas, bit)];
        let mut guessed = [None; 2];
        for ((price, counts), near) in guessed.iter_mut().zip(&mut self.guessed).zip(near) {
            *price = near.map(|near| counts.take(mixed(plane, near), bit.set));
        }
        Priced { own, guessed }
    }
}

impl Learnt {
    fn add(&mut self, priced: &Priced) {
        let add = |sums: &mut Vec<f64>| {
            sums.resize(priced.own.len(), 0.0);
            sums.iter_mut().zip(&priced.own).for_each(|(sum, p)| *sum -= p.log2());
        };
        add(&mut self.own);
        for ((own, guessed), price) in self.near.iter_mut().zip(priced.guessed) {
            if let Some(p) = price {
                add(own);
                *guessed -= p.log2();
            }
        }
    }

    /// The own model that cost least.
    fn best(&self) -> usize {
        let least = self.own.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1));
        least.map_or(0, |least| least.0)
    }

    /// Whether guesses were better, where there were any.
    fn guesses_help(&self, which: usize) -> bool {
        let Some((own, guessed)) = self.near.get(which) else { return false };
        own.get(self.best()).is_some_and(|own| guessed < own)
    }
}

/// Sums over the rows that are measured.
#[derive(Clone, Default)]
struct Sums {
    /// By class; predictable and noise are not told apart yet.
    bits: [f64; 6],
    /// Price of the bits that nobody told.
    open: f64,
    /// Price of all.
    price: f64,
}

/// Measures all planes, and what is dropped where so many bits of the mantissa are kept.
pub(super) fn measure(of: &Measured<'_>, kept: &[u32]) -> (Vec<Plane>, Vec<Truncation>) {
    let bits = of.scalar.bits();
    let mut models = Models::new(of);
    let mut learnt = vec![Learnt::default(); bits as usize];
    let depths: Vec<u32> = of.raws.iter().map(|&raw| of.grid.map_or(bits, |grid| grid.depth(raw))).collect();
    let fixed = |plane: u32| of.fixed >> (bits - 1 - plane) & 1 == 1;
    let bit = |row: usize, plane: u32| {
        let raw = of.raws.get(row).copied().unwrap_or(0);
        Bit { row, plane, raw, set: raw >> (bits - 1 - plane) & 1 == 1 }
    };
    let runs = |odd: usize| (0..of.raws.len()).filter(move |row| row / RUN % 2 == odd);
    for row in runs(0) {
        for plane in (0..depths[row]).filter(|&plane| !fixed(plane)) {
            let priced = models.price(&bit(row, plane));
            learnt[plane as usize].add(&priced);
        }
    }
    let mut sums = vec![Sums::default(); bits as usize];
    let mut walks: Vec<Walk> = kept.iter().map(|&kept| Walk::new(of.scalar, kept)).collect();
    let mut measured = 0.0;
    // Short columns are measured where they are learnt from.
    let odd = usize::from(of.raws.len() >= 2 * RUN);
    for row in runs(odd) {
        measured += 1.0;
        walks.iter_mut().for_each(Walk::begin);
        for plane in 0..bits {
            let at = plane as usize;
            let sums = &mut sums[at];
            let (class, price) = if fixed(plane) {
                (BitClass::Fixed, 0.0)
            } else if plane >= depths[row] {
                (BitClass::Grid, 0.0)
            } else {
                told(&learnt[at], &models.price(&bit(row, plane)))
            };
            sums.bits[class as usize] += 1.0;
            sums.price += price;
            if class == BitClass::Noise {
                sums.open += price;
            }
            walks.iter_mut().for_each(|walk| walk.take(plane, class, price));
        }
    }
    let measured: f64 = f64::max(measured, 1.0);
    let planes = sums.iter().map(|sums| sums.plane(measured)).collect();
    (planes, walks.iter().map(|walk| walk.truncation(measured)).collect())
}

/// Who tells a bit, and its price; noise for nobody.
fn told(learnt: &Learnt, priced: &Priced) -> (BitClass, f64) {
    let own = priced.own.get(learnt.best()).copied().unwrap_or(0.5);
    let mut best = own;
    for (which, class) in [(0, BitClass::Duplicate), (1, BitClass::Derivable)] {
        let guessed = priced.guessed.get(which).copied().flatten();
        let Some(p) = guessed.filter(|_| learnt.guesses_help(which)) else { continue };
        if p >= TOLD {
            return (class, -p.log2());
        }
        if best == own {
            best = p;
        }
    }
    (BitClass::Noise, -best.log2())
}

impl Sums {
    fn plane(&self, rows: f64) -> Plane {
        let mut shares = self.bits.map(|bits| bits / rows);
        let open = shares[BitClass::Noise as usize];
        let noise = (self.open / rows).min(open);
        let noise = if noise >= NOISE * open { open } else { noise };
        shares[BitClass::Noise as usize] = noise;
        shares[BitClass::Predictable as usize] = open - noise;
        let price = (self.price / rows).min(1.0);
        Plane { shares, price: if noise == 1.0 { 1.0 } else { price } }
    }
}

/// What becomes of a value of which so many bits of the mantissa stay.
struct Walk {
    kept: u32,
    first: u32,
    /// All bits so far are told by what stays in the column; by that and other columns.
    intact: [bool; 2],
    bits: [f64; 6],
    recovered: [f64; 2],
    price: f64,
}

impl Walk {
    fn new(scalar: Scalar, kept: u32) -> Walk {
        let mantissa = scalar.mantissa_bits().unwrap_or(0);
        let first = scalar.bits() - mantissa + kept.min(mantissa);
        Walk { kept, first, intact: [true; 2], bits: [0.0; 6], recovered: [0.0; 2], price: 0.0 }
    }

    fn begin(&mut self) {
        self.intact = [true; 2];
    }

    fn take(&mut self, plane: u32, class: BitClass, price: f64) {
        if plane < self.first {
            return;
        }
        self.bits[class as usize] += 1.0;
        self.price += price;
        let tells = [
            class == BitClass::Grid,
            matches!(class, BitClass::Grid | BitClass::Duplicate | BitClass::Derivable),
        ];
        for ((intact, recovered), tells) in self.intact.iter_mut().zip(&mut self.recovered).zip(tells) {
            let fixed = class == BitClass::Fixed;
            // A grid or a guess tells a bit only beside all bits above it.
            *intact &= fixed || tells;
            if fixed || *intact {
                *recovered += 1.0;
            }
        }
    }

    fn truncation(&self, rows: f64) -> Truncation {
        let dropped: f64 = self.bits.iter().sum::<f64>() / rows;
        let [alone, with_sources] = self.recovered.map(|bits| bits / rows);
        Truncation {
            kept_bits: self.kept,
            dropped_bits: dropped,
            saved_bits: self.price / rows,
            recoverable_bits: alone,
            recoverable_with_sources_bits: with_sources,
            saved_bytes: 0.0,
        }
    }
}

/// Guesses of one basis at some of the rows.
pub(super) fn of_basis(guesses: &[(Basis, Vec<Option<u64>>)], basis: Basis) -> Guesses {
    guesses.iter().filter(|guess| guess.0 == basis).map(|guess| guess.1.clone()).collect()
}
