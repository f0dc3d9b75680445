//! Clustering: scales as papers write them, flavours, odd events.

use super::*;

fn massless(species: i32, status: i32, x: f64, y: f64, z: f64) -> Parton {
    let energy = (x * x + y * y + z * z).sqrt();
    let (production, end) = if status == BEAM { (NONE, 0) } else { (0, NONE) };
    Parton { momentum: [x, y, z, energy], mass: 0.0, species, status, production, end }
}

/// Beams that make these final particles, whose transverse momenta balance.
fn event(beams: [i32; 2], outgoing: &[Parton]) -> Vec<Parton> {
    let total = outgoing.iter().fold([0.0; 4], |total, parton| sum(total, parton.momentum));
    let beam =
        |species, sign: f64| massless(species, BEAM, 0.0, 0.0, sign * (total[3] + sign * total[2]) / 2.0);
    [&[beam(beams[0], 1.0), beam(beams[1], -1.0)], outgoing].concat()
}

/// The measure of two jets as it is written in papers.
fn durham(p: Vector, q: Vector) -> f64 {
    let transverse = |p: Vector| p[0].hypot(p[1]);
    let eta = |p: Vector| (p[2] / transverse(p)).asinh();
    let phi = |p: Vector| p[1].atan2(p[0]);
    let angle = (eta(p) - eta(q)).cosh() - (phi(p) - phi(q)).cos();
    transverse(p).min(transverse(q)) * (2.0 * angle).sqrt()
}

fn close(found: f64, wanted: f64) {
    assert!((found / wanted - 1.0).abs() < 1e-9, "{found} {wanted}");
}

#[test]
fn jets_are_clustered_with_the_beam_that_they_follow() {
    let outgoing = [
        massless(-11, FINAL, 30.0, 10.0, 5.0),
        massless(11, FINAL, -20.0, -25.0, 40.0),
        massless(GLUON, FINAL, -10.0, 15.0, 5.0),
    ];
    let partons = event([2, -2], &outgoing);
    let mut clustering = Clustering::new(&partons).expect("an event");
    let candidates = clustering.candidates();
    let pairs: Vec<(usize, usize)> = candidates.iter().map(|found| (found.first, found.second)).collect();
    let scales: Vec<f64> = candidates.iter().filter_map(|found| found.scale).collect();
    assert_eq!(pairs, [(2, 5), (1, 5), (3, 4)]);
    // In the frame of the event as a whole the jet goes backwards.
    close(scales[0], 10f64.hypot(15.0));
    close(scales[1], 10f64.hypot(15.0) * PREFERENCE.sqrt());
    close(scales[2], durham(outgoing[0].momentum, outgoing[1].momentum));
    clustering.join(2, 5);
    assert_eq!(clustering.jets[0].scales, [scales[0]]);
    // What is left balances, so one lepton is as transverse as the other.
    let found = clustering.candidates()[0];
    assert_eq!((found.first, found.second, found.other), (3, 4, -1));
    let (p, q) = (clustering.legs[2].momentum, clustering.legs[3].momentum);
    close(found.scale.expect("a scale"), durham(p, q));
    close(transverse2(p), transverse2(q));
    let (before, after) = (sum(outgoing[0].momentum, outgoing[1].momentum), sum(p, q));
    close(product(after, after), product(before, before));
    clustering.join(3, 4);
    let last = clustering.candidates()[0];
    assert_eq!((last.first, last.second, last.other, last.scale), (1, 3, 2, None));
    clustering.join(9, 9);
    assert!(clustering.candidates().is_empty());
}

#[test]
fn gluons_alone_make_no_leptons_and_exchanged_beams_are_known() {
    let outgoing = [
        massless(-11, FINAL, 30.0, 10.0, 5.0),
        massless(11, FINAL, -20.0, -25.0, 40.0),
        massless(2, FINAL, -10.0, 15.0, 20.0),
    ];
    let mut clustering = Clustering::new(&event([2, GLUON], &outgoing)).expect("an event");
    assert!(clustering.candidates().iter().all(|found| (found.first, found.second) != (1, 5)));
    clustering.join(2, 5);
    clustering.join(3, 4);
    assert_eq!((clustering.candidates()[0].first, clustering.candidates()[0].other), (2, 1));
}

#[test]
fn flavours_combine_as_vertices_allow() {
    for (pair, wanted) in [
        ((GLUON, GLUON), Some(GLUON)),
        ((GLUON, -3), Some(-3)),
        ((4, -4), Some(GLUON)),
        ((4, -2), None),
        ((4, -3), Some(W)),
        ((-4, 3), Some(W_MINUS)),
        ((12, -11), Some(W)),
        ((13, -14), Some(W_MINUS)),
        ((2, W_MINUS), Some(1)),
        ((1, W), Some(2)),
        ((-1, W_MINUS), Some(-2)),
        ((-2, W), Some(-1)),
        ((2, W), None),
        ((11, -13), None),
        ((11, 2), None),
        ((Z, 5), Some(5)),
    ] {
        assert_eq!(combined(pair.0, pair.1), wanted, "{pair:?}");
        assert_eq!(combined(pair.1, pair.0), wanted, "{pair:?}");
    }
}

#[test]
fn odd_events_are_clustered_or_not_at_all() {
    let nan = massless(GLUON, FINAL, f64::NAN, 0.0, 0.0);
    let still = massless(GLUON, FINAL, 0.0, 0.0, 0.0);
    for outgoing in [vec![nan; 3], vec![still; 5], vec![still; 60], vec![], vec![nan, still, nan]] {
        for beams in [[GLUON, GLUON], [2, -1], [99, 0]] {
            let Some(mut clustering) = Clustering::new(&event(beams, &outgoing)) else { continue };
            for _ in 0..20 {
                let next = clustering.candidates().first().copied();
                let Some(next) = next else { break };
                assert!(next.scale.is_none_or(f64::is_finite));
                clustering.join(next.first, next.second);
            }
        }
    }
}
