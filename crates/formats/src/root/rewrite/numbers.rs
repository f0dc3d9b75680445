//! Numbers in bytes that are read and overwritten at their places.
//!
//! In: bytes, a place in them. Out: the number there; or the bytes with another in its place.
//! Not here: what the numbers mean.
//! Holds: nothing outside the bytes is touched; a number that its width cannot hold is refused.

/// The numbers of these bytes cannot be changed: they end early, or the new one is too large.
pub(super) const UNFIT: &str = "a place or length does not fit where it is to be written";

/// A big-endian number of `width` bytes, at most 8.
pub(super) fn big(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(width)?)?;
    Some(field.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

/// Overwrites a big-endian number of `width` bytes.
pub(super) fn put_big(bytes: &mut [u8], at: usize, width: usize, number: u64) -> Result<(), &'static str> {
    let wide = number.to_be_bytes();
    let (front, back) = wide.split_at_checked(8usize.saturating_sub(width)).ok_or(UNFIT)?;
    let field = at.checked_add(width).and_then(|end| bytes.get_mut(at..end)).ok_or(UNFIT)?;
    if front.iter().any(|&byte| byte != 0) || field.len() != back.len() {
        return Err(UNFIT);
    }
    field.copy_from_slice(back);
    Ok(())
}

/// The same for numbers that ROOT reads as signed.
pub(super) fn put_signed(bytes: &mut [u8], at: usize, width: usize, number: u64) -> Result<(), &'static str> {
    if width == 0 || width > 8 || number >> (8 * width - 1) != 0 {
        return Err(UNFIT);
    }
    put_big(bytes, at, width, number)
}

/// Overwrites a little-endian number of 4 bytes.
pub(super) fn put_little_u32(bytes: &mut [u8], at: usize, number: u32) -> Result<(), &'static str> {
    put(bytes, at, &number.to_le_bytes())
}

/// Overwrites a little-endian number of 8 bytes.
pub(super) fn put_little_u64(bytes: &mut [u8], at: usize, number: u64) -> Result<(), &'static str> {
    put(bytes, at, &number.to_le_bytes())
}

/// Overwrites bytes.
pub(super) fn put(bytes: &mut [u8], at: usize, with: &[u8]) -> Result<(), &'static str> {
    let field = at.checked_add(with.len()).and_then(|end| bytes.get_mut(at..end)).ok_or(UNFIT)?;
    field.copy_from_slice(with);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_does_not_fit_changes_nothing() {
        let mut bytes = [1, 2, 3, 4, 5];
        assert_eq!(put_signed(&mut bytes, 0, 4, 1 << 31), Err(UNFIT));
        assert_eq!(put_big(&mut bytes, 0, 4, 1 << 32), Err(UNFIT));
        assert_eq!(put_big(&mut bytes, 2, 4, 1), Err(UNFIT));
        assert_eq!(put_big(&mut bytes, usize::MAX, 4, 1), Err(UNFIT));
        assert_eq!(put_big(&mut bytes, 0, 9, 1), Err(UNFIT));
        assert_eq!(bytes, [1, 2, 3, 4, 5]);
        assert_eq!(put_signed(&mut bytes, 1, 4, 0x7fff_fffe), Ok(()));
        assert_eq!(big(&bytes, 1, 4), Some(0x7fff_fffe));
        assert_eq!(bytes[0], 1);
    }
}
