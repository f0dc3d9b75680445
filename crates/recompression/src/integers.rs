//! Encodings of integers in pages of RNTuple: zigzag, differences, and packed bits.
//!
//! In: little-endian elements. Out: as many, or packed ones; each encoding has its inverse.
//! Not here: which encoding a column has (`hepz-formats`); byte planes (`shuffle`).
//! Holds: zigzag and differences keep the length and lose nothing; a rest shorter than one element stays as it is.
//! Source: RNTuple binary format 1.0, "Column description" and "Page encoding".

/// Widest element of zigzag and differences.
pub(crate) const MOST_ELEMENT_BYTES: u32 = 8;
/// Widest packed element.
pub(crate) const MOST_BITS: u32 = 32;

/// Applies `change` to each element of so many bytes.
fn map(bytes: &[u8], element_bytes: u32, mut change: impl FnMut(u64, u32) -> u64) -> Option<Vec<u8>> {
    let width = usize::try_from(element_bytes).ok().filter(|&width| width > 0)?;
    let bits = (element_bytes <= MOST_ELEMENT_BYTES).then(|| 8 * element_bytes)?;
    let mut changed = Vec::with_capacity(bytes.len());
    let elements = bytes.chunks_exact(width);
    let rest = elements.remainder();
    for element in elements {
        let number = element.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
        changed.extend(change(number, bits).to_le_bytes().iter().take(width));
    }
    changed.extend_from_slice(rest);
    Some(changed)
}

/// Two's complement to zigzag: 0, -1, 1, -2 become 0, 1, 2, 3. `None` if no integer has so many bytes.
pub(crate) fn zigzag(plain: &[u8], element_bytes: u32) -> Option<Vec<u8>> {
    map(plain, element_bytes, |number, bits| {
        let sign = if number >> (bits - 1) == 0 { 0 } else { u64::MAX };
        number << 1 ^ sign
    })
}

/// Zigzag to two's complement.
pub(crate) fn zigzag_inverse(stored: &[u8], element_bytes: u32) -> Option<Vec<u8>> {
    map(stored, element_bytes, |number, _| number >> 1 ^ (number & 1).wrapping_neg())
}

/// Values to the first value and differences.
pub(crate) fn delta(plain: &[u8], element_bytes: u32) -> Option<Vec<u8>> {
    let mut before = 0;
    map(plain, element_bytes, |number, _| number.wrapping_sub(std::mem::replace(&mut before, number)))
}

/// The first value and differences to values.
pub(crate) fn delta_inverse(stored: &[u8], element_bytes: u32) -> Option<Vec<u8>> {
    let mut sum = 0u64;
    map(stored, element_bytes, |number, _| {
        sum = sum.wrapping_add(number);
        sum
    })
}

/// Bytes of an unpacked element of so many bits.
fn unpacked_bytes(bits: u32) -> Option<usize> {
    match bits {
        1..=8 => Some(1),
        9..=MOST_BITS => Some(4),
        _ => None,
    }
}

/// Unpacked elements to packed ones, lowest bits first. `None` if a value does not fit the bits, or for half an element.
pub(crate) fn pack(plain: &[u8], bits: u32) -> Option<Vec<u8>> {
    let width = unpacked_bytes(bits)?;
    if !plain.len().is_multiple_of(width) {
        return None;
    }
    let mut packed = Vec::with_capacity(packed_bytes(plain.len() / width, bits)?);
    let (mut held, mut n_held) = (0u64, 0);
    for element in plain.chunks_exact(width) {
        let number = element.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
        if number >> bits != 0 {
            return None;
        }
        held |= number << n_held;
        n_held += bits;
        while n_held >= 8 {
            packed.push(held as u8);
            held >>= 8;
            n_held -= 8;
        }
    }
    if n_held > 0 {
        packed.push(held as u8);
    }
    Some(packed)
}

/// Packed elements to so many plain bytes. `None` if there are more or fewer of them, or if the padding is not zero.
pub(crate) fn unpack(stored: &[u8], bits: u32, plain_bytes: usize) -> Option<Vec<u8>> {
    let width = unpacked_bytes(bits)?;
    let n = plain_bytes / width;
    if !plain_bytes.is_multiple_of(width) || packed_bytes(n, bits)? != stored.len() {
        return None;
    }
    let mut plain = Vec::with_capacity(plain_bytes);
    let (mut held, mut n_held) = (0u64, 0);
    let mut bytes = stored.iter();
    for _ in 0..n {
        while n_held < bits {
            held |= u64::from(*bytes.next()?) << n_held;
            n_held += 8;
        }
        plain.extend((held & ((1 << bits) - 1)).to_le_bytes().iter().take(width));
        held >>= bits;
        n_held -= bits;
    }
    (held == 0).then_some(plain)
}

fn packed_bytes(n: usize, bits: u32) -> Option<usize> {
    Some(n.checked_mul(usize::try_from(bits).ok()?)?.div_ceil(8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn examples_of_the_specification_hold() {
        assert_eq!(
            zigzag(&[0, 0, 255, 255, 1, 0, 254, 255, 255, 127, 0, 128], 2).unwrap(),
            [0, 0, 1, 0, 2, 0, 3, 0, 254, 255, 255, 255]
        );
        assert_eq!(delta(&[5, 0, 7, 0, 6, 0], 2).unwrap(), [5, 0, 2, 0, 255, 255]);
        assert_eq!(pack(&[1, 0, 0, 1, 1, 0, 0, 0, 1], 1).unwrap(), [0b0001_1001, 1]);
        assert_eq!(pack(&[0xbc, 0xa, 0, 0, 0xef, 0xd, 0, 0], 12).unwrap(), [0xbc, 0xfa, 0xde]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(pack(&[2], 1), None);
        assert_eq!(pack(&[0, 0, 0], 9), None);
        assert_eq!(pack(&[0], 0), None);
        assert_eq!(pack(&[0, 0, 0, 0], 33), None);
        assert_eq!(unpack(&[0b1000_0000], 1, 7), None, "padding");
        assert_eq!(unpack(&[0, 0], 1, 8), None, "too long");
        assert_eq!(unpack(&[], 32, usize::MAX), None);
        assert_eq!(zigzag(&[1], 0), None);
        assert_eq!(delta(&[1], 9), None);
        assert_eq!(delta(&[1], u32::MAX), None, "no overflow");
    }

    proptest! {
        #[test]
        fn inverses_undo(bytes in proptest::collection::vec(any::<u8>(), 0..200), width in 1u32..9) {
            prop_assert_eq!(&zigzag_inverse(&zigzag(&bytes, width).unwrap(), width).unwrap(), &bytes);
            prop_assert_eq!(&zigzag(&zigzag_inverse(&bytes, width).unwrap(), width).unwrap(), &bytes);
            prop_assert_eq!(&delta_inverse(&delta(&bytes, width).unwrap(), width).unwrap(), &bytes);
            prop_assert_eq!(&delta(&delta_inverse(&bytes, width).unwrap(), width).unwrap(), &bytes);
        }

        #[test]
        fn packed_elements_come_back(numbers in proptest::collection::vec(any::<u32>(), 0..60), bits in 1u32..33) {
            let width = if bits <= 8 { 1 } else { 4 };
            let cut = |number: &u32| (u64::from(*number) & ((1 << bits) - 1)).to_le_bytes()[..width].to_vec();
            let plain: Vec<u8> = numbers.iter().flat_map(cut).collect();
            let packed = pack(&plain, bits).unwrap();
            prop_assert_eq!(packed.len(), (numbers.len() * bits as usize).div_ceil(8));
            prop_assert_eq!(unpack(&packed, bits, plain.len()), Some(plain));
        }
    }
}
