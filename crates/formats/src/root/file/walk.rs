//! The walk from record to record.
//!
//! In: a file. Out: its records, in order.
//! Not here: what a key says (`key`).
//! Holds: every record lies in the file, none overlaps another; bytes that no key accounts for are looked at once.

use super::super::buffer::Buffer;
use super::key::{self, Found, PREFIX_BYTES};
use super::{File, Record};
use crate::Source;
use std::io;

/// Bytes read at once.
const WINDOW_BYTES: u64 = 1 << 16;

/// A record takes at least 29 bytes of the file, and some hundred of memory; more than this no file has.
const MOST_RECORDS: usize = 1 << 24;

/// Every record from the first on.
pub(super) fn records(source: &dyn Source, file: &File) -> io::Result<Vec<Record>> {
    let mut window = Window { source, end: file.end.min(source.len()), at: 0, bytes: Vec::new() };
    let mut found = Vec::new();
    let mut at = file.begin;
    while at < window.end && found.len() < MOST_RECORDS {
        match window.record(at)? {
            Step::Record(record) => {
                at = record.payload_at().saturating_add(record.stored_bytes);
                found.push(*record);
            }
            Step::Gap(bytes) => at = at.saturating_add(bytes),
            Step::Odd => match window.next_key(at + 1)? {
                Some(next) => at = next,
                None => break,
            },
        }
    }
    Ok(found)
}

/// What lies at a place.
enum Step {
    Record(Box<Record>),
    Gap(u64),
    Odd,
}

/// A piece of the file.
struct Window<'a> {
    source: &'a dyn Source,
    end: u64,
    at: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// The bytes from `at` on: at least `bytes`, if the file has them.
    fn from(&mut self, at: u64, bytes: u64) -> io::Result<&[u8]> {
        let wanted = at.saturating_add(bytes).min(self.end);
        let has = at >= self.at && wanted <= self.at.saturating_add(self.bytes.len() as u64);
        if !has {
            let length = self.end.saturating_sub(at).min(bytes.max(WINDOW_BYTES));
            self.bytes.clear();
            self.bytes.resize(length as usize, 0);
            self.source.read_at(at, &mut self.bytes)?;
            self.at = at;
        }
        Ok(self.bytes.get((at - self.at) as usize..).unwrap_or_default())
    }

    fn record(&mut self, at: u64) -> io::Result<Step> {
        Ok(match self.checked(at)? {
            Some((step, _)) => step,
            None => Step::Odd,
        })
    }

    /// What lies at `at`, and where a key says that it lies; `None` if it is neither key nor gap.
    fn checked(&mut self, at: u64) -> io::Result<Option<(Step, u64)>> {
        let left = self.end - at.min(self.end);
        let prefix = self.from(at, PREFIX_BYTES as u64)?;
        let (bytes, key_bytes) =
            match key::look(prefix.get(..PREFIX_BYTES.min(prefix.len())).unwrap_or_default()) {
                // The last gap of a file may end with it, whatever its length says.
                Ok(Found::Gap(bytes)) => return Ok((bytes <= left).then_some((Step::Gap(bytes), u64::MAX))),
                Ok(Found::Key { bytes, key_bytes }) => (bytes, key_bytes),
                Err(_) => return Ok(None),
            };
        if bytes > left {
            return Ok(None);
        }
        let key = self.from(at, key_bytes.into())?.get(..key_bytes as usize).unwrap_or_default();
        let read = key::read(&mut Buffer::new(key, 0), at);
        Ok(read.ok().map(|(record, own)| (Step::Record(Box::new(record)), own)))
    }

    /// The next place from `at` on with a key that names that place as its own.
    fn next_key(&mut self, mut at: u64) -> io::Result<Option<u64>> {
        while at < self.end {
            let window = self.from(at, 64)?;
            let here =
                (0..window.len()).find(|&offset| names_itself(window.get(offset..), at + offset as u64));
            let Some(offset) = here else {
                // A key may begin in the last bytes, where its place was not in sight.
                let seen = window.len().saturating_sub(32).max(1);
                at = at.saturating_add(seen as u64);
                continue;
            };
            at += offset as u64;
            if let Some((Step::Record(_), own)) = self.checked(at)?
                && own == at
            {
                return Ok(Some(at));
            }
            at += 1;
        }
        Ok(None)
    }
}

/// True if the bytes look like a key that names `place` as its own.
fn names_itself(bytes: Option<&[u8]>, place: u64) -> bool {
    let field = |from: usize, to: usize| bytes.and_then(|bytes| bytes.get(from..to));
    let narrow = u32::try_from(place).ok().map(u32::to_be_bytes);
    let wide = field(18, 26) == Some(&place.to_be_bytes()[..]);
    wide || narrow.is_some_and(|narrow| field(18, 22) == Some(&narrow[..]))
}
