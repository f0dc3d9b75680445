//! Values as columns have them, and values that no column should have.

use hepz_precision::{Layout, Reducer, narrow};

/// An endless stream of patterns, the same on every machine.
pub struct Stream {
    state: u64,
    layout: Layout,
}

impl Stream {
    pub fn new(seed: u64, layout: Layout) -> Stream {
        Stream { state: seed.wrapping_mul(0xd134_2543_de82_ef95), layout }
    }

    fn bits(&mut self) -> u64 {
        // Steele, Lea and Flood, SplitMix, 2014.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A pattern near `raw`: some places further.
    fn near(&mut self, raw: u64) -> u64 {
        let key = self.layout.key(raw).wrapping_add(self.bits() % 7).wrapping_sub(3);
        self.layout.at_key(key & (self.layout.sign_bit() << 1).wrapping_sub(1))
    }

    /// A value, and one that may or may not stand for it: the reduced one, one near the end of its cell, or any.
    pub fn pair(&mut self, reducer: &Reducer) -> (u64, u64) {
        let original = self.next().unwrap_or(0);
        let stored = reducer.reduce(original);
        match self.bits() % 5 {
            0 => (original, stored),
            1 => (original, self.near(stored)),
            2 => (original, self.next().unwrap_or(0)),
            // The ends of the cell are as far from the stored value as a value may be, and a little further.
            kind => {
                let preimage = reducer.preimage(stored);
                let interval = preimage.and_then(|preimage| preimage.intervals().next());
                let end = interval.map_or(original, |one| if kind == 3 { one.lowest } else { one.highest });
                (self.near(end), stored)
            }
        }
    }
}

impl Iterator for Stream {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let layout = self.layout;
        let kind = self.bits();
        let width = (layout.sign_bit() << 1).wrapping_sub(1);
        let sign = if kind >> 63 == 0 { 1.0 } else { -1.0 };
        let number = |x: f64| narrow(Layout::F64, layout, x.to_bits());
        Some(match kind % 16 {
            // Any pattern, NaN and infinities among them.
            0 | 1 => self.bits() & width,
            // Momenta: log-uniform over six decades, and a falling spectrum.
            2..=4 => number(sign * 10f64.powf(6.0 * self.unit() - 1.0)),
            5 | 6 => number(-self.unit().ln() * 2e4),
            // Angles, and uniform numbers.
            7 | 8 => number((self.unit() - 0.5) * 2.0 * std::f64::consts::PI),
            // Decimals and integers, near and at ties.
            9 | 10 => {
                let raw = number(
                    sign * (self.bits() % 100_000) as f64
                        / [1.0, 2.0, 8.0, 10.0, 1000.0][(kind >> 8) as usize % 5],
                );
                self.near(raw)
            }
            // Powers of two and ten.
            11 => {
                let raw = number(sign * 2f64.powi((kind >> 8) as i32 % 1100));
                self.near(raw)
            }
            12 => {
                let raw = number(sign * 10f64.powi((kind >> 8) as i32 % 310));
                self.near(raw)
            }
            // Special values, and what is close to them.
            13 => {
                let raw = number(
                    [-999.0, 0.0, -0.0, 1.0, 1.5, 100.25, 65504.0, f64::MAX][(kind >> 8) as usize % 8],
                );
                self.near(raw)
            }
            // Around infinity, zero and the smallest normal number.
            14 => {
                let around = [layout.infinity(), layout.infinity() - 1, layout.low(layout.mantissa()) + 1, 0];
                let raw = around[(kind >> 8) as usize % 4] | if sign < 0.0 { layout.sign_bit() } else { 0 };
                self.near(raw)
            }
            _ => {
                (self.bits() & layout.low((kind >> 8) as u32 % layout.mantissa()))
                    | if sign < 0.0 { layout.sign_bit() } else { 0 }
            }
        })
    }
}
