//! Exact numbers: whole multiples of powers of two of any size, for judging bounds without rounding.

use hepz_precision::Layout;

/// `whole * 2^exponent`, with the sign apart; `whole` in limbs of 32 bits, lowest first.
#[derive(Clone, Debug)]
pub struct Dyadic {
    negative: bool,
    whole: Vec<u32>,
    exponent: i32,
}

fn trimmed(mut limbs: Vec<u32>) -> Vec<u32> {
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
    limbs
}

fn product(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut limbs = vec![0u32; a.len() + b.len()];
    for (i, &x) in a.iter().enumerate() {
        let mut carry = 0u64;
        for (j, &y) in b.iter().enumerate() {
            let sum = u64::from(limbs[i + j]) + u64::from(x) * u64::from(y) + carry;
            limbs[i + j] = sum as u32;
            carry = sum >> 32;
        }
        limbs[i + b.len()] = carry as u32;
    }
    trimmed(limbs)
}

fn compare(a: &[u32], b: &[u32]) -> std::cmp::Ordering {
    a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

/// `base^power` in limbs.
fn power(base: u32, power: u32) -> Vec<u32> {
    (0..power).fold(vec![1], |limbs, _| product(&limbs, &[base]))
}

impl Dyadic {
    pub fn of(layout: Layout, raw: u64) -> Dyadic {
        let (whole, exponent) = layout.parts(raw);
        let whole = trimmed(vec![whole as u32, (whole >> 32) as u32]);
        Dyadic { negative: layout.sign(raw) != 0, whole, exponent }
    }

    pub fn power(exponent: i32) -> Dyadic {
        Dyadic { negative: false, whole: vec![1], exponent }
    }

    pub fn magnitude(&self) -> Dyadic {
        Dyadic { negative: false, ..self.clone() }
    }

    pub fn times(&self, other: &Dyadic) -> Dyadic {
        Dyadic {
            negative: self.negative != other.negative,
            whole: product(&self.whole, &other.whole),
            exponent: self.exponent + other.exponent,
        }
    }

    /// The limbs in units of `2^exponent`, which is not above the own one.
    fn in_units_of(&self, exponent: i32) -> Vec<u32> {
        let shift = (self.exponent - exponent) as u32;
        let mut limbs = vec![0; shift as usize / 32];
        limbs.extend(product(&self.whole, &[1 << (shift % 32)]));
        trimmed(limbs)
    }

    /// `|self - other|`.
    pub fn distance(&self, other: &Dyadic) -> Dyadic {
        let exponent = self.exponent.min(other.exponent);
        let (a, b) = (self.in_units_of(exponent), other.in_units_of(exponent));
        let (large, small) = if compare(&a, &b).is_ge() { (a, b) } else { (b, a) };
        let mut limbs = Vec::new();
        let mut carry = 0i64;
        for at in 0..large.len().max(small.len()) + 1 {
            let limb = |limbs: &[u32]| i64::from(limbs.get(at).copied().unwrap_or(0));
            let b = if self.negative == other.negative { -limb(&small) } else { limb(&small) };
            let sum = limb(&large) + b + carry;
            limbs.push(sum as u32);
            carry = sum >> 32;
        }
        Dyadic { negative: false, whole: trimmed(limbs), exponent }
    }

    /// Largest `n` with `2^n` not above the magnitude; `None` for zero.
    pub fn floor_log2(&self) -> Option<i32> {
        let top = self.whole.last()?;
        Some(self.exponent + 32 * (self.whole.len() as i32 - 1) + top.ilog2() as i32)
    }

    /// `self` against `factor * 10^decade`, magnitudes.
    fn compare_decimal(&self, factor: u32, decade: i32) -> std::cmp::Ordering {
        let (mut left, mut right) = (self.whole.clone(), vec![factor]);
        // Powers of five go to the side where they are whole, powers of two to the exponent.
        let fives = power(5, decade.unsigned_abs());
        if decade < 0 {
            left = product(&left, &fives)
        } else {
            right = product(&right, &fives)
        }
        let left = Dyadic { negative: false, whole: left, exponent: self.exponent };
        let right = Dyadic { negative: false, whole: right, exponent: decade };
        left.partial_cmp(&right).unwrap()
    }

    /// Largest `n` with `10^n` not above the magnitude; `None` for zero.
    pub fn floor_log10(&self) -> Option<i32> {
        let mut decade = (f64::from(self.floor_log2()?) * std::f64::consts::LOG10_2).floor() as i32 - 1;
        while self.compare_decimal(1, decade + 1).is_ge() {
            decade += 1;
        }
        Some(decade)
    }

    /// True if the magnitude is at most half of `10^decade`.
    pub fn within_half_unit(&self, decade: i32) -> bool {
        let twice = Dyadic { exponent: self.exponent + 1, ..self.clone() };
        twice.compare_decimal(1, decade).is_le()
    }
}

impl PartialEq for Dyadic {
    fn eq(&self, other: &Dyadic) -> bool {
        self.partial_cmp(other) == Some(std::cmp::Ordering::Equal)
    }
}

/// By magnitude.
impl PartialOrd for Dyadic {
    fn partial_cmp(&self, other: &Dyadic) -> Option<std::cmp::Ordering> {
        let exponent = self.exponent.min(other.exponent);
        Some(compare(&self.in_units_of(exponent), &other.in_units_of(exponent)))
    }
}

#[test]
fn exact_numbers_know_their_decades() {
    let of = |x: f64| Dyadic::of(Layout::F64, x.to_bits());
    for (x, decade) in
        [(1.0, 0), (9.99, 0), (10.0, 1), (0.1, -1), (0.099, -2), (5e-324, -324), (1e22, 22), (1e300, 300)]
    {
        assert_eq!(of(x).floor_log10(), Some(decade), "{x:e}");
    }
    assert_eq!(of(1e23).floor_log10(), Some(22), "the binary64 nearest to 1e23 is below it");
    assert!(of(0.5).within_half_unit(0) && !of(0.5f64.next_up()).within_half_unit(0));
    assert!(of(1.5).distance(&of(-1.0)) == of(2.5));
    assert!(of(5e-324).distance(&of(f64::MAX)) > of(f64::MAX.next_down()));
}
