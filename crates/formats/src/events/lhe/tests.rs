//! Les Houches events: texts that are made by hand, and odd ones.

use super::super::EventFormat;
use super::samples::{HEADER, c_style, fortran_style, matched_style};
use hepz_columns::events::{Events, Lattice, NONE};
use proptest::prelude::*;

/// Reads a text as a file of the format of `like` and checks that it comes back.
fn through(like: &str, text: &[u8]) -> Events {
    let format = EventFormat::recognise(like.as_bytes()).expect("events");
    assert_eq!(EventFormat::from_bytes(&format.to_bytes()).as_ref(), Some(&format));
    comes_back(&format, text)
}

fn comes_back(format: &EventFormat, text: &[u8]) -> Events {
    let events = format.read(text);
    assert!(events.validate());
    let mut back = Vec::new();
    let places = format.write_events(&events, &mut back).expect("a sound skeleton");
    assert_eq!(String::from_utf8_lossy(&back), String::from_utf8_lossy(text));
    assert_eq!(back, text);
    assert_eq!(places.len(), events.particles.len());
    assert!(places.iter().all(|place| back[place.clone()].starts_with(b"<event")));
    events
}

fn n_patches(events: &Events) -> usize {
    events.skeleton.split(|&byte| byte == b'\n').filter(|line| matches!(line.first(), Some(2 | 3))).count()
}

#[test]
fn both_styles_come_back_through_columns() {
    for text in [c_style(), fortran_style()] {
        for text in [text.replace('\n', "\r\n"), text] {
            let events = through(&text, text.as_bytes());
            assert_eq!(n_patches(&events), 0);
            assert!(events.particles.iter().all(|&n| n == 5));
            assert!(events.vertices.iter().all(|&n| n == 2));
            assert_eq!(events.production[..5], [NONE, NONE, 0, 1, 1]);
            assert_eq!(events.end[..5], [0, 0, 1, NONE, NONE]);
            assert!(events.labels.len() < 16);
        }
    }
    let format = EventFormat::recognise(fortran_style().as_bytes()).expect("events");
    assert_eq!(format.momentum(), Lattice::Decimal(11));
}

#[test]
fn what_laws_and_the_last_event_say_is_not_in_the_skeleton() {
    for text in [matched_style(), matched_style().replace('\n', "\r\n")] {
        let events = through(&text, text.as_bytes());
        assert_eq!((n_patches(&events), events.particles.as_slice()), (0, [6; 6].as_slice()));
        let skeleton = String::from_utf8_lossy(&events.skeleton).into_owned();
        let after_first = skeleton.splitn(3, '\u{1}').nth(2).expect("six events");
        // The last event is followed by one line more.
        assert!(after_first.starts_with("\n\u{1}\n\u{1}\n\u{1}\n\u{1}\n"), "{after_first:?}");
        assert!(after_first.len() < 40, "{after_first:?}");
    }
}

#[test]
fn weights_that_repeat_a_number_refer_to_it() {
    let text = c_style();
    let events = through(&text, text.as_bytes());
    let skeleton = String::from_utf8_lossy(&events.skeleton).into_owned();
    assert!(skeleton.contains("iB\n"), "{skeleton}");
}

#[test]
fn a_law_that_fails_costs_one_number() {
    let usual = matched_style();
    let format = EventFormat::recognise(usual.as_bytes()).expect("events");
    let least = comes_back(&format, usual.as_bytes()).skeleton.len();
    for (from, to) in [
        ("50.000\">  1  6", "50.001\">  1  6"),
        ("50.000\">  1  6  2 -1", "50.000\">  2  6  1 -1"),
        ("50.000\">  1  6  2 -1", "50.000\">  7  8 -1 99"),
        ("50.000\">  1  6  2 -1", "50.000\">  1 66  2 -1"),
        ("0.5000000E+02", "0.7000000E+04"),
        ("0.5000000E+02", "0.5000001E+02"),
        ("0.5000000E+02", "0.5000000E+02  0.5000000E+02"),
        ("0.1179815E+00", "0.1179816E+00"),
        ("<clustering>", "<Clustering>"),
        ("<clustering>\n", ""),
        ("<clustering>\n", "<clustering>\n<clustering>\n<x 1 2 3/>\n"),
    ] {
        let text = usual.replacen(from, to, 2);
        assert_ne!(text, usual);
        let events = comes_back(&format, text.as_bytes());
        assert!(events.skeleton.len() < least + 300, "{from} {to} {}", events.skeleton.len() - least);
        assert!(events.particles.iter().all(|&n| n == 6));
    }
}

#[test]
fn lifetimes_that_differ_are_no_labels() {
    let usual = fortran_style();
    let one = &usual[HEADER.len()..usual.len() - "</LesHouchesEvents>\n".len()];
    let events: Vec<String> =
        (0..400).map(|n| one.replace(" 0. -1.", &format!(" 0.{:07}E-02 -1.", n * 7919 + 100_000))).collect();
    let text = [HEADER, &events.concat(), "</LesHouchesEvents>\n"].concat();
    // Each particle of the two that have one gets another lifetime.
    let mut n = 0;
    let text: String = text
        .split_inclusive("E-02 -1.")
        .map(|part| {
            n += 1;
            part.replace("E-02 -1.", &format!("{n:04}E-02 -1."))
        })
        .collect();
    let events = through(&text, text.as_bytes());
    assert!(events.labels.len() <= 700, "{}", events.labels.len());
    assert_eq!(n_patches(&events), 0);
}

#[test]
fn guesses_do_not_make_a_small_archive_large() {
    let usual = fortran_style();
    let format = EventFormat::recognise(usual.as_bytes()).expect("events");
    let events = format.read(usual.as_bytes());
    let long = "x".repeat(60_000);
    let mut skeleton = format!("\u{1}\n<event>\n\u{5}1\n{long}\n\u{80}\n").into_bytes();
    skeleton.retain(|&byte| byte != 0xc2);
    skeleton.extend(b"\x01\n".repeat(9));
    let labels = vec![[&b"\x01"[..], &[b'y'; 500]].concat()];
    let empty =
        Events { particles: vec![0; 10], vertices: vec![0; 10], skeleton, labels, ..Events::default() };
    assert!(empty.validate());
    assert!(format.write(&empty, &mut Vec::new()).is_err());
    // Lines of which each is guessed, over and over.
    let mut skeleton = b"\x01\n\x80\n\x80\n".to_vec();
    skeleton.extend(b"\x80\n".repeat(20_000));
    skeleton.extend(b"\x01\n".repeat(10_000));
    let many = Events { particles: vec![0; 10_001], vertices: vec![0; 10_001], skeleton, ..empty };
    let mut out = Vec::new();
    assert!(format.write(&many, &mut out).is_err());
    assert!(out.len() < 64 << 20, "{}", out.len());
    assert!(!events.skeleton.is_empty());
}

#[test]
fn nothing_is_recognised_in_other_text() {
    for text in ["<event>\n", HEADER, "", "<LesHouchesEvents>\n<event>\n 0 0\n</event>\n"] {
        assert!(EventFormat::recognise(text.as_bytes()).is_none());
    }
}

#[test]
fn a_long_header_hides_no_event() {
    let text =
        c_style().replace("<header>\n", &format!("<header>\n{}", "# a card of a generator\n".repeat(20_000)));
    assert_eq!(through(&text, text.as_bytes()).particles.len(), 3);
}

#[test]
fn odd_lines_cost_one_patch_each() {
    let usual = fortran_style();
    let odd = |from: &str, to: &str| {
        let text = usual.replacen(from, to, 1);
        assert_ne!(text, usual);
        let events = through(&usual, text.as_bytes());
        (n_patches(&events), events.particles.clone())
    };
    // Another digit is another number, more digits are not.
    assert_eq!(odd("0.82194075538E+03", "0.82194075539E+03"), (0, vec![5; 4]));
    assert_eq!(odd("0.82194075538E+03", "0.821940755381E+03"), (1, vec![5; 4]));
    assert_eq!(odd("0.82194075538E+03", "0.8219407x538E+03"), (1, vec![5; 4]));
    assert_eq!(odd("   23    2", "  23     2"), (1, vec![5; 4]));
    // Mothers that do not derive.
    assert_eq!(odd("    3    0    0    0", "    3    3    0    0"), (1, vec![5; 4]));
    assert_eq!(odd("    3    0    0    0", "    2    3    0    0"), (1, vec![5; 4]));
    assert_eq!(odd("    3    0    0    0", "    9   12    0    0"), (1, vec![5; 4]));
    assert_eq!(odd("    3    0    0    0", "    0    5    0    0"), (1, vec![5; 4]));
    // Lines that are missing, or stand elsewhere.
    let line = usual.lines().find(|line| line.contains("   23    2")).expect("a line");
    assert_eq!(odd(&format!("{line}\n"), "").1, [4, 5, 5, 5]);
    assert_eq!(odd(&format!("{line}\n"), &format!("# {line}\n")).1, [2, 5, 5, 5]);
    assert_eq!(odd("  5   1  0.1", "  4   1  0.1").1, [4, 5, 5, 5]);
    assert_eq!(odd("  5   1  0.1", " 05   1  0.1").1, [5; 4]);
    assert_eq!(odd("  5   1  0.1", "").1, [0, 5, 5, 5]);
    assert_eq!(odd("<event>", "<event npLO=\" 1 \" npNLO=\" -1 \">"), (0, vec![5; 4]));
    assert_eq!(odd("<event>\n", "<events>\n").1, [5; 3]);
    assert_eq!(odd("<clustering>\n", "\u{1}clustering>\r\n").1, [5; 4]);
}

#[test]
fn every_beginning_of_a_file_comes_back() {
    for usual in [fortran_style(), matched_style(), c_style().replace('\n', "\r\n")] {
        let format = EventFormat::recognise(usual.as_bytes()).expect("events");
        for end in (0..usual.len()).rev().step_by(3) {
            comes_back(&format, &usual.as_bytes()[..end]);
        }
    }
}

#[test]
fn cuts_are_where_events_begin() {
    let text = fortran_style();
    let format = EventFormat::recognise(text.as_bytes()).expect("events");
    let starts: Vec<usize> = text.match_indices("<event>").map(|found| found.0).collect();
    for end in 0..=text.len() {
        let whole = format.cut(&text.as_bytes()[..end]);
        let begun = starts.iter().filter(|&&start| start + "<event>".len() <= end).count();
        assert_eq!(whole, (begun > 1).then(|| starts[begun - 1]));
    }
}

#[test]
fn hostile_skeletons_give_an_error_or_text() {
    for usual in [fortran_style(), matched_style(), c_style()] {
        let format = EventFormat::recognise(usual.as_bytes()).expect("events");
        let events = format.read(usual.as_bytes());
        for at in HEADER.len() - 8..events.skeleton.len() {
            for byte in (0..16).chain(b"=^spimr AZ09".iter().copied()).chain(126..140) {
                let mut skeleton = events.skeleton.clone();
                skeleton[at] = byte;
                let odd = Events { skeleton, ..events.clone() };
                let _ = format.write(&odd, &mut Vec::new());
            }
        }
        for label in 0..events.labels.len() {
            for at in 0..events.labels[label].len() {
                let mut odd = events.clone();
                odd.labels[label][at] ^= 3;
                let _ = format.write(&odd, &mut Vec::new());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn edited_files_come_back(
        style in 0usize..3,
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, any::<u8>()), 1..12),
    ) {
        let usual = [fortran_style, matched_style, c_style][style]();
        let mut text = usual.clone().into_bytes();
        for (at, kind, byte) in edits {
            let at = at.index(text.len());
            match kind {
                0..4 => text[at] = byte,
                4..6 => _ = text.remove(at),
                6..8 => text.insert(at, byte),
                8 => text.insert(at, b'\n'),
                9 => text[at] = b'0' + byte % 10,
                _ => {
                    let piece = text[at..text.len().min(at + usize::from(byte) * 2)].to_vec();
                    text.splice(at..at, piece);
                }
            }
            if text.is_empty() {
                break;
            }
        }
        through(&usual, &text);
    }
}
