//! The search for relations in a sample of a table.
//!
//! In: [`Sample`], [`Budget`]. Out: [`Candidate`]s.
//! Not here: what becomes of them (the planner measures, and picks a subset without circles).
//! Holds: no clock, no chance, no column names; equal samples give equal candidates. Every kind of formula has its
//! share of the budget; what one leaves, the next ones may use.

mod calibration;
mod decays;
mod groups;
mod invariants;
mod judge;
mod ladder;
mod momenta;
mod pairs;
mod probe;
mod products;
mod sums;

use super::sample::{Budget, Candidate, Sample};
pub use decays::{System, systems};
use judge::Judge;
use probe::{Facts, Probe};

/// A search for one kind of formula among these columns.
type Search = fn(&mut Judge<'_>, &[usize]);

/// Finds relations that save at least a bit per value on the sample.
///
/// Candidates of one target stand together, the cheapest first. A sample whose columns differ in length gives none. A column that equals an earlier one is only given
/// as its copy, and is no input of anything else.
pub fn search(sample: &Sample, budget: &Budget) -> Vec<Candidate> {
    let rows = sample.columns.first().map_or(0, |column| column.raw.len());
    if sample.columns.iter().any(|column| column.raw.len() != rows || column.values.len() != rows) {
        return Vec::new();
    }
    let facts: Vec<Facts> = sample.columns.iter().map(Facts::of).collect();
    let probe = Probe::of(sample, &facts);
    let mut judge = Judge::new(sample, &facts, &probe);
    judge.steps = budget.steps;
    let columns = pairs::copies(&mut judge);
    let share = |twentieths: u64| budget.steps / 20 * twentieths;
    let searches: [(u64, Search); 8] = [
        (4, pairs::search),
        (4, products::search),
        (2, products::directions),
        (2, groups::complements),
        (2, groups::shells),
        (4, sums::search),
        (1, invariants::search),
        (2, calibration::search),
    ];
    let mut left = 0;
    for (twentieths, search) in searches {
        judge.steps = left + share(twentieths);
        search(&mut judge, &columns);
        left = judge.steps;
    }
    judge.verdict(budget)
}
