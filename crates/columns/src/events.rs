//! Events as graphs: particles and vertices in columns, with index columns that say who comes from where.
//!
//! In: what a format of event records found. Out: columns that the codec walks row by row.
//! Not here: any format's text (`hepz-formats`), laws of physics (`hepz-transforms`).
//! Holds: numbers are patterns on a [`Lattice`], so what was printed comes back; [`Events::validate`] is what the codec trusts.

/// Names no particle or vertex.
pub const NONE: u32 = u32::MAX;

/// The numbers that a field can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lattice {
    /// IEEE 754 binary64; the pattern is its bits.
    Binary64,
    /// IEEE 754 binary32; the pattern is its bits (32).
    Binary32,
    /// Decimal numbers of so many digits, 1 to 15, the first of which is not zero; see [`Decimal`].
    Decimal(u8),
}

/// A decimal number. Its pattern: sign in bit 63, exponent plus 512 in the 10 bits from 53, mantissa in the low 53.
/// Zero has mantissa 0 and exponent field 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// True for numbers printed with a minus sign, zero included.
    pub negative: bool,
    /// Power of ten of the first digit, -511 to 511.
    pub exponent: i32,
    /// All digits as an integer: `d.ddd` without the point; below 2^53, so up to 15 digits.
    pub mantissa: u64,
}

/// Events of one chunk. Particles and vertices of all events lie one after another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Number of particles of each event.
    pub particles: Vec<u32>,
    /// Number of vertices of each event.
    pub vertices: Vec<u32>,
    /// PDG code of each particle.
    pub species: Vec<i32>,
    /// Status of each particle.
    pub status: Vec<i32>,
    /// Vertex that each particle comes from, counted within its event; [`NONE`] if it has none.
    pub production: Vec<u32>,
    /// Vertex that each particle goes into, counted within its event; [`NONE`] if it has none.
    pub end: Vec<u32>,
    /// px, py, pz of each particle, patterns on the lattice of momenta, and E, on that of energies.
    pub momentum: [Vec<u64>; 4],
    /// Mass of each particle: a pattern on the lattice of masses.
    pub mass: Vec<u64>,
    /// Colour and anticolour flow of each particle; [`NO_FLOW`] where the file has none.
    pub flow: [Vec<i32>; 2],
    /// What else the particle's line says, as a number into `labels`.
    pub label: Vec<u32>,
    /// Status of each vertex.
    pub vertex_status: Vec<i32>,
    /// x, y, z, t of each vertex: patterns on the lattice of positions; 0 where the file has none.
    pub position: [Vec<u64>; 4],
    /// True for vertices whose position the file has.
    pub placed: Vec<bool>,
    /// What else the vertex's line says, as a number into `labels`.
    pub vertex_label: Vec<u32>,
    /// Byte strings that labels stand for.
    pub labels: Vec<Vec<u8>>,
    /// Everything else, in the format's own form.
    pub skeleton: Vec<u8>,
}

/// Stands for a colour flow that the file does not have.
pub const NO_FLOW: i32 = i32::MIN;

impl Events {
    /// So many events, of which nothing is known yet.
    pub fn with_counts(n_events: usize) -> Events {
        Events { particles: vec![0; n_events], vertices: vec![0; n_events], ..Events::default() }
    }

    /// Number of particles of all events.
    pub fn n_particles(&self) -> usize {
        self.species.len()
    }

    /// Number of vertices of all events.
    pub fn n_vertices(&self) -> usize {
        self.vertex_status.len()
    }

    /// Checks that columns are as long as the counts say, and that index columns and labels name what there is.
    pub fn validate(&self) -> bool {
        let sum = |counts: &[u32]| counts.iter().map(|&n| u64::from(n)).sum::<u64>();
        let (particles, vertices) = (self.n_particles(), self.n_vertices());
        let labels = self.labels.len() as u64;
        let sound = self.particles.len() == self.vertices.len()
            && sum(&self.particles) == particles as u64
            && sum(&self.vertices) == vertices as u64
            && [self.status.len(), self.production.len(), self.end.len(), self.mass.len(), self.label.len()]
                .iter()
                .chain(&self.momentum.each_ref().map(Vec::len))
                .chain(&self.flow.each_ref().map(Vec::len))
                .all(|&n| n == particles)
            && [self.placed.len(), self.vertex_label.len()]
                .iter()
                .chain(&self.position.each_ref().map(Vec::len))
                .all(|&n| n == vertices)
            && self.label.iter().chain(&self.vertex_label).all(|&label| u64::from(label) < labels);
        if !sound {
            return false;
        }
        let mut first = 0;
        self.particles.iter().zip(&self.vertices).all(|(&n, &v)| {
            let range = first..first + n as usize;
            first = range.end;
            let names = |vertex: u32| vertex == NONE || vertex < v;
            range.into_iter().all(|p| names(self.production[p]) && names(self.end[p]))
        })
    }
}

impl Lattice {
    /// The wire form: 64, 32, or the number of digits.
    pub fn id(self) -> u8 {
        match self {
            Lattice::Binary64 => 64,
            Lattice::Binary32 => 32,
            Lattice::Decimal(digits) => digits,
        }
    }

    /// The lattice of a wire form.
    pub fn from_id(id: u8) -> Option<Lattice> {
        match id {
            64 => Some(Lattice::Binary64),
            32 => Some(Lattice::Binary32),
            1..=15 => Some(Lattice::Decimal(id)),
            _ => None,
        }
    }
}

impl Decimal {
    const MANTISSA_BITS: u32 = 53;

    /// The pattern; `None` if it does not fit (more than 15 digits, exponents beyond 511).
    pub fn pattern(self) -> Option<u64> {
        if self.mantissa >> Decimal::MANTISSA_BITS != 0 || !(-511..=511).contains(&self.exponent) {
            return None;
        }
        let exponent = if self.mantissa == 0 { 0 } else { (self.exponent + 512) as u64 };
        Some(u64::from(self.negative) << 63 | exponent << Decimal::MANTISSA_BITS | self.mantissa)
    }

    /// The number of a pattern.
    pub fn of(pattern: u64) -> Decimal {
        let exponent = (pattern >> Decimal::MANTISSA_BITS & 1023) as i32;
        let mantissa = pattern & ((1 << Decimal::MANTISSA_BITS) - 1);
        Decimal {
            negative: pattern >> 63 == 1,
            exponent: if mantissa == 0 { 0 } else { exponent - 512 },
            mantissa,
        }
    }
}
