//! Path maps: bit patterns to classes and path values, and back.
//!
//! In: the patterns (or residuals) of one column. Out: for each a class (an atom, the rest, an escape) and for the rest a
//! path value of few bits whose order is the numeric order. Not here: what a path value costs (`hepz-models`).
//! Holds: every pattern has exactly one [`Place`], and [`PathMap::join`] undoes [`PathMap::split`] for each of them.

use crate::order::{ordered, unordered};
use crate::significant;
use crate::with_constant_scalar;
use hepz_columns::Scalar;

/// Where the path values of a column lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grid {
    /// Floats whose lowest mantissa bits are zero; 0 for any value.
    ZeroBits(u32),
    /// Floats that are an integer over a power of ten, correctly rounded.
    Decimal(u32),
    /// Floats that are decimal numbers of so many digits, the first of which is not zero.
    Significant(u32),
    /// Integers at multiples of a factor above the base.
    Multiple(u64),
}

/// How one column's patterns become path values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathMap {
    /// Type of the patterns.
    pub scalar: Scalar,
    /// Patterns with a class of their own, by rising rank.
    pub atoms: Vec<u64>,
    /// What the other values have in common.
    pub grid: Grid,
    /// Grid position of path value 0.
    pub base: u64,
    /// Path values from here on lie [`PathMap::gap`] further from the base: no value lies between (around zero, for floats).
    pub gap_at: u64,
    /// Width of the gap in grid positions.
    pub gap: u64,
    /// Bits of a path value, 0 to 64.
    pub bits: u32,
}

/// In [`PathMap::split_all`]: has a path value.
pub const HAS_PATH: u16 = u16::MAX;

/// What a pattern is in a [`PathMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The atom of this index.
    Atom(u32),
    /// A path value.
    Rest(u64),
    /// Off the grid or out of range: written as it is.
    Escape,
}

const POWERS_OF_TEN: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// Grid positions of decimals are offset by this so that negative ones are positions too.
const DECIMAL_ZERO: i64 = 1 << 52;

/// The number that a pattern of a float scalar stands for; exact.
fn float_value(raw: u64, scalar: Scalar) -> f64 {
    match scalar {
        Scalar::F32 => f64::from(f32::from_bits(raw as u32)),
        _ => f64::from_bits(raw),
    }
}

fn decimal_pattern(position: u64, digits: u32, scalar: Scalar) -> u64 {
    let numerator = (position as i64).wrapping_sub(DECIMAL_ZERO) as f64;
    let value = numerator / POWERS_OF_TEN[digits.min(9) as usize];
    match scalar {
        Scalar::F32 => u64::from((value as f32).to_bits()),
        _ => value.to_bits(),
    }
}

fn significant_pattern(position: u64, digits: u32, scalar: Scalar) -> u64 {
    let value = significant::number(position, digits);
    match scalar {
        Scalar::F32 => u64::from((value as f32).to_bits()),
        _ => value.to_bits(),
    }
}

impl Grid {
    /// The position of a pattern on the grid, if it is on it.
    #[inline]
    fn position(self, raw: u64, scalar: Scalar) -> Option<u64> {
        match self {
            Grid::ZeroBits(0) => Some(ordered(raw, scalar)),
            Grid::ZeroBits(bits) => {
                if raw & ((1 << bits) - 1) != 0 {
                    return None;
                }
                let half = 1u64 << (scalar.bits() - 1 - bits);
                let kept = raw >> bits;
                Some(if kept & half != 0 { !kept & (half - 1) } else { kept | half })
            }
            Grid::Decimal(digits) => {
                let scaled = float_value(raw, scalar) * POWERS_OF_TEN[digits.min(9) as usize];
                if scaled.is_nan() || scaled.abs() >= 4.5e15 {
                    return None;
                }
                // Half away from zero; any rounding will do, because the pattern is made again and compared.
                let nearest = (scaled + if scaled < 0.0 { -0.5 } else { 0.5 }) as i64;
                let position = nearest.checked_add(DECIMAL_ZERO)? as u64;
                (decimal_pattern(position, digits, scalar) == raw).then_some(position)
            }
            Grid::Significant(digits) => {
                let position = significant::place(float_value(raw, scalar), digits);
                (significant_pattern(position, digits, scalar) == raw).then_some(position)
            }
            Grid::Multiple(_) => Some(ordered(raw, scalar)),
        }
    }

    #[inline]
    fn pattern(self, position: u64, scalar: Scalar) -> u64 {
        match self {
            Grid::ZeroBits(0) | Grid::Multiple(_) => unordered(position, scalar),
            Grid::ZeroBits(bits) => {
                let half = 1u64 << (scalar.bits() - 1 - bits);
                let kept =
                    if position & half != 0 { position ^ half } else { (!position & (half - 1)) | half };
                kept << bits
            }
            Grid::Decimal(digits) => decimal_pattern(position, digits, scalar),
            Grid::Significant(digits) => significant_pattern(position, digits, scalar),
        }
    }

    /// True for the grids of decimal numbers.
    pub fn is_decimal(self) -> bool {
        matches!(self, Grid::Decimal(_) | Grid::Significant(_))
    }

    fn factor(self) -> u64 {
        if let Grid::Multiple(factor) = self { factor.max(1) } else { 1 }
    }
}

impl PathMap {
    /// A map that takes every pattern as it is.
    pub fn plain(scalar: Scalar) -> PathMap {
        let grid = if scalar.is_float() { Grid::ZeroBits(0) } else { Grid::Multiple(1) };
        PathMap { scalar, atoms: Vec::new(), grid, base: 0, gap_at: u64::MAX, gap: 0, bits: scalar.bits() }
    }

    /// Bits of a class: atoms, then the rest, then the escape.
    pub fn class_bits(&self) -> u32 {
        usize::BITS - (self.atoms.len() + 1).leading_zeros()
    }

    /// The class of the values that have a path.
    pub fn rest_class(&self) -> u64 {
        self.atoms.len() as u64
    }

    /// The path value of a grid position, if it is in range.
    #[inline]
    fn path_of(&self, position: u64) -> Option<u64> {
        let above = position.checked_sub(self.base)?;
        let factor = self.grid.factor();
        let steps = if factor == 1 { above } else { (above % factor == 0).then_some(above / factor)? };
        let path = if steps < self.gap_at {
            steps
        } else {
            steps.checked_sub(self.gap).filter(|&p| p >= self.gap_at)?
        };
        (self.bits == 64 || path >> self.bits == 0).then_some(path)
    }

    /// What `raw` is.
    #[inline]
    pub fn split(&self, raw: u64) -> Place {
        if !self.atoms.is_empty() {
            let rank = ordered(raw, self.scalar);
            if let Ok(at) = self.atoms.binary_search_by_key(&rank, |&atom| ordered(atom, self.scalar)) {
                return Place::Atom(at as u32);
            }
        }
        self.grid.position(raw, self.scalar).and_then(|p| self.path_of(p)).map_or(Place::Escape, Place::Rest)
    }

    /// The pattern of a path value.
    #[inline]
    pub fn join(&self, path: u64) -> u64 {
        let steps = if path < self.gap_at { path } else { path.wrapping_add(self.gap) };
        let position = self.base.wrapping_add(steps.wrapping_mul(self.grid.factor()));
        self.grid.pattern(position, self.scalar) & (u64::MAX >> (64 - self.scalar.bits()))
    }

    /// What each of many patterns is: the number of its atom, the number of atoms for an escape, or [`HAS_PATH`]; `paths` gets
    /// the path values, `escapes` the patterns that escape.
    pub fn split_all(&self, patterns: &[u64], paths: &mut Vec<u64>, escapes: &mut Vec<u64>) -> Vec<u16> {
        // One loop for each kind of grid, so that none asks for it at every value.
        with_constant_scalar!(self.scalar, scalar => match self.grid {
            Grid::ZeroBits(0) | Grid::Multiple(_) => {
                self.split_by(|raw| Some(ordered(raw, scalar)), patterns, paths, escapes)
            }
            Grid::ZeroBits(bits) => {
                let grid = Grid::ZeroBits(bits);
                self.split_by(|raw| grid.position(raw, scalar), patterns, paths, escapes)
            }
            grid => self.split_by(|raw| grid.position(raw, scalar), patterns, paths, escapes),
        })
    }

    #[inline(always)]
    fn split_by(
        &self,
        position: impl Fn(u64) -> Option<u64>,
        patterns: &[u64],
        paths: &mut Vec<u64>,
        escapes: &mut Vec<u64>,
    ) -> Vec<u16> {
        let atoms = AtomIndex::new(&self.atoms);
        let escape = self.atoms.len() as u16;
        paths.reserve(patterns.len());
        let class = |&raw: &u64| {
            if let Some(atom) = atoms.find(raw) {
                return atom;
            }
            match position(raw).and_then(|position| self.path_of(position)) {
                Some(path) => {
                    paths.push(path);
                    HAS_PATH
                }
                None => {
                    escapes.push(raw);
                    escape
                }
            }
        };
        patterns.iter().map(class).collect()
    }

    /// The patterns of many path values, in their place.
    pub fn join_all(&self, paths: &mut [u64]) {
        let mask = u64::MAX >> (64 - self.scalar.bits());
        let (base, gap_at, gap, factor) = (self.base, self.gap_at, self.gap, self.grid.factor());
        let position = |path: u64| {
            let steps = if path < gap_at { path } else { path.wrapping_add(gap) };
            base.wrapping_add(steps.wrapping_mul(factor))
        };
        with_constant_scalar!(self.scalar, scalar => match self.grid {
            Grid::ZeroBits(0) | Grid::Multiple(_) => {
                paths.iter_mut().for_each(|path| *path = unordered(position(*path), scalar));
            }
            Grid::ZeroBits(bits) => {
                let grid = Grid::ZeroBits(bits);
                paths.iter_mut().for_each(|path| *path = grid.pattern(position(*path), scalar) & mask);
            }
            grid => paths.iter_mut().for_each(|path| *path = grid.pattern(position(*path), scalar) & mask),
        });
    }

    /// The path value nearest to any pattern: where a prediction points to, whether or not it is on the grid.
    #[inline]
    pub fn nearest(&self, raw: u64) -> u64 {
        let position = match self.grid {
            Grid::ZeroBits(bits) => ordered(raw, self.scalar) >> bits,
            Grid::Decimal(digits) => {
                let scaled = float_value(raw, self.scalar) * POWERS_OF_TEN[digits.min(9) as usize];
                (scaled.clamp(-4e15, 4e15) as i64).wrapping_add(DECIMAL_ZERO) as u64
            }
            Grid::Significant(digits) => significant::place(float_value(raw, self.scalar), digits),
            Grid::Multiple(_) => ordered(raw, self.scalar),
        };
        let steps = position.saturating_sub(self.base) / self.grid.factor();
        let path = if steps < self.gap_at { steps } else { steps.saturating_sub(self.gap).max(self.gap_at) };
        if self.bits == 64 { path } else { path.min((1u64 << self.bits).wrapping_sub(1)) }
    }
}

/// Steps that [`PathMap::covering`] corrects a first guess by, at most.
const CORRECTIONS: u32 = 4;

impl PathMap {
    /// First and last path value of patterns from `lowest` to `highest`, in numeric order; all path values where that is not
    /// plain to see, and first above last if there are none.
    pub fn covering(&self, lowest: u64, highest: u64) -> (u64, u64) {
        let most = if self.bits == 64 { u64::MAX } else { (1u64 << self.bits) - 1 };
        let rank = |path: u64| ordered(self.join(path), self.scalar);
        let (lowest_rank, highest_rank) = (ordered(lowest, self.scalar), ordered(highest, self.scalar));
        let mut first = self.nearest(lowest);
        let mut steps = 0;
        while first > 0 && rank(first - 1) >= lowest_rank && steps <= CORRECTIONS {
            first -= 1;
            steps += 1;
        }
        while first < most && rank(first) < lowest_rank && steps <= CORRECTIONS {
            first += 1;
            steps += 1;
        }
        let mut last = self.nearest(highest);
        while last < most && rank(last + 1) <= highest_rank && steps <= 2 * CORRECTIONS {
            last += 1;
            steps += 1;
        }
        while last > 0 && rank(last) > highest_rank && steps <= 2 * CORRECTIONS {
            last -= 1;
            steps += 1;
        }
        if steps > CORRECTIONS { (0, most) } else { (first, last) }
    }
}

/// Finds atoms by their pattern.
struct AtomIndex<'a> {
    atoms: &'a [u64],
    /// Index of an atom plus 1, by hash, in the next free place.
    places: Vec<u16>,
}

impl<'a> AtomIndex<'a> {
    fn new(atoms: &'a [u64]) -> AtomIndex<'a> {
        // At least one place is free.
        let mut index = AtomIndex { atoms, places: vec![0; (atoms.len() * 4).next_power_of_two()] };
        for (number, &atom) in atoms.iter().enumerate() {
            let mut at = index.hash(atom);
            while index.places[at] != 0 {
                at = (at + 1) & (index.places.len() - 1);
            }
            index.places[at] = number as u16 + 1;
        }
        index
    }

    #[inline(always)]
    fn hash(&self, raw: u64) -> usize {
        (raw.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize & (self.places.len() - 1)
    }

    #[inline(always)]
    fn find(&self, raw: u64) -> Option<u16> {
        let mut at = self.hash(raw);
        loop {
            let place = self.places[at];
            if place == 0 {
                return None;
            }
            if self.atoms[usize::from(place) - 1] == raw {
                return Some(place - 1);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }
}

/// Sorted distinct patterns with their counts.
fn census(sample: &[u64], scalar: Scalar) -> Vec<(u64, u32)> {
    let mut ranks: Vec<u64> = sample.iter().map(|&raw| ordered(raw, scalar)).collect();
    ranks.sort_unstable();
    let mut counts: Vec<(u64, u32)> = Vec::new();
    for rank in ranks {
        match counts.last_mut() {
            Some((last, n)) if *last == rank => *n += 1,
            _ => counts.push((rank, 1)),
        }
    }
    counts
}

/// True for the floats that have no place on a line: NaN, infinities, zeros and subnormals.
fn is_special(raw: u64, scalar: Scalar) -> bool {
    let Some(mantissa) = scalar.mantissa_bits() else { return false };
    let exponents = (1u64 << (scalar.bits() - 1 - mantissa)) - 1;
    let exponent = raw >> mantissa & exponents;
    exponent == 0 || exponent == exponents
}

/// At most so many atoms in one column: their patterns are stored in the plan.
const MAX_ATOMS: usize = 250;

impl PathMap {
    /// The map that suits a sample of a column's patterns.
    pub fn fit(scalar: Scalar, sample: &[u64]) -> PathMap {
        let counts = census(sample, scalar);
        if counts.is_empty() {
            return PathMap::plain(scalar);
        }
        let all = PathMap::fit_rest(scalar, &counts);
        let n = sample.len() as u32;
        // Few bits: the path itself learns which values occur.
        if !scalar.is_float() && all.bits <= 10 {
            return all;
        }
        let sparse = all.bits > (64 - u64::from(n).leading_zeros()) + 4;
        let mut atoms: Vec<(u64, u32)> = counts
            .iter()
            .copied()
            .filter(|&(rank, count)| {
                is_special(unordered(rank, scalar), scalar)
                    || count >= (n / 64).max(4)
                    || sparse && count >= 4 + n / 4096
            })
            .collect();
        let covered: u32 = atoms.iter().map(|a| a.1).sum();
        let special = atoms.iter().any(|a| is_special(unordered(a.0, scalar), scalar));
        if !special && u64::from(covered) * 50 < u64::from(n) {
            atoms.clear();
        }
        if atoms.len() > MAX_ATOMS {
            atoms.sort_by_key(|&(rank, count)| (std::cmp::Reverse(count), rank));
            atoms.truncate(MAX_ATOMS);
            atoms.sort_unstable();
        }
        let rest: Vec<(u64, u32)> =
            counts.iter().copied().filter(|c| atoms.binary_search_by_key(&c.0, |a| a.0).is_err()).collect();
        let mut map = PathMap::fit_rest(scalar, &rest);
        map.atoms = atoms.iter().map(|&(rank, _)| unordered(rank, scalar)).collect();
        map
    }

    /// Grid, base and gap for distinct ranks with their counts.
    fn fit_rest(scalar: Scalar, counts: &[(u64, u32)]) -> PathMap {
        let mut map = PathMap::plain(scalar);
        let (Some(&(first, _)), Some(&(last, _))) = (counts.first(), counts.last()) else {
            map.bits = 0;
            return map;
        };
        if !scalar.is_float() {
            let factor =
                counts.iter().fold(0, |g, &(rank, _)| greatest_common_divisor(g, rank - first)).max(1);
            map.grid = Grid::Multiple(factor);
            map.base = first;
            map.bits = 64 - ((last - first) / factor).leading_zeros();
            return map;
        }
        let used = counts.iter().fold(0, |or, &(rank, _)| or | unordered(rank, scalar));
        let mantissa = scalar.mantissa_bits().unwrap_or(0);
        let zeros = used.trailing_zeros().min(mantissa);
        map.grid = Grid::ZeroBits(zeros);
        map.set_range(counts, mantissa - zeros);
        let decimal = PathMap::fit_decimal(scalar, counts).filter(|decimal| decimal.bits + 4 <= map.bits);
        let best = decimal.unwrap_or(map);
        // Decimal numbers of fixed length are as good as on a line, others only in decades.
        match PathMap::fit_significant(scalar, counts) {
            Some(significant) if significant.bits + 2 <= best.bits => significant,
            _ => best,
        }
    }

    /// Base, gap and bits for floats, aligned to binades of `2^align` positions.
    fn set_range(&mut self, counts: &[(u64, u32)], align: u32) {
        let shift = if let Grid::ZeroBits(bits) = self.grid { bits } else { 0 };
        let half = 1u64 << (self.scalar.bits() - 1 - shift);
        let positions: Vec<(u64, u32)> = counts.iter().map(|&(rank, n)| (rank >> shift, n)).collect();
        self.set_range_around(half, &positions, align);
    }

    /// The same for positions of any grid, of which `half` and above are not negative.
    fn set_range_around(&mut self, half: u64, positions: &[(u64, u32)], align: u32) {
        let (first, last) = (positions[0].0, positions[positions.len() - 1].0);
        self.base = first >> align << align;
        self.gap_at = u64::MAX;
        self.gap = 0;
        if first < half && last >= half {
            // Let one value in 500 fall into the gap around zero: an escape is dear but rare.
            let total: u64 = positions.iter().map(|p| u64::from(p.1)).sum();
            let mut by_distance: Vec<(u64, u32)> = positions
                .iter()
                .map(|&(p, n)| (if p >= half { p - half } else { half - 1 - p }, n))
                .collect();
            by_distance.sort_unstable();
            let mut skipped = 0;
            let mut nearest = by_distance[0].0;
            for (distance, n) in by_distance {
                nearest = distance;
                skipped += u64::from(n);
                if skipped > total / 500 {
                    break;
                }
            }
            let nearest = nearest >> align << align;
            self.gap_at = (half - nearest).saturating_sub(self.base);
            self.gap = 2 * nearest;
            if self.gap_at == 0 || self.gap == 0 {
                self.gap_at = u64::MAX;
                self.gap = 0;
            }
        }
        self.bits = 64 - (last - self.base).saturating_sub(self.gap).leading_zeros();
    }

    fn fit_significant(scalar: Scalar, counts: &[(u64, u32)]) -> Option<PathMap> {
        let most_digits = match scalar {
            Scalar::F32 => significant::MOST_DIGITS[0],
            Scalar::F64 => significant::MOST_DIGITS[1],
            _ => return None,
        };
        let patterns: Vec<u64> = counts.iter().map(|&(rank, _)| unordered(rank, scalar)).collect();
        let on_grid = |digits: u32, raw: u64| Grid::Significant(digits).position(raw, scalar).is_some();
        let mut digits = 1;
        for &raw in &patterns {
            while !on_grid(digits, raw) {
                digits += 1;
                if digits > most_digits {
                    return None;
                }
            }
        }
        let grid = Grid::Significant(digits);
        let place = |&(rank, n): &(u64, u32)| Some((grid.position(unordered(rank, scalar), scalar)?, n));
        let positions: Vec<(u64, u32)> = counts.iter().filter_map(place).collect();
        let mut map = PathMap::plain(scalar);
        map.grid = grid;
        if positions.len() < counts.len() || positions.is_empty() {
            return None;
        }
        map.set_range_around(significant::ZERO, &positions, 0);
        Some(map)
    }

    fn fit_decimal(scalar: Scalar, counts: &[(u64, u32)]) -> Option<PathMap> {
        if scalar == Scalar::F16 {
            return None;
        }
        let patterns: Vec<u64> = counts.iter().map(|&(rank, _)| unordered(rank, scalar)).collect();
        let digits = (0..=9).find(|&digits| {
            let on_grid = |&raw: &u64| Grid::Decimal(digits).position(raw, scalar).is_some();
            patterns.iter().take(8).all(on_grid) && patterns.iter().all(on_grid)
        })?;
        let grid = Grid::Decimal(digits);
        let positions: Vec<u64> = patterns.iter().filter_map(|&raw| grid.position(raw, scalar)).collect();
        let (first, last) = (*positions.iter().min()?, *positions.iter().max()?);
        let mut map = PathMap::plain(scalar);
        map.grid = grid;
        map.base = first;
        map.bits = 64 - (last - first).leading_zeros();
        Some(map)
    }
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn returns(map: &PathMap, raw: u64) -> bool {
        match map.split(raw) {
            Place::Atom(at) => map.atoms[at as usize] == raw,
            Place::Rest(path) => {
                (map.bits == 64 || path >> map.bits == 0) && map.join(path) == raw && map.nearest(raw) == path
            }
            Place::Escape => true,
        }
    }

    fn mask(scalar: Scalar) -> u64 {
        u64::MAX >> (64 - scalar.bits())
    }

    proptest! {
        #[test]
        fn every_pattern_comes_back(seed in prop::collection::vec(any::<u64>(), 0..60), narrow in 0u32..64, probes in prop::collection::vec(any::<u64>(), 40)) {
            for scalar in Scalar::ALL {
                let sample: Vec<u64> = seed.iter().map(|&s| (s >> narrow.min(63)) & mask(scalar)).collect();
                let map = PathMap::fit(scalar, &sample);
                let all: Vec<u64> = sample.iter().chain(&probes).map(|raw| raw & mask(scalar)).collect();
                let (mut paths, mut escapes) = (Vec::new(), Vec::new());
                let classes = map.split_all(&all, &mut paths, &mut escapes);
                let (mut joined, mut escapes) = (paths.clone(), escapes.into_iter());
                map.join_all(&mut joined);
                let mut joined = joined.into_iter();
                for (&raw, &class) in all.iter().zip(&classes) {
                    let back = match class {
                        HAS_PATH => joined.next(),
                        class if usize::from(class) < map.atoms.len() => Some(map.atoms[usize::from(class)]),
                        _ => escapes.next(),
                    };
                    prop_assert_eq!(back, Some(raw));
                    prop_assert!(returns(&map, raw), "{:?} {:#x} {:?}", scalar, raw, map);
                }
            }
        }
    }

    #[test]
    fn sentinels_become_atoms_and_leave_the_range_narrow() {
        let mut sample: Vec<u64> =
            (0..1000).map(|n| u64::from((20.0f32 + n as f32 * 0.37).to_bits())).collect();
        sample.extend([u64::from(f32::NAN.to_bits()); 500]);
        let map = PathMap::fit(Scalar::F32, &sample);
        assert_eq!(map.atoms, [u64::from(f32::NAN.to_bits())]);
        assert!(map.bits <= 26, "{map:?}");
    }

    #[test]
    fn signed_values_leave_out_the_binades_around_zero() {
        let sample: Vec<u64> = (0..1000).map(|n| u64::from((n as f32 * 0.0051 - 2.5003).to_bits())).collect();
        let map = PathMap::fit(Scalar::F32, &sample);
        assert!(map.bits <= 28, "{map:?}");
        let escapes = sample.iter().filter(|&&raw| map.split(raw) == Place::Escape).count();
        assert!(escapes <= 2, "{escapes}");
    }

    #[test]
    fn decimals_and_multiples_are_found() {
        let sample: Vec<u64> =
            (0..2000).map(|n| (f64::from(n * 7919 % 100_000) / 1000.0).to_bits()).collect();
        let map = PathMap::fit(Scalar::F64, &sample);
        assert_eq!(map.grid, Grid::Decimal(3));
        assert!(map.bits <= 17);
        let sample: Vec<u64> = (0..500).map(|n| 17 + 1000 * (n * n % 70_000)).collect();
        let map = PathMap::fit(Scalar::I64, &sample);
        assert_eq!(map.grid, Grid::Multiple(1000));
    }

    #[test]
    fn zero_bits_are_dropped_for_both_signs() {
        let sample: Vec<u64> =
            (0..500u32).map(|n| u64::from(((n as f32 * 1.37 - 300.0).to_bits()) & !0xfff)).collect();
        let map = PathMap::fit(Scalar::F32, &sample);
        assert_eq!(map.grid, Grid::ZeroBits(12));
        for &raw in &sample {
            assert!(returns(&map, raw));
        }
    }
}
