//! Data: files as bytes, cut into what trains and what judges.
//!
//! In: files. Out: training bytes, validation bytes, windows in random order.
//! Not here: tensors (`bytes`), the loop (`run`).
//! Holds: what judges is never trained on; the cut is between files, or between events, lines or records of one
//! file, never inside; the order of windows follows from the seed and the number of the window alone.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::random::Random;

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileNote {
    /// Its name, without the folder.
    pub name: String,
    /// Its sum.
    pub sha256: [u8; 32],
    /// Its length.
    pub bytes: u64,
}

/// Bytes to train on and bytes to judge by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Corpus {
    /// File by file.
    pub training: Vec<Vec<u8>>,
    /// In the order of the file.
    pub validation: Vec<u8>,
    /// All files, those that judge last.
    pub files: Vec<FileNote>,
}

/// Why there is nothing to train on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Too little is left after the cut.
    #[error("{bytes} bytes are left for {what}; at least {least} are needed")]
    TooLittle {
        /// Training or validation.
        what: &'static str,
        /// So many.
        bytes: u64,
        /// Needed.
        least: u64,
    },
}

/// Bytes that training and validation need, each.
const LEAST: u64 = 4096;

/// A border of events or lines is looked for this far behind the wanted cut.
const SEARCHED: usize = 4 << 20;

impl Corpus {
    /// Reads files; see [`Corpus::new`].
    ///
    /// # Errors
    /// [`DataError`] names the file.
    pub fn read(paths: &[PathBuf], share: f64, record: usize) -> Result<Corpus, DataError> {
        let read = |path: &PathBuf| {
            let bytes = std::fs::read(path).map_err(|error| DataError::Read { path: path.clone(), error })?;
            Ok((name_of(path), bytes))
        };
        Corpus::new(paths.iter().map(read).collect::<Result<_, DataError>>()?, share, record)
    }

    /// With several files the last one judges; of one file a `share` at its end, from the border of an event, a line
    /// or a record (of `record` bytes; 0 if there are none) on.
    ///
    /// # Errors
    /// [`DataError::TooLittle`].
    pub fn new(mut files: Vec<(String, Vec<u8>)>, share: f64, record: usize) -> Result<Corpus, DataError> {
        let notes = files.iter().map(|(name, bytes)| FileNote {
            name: name.clone(),
            sha256: Sha256::digest(bytes).into(),
            bytes: bytes.len() as u64,
        });
        let notes = notes.collect();
        let (_, mut last) = files.pop().unwrap_or_default();
        let mut training: Vec<Vec<u8>> = files.into_iter().map(|(_, bytes)| bytes).collect();
        let validation = if training.is_empty() {
            let validation = last.split_off(cut(&last, share, record));
            training.push(last);
            validation
        } else {
            last
        };
        let bytes: u64 = training.iter().map(|file| file.len() as u64).sum();
        for (what, bytes) in [("training", bytes), ("validation", validation.len() as u64)] {
            if bytes < LEAST {
                return Err(DataError::TooLittle { what, bytes, least: LEAST });
            }
        }
        Ok(Corpus { training, validation, files: notes })
    }

    /// Bytes to train on.
    pub fn training_bytes(&self) -> u64 {
        self.training.iter().map(|file| file.len() as u64).sum()
    }

    /// A sum of all names, lengths and contents: the same data again?
    pub fn sum(&self) -> String {
        let mut sum = Sha256::new();
        for file in &self.files {
            sum.update(file.bytes.to_le_bytes());
            sum.update(file.sha256);
        }
        sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// Where the validation part of a file begins.
fn cut(file: &[u8], share: f64, record: usize) -> usize {
    let wanted = (file.len() as f64 * (1.0 - share.clamp(0.0, 1.0))) as usize;
    let wanted = wanted.min(file.len());
    if record > 0 {
        return wanted - wanted % record;
    }
    let behind = &file[wanted..file.len().min(wanted + SEARCHED)];
    // An event of HepMC 2 and 3 text begins with a line `E `.
    let event = behind.windows(3).position(|three| three == b"\nE ");
    let is_events = event.is_some() && file[..file.len().min(4096)].windows(5).any(|five| five == b"HepMC");
    let line = || {
        let is_text = behind.iter().take(4096).all(|&b| b.is_ascii_graphic() || b.is_ascii_whitespace());
        is_text.then(|| behind.iter().position(|&b| b == b'\n')).flatten()
    };
    let border = if is_events { event } else { line() };
    wanted + border.map_or(0, |at| at + 1)
}

/// Windows of training data in an order that is drawn anew for each pass.
#[derive(Clone, Debug)]
pub struct Windows {
    lengths: Vec<usize>,
    window: usize,
    record: usize,
    seed: u64,
    /// The pass that `order` is of.
    pass: Option<u64>,
    order: Vec<(usize, usize)>,
}

impl Windows {
    /// Windows of `window` bytes of files, from multiples of `record` on.
    pub fn new(files: &[Vec<u8>], window: usize, record: usize, seed: u64) -> Windows {
        let lengths = files.iter().map(Vec::len).collect();
        Windows { lengths, window: window.max(1), record: record.max(1), seed, pass: None, order: Vec::new() }
    }

    /// Windows of a pass.
    pub fn count(&self) -> usize {
        self.lengths.iter().map(|&length| self.of(length)).sum()
    }

    /// Windows of a file of this length: one less than fit, so that each pass can begin elsewhere.
    fn of(&self, length: usize) -> usize {
        let fit = length / self.window;
        if fit > 1 { fit - 1 } else { fit }
    }

    /// Places (file, byte) of the `n` windows of block `block`; fewer windows than `n` are used again.
    pub fn block(&mut self, block: u64, n: usize) -> Vec<(usize, usize)> {
        let blocks = (self.count() / n.max(1)).max(1) as u64;
        let pass = block / blocks;
        if self.pass != Some(pass) {
            self.draw(pass);
        }
        let first = (block % blocks) as usize * n;
        self.order
            .iter()
            .copied()
            .cycle()
            .skip(first)
            .take(if self.order.is_empty() { 0 } else { n })
            .collect()
    }

    fn draw(&mut self, pass: u64) {
        let mut random = Random::new(self.seed ^ pass.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5747);
        self.pass = Some(pass);
        self.order.clear();
        for (file, &length) in self.lengths.iter().enumerate() {
            let n = self.of(length);
            let slack = length - n * self.window;
            let first = random.below(slack + 1);
            let aligned = |at: usize| at - at % self.record;
            self.order.extend((0..n).map(|at| (file, aligned(first + at * self.window))));
        }
        random.shuffle(&mut self.order);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(n: usize) -> Vec<u8> {
        let mut text = b"HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\n".to_vec();
        for at in 0..n {
            text.extend(format!("E {at} 1 2\nU GEV MM\nP 1 0 21 0.5 0.25 {at} 3\n").bytes());
        }
        text
    }

    #[test]
    fn a_single_file_is_cut_between_events_lines_or_records() {
        let text = events(2000);
        let corpus = Corpus::new(vec![("a".into(), text.clone())], 0.2, 0).unwrap();
        assert!(corpus.validation.starts_with(b"E "));
        assert_eq!([corpus.training[0].clone(), corpus.validation].concat(), text);

        let lines: Vec<u8> = (0..5000).flat_map(|at| format!("{at},{}\n", at * 7).into_bytes()).collect();
        let corpus = Corpus::new(vec![("a".into(), lines)], 0.3, 0).unwrap();
        assert!(corpus.training[0].ends_with(b"\n"));

        let binary: Vec<u8> = (0..60_000u32).map(|at| (at * at >> 3) as u8).collect();
        let corpus = Corpus::new(vec![("a".into(), binary)], 0.1, 28).unwrap();
        assert_eq!(corpus.training[0].len() % 28, 0);
    }

    #[test]
    fn the_last_of_several_files_judges_and_too_little_is_an_error() {
        let files =
            vec![("a".into(), vec![1; 5000]), ("b".into(), vec![2; 6000]), ("c".into(), vec![3; 7000])];
        let corpus = Corpus::new(files, 0.5, 0).unwrap();
        assert_eq!((corpus.training.len(), corpus.validation), (2, vec![3; 7000]));
        assert!(Corpus::new(vec![("a".into(), vec![1; 5000])], 0.5, 0).is_err());
        assert!(Corpus::new(vec![], 0.5, 0).is_err());
    }

    #[test]
    fn a_pass_sees_each_window_once_and_passes_differ() {
        let files = vec![vec![0; 10_000], vec![0; 50], vec![0; 3333]];
        let mut windows = Windows::new(&files, 100, 10, 3);
        let pass = |windows: &mut Windows, pass: u64| -> Vec<(usize, usize)> {
            (0..10).flat_map(|at| windows.block(pass * 13 + at, 10)).collect()
        };
        assert_eq!(windows.count() / 10, 13);
        let (first, second) = (pass(&mut windows, 0), pass(&mut windows, 1));
        assert_ne!(first, second);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 100);
        for (file, at) in sorted {
            assert!(at + 100 <= files[file].len() && at % 10 == 0);
        }
        assert_eq!(pass(&mut Windows::new(&files, 100, 10, 3), 1), second);
    }
}
