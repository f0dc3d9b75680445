//! Shower: a toy generator of event records. Generated, and no physics: it keeps the laws that generators keep.
//!
//! In: a seed. Out: the text of some events, as HepMC3 or HepMC2.
//! Not here: what is expected of it (the tests).
//! Holds: the same text on every machine: sums, products and square roots only.
#![allow(dead_code)]

use std::fmt::Write;

/// xorshift64.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }

    /// Uniform in -1 to 1.
    fn even(&mut self) -> f64 {
        self.below(1 << 40) as f64 / (1u64 << 39) as f64 - 1.0
    }

    /// A direction.
    fn direction(&mut self) -> [f64; 3] {
        loop {
            let v = [self.even(), self.even(), self.even()];
            let square = v[0] * v[0] + v[1] * v[1] + v[2] * v[2];
            if square > 0.01 && square < 1.0 {
                return v.map(|c| c / square.sqrt());
            }
        }
    }
}

struct Particle {
    id: i32,
    status: i32,
    p: [f64; 4],
    m: f64,
    production: usize,
    end: Option<usize>,
    flow: [i32; 2],
}

/// An event: particles, and positions of vertices.
#[derive(Default)]
struct Event {
    particles: Vec<Particle>,
    vertices: Vec<[f64; 4]>,
}

fn on_shell(p: [f64; 3], m: f64) -> [f64; 4] {
    [p[0], p[1], p[2], (p[0] * p[0] + p[1] * p[1] + p[2] * p[2] + m * m).sqrt()]
}

/// Two bodies of masses `a` and `b` out of `total` of mass `m`.
fn decay(random: &mut Random, total: [f64; 4], m: f64, a: f64, b: f64) -> [[f64; 4]; 2] {
    let e = (m * m + a * a - b * b) / (2.0 * m);
    let k = (e * e - a * a).max(0.0).sqrt();
    let u = random.direction();
    let along = (u[0] * total[0] + u[1] * total[1] + u[2] * total[2]) * k / m;
    let factor = (along / (total[3] + m) * 1.0 + e / m) * 1.0;
    let p = [0, 1, 2].map(|c| u[c] * k + total[c] * factor);
    let first = on_shell(p, a);
    let rest = [0, 1, 2].map(|c| total[c] - first[c]);
    [first, on_shell(rest, b)]
}

impl Event {
    fn add(&mut self, id: i32, status: i32, p: [f64; 4], m: f64, production: usize) -> usize {
        self.particles.push(Particle { id, status, p, m, production, end: None, flow: [0, 0] });
        self.particles.len() - 1
    }

    fn vertex(&mut self, incoming: &[usize], position: [f64; 4]) -> usize {
        self.vertices.push(position);
        incoming.iter().for_each(|&p| self.particles[p].end = Some(self.vertices.len() - 1));
        self.vertices.len() - 1
    }

    fn new(random: &mut Random) -> Event {
        let mut event = Event::default();
        let pion = 0.13957;
        let beams = [1.0, -1.0].map(|sign| {
            event.add(2212, 4, on_shell([0.0, 0.0, sign * 6500.0], 0.93827), 0.93827, usize::MAX)
        });
        let root = event.vertex(&beams, [0.0; 4]);
        let mut open = Vec::new();
        for line in 0..4 + random.below(5) as i32 {
            let size = 2.0 + random.below(1 << 30) as f64 / 1e8;
            let direction = random.direction().map(|c| c * size);
            let p = event.add(21, 51, on_shell(direction, 0.0), 0.0, root);
            event.particles[p].flow = [101 + line, 102 + line];
            open.push(p);
        }
        // One step that moves all of them, as a shower does: a boost along z.
        let (gamma, beta_gamma) = (1.25, 0.75);
        for gluon in std::mem::take(&mut open) {
            let at = event.vertex(&[gluon], [0.0; 4]);
            let q = event.particles[gluon].p;
            let moved = [q[0], q[1], gamma * q[2] + beta_gamma * q[3], gamma * q[3] + beta_gamma * q[2]];
            let p = event.add(21, 62, moved, 0.0, at);
            event.particles[p].flow = event.particles[gluon].flow;
            open.push(p);
        }
        let string = event.vertex(&open, [0.0; 4]);
        let mut mesons = Vec::new();
        for _ in 0..open.len() * 2 {
            let size = 0.5 + random.below(1 << 30) as f64 / 1e9;
            let (id, m) =
                [(111, 0.13498), (310, 0.49761), (211, pion), (221, 0.54785)][random.below(4) as usize];
            let status = if id == 211 { 1 } else { 2 };
            mesons.push(event.add(id, status, on_shell(random.direction().map(|c| c * size), m), m, string));
        }
        for meson in mesons {
            let Particle { id, p, m, .. } = event.particles[meson];
            let (first, second) = match id {
                111 => ((22, 0.0), (22, 0.0)),
                310 => ((211, pion), (-211, pion)),
                221 => ((22, 0.0), (111, 0.13498)),
                _ => continue,
            };
            let time = if id == 310 { random.below(1 << 30) as f64 / 1e8 } else { 0.0 };
            let position = [p[0] * time, p[1] * time, p[2] * time, p[3] * time];
            let at = event.vertex(&[meson], position);
            let legs = decay(random, p, m, first.1, second.1);
            event.add(first.0, 1, legs[0], first.1, at);
            event.add(second.0, if second.0 == 111 { 2 } else { 1 }, legs[1], second.1, at);
        }
        event
    }

    fn print3(&self, number: u64, text: &mut String) {
        let (particles, vertices) = (self.particles.len(), self.vertices.len());
        let _ = write!(text, "E {number} {vertices} {particles}\nU GEV MM\nW 1.0000000000000000000000e+00\n");
        for slot in 0..2 {
            for (place, particle) in self.particles.iter().enumerate().filter(|(_, p)| p.flow != [0, 0]) {
                let _ = writeln!(text, "A {} flow{} {}", place + 1, slot + 1, particle.flow[slot]);
            }
        }
        let mut printed = usize::MAX;
        for (place, particle) in self.particles.iter().enumerate() {
            let vertex = particle.production;
            let incoming: Vec<String> = self.incoming(vertex).map(|p| (p + 1).to_string()).collect();
            let position = self.vertices.get(vertex).copied().unwrap_or_default();
            let mut parent = if vertex == usize::MAX { "0".to_owned() } else { format!("-{}", vertex + 1) };
            if vertex != usize::MAX && incoming.len() == 1 && position == [0.0; 4] {
                parent = incoming[0].clone();
            } else if vertex != usize::MAX && printed != vertex {
                let _ = write!(text, "V -{} 0 [{}]", vertex + 1, incoming.join(","));
                if position != [0.0; 4] {
                    let [x, y, z, t] = position.map(c_style);
                    let _ = write!(text, " @ {x} {y} {z} {t}");
                }
                text.push('\n');
                printed = vertex;
            }
            let [x, y, z, e] = particle.p.map(c_style);
            let m = c_style(particle.m);
            let _ = writeln!(
                text,
                "P {} {parent} {} {x} {y} {z} {e} {m} {}",
                place + 1,
                particle.id,
                particle.status
            );
        }
    }

    fn incoming(&self, vertex: usize) -> impl Iterator<Item = usize> {
        (0..self.particles.len()).filter(move |&p| self.particles[p].end == Some(vertex))
    }

    fn print2(&self, number: u64, text: &mut String) {
        let vertices = self.vertices.len();
        let _ = write!(
            text,
            "E {number} -1 -1.0000000000000000e+00 -1.0000000000000000e+00 -1.0000000000000000e+00 0 0 {vertices} 10001 10002 0 0\nU GEV MM\n"
        );
        for vertex in 0..vertices {
            let orphans: Vec<usize> =
                self.incoming(vertex).filter(|&p| self.particles[p].production == usize::MAX).collect();
            let outgoing: Vec<usize> =
                (0..self.particles.len()).filter(|&p| self.particles[p].production == vertex).collect();
            let position = self.vertices[vertex];
            let zero = position == [0.0; 4];
            let [x, y, z, t] = position.map(|c| if zero { "0".to_owned() } else { c_style(c) });
            let _ =
                writeln!(text, "V -{} 0 {x} {y} {z} {t} {} {} 0", vertex + 1, orphans.len(), outgoing.len());
            for p in orphans.into_iter().chain(outgoing) {
                let particle = &self.particles[p];
                let [x, y, z, e] = particle.p.map(c_style);
                let m = c_style(particle.m);
                let end = particle.end.map_or("0".to_owned(), |v| format!("-{}", v + 1));
                let _ = write!(
                    text,
                    "P {} {} {x} {y} {z} {e} {m} {} 0 0 {end}",
                    10001 + p,
                    particle.id,
                    particle.status
                );
                match particle.flow {
                    [0, 0] => text.push_str(" 0\n"),
                    [a, b] => {
                        let _ = writeln!(text, " 2 1 {a} 2 {b}");
                    }
                }
            }
        }
    }
}

/// As printf's `%.16e`.
fn c_style(value: f64) -> String {
    let text = format!("{value:.16e}");
    let (mantissa, exponent) = text.split_once('e').unwrap();
    let exponent: i32 = exponent.parse().unwrap();
    format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// Events as HepMC3 Asciiv3.
pub fn hepmc3(seed: u64, events: u64) -> String {
    let mut random = Random(seed);
    let mut text = "HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\nW Weight\n".to_owned();
    (0..events).for_each(|number| Event::new(&mut random).print3(number, &mut text));
    text + "HepMC::Asciiv3-END_EVENT_LISTING\n\n"
}

/// Events as HepMC2 IO_GenEvent.
pub fn hepmc2(seed: u64, events: u64) -> String {
    let mut random = Random(seed);
    let mut text = "\nHepMC::Version 2.06.09\nHepMC::IO_GenEvent-START_EVENT_LISTING\n".to_owned();
    (0..events).for_each(|number| Event::new(&mut random).print2(number, &mut text));
    text + "HepMC::IO_GenEvent-END_EVENT_LISTING\n\n"
}

/// As Fortran's `E18.11`.
fn fortran(value: f64) -> String {
    let text = format!("{value:.10e}");
    let (mantissa, exponent) = text.split_once('e').unwrap();
    let exponent: i32 = if value == 0.0 { 0 } else { exponent.parse::<i32>().unwrap() + 1 };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let sign = if value < 0.0 { "-" } else { " " };
    format!("{sign}0.{digits}E{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// Hard processes q qbar -> Z -> l l as Les Houches events.
pub fn lhe(seed: u64, events: u64) -> String {
    let mut random = Random(seed);
    let mut text = "<LesHouchesEvents version=\"1.0\">\n<header>\n</header>\n<init>\n     2212     2212  0.65000000000E+04  0.65000000000E+04 0 0 247000 247000 -4 1\n</init>\n".to_owned();
    for _ in 0..events {
        let (up, down) = (40.0 + 400.0 * random.even().abs(), 30.0 + 100.0 * random.even().abs());
        let total = [0.0, 0.0, up - down, up + down];
        let m = (4.0 * up * down).sqrt();
        let [first, second] = decay(&mut random, total, m, 0.0, 0.0);
        let line = |text: &mut String,
                    id: i32,
                    status: i32,
                    mothers: [i32; 2],
                    flow: [i32; 2],
                    p: [f64; 4],
                    m: f64,
                    spin: &str| {
            let [x, y, z, e] = p.map(fortran);
            let _ = writeln!(
                text,
                " {id:8} {status:4} {:4} {:4} {:4} {:4} {x} {y} {z} {e} {} 0. {spin}",
                mothers[0],
                mothers[1],
                flow[0],
                flow[1],
                fortran(m)
            );
        };
        let _ = write!(text, "<event>\n 5   1  0.3751300E+00  0.9118800E+02  0.7546771E-02  0.1179815E+00\n");
        line(&mut text, 2, -1, [0, 0], [501, 0], [0.0, 0.0, up, up], 0.0, "-1.");
        line(&mut text, -2, -1, [0, 0], [0, 501], [0.0, 0.0, -down, down], 0.0, " 1.");
        line(&mut text, 23, 2, [1, 2], [0, 0], total, m, " 0.");
        line(&mut text, -13, 1, [3, 3], [0, 0], first, 0.0, " 1.");
        line(&mut text, 13, 1, [3, 3], [0, 0], second, 0.0, "-1.");
        text.push_str("</event>\n");
    }
    text + "</LesHouchesEvents>\n"
}
