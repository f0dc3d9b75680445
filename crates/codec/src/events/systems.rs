//! Systems: particles that move together, and when.
//!
//! In: the graph of one event. Out: for each particle that goes on alone the system it belongs to, and the step.
//! Not here: how a system moves (`momenta`).
//! Holds: any graph gives some answer; a wrong one costs bytes.
//!
//! A shower that branches off an incoming line moves all that came out of the same hard vertex, step by step. Steps are counted from the last
//! backwards, because all lines of a system see the last ones.

use super::Event;
use hepz_columns::events::{Events, NONE};

/// The hard vertex that a system comes out of, the status of the members after the step, steps that are still to come.
pub type Step = (u32, i32, u32);

/// Statuses of what comes out of a hard vertex (Pythia 8: 21 to 29 hardest, 31 to 39 subsequent subprocesses).
fn is_hard(status: i32) -> bool {
    matches!(status, 20..40)
}

/// The step that each particle's mother takes to become it.
pub fn steps(events: &Events, event: &Event) -> Vec<Step> {
    let base = event.first_particle;
    let n = event.particles;
    let status = |p: usize| events.status[base + p];
    // Hard vertex ahead of each particle of an incoming line; steps to come on the line of each particle.
    let mut ahead = vec![NONE; n];
    let mut to_come = vec![0u32; n];
    for p in (0..n).rev() {
        let end = events.end[base + p];
        if end == NONE {
            continue;
        }
        let outgoing = &event.outgoing[end as usize];
        let later = |q: &&u32| **q as usize > p;
        if event.incoming[end as usize].len() == 2
            && outgoing.first().is_some_and(|&q| is_hard(status(q as usize)))
        {
            ahead[p] = end;
        } else if let Some(&q) = outgoing.iter().filter(later).find(|&&q| ahead[q as usize] != NONE) {
            ahead[p] = ahead[q as usize];
        }
        if let Some(&q) = outgoing.iter().find(later) {
            let alone = outgoing.len() == 1 && event.incoming[end as usize].len() == 1;
            let step = alone && status(q as usize) == 44;
            to_come[p] = to_come[q as usize] + u32::from(step);
        }
    }
    let mut roots = vec![NONE; n];
    (0..n)
        .map(|p| {
            let vertex = events.production[base + p];
            let mother = if vertex == NONE { None } else { event.incoming[vertex as usize].first() };
            let above = mother.map(|&q| q as usize).filter(|&q| q < p).map_or(NONE, |q| roots[q]);
            roots[p] = if ahead[p] != NONE { ahead[p] } else { above };
            (roots[p], status(p), to_come[p])
        })
        .collect()
}
