//! Io: the coder of decisions, the raw bits, and an account of what each law costs.
//!
//! In: decisions and their prices. Out: the same, coded; bits by law.
//! Not here: what is decided.
//! Holds: the account never influences the code.

use hepz_entropy::{Coder, RawBits};
use hepz_models::symbol::Deep;
use hepz_models::symbol::{Difference, Symbol, SymbolCoder, Tree};
use hepz_models::tables::{Player, Recorder};

/// What decisions are accounted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// Who comes from where, and labels.
    Graph,
    /// PDG codes.
    Species,
    /// Status codes.
    Status,
    /// Colour flow.
    Colour,
    /// Masses.
    Mass,
    /// Which law a momentum follows.
    Choice,
    /// Four-momenta that are those of the mother.
    Copy,
    /// Last legs: momentum conservation.
    Balance,
    /// Two-body decays.
    Decay,
    /// Recoils along the direction of flight.
    Scale,
    /// Recoils that take the imbalance of another vertex.
    Ledger,
    /// Systems that move together.
    Boost,
    /// Momenta that no law predicts.
    Free,
    /// Energies from the mass shell.
    Shell,
    /// Vertex positions.
    Position,
}

/// Number of laws.
pub const LAWS: usize = 15;

impl Law {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Law::Graph => "graph",
            Law::Species => "species",
            Law::Status => "status",
            Law::Colour => "colour flow",
            Law::Mass => "mass",
            Law::Choice => "choice of law",
            Law::Copy => "copy of the mother",
            Law::Balance => "momentum conservation",
            Law::Decay => "two-body decay",
            Law::Scale => "recoil along the flight",
            Law::Ledger => "recoil of another vertex",
            Law::Boost => "system that moves together",
            Law::Free => "no law",
            Law::Shell => "mass shell",
            Law::Position => "position",
        }
    }

    /// All of them, in the order of their numbers.
    pub const ALL: [Law; LAWS] = [
        Law::Graph,
        Law::Species,
        Law::Status,
        Law::Colour,
        Law::Mass,
        Law::Choice,
        Law::Copy,
        Law::Balance,
        Law::Decay,
        Law::Scale,
        Law::Ledger,
        Law::Boost,
        Law::Free,
        Law::Shell,
        Law::Position,
    ];
}

/// What each law costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prices {
    /// Bits spent, by law.
    pub bits: [f64; LAWS],
    /// Numbers that it predicts, by law.
    pub numbers: [u64; LAWS],
}

impl Prices {
    /// Adds those of another chunk.
    pub fn add(&mut self, other: &Prices) {
        self.bits.iter_mut().zip(other.bits).for_each(|(sum, bits)| *sum += bits);
        self.numbers.iter_mut().zip(other.numbers).for_each(|(sum, n)| *sum += n);
    }
}

/// A coder that may add up what its decisions cost.
pub trait Account: SymbolCoder {
    /// Bits since the last call.
    fn take_spent(&mut self) -> f64;
    /// Adds what is spent on raw bits.
    fn spend(&mut self, bits: u32);
}

/// Adds up nothing.
pub struct Plain<C>(pub C);

impl<C: Coder> Coder for Plain<C> {
    #[inline(always)]
    fn code(&mut self, bit: u32, p1: u32) -> u32 {
        self.0.code(bit, p1)
    }
}

impl<C: Coder> Account for Plain<C> {
    #[inline(always)]
    fn take_spent(&mut self) -> f64 {
        0.0
    }
    #[inline(always)]
    fn spend(&mut self, _bits: u32) {}
}

impl Account for Recorder {
    fn take_spent(&mut self) -> f64 {
        0.0
    }
    fn spend(&mut self, _bits: u32) {}
}

impl Account for Player<'_> {
    fn take_spent(&mut self) -> f64 {
        0.0
    }
    fn spend(&mut self, _bits: u32) {}
}

impl MeteredPlayer<'_> {
    /// Adds the price of the last symbol.
    fn pay(&mut self) {
        let (frequency, total) = self.player.last_frequency();
        self.spent += (f64::from(total) / f64::from(frequency.max(1))).log2();
    }
}

impl SymbolCoder for MeteredPlayer<'_> {
    fn symbol<const N: usize>(&mut self, model: &mut Symbol<N>, contexts: &[u64; N], truth: u32) -> u32 {
        let symbol = self.player.symbol(model, contexts, truth);
        self.pay();
        symbol
    }

    fn tree(&mut self, model: &mut Tree, context: usize, truth: u32) -> u32 {
        let symbol = self.player.tree(model, context, truth);
        self.pay();
        symbol
    }
}

impl Account for MeteredPlayer<'_> {
    fn take_spent(&mut self) -> f64 {
        std::mem::take(&mut self.spent)
    }
    fn spend(&mut self, bits: u32) {
        self.spent += f64::from(bits);
    }
}

/// Adds up prices of symbols under tables.
pub struct MeteredPlayer<'a> {
    pub player: Player<'a>,
    pub spent: f64,
}

/// Adds up prices.
pub struct Metered<C> {
    pub coder: C,
    pub spent: f64,
}

impl<C: Coder> Coder for Metered<C> {
    #[inline(always)]
    fn code(&mut self, bit: u32, p1: u32) -> u32 {
        let bit = self.coder.code(bit, p1);
        let p = if bit == 1 { p1 } else { 65536 - p1 };
        self.spent += 16.0 - f64::from(p).log2();
        bit
    }
}

impl<C: Coder> Account for Metered<C> {
    fn take_spent(&mut self) -> f64 {
        std::mem::take(&mut self.spent)
    }
    fn spend(&mut self, bits: u32) {
        self.spent += f64::from(bits);
    }
}

impl<C: Account + Coder> Account for Deep<C> {
    fn take_spent(&mut self) -> f64 {
        self.0.take_spent()
    }
    fn spend(&mut self, bits: u32) {
        self.0.spend(bits);
    }
}

/// Both streams of a chunk.
pub struct Io<C, R> {
    coder: C,
    raw: R,
    /// True if the truth is known.
    pub encoding: bool,
    law: Law,
    prices: Prices,
}

impl<C: Account, R: RawBits> Io<C, R> {
    pub fn new(coder: C, raw: R, encoding: bool) -> Io<C, R> {
        Io { coder, raw, encoding, law: Law::Graph, prices: Prices::default() }
    }

    /// What follows is accounted to `law`.
    #[inline]
    pub fn law(&mut self, law: Law) {
        self.prices.bits[self.law as usize] += self.coder.take_spent();
        self.law = law;
    }

    /// So many numbers follow the law that is accounted to.
    #[inline]
    pub fn numbers(&mut self, n: u64) {
        self.prices.numbers[self.law as usize] += n;
    }

    pub fn finish(mut self) -> (C, R, Prices) {
        self.law(Law::Graph);
        (self.coder, self.raw, self.prices)
    }

    #[inline]
    pub fn symbol<const N: usize>(&mut self, model: &mut Symbol<N>, contexts: [u64; N], truth: u32) -> u32 {
        self.coder.symbol(model, &contexts, truth)
    }

    #[inline]
    pub fn tree(&mut self, model: &mut Tree, context: usize, truth: u32) -> u32 {
        self.coder.tree(model, context, truth)
    }

    /// The same where two more numbers may say something.
    #[inline]
    pub fn tree_near(&mut self, model: &mut Tree, context: usize, near: [u64; 2], truth: u32) -> u32 {
        self.coder.tree_near(model, context, near, truth)
    }

    #[inline]
    pub fn raw(&mut self, truth: u64, bits: u32) -> u64 {
        self.coder.spend(bits);
        self.raw.raw(truth, bits)
    }

    #[inline]
    pub fn difference(&mut self, model: &mut Difference, kind: usize, near: u64, truth: i64) -> i64 {
        let difference = model.code(&mut self.coder, &mut self.raw, kind, near, truth);
        self.coder.spend((64 - difference.unsigned_abs().leading_zeros()).saturating_sub(3));
        difference
    }

    /// A number below `n`, all alike: at most 0.09 bits more than `log2(n)`.
    #[inline]
    pub fn uniform(&mut self, n: u64, truth: u64) -> u64 {
        if n <= 1 {
            return 0;
        }
        let bits = n.ilog2();
        let short = (2u64 << bits).wrapping_sub(n);
        let head = if truth < short { truth } else { (truth.wrapping_add(short)) >> 1 };
        let head = self.raw(head, bits);
        if head < short {
            return head;
        }
        let tail = self.raw(truth.wrapping_add(short) & 1, 1);
        (head << 1 | tail).wrapping_sub(short)
    }
}
