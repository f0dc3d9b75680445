//! Reduce: columns made coarser under a contract.
//!
//! In: a contract, values. Out: values of the same type that keep it, and what became of them.
//! Not here: the grids (`steps`), the proof for foreign values (`check`).
//! Holds: every value is compared with the promise after it was rounded; where it would break it, or become a special
//! value, it stays what it is. Reducing twice is reducing once, and order is kept but for special values.

use hepz_columns::{Scalar, Values};

use crate::contract::{Contract, ContractError, Promise, is_listed};
use crate::pattern::Layout;
use crate::preimage::{Preimage, keys_with_value};
use crate::steps::Steps;

/// A contract made ready for one type of column.
#[derive(Clone, Debug)]
pub struct Reducer {
    /// `None` for integers, which stay.
    float: Option<Float>,
}

#[derive(Clone, Debug)]
struct Float {
    layout: Layout,
    steps: Steps,
    specials: Vec<u64>,
}

/// A column that keeps its contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduced {
    /// The values to be stored.
    pub values: Values,
    /// Values that are not what they were.
    pub n_changed: u64,
    /// Values that stay because the grid would have broken the promise or made them special.
    pub n_exceptions: u64,
}

impl Contract {
    /// Makes the contract ready for columns of `scalar`.
    ///
    /// # Errors
    /// [`ContractError::Unresolved`] if it is about the range of a float column, which is not known yet.
    pub fn on(&self, scalar: Scalar) -> Result<Reducer, ContractError> {
        let Some(layout) = Layout::of(scalar) else { return Ok(Reducer { float: None }) };
        let steps = Steps::new(self.promise(), layout)?;
        Ok(Reducer { float: Some(Float { layout, steps, specials: self.specials_in(layout) }) })
    }

    /// Reduces a whole column. A range that is not known is that of `values`; [`Contract::resolved`] gives the
    /// contract to be stored.
    pub fn reduce(&self, values: &Values) -> Reduced {
        let contract = match self.promise() {
            Promise::RangeRelative { range: None, .. } => self.resolved(self.extent(values)),
            _ => self.clone(),
        };
        match contract.on(values.scalar()) {
            Ok(reducer) => reducer.reduce_all(values),
            // A resolved contract fits every type; if it did not, nothing is changed.
            Err(_) => Reduced { values: values.clone(), n_changed: 0, n_exceptions: 0 },
        }
    }
}

impl Reducer {
    /// The value to be stored for one pattern.
    #[inline]
    pub fn reduce(&self, raw: u64) -> u64 {
        self.reduce_told(raw).0
    }

    /// The value to be stored, and whether it is an exception.
    #[inline]
    fn reduce_told(&self, raw: u64) -> (u64, bool) {
        let Some(float) = &self.float else { return (raw, false) };
        let layout = float.layout;
        let magnitude = layout.magnitude(raw);
        if magnitude >= layout.infinity() || is_listed(&float.specials, layout, raw) {
            return (raw, false);
        }
        let stored = layout.sign(raw) | float.steps.nearest(magnitude);
        if stored == raw {
            return (raw, false);
        }
        let keeps = float.steps.holds(raw, stored) && !is_listed(&float.specials, layout, stored);
        if keeps { (stored, false) } else { (raw, true) }
    }

    /// Reduces all values, which have the type that the reducer was made for.
    pub fn reduce_all(&self, values: &Values) -> Reduced {
        let (mut n_changed, mut n_exceptions) = (0, 0);
        let mut raws = values.to_raw();
        for raw in &mut raws {
            let (stored, exception) = self.reduce_told(*raw);
            n_changed += u64::from(stored != *raw);
            n_exceptions += u64::from(exception);
            *raw = stored;
        }
        Reduced { values: Values::from_raw(values.scalar(), &raws), n_changed, n_exceptions }
    }

    /// True if `stored` may stand for `original`: the promise, and special values, infinities and NaN kept.
    pub fn allows(&self, original: u64, stored: u64) -> bool {
        if original == stored {
            return true;
        }
        let Some(float) = &self.float else { return false };
        let layout = float.layout;
        let stays = |raw| layout.is_special(raw) || is_listed(&float.specials, layout, raw);
        !stays(original) && !stays(stored) && float.steps.holds(original, stored)
    }

    /// All patterns for which `stored` is stored; `None` if it never is, and for columns of integers, which stay. A
    /// refinement that names one of them ([`Preimage::place`]) gives the original back.
    pub fn preimage(&self, stored: u64) -> Option<Preimage> {
        let float = self.float.as_ref()?;
        let layout = float.layout;
        if self.reduce(stored) != stored {
            return None;
        }
        let (sign, magnitude) = (layout.sign(stored), layout.magnitude(stored));
        let alone = || Preimage::magnitudes(layout, sign, magnitude, magnitude);
        let stays = layout.is_special(stored) || is_listed(&float.specials, layout, stored);
        if stays || float.steps.nearest(magnitude) != magnitude {
            return alone();
        }
        let finite = (0, layout.infinity() - 1);
        let (lowest, highest) = keys_with_value(finite, magnitude, |from| float.steps.nearest(from))?;
        let holes: Vec<u64> = if float.specials.is_empty() {
            Vec::new()
        } else {
            let zero = float.specials.contains(&0).then_some(sign);
            float.specials.iter().copied().filter(|&raw| layout.sign(raw) == sign).chain(zero).collect()
        };
        Preimage::magnitudes(layout, sign, lowest, highest)?.without(&holes)
    }
}
