//! Allocation: bits handed out one by one.
//!
//! In: coarse grids, what each adds to each observable, what may be added. Out: grids that stay below; shares.
//! Not here: whether first order is good enough (`mod`, by measuring).
//! Holds: each bit goes to the column that adds most; none can be taken away again.

use super::grid::Grid;
use super::sensitivity::Seen;

impl Seen {
    /// Variance that all columns add to an observable.
    pub(super) fn added(&self, observable: usize, grids: &[Grid]) -> f64 {
        self.columns.iter().zip(grids).map(|(column, grid)| grid.added(column, observable)).sum()
    }

    /// The part of it that is due to one column.
    pub(super) fn share(&self, observable: usize, column: usize, grids: &[Grid]) -> f64 {
        let all = self.added(observable, grids);
        let part = |grid: &Grid| self.columns.get(column).map_or(0.0, |seen| grid.added(seen, observable));
        if all > 0.0 { grids.get(column).map_or(0.0, part) / all } else { 0.0 }
    }

    /// Growth of the width that they cause.
    pub(super) fn growth(&self, observable: usize, grids: &[Grid]) -> f64 {
        let variance = self.variances.get(observable).copied().unwrap_or(f64::NAN);
        (1.0 + self.added(observable, grids) / variance).sqrt() - 1.0
    }
}

/// Makes grids finer until no observable gains more than it may, then coarser where that costs nothing.
pub(super) fn allocate(grids: &mut [Grid], seen: &Seen) {
    loop {
        let broken: Vec<bool> = (0..seen.allowed.len()).map(|at| !fits(grids, seen, at)).collect();
        if !broken.contains(&true) {
            break;
        }
        let Some(column) = largest(grids, seen, &broken) else { break };
        grids[column] = grids[column].finer(&seen.columns[column]);
    }
    for column in 0..grids.len() {
        while let Some(coarser) = grids[column].coarser(&seen.columns[column]) {
            let before = std::mem::replace(&mut grids[column], coarser);
            if !(0..seen.allowed.len()).all(|at| fits(grids, seen, at)) {
                grids[column] = before;
                break;
            }
        }
    }
}

fn fits(grids: &[Grid], seen: &Seen, observable: usize) -> bool {
    seen.added(observable, grids) <= seen.allowed.get(observable).copied().unwrap_or(0.0)
}

/// The column that adds most to one of the `broken` observables, in units of what that may gain; `None` if all are
/// exact.
pub(super) fn largest(grids: &[Grid], seen: &Seen, broken: &[bool]) -> Option<usize> {
    let weight = |column: usize| {
        let parts = seen.allowed.iter().enumerate().filter(|(at, _)| broken.get(*at) == Some(&true));
        parts
            .map(|(at, allowed)| grids[column].added(&seen.columns[column], at) / allowed)
            .fold(0.0, f64::max)
    };
    (0..grids.len())
        .filter(|&column| grids[column] != Grid::Exact)
        .max_by(|&a, &b| weight(a).total_cmp(&weight(b)))
}
