//! TensorBoard: event files of scalars.
//!
//! In: names, numbers, steps. Out: a file that `tensorboard --logdir` draws.
//! Not here: what is worth drawing (`run`).
//! Holds: each event is flushed whole; a killed run leaves a readable file.
//! Source: TFRecord framing (tensorflow/core/lib/io/record_writer.h) and the protobuf `Event`
//! (tensorflow/core/util/event.proto): `wall_time` = 1, `step` = 2, `file_version` = 3, `summary` = 5; of `Summary`:
//! `value` = 1; of `Value`: `tag` = 1, `simple_value` = 2.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// An event file.
#[derive(Debug)]
pub struct Board {
    file: File,
}

fn varint(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// Wire types of protobuf.
const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const BYTES: u64 = 2;
const FIXED_32: u64 = 5;

fn key(into: &mut Vec<u8>, field: u64, wire: u64) {
    varint(into, field << 3 | wire);
}

fn bytes(into: &mut Vec<u8>, field: u64, value: &[u8]) {
    key(into, field, BYTES);
    varint(into, value.len() as u64);
    into.extend_from_slice(value);
}

fn event(seconds: f64, step: u64, field: u64, value: &[u8]) -> Vec<u8> {
    let mut event = Vec::new();
    key(&mut event, 1, FIXED_64);
    event.extend(seconds.to_le_bytes());
    key(&mut event, 2, VARINT);
    varint(&mut event, step);
    bytes(&mut event, field, value);
    event
}

fn summary(values: &[(&str, f64)]) -> Vec<u8> {
    let mut summary = Vec::new();
    for (tag, number) in values {
        let mut value = Vec::new();
        bytes(&mut value, 1, tag.as_bytes());
        key(&mut value, 2, FIXED_32);
        value.extend((*number as f32).to_le_bytes());
        bytes(&mut summary, 1, &value);
    }
    summary
}

fn masked(data: &[u8]) -> [u8; 4] {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

fn framed(event: &[u8]) -> Vec<u8> {
    let length = (event.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), event, &masked(event)].concat()
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

impl Board {
    /// A new event file in `folder`, which is made if need be.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(folder: &Path) -> io::Result<Board> {
        std::fs::create_dir_all(folder)?;
        let seconds = now();
        let name = format!("events.out.tfevents.{:010}.{}.hepz", seconds as u64, std::process::id());
        let mut board = Board { file: File::create(folder.join(name))? };
        board.file.write_all(&framed(&event(seconds, 0, 3, b"brain.Event:2")))?;
        Ok(board)
    }

    /// Numbers at a step.
    ///
    /// # Errors
    /// What the system says.
    pub fn scalars(&mut self, step: u64, values: &[(&str, f64)]) -> io::Result<()> {
        self.file.write_all(&framed(&event(now(), step, 5, &summary(values))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_the_bytes_that_the_reference_writes() {
        // tensorboard 2.20: Event(wall_time=1.5, step=300, summary=Summary(value=[Value(tag="a",
        // simple_value=0.25)])).
        let event = event(1.5, 300, 5, &summary(&[("a", 0.25)]));
        let wanted =
            [9, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 16, 0xac, 2, 42, 10, 10, 8, 10, 1, b'a', 21, 0, 0, 0x80, 0x3e];
        assert_eq!(event, wanted);
        // crc32c("123456789") is e3069283 (RFC 3720 uses the same polynomial).
        assert_eq!(
            masked(b"123456789"),
            (0xe306_9283u32.rotate_right(15).wrapping_add(0xa282_ead8)).to_le_bytes()
        );
        let folder = tempfile::tempdir().unwrap();
        let mut board = Board::create(folder.path()).unwrap();
        board.scalars(3, &[("loss", 2.0), ("rate", 0.5)]).unwrap();
        let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap();
        let written = std::fs::read(file.path()).unwrap();
        let mut at = 0;
        let mut events = 0;
        while at < written.len() {
            let length = u64::from_le_bytes(written[at..at + 8].try_into().unwrap()) as usize;
            assert_eq!(written[at + 8..at + 12], masked(&written[at..at + 8]));
            let event = &written[at + 12..at + 12 + length];
            assert_eq!(written[at + 12 + length..at + 16 + length], masked(event));
            at += 16 + length;
            events += 1;
        }
        assert_eq!(events, 2);
    }
}
