//! The order in which HepMC3 numbers the vertices of an event that was built as a tree.
//!
//! In: who comes from and goes into which vertex. Out: the number of each vertex, from 0.
//! Not here: barcodes (`codes`).
//! Holds: ends for any graph, after a time in proportion to its size. Particles need no such order: files list them by it.
//! Source: `GenEvent::add_tree` of HepMC3, described in arXiv:1912.08005, section 3: breadth first from the beams, but before
//! a vertex all vertices that its incoming particles come from, unless they wait already.

use hepz_columns::events::NONE;
use std::collections::VecDeque;

/// Particles of each vertex, one vertex after another.
struct Lists {
    starts: Vec<u32>,
    particles: Vec<u32>,
}

impl Lists {
    fn new(vertices: &[u32], n_vertices: usize) -> Lists {
        let mut starts = vec![0; n_vertices + 1];
        for &vertex in vertices.iter().filter(|vertex| **vertex != NONE) {
            starts[vertex as usize] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut particles = vec![0; sum as usize];
        for (particle, &vertex) in vertices.iter().enumerate().rev().filter(|(_, vertex)| **vertex != NONE) {
            starts[vertex as usize] -= 1;
            particles[starts[vertex as usize] as usize] = particle as u32;
        }
        Lists { starts, particles }
    }

    fn of(&self, vertex: u32) -> &[u32] {
        let vertex = vertex as usize;
        &self.particles[self.starts[vertex] as usize..self.starts[vertex + 1] as usize]
    }
}

/// The number of each vertex. Vertices that no beam leads to come last.
pub(super) fn numbers(production: &[u32], end: &[u32], n_vertices: usize) -> Vec<u32> {
    let (incoming, outgoing) = (Lists::new(end, n_vertices), Lists::new(production, n_vertices));
    let mut numbers = vec![NONE; n_vertices];
    // Vertices wait once: from when they are found to when they have a number.
    let mut found = vec![false; n_vertices];
    let mut waiting = VecDeque::new();
    let find = |vertex: u32, found: &mut [bool]| {
        vertex != NONE && !std::mem::replace(&mut found[vertex as usize], true)
    };
    for (&from, &to) in production.iter().zip(end) {
        if from == NONE && find(to, &mut found) {
            waiting.push_back(to);
        }
    }
    let mut next = 0;
    while let Some(&vertex) = waiting.front() {
        let n_before = waiting.len();
        for &particle in incoming.of(vertex).iter().rev() {
            let mother = production[particle as usize];
            if find(mother, &mut found) {
                waiting.push_front(mother);
            }
        }
        if waiting.len() > n_before {
            continue;
        }
        waiting.pop_front();
        numbers[vertex as usize] = next;
        next += 1;
        for &particle in outgoing.of(vertex) {
            let daughter = end[particle as usize];
            if find(daughter, &mut found) {
                waiting.push_back(daughter);
            }
        }
    }
    for number in numbers.iter_mut().filter(|number| **number == NONE) {
        *number = next;
        next += 1;
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_tree_is_numbered_breadth_first() {
        // A beam decays to 1 and 2, both decay.
        assert_eq!(numbers(&[NONE, 0, 0, 1, 2], &[0, 1, 2, NONE, NONE], 3), [0, 1, 2]);
    }

    #[test]
    fn mothers_come_first_unless_they_wait() {
        // Particle 1 goes into vertex 2 with particle 3, whose mother, vertex 1, waits already.
        assert_eq!(numbers(&[NONE, 0, 0, 1, 2], &[0, 2, 1, 2, NONE], 3), [0, 2, 1]);
        // Particle 1 goes into vertex 3 with particle 4 from vertex 2, which does not wait, but its mother does.
        assert_eq!(numbers(&[NONE, 0, 0, 1, 2, 3], &[0, 3, 1, 2, 3, NONE], 4), [0, 3, 1, 2]);
    }

    proptest! {
        #[test]
        fn any_graph_gets_each_number_once(
            links in prop::collection::vec((0..40u32, 0..40u32), 0..80),
            n_vertices in 1..30u32,
        ) {
            let index = |vertex: u32| if vertex < n_vertices { vertex } else { NONE };
            let (production, end): (Vec<u32>, Vec<u32>) =
                links.into_iter().map(|(from, to)| (index(from), index(to))).unzip();
            let mut numbers = numbers(&production, &end, n_vertices as usize);
            numbers.sort_unstable();
            prop_assert!(numbers.into_iter().eq(0..n_vertices));
        }
    }
}
