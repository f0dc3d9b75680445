//! Records in unknown bytes: after how many bytes the structure repeats.
//!
//! In: a sample. Out: a stride of 2 to 4096 bytes, or none.
//! Not here: what is done with it (`contexts`).
//! Holds: a function of the bytes alone, in integers; at most 64 KiB are looked at.
//! Source: our own: strides are proposed by how often a byte equals the one a stride before, and chosen by the description
//! length of the bytes with one histogram per place in the record.

/// Bytes looked at: the share of a stride of 4096 is then 16 records.
const WINDOW_BYTES: usize = 1 << 16;
/// The longest record.
const MAX_STRIDE: usize = 4096;
/// Records that a window must hold.
const MIN_RECORDS: usize = 6;
/// Strides that are measured in full, besides the powers of two and divisors.
const N_PROPOSED: usize = 12;
/// What it costs to learn that a byte value occurs at a place: the value, and that it was not foreseen.
const VALUE_COST_BITS: u64 = 9;
/// Logarithms are in units of 2^-8.
const LOG_BITS: u32 = 8;

/// Finds the bytes from one record to the next, if the sample is a table of records.
///
/// Text and bytes without structure have none; neither has a sample of less than a few hundred bytes.
pub fn detect_stride(sample: &[u8]) -> Option<u16> {
    // The middle: a file may begin with a header.
    let start = (sample.len().saturating_sub(WINDOW_BYTES)) / 2;
    let window = &sample[start..sample.len().min(start + WINDOW_BYTES)];
    let longest = MAX_STRIDE.min(window.len() / MIN_RECORDS);
    if window.len() < 256 || looks_like_text(window) {
        return None;
    }
    let n_log_n = n_log_n_table(window.len());
    let stored = (window.len() as u64 * 8) << LOG_BITS;
    let plain = description_bits(window, 1, &n_log_n).min(stored);
    let (mut best, mut best_bits) = (None, plain - plain / 32);
    for stride in proposals(window, longest) {
        let bits = description_bits(window, stride, &n_log_n);
        // A multiple must be better by more than chance.
        let bar = if best.is_some() { best_bits - best_bits / 128 } else { best_bits };
        if bits < bar {
            (best, best_bits) = (Some(stride), bits);
        }
    }
    best.and_then(|stride| u16::try_from(stride).ok())
}

/// Strides worth measuring, in rising order.
fn proposals(window: &[u8], longest: usize) -> Vec<usize> {
    let mut by_agreement: Vec<(u32, usize)> = (2..=longest)
        .map(|stride| {
            let agreeing: u32 = window[stride..]
                .chunks(128)
                .zip(window.chunks(128))
                .map(|(here, before)| agreements(here, before))
                .sum();
            // As a share of the places that could agree.
            ((u64::from(agreeing) << 20) as usize / (window.len() - stride), stride)
        })
        .map(|(share, stride)| (share as u32, stride))
        .collect();
    by_agreement.sort_by_key(|&(share, stride)| (std::cmp::Reverse(share), stride));
    let mut strides: Vec<usize> = vec![2, 4, 8, 12, 16, 24, 32];
    for &(_, stride) in by_agreement.iter().take(N_PROPOSED) {
        strides.push(stride);
        strides.extend((2..=6).filter(|part| stride.is_multiple_of(*part)).map(|part| stride / part));
    }
    strides.retain(|stride| (2..=longest).contains(stride));
    strides.sort_unstable();
    strides.dedup();
    strides
}

/// Equal bytes at equal places; at most 128 are given.
fn agreements(here: &[u8], before: &[u8]) -> u32 {
    u32::from(here.iter().zip(before).map(|(a, b)| u8::from(a == b)).sum::<u8>())
}

/// Bits, in units of 2^-8, of the window with two histograms per place: of values, and of steps from the record before.
fn description_bits(window: &[u8], stride: usize, n_log_n: &[u64]) -> u64 {
    let mut values = vec![[0u16; 256]; stride];
    let mut steps = values.clone();
    let before = std::iter::repeat_n(&0, stride).chain(window);
    let places = (0..stride).cycle();
    for ((&byte, &before), place) in window.iter().zip(before).zip(places) {
        // The window is 2^16 bytes: one count may just not fit.
        let count = &mut values[place][usize::from(byte)];
        *count = count.saturating_add(1);
        let count = &mut steps[place][usize::from(byte.wrapping_sub(before))];
        *count = count.saturating_add(1);
    }
    values
        .iter()
        .zip(&steps)
        .map(|(values, steps)| histogram_bits(values, n_log_n).min(histogram_bits(steps, n_log_n)))
        .sum()
}

fn histogram_bits(histogram: &[u16; 256], n_log_n: &[u64]) -> u64 {
    let (mut total, mut sum, mut values) = (0usize, 0u64, 0u64);
    for &count in histogram.iter().filter(|&&count| count > 0) {
        total += usize::from(count);
        sum += n_log_n.get(usize::from(count)).copied().unwrap_or(0);
        values += 1;
    }
    n_log_n.get(total).copied().unwrap_or(0).saturating_sub(sum) + ((values * VALUE_COST_BITS) << LOG_BITS)
}

/// `n log2 n` for `n` up to `largest`, in units of 2^-8.
fn n_log_n_table(largest: usize) -> Vec<u64> {
    (0..=largest as u64).map(|n| n * u64::from(log2(n.max(1)))).collect()
}

/// Logarithm in units of 2^-8, rounded down: the fraction bit by bit, by squaring.
fn log2(n: u64) -> u32 {
    let whole = n.ilog2();
    let mut mantissa = u128::from(n) << (63 - whole);
    let mut log = whole;
    for _ in 0..LOG_BITS {
        mantissa = (mantissa * mantissa) >> 63;
        log <<= 1;
        if mantissa >= 1 << 64 {
            log |= 1;
            mantissa >>= 1;
        }
    }
    log
}

/// At least 19 of 20 bytes are printable or white space, and lines end.
pub(super) fn looks_like_text(sample: &[u8]) -> bool {
    let printable = sample
        .iter()
        .filter(|&&byte| (32..127).contains(&byte) || matches!(byte, b'\n' | b'\r' | b'\t'))
        .count();
    !sample.is_empty() && printable >= sample.len() - sample.len() / 20
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::tests::numbers;

    #[test]
    fn logarithms_are_right_within_one_unit() {
        for n in (1..100_000).chain([u64::from(u32::MAX)]) {
            let exact = (n as f64).log2() * 256.0;
            assert!((0.0..1.001).contains(&(exact - f64::from(log2(n)))), "{n}");
        }
    }

    #[test]
    fn records_of_many_lengths_are_found() {
        for stride in [2usize, 3, 4, 7, 8, 12, 20, 37, 137, 256, 1000, 4096] {
            // A counter, a small number, a noisy byte and constants: a struct.
            let mut noise = numbers(7);
            let constants: Vec<u8> = numbers(8).map(|n| (n >> 24) as u8).take(stride).collect();
            let bytes: Vec<u8> = (0..(200_000 / stride).max(30))
                .flat_map(|row| {
                    let mut record: Vec<u8> = constants.clone();
                    record[0] = noise.next().unwrap_or(0) as u8;
                    record[1] = (row >> 6) as u8;
                    record
                })
                .collect();
            assert_eq!(detect_stride(&bytes), Some(stride as u16), "{stride}");
        }
    }

    #[test]
    fn floats_have_the_stride_of_their_width() {
        let mut noise = numbers(3);
        let bytes: Vec<u8> = (0..50_000)
            .flat_map(|_| (noise.next().unwrap_or(0) as u32 as f32 / 4e9 + 1.0).to_le_bytes())
            .collect();
        assert_eq!(detect_stride(&bytes), Some(4));
    }

    #[test]
    fn noise_text_and_short_samples_have_no_stride() {
        let noise: Vec<u8> = numbers(11).map(|n| (n >> 24) as u8).take(300_000).collect();
        for len in [0, 1, 100, 300, 5000, 65536, 300_000] {
            assert_eq!(detect_stride(&noise[..len]), None, "{len}");
        }
        assert_eq!(detect_stride(&b"1.234567, 2.345678\n".repeat(1000)), None);
        assert_eq!(detect_stride(&[7; 10_000]), None);
    }
}
