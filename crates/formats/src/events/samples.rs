//! Event records for tests, in the ways of HepMC2 and HepMC3, and what every text has to keep.
//!
//! In: how numbers are printed. Out: text; or failed promises about a text.
//! Not here: the tests.
//! Holds: texts are made by a fixed sequence, so a failure comes again.

use super::EventFormat;
use hepz_columns::events::Events;
use std::fmt::Write;

/// A generator good enough for tests: xorshift with a multiplication.
pub(super) struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn number(&mut self, scale: f64) -> f64 {
        (self.next() as i64 as f64) / 2f64.powi(63) * scale
    }
}

/// How a test prints numbers.
pub(super) type Print = fn(f64) -> String;

/// As C prints `%.Ne`.
pub(super) fn scientific(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap();
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{exponent:0>2}")
}

pub(super) fn sixteen(value: f64) -> String {
    scientific(value, 16)
}

/// Events in which each particle but the first decays into two, in the way of HepMC2.
pub(super) fn hepmc2(n_events: usize, print: Print) -> String {
    let mut random = Random(5);
    let mut text = String::from("HepMC::Version 2.06.09\nHepMC::IO_GenEvent-START_EVENT_LISTING\n");
    for event in 0..n_events {
        let n_vertices = 4 + event % 3;
        writeln!(text, "E {event} -1 1.5 0.1 0.007 20 0 {n_vertices} 10001 10002 0 1 1.0").unwrap();
        text.push_str("N 1 \"0\"\nU GEV MM\n");
        let mut particle = 10_001;
        for vertex in 1..=n_vertices {
            let orphans = if vertex == 1 { 2 } else { 0 };
            let place = match vertex {
                1 | 2 => String::from("0 0 0 0"),
                _ => [1.0, 2.0, 3.0, 4.0].map(|scale| print(random.number(scale))).join(" "),
            };
            writeln!(text, "V -{vertex} 0 {place} {orphans} 2 0").unwrap();
            for at in 0..orphans + 2 {
                let momentum = [9.0, 9.0, 900.0, 1e3, 1.0].map(|scale| print(random.number(scale))).join(" ");
                let end = match (at < orphans, at == orphans && vertex < n_vertices) {
                    (true, _) => -1,
                    (_, true) => -(vertex as i32 + 1),
                    _ => 0,
                };
                let status = if at < orphans { 4 } else { 1 + i32::from(end != 0) };
                let flow = ["0", "1 1 501", "2 1 501 2 502", "1 2 7"][(random.next() % 4) as usize];
                writeln!(text, "P {particle} {} {momentum} {status} 0 0 {end} {flow}", at * 11 - 22).unwrap();
                particle += 1;
            }
        }
    }
    text.push_str("HepMC::IO_GenEvent-END_EVENT_LISTING\n");
    text
}

/// The same in the way of HepMC3: some vertices have no line.
pub(super) fn hepmc3(n_events: usize, print: Print) -> String {
    let mut random = Random(6);
    let mut text = String::from("HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\nW Weight\n");
    for event in 0..n_events {
        let n_vertices = 4 + event % 3;
        let n_particles = 2 + 2 * n_vertices;
        writeln!(text, "E {event} {n_vertices} {n_particles}\nU GEV MM\nW 1.0\nA 0 alphaQCD 0.11").unwrap();
        for (which, name) in ["flow1", "flow2"].into_iter().enumerate() {
            for particle in (3..n_particles).filter(|particle| particle % 3 != which) {
                writeln!(text, "A {particle} {name} {}", random.next() % 700).unwrap();
            }
        }
        text.push_str("A 0 signal_process_id 221\n");
        let line = |particle: usize, parent: i64, random: &mut Random| {
            let momentum = [9.0, 9.0, 900.0, 1e3, 1.0].map(|scale| print(random.number(scale))).join(" ");
            let status = if parent == 0 { 4 } else { 1 + particle % 2 };
            format!("P {particle} {parent} {} {momentum} {status}\n", particle * 11)
        };
        text += &line(1, 0, &mut random);
        text += &line(2, 0, &mut random);
        for vertex in 1..=n_vertices {
            let first = 2 * vertex + 1;
            let parent = match (vertex, vertex % 2) {
                (1, _) => {
                    text.push_str("V -1 0 [1,2]\n");
                    -1
                }
                (_, 0) => 2 * vertex as i64 - 1,
                _ => {
                    let place = [1.0, 2.0, 3.0, 4.0].map(|scale| print(random.number(scale))).join(" ");
                    writeln!(text, "V -{vertex} 0 [{}] @ {place}", 2 * vertex - 1).unwrap();
                    -(vertex as i64)
                }
            };
            text += &line(first, parent, &mut random);
            text += &line(first + 1, parent, &mut random);
        }
    }
    text.push_str("HepMC::Asciiv3-END_EVENT_LISTING\n");
    text
}

/// Reads and writes; gives the events, the number of patches and the number of events without particles.
pub(super) fn come_back(format: &EventFormat, text: &[u8]) -> (Events, usize, usize) {
    let events = format.read(text);
    assert!(events.validate());
    let mut back = b"before".to_vec();
    let places = format.write_events(&events, &mut back).unwrap();
    assert!(
        back[6..] == *text,
        "{}\n---\n{}",
        String::from_utf8_lossy(text),
        String::from_utf8_lossy(&back[6..])
    );
    assert_eq!(places.len(), events.particles.len());
    assert!(places.windows(2).all(|pair| pair[0].end == pair[1].start));
    assert!(places.last().is_none_or(|last| last.end == back.len()));
    let n_patches =
        events.skeleton.split(|&byte| byte == b'\n').filter(|line| line.first() == Some(&2)).count();
    let n_raw = events.particles.iter().filter(|n| **n == 0).count();
    (events, n_patches, n_raw)
}

pub(super) fn recognised(text: &str) -> EventFormat {
    let format = EventFormat::recognise(text.as_bytes()).unwrap();
    assert_eq!(EventFormat::from_bytes(&format.to_bytes()).as_ref(), Some(&format));
    format
}

/// Both formats with the same events.
pub(super) fn samples() -> [String; 2] {
    [hepmc2(5, sixteen), hepmc3(5, sixteen)]
}

/// Lines of particles.
pub(super) fn n_particles(text: &str) -> usize {
    text.lines().filter(|line| line.starts_with("P ")).count()
}

/// All particles are in columns, and no line is odd.
pub(super) fn assert_clean(text: &str) {
    let format = recognised(text);
    let (events, n_patches, n_raw) = come_back(&format, text.as_bytes());
    assert_eq!((events.n_particles(), n_patches, n_raw), (n_particles(text), 0, 0), "{text}");
    let skeleton = String::from_utf8_lossy(&events.skeleton);
    assert!(
        !skeleton.contains("\nP ") && !skeleton.contains("\nV ") && !skeleton.contains("flow1"),
        "{skeleton}"
    );
}
