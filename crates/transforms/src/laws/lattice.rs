//! Lattices: the numbers that a printed field can hold, counted in numeric order.
//!
//! In: patterns on a [`Lattice`], predictions in f64. Out: ranks; the rank nearest to a prediction.
//! Not here: what is predicted (`kinematics`), how a difference of ranks is coded (the codec).
//! Holds: [`Ranks::pattern`] undoes [`Ranks::rank`]; every rank has a pattern; only IEEE operations as written.

use hepz_columns::events::{Decimal, Lattice};

/// Ranks on one lattice: zero is 0, negative numbers have negative ranks, minus zero is -1.
#[derive(Clone, Copy, Debug)]
pub struct Ranks {
    lattice: Lattice,
    /// Number of mantissas of a decade, for decimals.
    decade: u64,
    digits: i32,
    /// The largest magnitude.
    top: u64,
}

/// Exponents of decimals run from minus this to this.
const DECIMAL_EXPONENT: i32 = 511;

const POWERS: [f64; 309] = {
    // Powers of ten as the compiler reads them: each is the double nearest to it.
    macro_rules! powers {
        ($($p:literal)*) => { [$($p),*] };
    }
    powers!(
        1e0 1e1 1e2 1e3 1e4 1e5 1e6 1e7 1e8 1e9 1e10 1e11 1e12 1e13 1e14 1e15 1e16 1e17 1e18 1e19 1e20 1e21
        1e22 1e23 1e24 1e25 1e26 1e27 1e28 1e29 1e30 1e31 1e32 1e33 1e34 1e35 1e36 1e37 1e38 1e39 1e40 1e41
        1e42 1e43 1e44 1e45 1e46 1e47 1e48 1e49 1e50 1e51 1e52 1e53 1e54 1e55 1e56 1e57 1e58 1e59 1e60 1e61
        1e62 1e63 1e64 1e65 1e66 1e67 1e68 1e69 1e70 1e71 1e72 1e73 1e74 1e75 1e76 1e77 1e78 1e79 1e80 1e81
        1e82 1e83 1e84 1e85 1e86 1e87 1e88 1e89 1e90 1e91 1e92 1e93 1e94 1e95 1e96 1e97 1e98 1e99 1e100 1e101
        1e102 1e103 1e104 1e105 1e106 1e107 1e108 1e109 1e110 1e111 1e112 1e113 1e114 1e115 1e116 1e117 1e118
        1e119 1e120 1e121 1e122 1e123 1e124 1e125 1e126 1e127 1e128 1e129 1e130 1e131 1e132 1e133 1e134 1e135
        1e136 1e137 1e138 1e139 1e140 1e141 1e142 1e143 1e144 1e145 1e146 1e147 1e148 1e149 1e150 1e151 1e152
        1e153 1e154 1e155 1e156 1e157 1e158 1e159 1e160 1e161 1e162 1e163 1e164 1e165 1e166 1e167 1e168 1e169
        1e170 1e171 1e172 1e173 1e174 1e175 1e176 1e177 1e178 1e179 1e180 1e181 1e182 1e183 1e184 1e185 1e186
        1e187 1e188 1e189 1e190 1e191 1e192 1e193 1e194 1e195 1e196 1e197 1e198 1e199 1e200 1e201 1e202 1e203
        1e204 1e205 1e206 1e207 1e208 1e209 1e210 1e211 1e212 1e213 1e214 1e215 1e216 1e217 1e218 1e219 1e220
        1e221 1e222 1e223 1e224 1e225 1e226 1e227 1e228 1e229 1e230 1e231 1e232 1e233 1e234 1e235 1e236 1e237
        1e238 1e239 1e240 1e241 1e242 1e243 1e244 1e245 1e246 1e247 1e248 1e249 1e250 1e251 1e252 1e253 1e254
        1e255 1e256 1e257 1e258 1e259 1e260 1e261 1e262 1e263 1e264 1e265 1e266 1e267 1e268 1e269 1e270 1e271
        1e272 1e273 1e274 1e275 1e276 1e277 1e278 1e279 1e280 1e281 1e282 1e283 1e284 1e285 1e286 1e287 1e288
        1e289 1e290 1e291 1e292 1e293 1e294 1e295 1e296 1e297 1e298 1e299 1e300 1e301 1e302 1e303 1e304 1e305
        1e306 1e307 1e308
    )
};

/// `value * 10^k`; infinite or zero beyond the range of doubles.
#[inline]
fn scale(value: f64, k: i32) -> f64 {
    match k {
        0..=308 => value * POWERS[k as usize],
        -308..0 => value / POWERS[-k as usize],
        309.. => value * POWERS[308] * POWERS[(k - 308).min(308) as usize],
        _ => value / POWERS[308] / POWERS[(-308 - k).min(308) as usize],
    }
}

impl Ranks {
    /// Ranks on `lattice`.
    pub fn new(lattice: Lattice) -> Ranks {
        let (digits, decade) = match lattice {
            Lattice::Decimal(digits) => {
                (i32::from(digits), 9 * 10u64.pow(u32::from(digits).clamp(1, 15) - 1))
            }
            _ => (0, 0),
        };
        let top = match lattice {
            Lattice::Binary64 => u64::MAX >> 1,
            Lattice::Binary32 => u64::from(u32::MAX >> 1),
            Lattice::Decimal(_) => decade * (2 * DECIMAL_EXPONENT as u64 + 1),
        };
        Ranks { lattice, decade, digits, top }
    }

    /// The rank of a pattern. Decimals that are no numbers of the lattice count as zero.
    #[inline]
    pub fn rank(&self, pattern: u64) -> i64 {
        let (negative, magnitude) = match self.lattice {
            Lattice::Binary64 => (pattern >> 63 == 1, pattern & (u64::MAX >> 1)),
            Lattice::Binary32 => (pattern >> 31 & 1 == 1, pattern & u64::from(u32::MAX >> 1)),
            Lattice::Decimal(_) => {
                let decimal = Decimal::of(pattern);
                let first = self.decade / 9;
                let above = decimal.mantissa.wrapping_sub(first);
                let magnitude = if above < self.decade {
                    1 + (decimal.exponent + DECIMAL_EXPONENT) as u64 * self.decade + above
                } else {
                    0
                };
                (decimal.negative, magnitude.min(self.top))
            }
        };
        if negative { !(magnitude as i64) } else { magnitude as i64 }
    }

    /// The pattern of a rank; ranks beyond the last number count as that.
    #[inline]
    pub fn pattern(&self, rank: i64) -> u64 {
        let negative = rank < 0;
        let magnitude = (if negative { !rank } else { rank } as u64).min(self.top);
        match self.lattice {
            Lattice::Binary64 => u64::from(negative) << 63 | magnitude,
            Lattice::Binary32 => u64::from(negative) << 31 | magnitude,
            Lattice::Decimal(_) => {
                let (exponent, mantissa) = self.decimal(magnitude);
                Decimal { negative, exponent, mantissa }.pattern().unwrap_or(0)
            }
        }
    }

    #[inline]
    fn decimal(&self, magnitude: u64) -> (i32, u64) {
        match magnitude.checked_sub(1) {
            None => (0, 0),
            Some(above) => {
                ((above / self.decade) as i32 - DECIMAL_EXPONENT, above % self.decade + self.decade / 9)
            }
        }
    }

    /// The number of a rank.
    #[inline]
    pub fn value(&self, rank: i64) -> f64 {
        let negative = rank < 0;
        let magnitude = (if negative { !rank } else { rank } as u64).min(self.top);
        let value = match self.lattice {
            Lattice::Binary64 => f64::from_bits(magnitude),
            Lattice::Binary32 => f64::from(f32::from_bits(magnitude as u32)),
            Lattice::Decimal(_) => {
                let (exponent, mantissa) = self.decimal(magnitude);
                scale(mantissa as f64, exponent - self.digits + 1)
            }
        };
        if negative { -value } else { value }
    }

    /// The rank nearest to a prediction; 0 for what is no number.
    #[inline]
    pub fn nearest(&self, prediction: f64) -> i64 {
        let magnitude = prediction.abs();
        if !magnitude.is_normal() {
            return 0;
        }
        let rank = match self.lattice {
            Lattice::Binary64 => magnitude.to_bits(),
            Lattice::Binary32 => {
                let single = magnitude as f32;
                if single.is_subnormal() { 0 } else { u64::from(single.to_bits()) }
            }
            Lattice::Decimal(_) => {
                // 0.30103 is log10(2) from above; the estimate is right or one too small.
                let binary = (magnitude.to_bits() >> 52) as i32 - 1023;
                let mut exponent = (binary * 30_103).div_euclid(100_000);
                let mut mantissa = (scale(magnitude, self.digits - 1 - exponent) + 0.5) as u64;
                if mantissa >= self.decade / 9 * 10 {
                    exponent += 1;
                    mantissa = (scale(magnitude, self.digits - 1 - exponent) + 0.5) as u64;
                }
                let above = mantissa.saturating_sub(self.decade / 9).min(self.decade - 1);
                1 + (exponent + DECIMAL_EXPONENT).max(0) as u64 * self.decade + above
            }
        };
        let rank = rank.min(self.top) as i64;
        if prediction < 0.0 { !rank } else { rank }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers() -> impl Iterator<Item = u64> {
        let mut state = 7u64;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state ^ state >> 29
        })
    }

    #[test]
    fn patterns_come_back_and_rise_with_their_numbers() {
        for lattice in [
            Lattice::Binary64,
            Lattice::Binary32,
            Lattice::Decimal(9),
            Lattice::Decimal(1),
            Lattice::Decimal(15),
        ] {
            let ranks = Ranks::new(lattice);
            let mut all: Vec<i64> = numbers()
                .take(20_000)
                .map(|n| {
                    let rank = ranks.rank(ranks.pattern(n as i64));
                    assert_eq!(ranks.rank(ranks.pattern(rank)), rank, "{lattice:?}");
                    rank
                })
                .collect();
            all.sort_unstable();
            all.retain(|&rank| !ranks.value(rank).is_nan());
            assert!(all.windows(2).all(|w| ranks.value(w[0]) <= ranks.value(w[1])), "{lattice:?}");
            assert_eq!((ranks.value(0), ranks.rank(ranks.pattern(-1))), (0.0, -1));
        }
    }

    #[test]
    fn the_nearest_rank_of_a_number_is_its_own() {
        for lattice in [Lattice::Binary64, Lattice::Binary32, Lattice::Decimal(9), Lattice::Decimal(12)] {
            let ranks = Ranks::new(lattice);
            for n in numbers().take(50_000) {
                let value = ((n >> 11) as f64 / 1e15 - 4.0) * if n & 1 == 0 { 1e6 } else { 1e-6 };
                let rank = ranks.nearest(value);
                assert!(ranks.nearest(ranks.value(rank)).abs_diff(rank) <= 1, "{lattice:?} {value}");
                let step = (ranks.value(rank + 1) - ranks.value(rank)).abs();
                assert!((ranks.value(rank) - value).abs() <= step * 1.01, "{lattice:?} {value}");
            }
        }
    }
}
