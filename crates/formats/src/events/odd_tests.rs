//! Odd text: what generators, editors and transfers make of event records.

use super::EventFormat;
use super::samples::{Random, assert_clean, come_back, n_particles, recognised, samples};
use hepz_columns::events::{Events, Lattice};
use proptest::prelude::*;

#[test]
fn regular_text_leaves_only_event_lines_in_the_skeleton() {
    for text in samples() {
        assert_clean(&text);
        let format = recognised(&text);
        assert_eq!(format.momentum(), Lattice::Binary64);
        let events = format.read(text.as_bytes());
        assert!(events.skeleton.len() < text.len() / 8, "{}", String::from_utf8_lossy(&events.skeleton));
    }
}

#[test]
fn carriage_returns_are_no_oddity() {
    for text in samples() {
        assert_clean(&text.replace('\n', "\r\n"));
    }
}

#[test]
fn every_prefix_comes_back_and_keeps_the_events_before_the_cut() {
    for text in samples() {
        let format = recognised(&text);
        for length in 0..text.len() {
            let (events, n_patches, _) = come_back(&format, &text.as_bytes()[..length]);
            assert!(n_patches <= 4, "{length}: {n_patches}");
            let whole = text[..length].rfind("\nP ").map_or(0, |at| n_particles(&text[..at]));
            assert!(events.n_particles() >= whole, "{length}");
        }
    }
}

#[test]
fn one_odd_line_costs_about_one_line() {
    type Damage = fn(&str) -> String;
    let damages: [(&str, Damage); 8] = [
        ("two blanks", |line| line.replacen(' ', "  ", 2)),
        ("a blank behind", |line| format!("{line} ")),
        ("a plus", |line| line.replacen("e+", "E+", 1)),
        ("one more digit", |line| line.replacen("e+", "0e+", 1).replacen("e-", "1e-", 1)),
        ("another digit", |line| line.replace('3', "4")),
        ("a carriage return", |line| format!("{line}\r")),
        ("bytes", |line| format!("{line}\u{0}\u{1}\u{7f}é")),
        ("twice", |line| format!("{line}\n{line}")),
    ];
    for text in samples() {
        let format = recognised(&text);
        let (whole, ..) = come_back(&format, text.as_bytes());
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            for (what, damage) in damages {
                let mut odd: Vec<String> = lines.iter().map(|line| line.to_string()).collect();
                odd[at] = damage(line);
                let odd = odd.join("\n") + "\n";
                let (events, n_patches, n_raw) = come_back(&format, odd.as_bytes());
                let longer = events.skeleton.len() as i64 - whole.skeleton.len() as i64;
                let what = format!("{what}: {line}\n{longer} {n_patches} {n_raw}");
                // Changed counts and barcodes concern the line of the vertex and of other particles too.
                assert!(n_patches <= 6, "{what}");
                assert!(n_raw <= usize::from(line.starts_with("E ")), "{what}");
                assert!(longer < 900, "{what}");
            }
        }
    }
}

#[test]
fn lines_dropped_or_swapped_keep_most_particles_in_columns() {
    for text in samples() {
        let format = recognised(&text);
        let lines: Vec<&str> = text.lines().collect();
        let (mut most_dropped, mut most_swapped) = (0, 0);
        for at in 0..lines.len() - 1 {
            let mut dropped = lines.clone();
            dropped.remove(at);
            let (_, n_patches, n_raw) = come_back(&format, (dropped.join("\n") + "\n").as_bytes());
            assert_eq!(n_raw, 0, "{}", lines[at]);
            most_dropped = most_dropped.max(n_patches);
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            let (_, n_patches, n_raw) = come_back(&format, (swapped.join("\n") + "\n").as_bytes());
            assert!(n_raw <= 1, "{}", lines[at]);
            most_swapped = most_swapped.max(n_patches);
        }
        assert!(most_dropped <= 8 && most_swapped <= 8, "{most_dropped} {most_swapped}");
    }
}

#[test]
fn a_thousand_weights_are_one_line() {
    let weights = " 1.0".repeat(1_000);
    let [text, _] = samples();
    let first = text.find("\nV -2 ").unwrap() + 1;
    let end = first + text[first..].find('\n').unwrap();
    let heavy = format!("{} 1000{weights}{}", &text[..end - 2], &text[end..]);
    let (events, n_patches, n_raw) = come_back(&recognised(&heavy), heavy.as_bytes());
    assert_eq!((events.n_particles(), n_patches, n_raw), (n_particles(&text), 1, 0));
    let few = format!("{} 3 1.0 1.5 2.0{}", &text[..end - 2], &text[end..]);
    assert_clean(&few);
    assert_clean(&text.replace(" 0 1 1.0\n", &format!(" 0 1000{weights}\n")));
}

#[test]
fn empty_events_and_text_around_events_stay() {
    for text in samples() {
        let format = recognised(&text);
        let empty = text.replace("\nU GEV MM\n", "\nU GEV MM\nE 7 0 0\n\n\nE 8 0 0 @ 1 2 3 4\n");
        come_back(&format, empty.as_bytes());
        come_back(&format, (text.clone() + &text + "\n\n").as_bytes());
        come_back(&format, format!("# note\n\n\u{1}1\n{text}# end").as_bytes());
        come_back(&format, b"");
        come_back(&format, b"\n");
        come_back(&format, b"E ");
        come_back(&format, b"E \n\x0b\n\x01\n\x02");
        let stars = text.replace("E 1 ", "E * ").replace("E 2 4", "E 2 *");
        come_back(&format, stars.as_bytes());
    }
}

#[test]
fn vertices_before_particles_cost_a_mark() {
    let [_, text] = samples();
    let mut lines = Vec::new();
    let mut particles: Vec<&str> = Vec::new();
    for line in text.lines() {
        match line.as_bytes()[0] {
            b'P' => particles.push(line),
            b'E' | b'H' => {
                lines.append(&mut particles);
                lines.push(line);
            }
            _ => lines.push(line),
        }
    }
    let sorted = lines.join("\n") + "\n";
    let (events, n_patches, n_raw) = come_back(&recognised(&sorted), sorted.as_bytes());
    assert_eq!((events.n_particles(), n_patches, n_raw), (n_particles(&text), 0, 0));
}

#[test]
fn barcodes_that_jump_are_kept() {
    for text in samples() {
        let jumping: String = text
            .lines()
            .map(|line| match line.strip_prefix("P ") {
                Some(rest) => {
                    let (code, rest) = rest.split_once(' ').unwrap();
                    format!("P {} {rest}\n", code.parse::<u64>().unwrap() * 7 % 10_007)
                }
                None => format!("{line}\n"),
            })
            .collect();
        let (events, _, n_raw) = come_back(&recognised(&text), jumping.as_bytes());
        assert_eq!((events.n_particles(), n_raw), (n_particles(&text), 0));
    }
}

/// The same event three times, with vertices and particles as given, numbers aside.
fn event_of(lines: &str) -> String {
    let mut text = String::from("HepMC::Asciiv3-START_EVENT_LISTING\n");
    for event in 0..3 {
        let n_vertices = if lines.contains("V -2") { 3 } else { 2 };
        text += &format!("E {event} {n_vertices} {}\n", n_particles(lines));
        for line in lines.lines() {
            text += line;
            text +=
                if line.starts_with('P') { " 21 1.0e+00 2.0e+00 3.0e+00 4.0e+00 0.0e+00 1\n" } else { "\n" };
        }
    }
    text
}

#[test]
fn vertices_numbered_as_in_a_tree_cost_nothing() {
    // Vertex 2 waits before vertex 3, from which its second particle comes.
    let text = event_of("P 1 0\nP 2 1\nP 3 1\nP 4 3\nV -2 0 [2,4]\nP 5 -2\n");
    assert_clean(&text);
    let format = recognised(&text);
    assert!(!format.read(text.as_bytes()).skeleton.contains(&9));
    assert_eq!(format.to_bytes()[1], 2);
}

#[test]
fn vertices_that_need_no_line_may_have_one() {
    assert_clean(&event_of("P 1 0\nV -1 0 [1]\nP 2 -1\nP 3 -1\nP 4 3\n"));
    assert_clean(&event_of("P 1 0\nV -1 0 [1] and more\nP 2 -1\nP 3 -1\nP 4 3\n"));
    assert_clean(&event_of("P 1 0\nV -1 0 [] and more\nP 2 -1\nP 3 -1\nP 4 3\n"));
}

#[test]
fn text_is_cut_where_an_event_begins() {
    for text in samples() {
        let format = recognised(&text);
        let last = text.rfind("\nE ").unwrap() + 1;
        assert_eq!(format.cut(text.as_bytes()), Some(last));
        let first = text.find("\nE ").unwrap() + 1;
        let second = first + 1 + text[first + 1..].find("\nE ").unwrap() + 1;
        for end in first..second + 2 {
            assert_eq!(format.cut(&text.as_bytes()[..end]), None, "{end}");
        }
        assert_eq!(format.cut(&text.as_bytes()[..second + 2]), Some(second));
        assert_eq!(format.cut(&text.as_bytes()[first..second + 2]), Some(second - first));
        assert_eq!(format.cut(b"E E E E E "), None);
        assert_eq!(format.cut(b""), None);
    }
}

#[test]
fn a_wire_form_with_another_byte_is_another_format_or_none() {
    for text in samples() {
        let format = recognised(&text);
        let bytes = format.to_bytes();
        for at in 0..bytes.len() {
            assert_eq!(EventFormat::from_bytes(&bytes[..at]), None);
            for value in 0..=255 {
                let mut other = bytes.clone();
                other[at] = value;
                if let Some(other_format) = EventFormat::from_bytes(&other) {
                    assert_eq!(other_format.to_bytes(), other);
                    come_back(&other_format, text.as_bytes());
                }
            }
        }
        assert_eq!(EventFormat::from_bytes(&[bytes, vec![0]].concat()), None);
    }
    assert_eq!(EventFormat::recognise(b"HepMC::Version 3\nE 0 1 2\n"), None);
}

/// Columns with any numbers in them, sound for `validate`.
fn shaken(mut events: Events, seed: u64) -> Events {
    let mut random = Random(seed | 1);
    let (mut particle, mut vertex) = (0, 0);
    for (&n_particles, &n_vertices) in events.particles.iter().zip(&events.vertices) {
        for at in particle..particle + n_particles as usize {
            for index in [&mut events.production[at], &mut events.end[at]] {
                if random.next().is_multiple_of(4) && n_vertices > 0 {
                    *index = (random.next() % u64::from(n_vertices)) as u32;
                }
            }
        }
        particle += n_particles as usize;
        vertex += n_vertices as usize;
    }
    assert_eq!((particle, vertex), (events.n_particles(), events.n_vertices()));
    for column in events.momentum.iter_mut().chain([&mut events.mass]).chain(&mut events.position) {
        for pattern in column {
            if random.next().is_multiple_of(4) {
                *pattern = random.next() >> (random.next() % 64);
            }
        }
    }
    let n_labels = events.labels.len() as u64;
    for label in events.label.iter_mut().chain(&mut events.vertex_label) {
        *label = (random.next() % n_labels) as u32;
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn spliced_bytes_come_back(
        which in 0..2usize,
        splices in prop::collection::vec((0.0..1.0f64, 0..40usize, prop::collection::vec(any::<u8>(), 0..20)), 1..6),
    ) {
        let mut text = samples()[which].clone().into_bytes();
        let format = EventFormat::recognise(&text).unwrap();
        for (place, length, bytes) in splices {
            let at = (place * text.len() as f64) as usize;
            let end = (at + length).min(text.len());
            text.splice(at..end, bytes);
        }
        come_back(&format, &text);
        if let Some(other) = EventFormat::recognise(&text) {
            come_back(&other, &text);
        }
    }

    #[test]
    fn pieces_of_both_formats_in_any_order_come_back(
        lines in prop::collection::vec((0..2usize, 0.0..1.0f64), 0..60),
        which in 0..2usize,
    ) {
        let samples = samples();
        let format = recognised(&samples[which]);
        let all = samples.each_ref().map(|text| text.lines().collect::<Vec<_>>());
        let mut text = String::new();
        for (which, place) in lines {
            text += all[which][(place * all[which].len() as f64) as usize];
            text.push('\n');
        }
        come_back(&format, text.as_bytes());
    }

    #[test]
    fn hostile_columns_and_skeletons_give_text_or_an_error(
        which in 0..2usize,
        seed in any::<u64>(),
        changes in prop::collection::vec((0.0..1.0f64, 0..12u8), 0..4),
    ) {
        let text = &samples()[which];
        let format = recognised(text);
        let mut events = shaken(format.read(text.as_bytes()), seed);
        prop_assert!(events.validate());
        for (place, byte) in changes {
            let at = (place * events.skeleton.len() as f64) as usize;
            events.skeleton[at] = byte;
        }
        let mut out = Vec::new();
        if format.write(&events, &mut out).is_ok() {
            prop_assert!(out.len() < 10 * text.len());
        }
    }
}
