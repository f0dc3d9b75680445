//! HDF5's shuffle filter: bytes of equal significance side by side.
//!
//! In: elements. Out: byte 0 of all elements, byte 1 of all, ...; [`inverse`] puts them back.
//! Not here: which element size a file names (`hepz-formats`).
//! Holds: a rest shorter than one element stays at the end, as it is; length never changes.
//! Source: HDF5 1.14, filter 2, `H5Z_FILTER_SHUFFLE`.

/// Plain to stored.
pub(crate) fn forward(plain: &[u8], element_bytes: u32) -> Vec<u8> {
    let Some((elements, rest, width)) = split(plain, element_bytes) else { return plain.to_vec() };
    let mut stored = Vec::with_capacity(plain.len());
    for byte in 0..width {
        stored.extend(elements.iter().skip(byte).step_by(width));
    }
    stored.extend_from_slice(rest);
    stored
}

/// Stored to plain.
pub(crate) fn inverse(stored: &[u8], element_bytes: u32) -> Vec<u8> {
    let Some((planes, rest, width)) = split(stored, element_bytes) else { return stored.to_vec() };
    let mut plain = vec![0; planes.len()];
    for (byte, plane) in planes.chunks_exact(planes.len() / width).enumerate() {
        for (to, from) in plain.iter_mut().skip(byte).step_by(width).zip(plane) {
            *to = *from;
        }
    }
    plain.extend_from_slice(rest);
    plain
}

/// Whole elements, the rest, and the element width; `None` where shuffling changes nothing.
fn split(bytes: &[u8], element_bytes: u32) -> Option<(&[u8], &[u8], usize)> {
    let width = usize::try_from(element_bytes).ok().filter(|&width| width > 1 && width <= bytes.len())?;
    let (elements, rest) = bytes.split_at(bytes.len() - bytes.len() % width);
    Some((elements, rest, width))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_of_equal_significance_lie_side_by_side_and_the_rest_stays() {
        assert_eq!(forward(b"aAbBcCx", 2), b"abcABCx");
        assert_eq!(forward(b"abc", 4), b"abc");
        assert_eq!(forward(b"abc", 0), b"abc");
        assert_eq!(forward(b"", 4), b"");
    }

    proptest! {
        #[test]
        fn inverse_undoes_forward(plain in proptest::collection::vec(any::<u8>(), 0..300), width in 0u32..20) {
            prop_assert_eq!(inverse(&forward(&plain, width), width), plain);
        }
    }
}
