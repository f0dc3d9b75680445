//! Provenance: where a model comes from, as the text of its description.
//!
//! In: what a trainer knows. Out: TOML.
//! Not here: what is done with the text: hepz stores and shows it, and decodes without it.
//! Holds: every text comes back from a TOML reader as it was.

use super::id_text;
use std::fmt::Write;

/// A file that a model was trained on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrainingFile {
    /// Its name.
    pub name: String,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Its length.
    pub bytes: u64,
}

/// What a description says besides the kind of networks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provenance {
    /// The shape of the networks in a few words: `gru 96x1`.
    pub architecture: String,
    /// Who wrote it: `hepz train 0.1.0`.
    pub trainer: String,
    /// When, as the trainer was told: `2026-11-22`. Empty if it was not.
    pub date: String,
    /// Seeds, in the order of use.
    pub seeds: Vec<u64>,
    /// Steps of the optimiser.
    pub steps: u64,
    /// Bits per byte on validation data, of the integers.
    pub bits_per_byte: Option<f64>,
    /// What it was trained on.
    pub data: Vec<TrainingFile>,
    /// Whatever else is to be said: key (letters, digits, `_`) and text.
    pub more: Vec<(String, String)>,
}

impl Provenance {
    /// The description of networks of this kind (`bytes` or `values`).
    pub fn to_toml(&self, kind: &str) -> String {
        let mut text = String::new();
        let mut line = |key: &str, value: String| {
            let _ = writeln!(text, "{key} = {value}");
        };
        line("kind", quoted(kind));
        line("architecture", quoted(&self.architecture));
        line("trainer", quoted(&self.trainer));
        if !self.date.is_empty() {
            line("date", quoted(&self.date));
        }
        line("seeds", format!("{:?}", self.seeds));
        line("steps", self.steps.to_string());
        if let Some(bits) = self.bits_per_byte {
            line("bits_per_byte", format!("{bits:.4}"));
        }
        for (key, value) in &self.more {
            line(key, quoted(value));
        }
        for file in &self.data {
            let (name, sum) = (quoted(&file.name), id_text(&file.sha256));
            let _ = write!(text, "\n[[data]]\nname = {name}\nsha256 = \"{sum}\"\nbytes = {}\n", file.bytes);
        }
        text
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_quotes_what_would_end_a_text() {
        let provenance = Provenance {
            architecture: "gru \"96\"\\1\n".into(),
            bits_per_byte: Some(1.25),
            seeds: vec![1, 2],
            data: vec![TrainingFile { name: "a.hepmc".into(), sha256: [0xab; 32], bytes: 7 }],
            ..Provenance::default()
        };
        let text = provenance.to_toml("bytes");
        assert!(
            text.starts_with("kind = \"bytes\"\narchitecture = \"gru \\\"96\\\"\\\\1\\u000A\"\n"),
            "{text}"
        );
        assert!(text.contains("seeds = [1, 2]\nsteps = 0\nbits_per_byte = 1.2500\n"), "{text}");
        assert!(text.ends_with(&format!("sha256 = \"{}\"\nbytes = 7\n", "ab".repeat(32))), "{text}");
    }
}
