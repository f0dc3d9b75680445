//! Odd spacing: the line that a writer would have printed.
//!
//! In: a line that could not be read. Out: the same fields between single blanks, integers without plus and leading zeros.
//! Not here: proof that the line comes back; it does not, and becomes a patch (`reader`).

use super::fields::push_integer;

/// Rebuilds a line. `kinds` says of its first fields which are integers (`i`); the others stay as they are.
#[cold]
pub(super) fn repaired(line: &[u8], kinds: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(line.len());
    let fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    for (at, field) in fields.enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        match kinds.get(at) {
            Some(b'i') => push_integer(std::str::from_utf8(field).ok()?.parse().ok()?, &mut out),
            _ => out.extend_from_slice(field),
        }
    }
    (out != line).then_some(out)
}
