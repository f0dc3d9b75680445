//! Les Houches events: texts that are made by hand, and odd ones.

use super::super::EventFormat;
use hepz_columns::events::{Events, Lattice, NONE};
use proptest::prelude::*;

const HEADER: &str = "<LesHouchesEvents version=\"3.0\">\n<header>\n</header>\n<init>\n2212 2212\n</init>\n";

/// As MadGraph writes it today, with weights.
fn c_style() -> String {
    let mut text = HEADER.to_owned();
    for (number, x) in [(1, "1.2345678901"), (2, "7.0000000000"), (3, "2.5000000001")] {
        text += &format!(
            "<event>
 5      1 +{x}e+00 9.12345600e+01 7.81860000e-03 1.18000000e-01
        2 -1    0    0  501    0 +0.0000000000e+00 +0.0000000000e+00 +{x}e+02 {x}e+02 0.0000000000e+00 0.0000e+00 1.0000e+00
       -2 -1    0    0    0  501 -0.0000000000e+00 -0.0000000000e+00 -{x}e+01 {x}e+01 0.0000000000e+00 0.0000e+00 -1.0000e+00
       23  2    1    2    0    0 +0.0000000000e+00 +0.0000000000e+00 +1.1111101011e+02 1.3579246790e+02 9.1187600000e+01 0.0000e+00 0.0000e+00
      -11  1    3    3    0    0 +{x}e+00 -3.3333333333e+00 +1.1111101011e-02 1.3579246790e+02 0.0000000000e+00 0.0000e+00 1.0000e+00
       11  1    3    3    0    0 -{x}e+00 +3.3333333333e+00 +1.1111101011e+02 1.3579246790e+02 0.0000000000e+00 0.0000e+00 -1.0000e+00
<mgrwt>
<rscale>  0 0.9123456{number}E+02</rscale>
</mgrwt>
<rwgt>
<wgt id='1001'> +{x}e+00 </wgt>
<wgt id='1002'> +{x}e-01 </wgt>
</rwgt>
</event>
"
        );
    }
    text + "</LesHouchesEvents>\n"
}

/// As Fortran writes it.
fn fortran_style() -> String {
    let mut text = HEADER.to_owned();
    for number in 1..=4 {
        text += &format!(
            "<event>
  5   1  0.1000000E+01  0.9118800E+02  0.7546771E-02  0.1179815E+00
       -1   -1    0    0    0  501  0.00000000000E+00  0.00000000000E+00  0.1959009363{number}E+02  0.19590093630E+02  0.00000000000E+00 0.  1.
        1   -1    0    0  501    0  0.00000000000E+00  0.00000000000E+00 -0.82194075538E+03  0.82194075538E+03  0.00000000000E+00 0. -1.
       23    2    1    2    0    0  0.00000000000E+00  0.00000000000E+00 -0.81998174602E+03  0.82389976475E+03  0.80254336596E+02 0.  0.
      -13    1    3    0    0    0 -0.98964411343E+00 -0.16034660722E-02 -0.77369808316E+03  0.77392749904E+03  0.00000000000E+00 0. -1.
       13    1    3    0    0    0  0.98964411343E+00  0.16034660722E-02 -0.46283662859E+02  0.49972265701E+02  0.00000000000E+00 0.  1.
#  0.7000000E+04  0.7000000E+04
<clustering>
<clus scale=\"   80.254\">  4  5 -1 -1</clus>
</clustering>
</event>
"
        );
    }
    text + "</LesHouchesEvents>\n"
}

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
            assert!(events.labels.len() < 5);
        }
    }
    let format = EventFormat::recognise(fortran_style().as_bytes()).expect("events");
    assert_eq!(format.momentum(), Lattice::Decimal(11));
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
    for usual in [fortran_style(), c_style().replace('\n', "\r\n")] {
        let format = EventFormat::recognise(usual.as_bytes()).expect("events");
        for end in 0..usual.len() {
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
    let usual = fortran_style();
    let format = EventFormat::recognise(usual.as_bytes()).expect("events");
    let events = format.read(usual.as_bytes());
    for at in 0..events.skeleton.len() {
        for byte in 0..16 {
            let mut skeleton = events.skeleton.clone();
            skeleton[at] = byte;
            let odd = Events { skeleton, ..events.clone() };
            let _ = format.write(&odd, &mut Vec::new());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn edited_files_come_back(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, any::<u8>()), 1..12),
    ) {
        let usual = fortran_style();
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
