//! Labels of points: where each can stand without covering another.
//!
//! In: points in pixels, and how wide their labels are. Out: a place for each.
//! Not here: drawing (`scatter`).
//! Holds: the same points give the same places; labels stay inside the frame; earlier points choose first.

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    /// Its left edge.
    pub(crate) left: i32,
    /// Its upper edge.
    pub(crate) top: i32,
    /// Its right edge.
    pub(crate) right: i32,
    /// Its lower edge.
    pub(crate) bottom: i32,
}

impl Area {
    /// Pixels that both cover.
    fn overlap(self, other: Area) -> i64 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        if width > 0 && height > 0 { i64::from(width) * i64::from(height) } else { 0 }
    }

    fn holds(self, other: Area) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && self.right >= other.right
            && self.bottom >= other.bottom
    }
}

/// A point that wants a label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// The point.
    pub(crate) at: (i32, i32),
    /// Width of its label.
    pub(crate) width: i32,
}

/// A place for a label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    /// Where it stands.
    pub(crate) area: Area,
    /// Where its letters begin, end, or have their middle: at the side that looks to the point.
    pub(crate) side: Side,
    /// It stands away from its point: a line should lead from there to its edge.
    pub(crate) line: Option<[(i32, i32); 2]>,
}

/// Which part of its area a label keeps to. Letters need less room than they are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// It stands to the right of its point.
    Left,
    /// Above or below.
    Middle,
    /// It stands to the left of its point.
    Right,
}

/// Height of a label in pixels.
const HEIGHT: i32 = 12;
/// Half the side of the square that a point keeps free.
const POINT: i32 = 5;
/// How far from its point a label may stand, in steps.
const RINGS: i32 = 9;
/// Pixels from one ring to the next.
const STEP: i32 = 8;
/// Covering a pixel of a label or a point is this many times worse than a step away.
const COVERED: i64 = 1000;

/// A place for each of `wanted` inside `frame`, clear of the `line` through some of them where that can be.
pub(crate) fn place(wanted: &[Wanted], frame: Area, line: &[(i32, i32)]) -> Vec<Placed> {
    let mut taken: Vec<Area> = wanted.iter().map(|want| square(want.at, POINT)).collect();
    taken.extend(line.windows(2).flat_map(|ends| along(ends[0], ends[1])));
    let mut placed = Vec::new();
    for want in wanted {
        let cost = |&(area, ring): &(Area, i32)| {
            let covered = |area: Area| -> i64 { taken.iter().map(|other| area.overlap(*other)).sum() };
            let outside = if frame.holds(area) { 0 } else { 1 << 40 };
            let crossed: i64 = beads(want.at, area, ring).map(covered).sum();
            outside + (covered(area) + crossed) * COVERED + i64::from(ring)
        };
        // Of equally good places the first counts.
        let best =
            (0..RINGS).flat_map(|ring| around(*want, ring).map(move |area| (area, ring))).min_by_key(cost);
        let Some((area, ring)) = best else { continue };
        taken.push(area);
        taken.extend(beads(want.at, area, ring));
        let side = if area.left > want.at.0 {
            Side::Left
        } else if area.right < want.at.0 {
            Side::Right
        } else {
            Side::Middle
        };
        placed.push(Placed { area, side, line: (ring > 0).then(|| [want.at, edge(want.at, area)]) });
    }
    placed
}

fn square((x, y): (i32, i32), half: i32) -> Area {
    Area { left: x - half, top: y - half, right: x + half, bottom: y + half }
}

/// The point of a label's edge that is nearest to its point.
fn edge((x, y): (i32, i32), area: Area) -> (i32, i32) {
    (x.clamp(area.left, area.right), y.clamp(area.top, area.bottom))
}

/// A line as a row of small squares.
fn along(from: (i32, i32), to: (i32, i32)) -> impl Iterator<Item = Area> {
    let n_beads = (to.0 - from.0).abs().max((to.1 - from.1).abs()) / 3 + 1;
    let between = move |from: i32, to: i32, bead: i32| from + (to - from) * bead / n_beads;
    (0..n_beads).map(move |bead| square((between(from.0, to.0, bead), between(from.1, to.1, bead)), 1))
}

/// What the line from a point to its label covers, but for its ends.
fn beads(at: (i32, i32), area: Area, ring: i32) -> impl Iterator<Item = Area> {
    let end = edge(at, area);
    // A pixel every quarter step; none where there is no line.
    let n_beads = if ring > 0 { 4 * ring } else { 0 };
    (1..n_beads).filter_map(move |bead| {
        let between = |from: i32, to: i32| from + (to - from) * bead / n_beads;
        let centre = (between(at.0, end.0), between(at.1, end.1));
        let clear =
            square(at, POINT + 1).overlap(square(centre, 1)) == 0 && area.overlap(square(centre, 1)) == 0;
        clear.then(|| square(centre, 1))
    })
}

/// Places around a point: right, left, above, below, and between.
fn around(want: Wanted, ring: i32) -> impl Iterator<Item = Area> {
    let (x, y) = want.at;
    let (far, near) = (POINT + 2 + ring * STEP, want.width / 2);
    let middle = y - HEIGHT / 2;
    let corners = [
        (x + far, middle),
        (x - far - want.width, middle),
        (x - near, y - far - HEIGHT),
        (x - near, y + far),
        (x + far, y - far - HEIGHT / 2),
        (x + far, y + far - HEIGHT / 2),
        (x - far - want.width, y - far - HEIGHT / 2),
        (x - far - want.width, y + far - HEIGHT / 2),
        (x + POINT, y - far - HEIGHT),
        (x + POINT, y + far),
        (x - POINT - want.width, y - far - HEIGHT),
        (x - POINT - want.width, y + far),
    ];
    corners.into_iter().map(move |(left, top)| Area {
        left,
        top,
        right: left + want.width,
        bottom: top + HEIGHT,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Area = Area { left: 0, top: 0, right: 400, bottom: 300 };

    fn covered(placed: &[Placed]) -> i64 {
        let pairs = |at: usize| placed[..at].iter().map(move |other| (at, other));
        (0..placed.len()).flat_map(pairs).map(|(at, other)| placed[at].area.overlap(other.area)).sum()
    }

    #[test]
    fn labels_of_close_points_do_not_cover_each_other() {
        let wanted: Vec<Wanted> =
            (0..8).map(|i| Wanted { at: (200 + 3 * i, 150 + 2 * i), width: 60 }).collect();
        let placed = place(&wanted, FRAME, &[]);
        assert_eq!((placed.len(), covered(&placed)), (8, 0));
        assert!(placed.iter().all(|p| FRAME.holds(p.area)));
        assert!(placed.iter().any(|p| p.line.is_some()));
    }

    #[test]
    fn a_label_at_the_edge_stays_inside() {
        let placed = place(&[Wanted { at: (398, 2), width: 80 }], FRAME, &[]);
        assert!(FRAME.holds(placed[0].area));
    }

    #[test]
    fn a_label_keeps_clear_of_the_line_through_its_point() {
        let line = [(100, 100), (200, 100), (300, 100)];
        let placed = place(&[Wanted { at: (200, 100), width: 60 }], FRAME, &line);
        let covered: i64 = along(line[0], line[2]).map(|bead| bead.overlap(placed[0].area)).sum();
        assert_eq!(covered, 0);
    }
}
