//! Scenes: a folder of files, and the program run in it.
//!
//! In: names and bytes. Out: what the program wrote, said and ended with.
//! Not here: what is expected (the tests).
//! Holds: the folder is gone when the scene is.
#![allow(dead_code)]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A folder of files.
pub struct Scene(tempfile::TempDir);

/// What came of one run.
pub struct Outcome {
    output: Output,
    arguments: String,
}

/// The program; with `HEPZ_RUNNER`, under another that stands for a processor of another kind.
pub fn program() -> Command {
    let hepz = env!("CARGO_BIN_EXE_hepz");
    match std::env::var_os("HEPZ_RUNNER") {
        None => Command::new(hepz),
        Some(runner) => {
            let mut command = Command::new(runner);
            command.arg(hepz);
            command
        }
    }
}

impl Scene {
    /// An empty folder.
    pub fn new() -> Scene {
        Scene(tempfile::tempdir().unwrap())
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Names of all files and folders, hidden ones too, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Runs the program in the folder, with empty standard input.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with(arguments, b"")
    }

    /// Runs the program in the folder.
    pub fn run_with(&self, arguments: &[&str], input: &[u8]) -> Outcome {
        let mut child = program()
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // The program may end without reading its input, so writing may fail.
        let feeder = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        let _ = feeder.join().unwrap();
        Outcome { output, arguments: arguments.join(" ") }
    }
}

impl Outcome {
    /// Demands an exit code.
    pub fn ends_with(self, code: i32) -> Outcome {
        assert_eq!(self.output.status.code(), Some(code), "hepz {}: {}", self.arguments, self.stderr());
        self
    }

    /// Demands a part of standard error.
    pub fn says(self, part: &str) -> Outcome {
        assert!(
            self.stderr().contains(part),
            "hepz {}: {:?} not in {:?}",
            self.arguments,
            part,
            self.stderr()
        );
        self
    }

    /// Demands silence on standard error.
    pub fn says_nothing(self) -> Outcome {
        assert_eq!(self.stderr(), "", "hepz {}", self.arguments);
        self
    }

    /// Standard error.
    pub fn stderr(&self) -> String {
        String::from_utf8(self.output.stderr.clone()).unwrap()
    }

    /// Standard output.
    pub fn stdout(self) -> Vec<u8> {
        self.output.stdout
    }

    /// Standard output as text.
    pub fn text(self) -> String {
        String::from_utf8(self.output.stdout).unwrap()
    }
}

/// What a `.npy` file of records begins with.
pub fn npy_header(descr: &str, rows: u32) -> Vec<u8> {
    let mut header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ({rows},), }}");
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend_from_slice(&(header.len() as u16).to_le_bytes());
    file.extend_from_slice(header.as_bytes());
    file
}

/// A `.npy` file: records of `pt` (float32), `phi` (float64), `n` (int16) and `good` (bool).
pub fn npy(rows: u32) -> Vec<u8> {
    let descr = "[('pt', '<f4'), ('phi', '<f8'), ('n', '<i2'), ('good', '|b1')]";
    let mut file = npy_header(descr, rows);
    for row in 0..rows {
        let (pt, phi, n, good) = values(row);
        file.extend_from_slice(&pt.to_le_bytes());
        file.extend_from_slice(&phi.to_le_bytes());
        file.extend_from_slice(&n.to_le_bytes());
        file.push(u8::from(good));
    }
    file
}

/// The values of one row of [`npy`].
pub fn values(row: u32) -> (f32, f64, i16, bool) {
    let pt = 1000.0 / (row as f32 + 1.0);
    (pt, f64::from(row % 63) * 0.1 - 3.0, 40 - (row % 90) as i16, row.is_multiple_of(3))
}
