//! What the beginning of a file says about its lines: widths, styles of numbers, ends of lines.
//!
//! In: the first bytes of a file. Out: how it prints events, if it has any.
//! Not here: styles of C (`style`).
//! Holds: a guess that is wrong costs bytes, never a number, because lines that come out otherwise are kept.

use super::super::style;
use super::line::{self, FIELDS, Field};
use super::number::Dress;
use super::{Lhe, Template, next_event};

/// The first lines of a file say within so many bytes what it is.
const FIRST_BYTES: usize = 1 << 12;
/// So many particles decide.
const SAMPLE: usize = 20_000;
/// Longest padding that is learned.
const MOST_BLANKS: usize = 40;

impl Field {
    /// True for fields that a reader learns.
    pub fn is_sound(&self) -> bool {
        usize::from(self.blanks) <= MOST_BLANKS && usize::from(self.width) <= 2 * MOST_BLANKS
    }
}

/// How often a field had so many blanks and so many bytes.
struct Paddings(Vec<u32>);

impl Paddings {
    fn new() -> Paddings {
        Paddings(vec![0; (MOST_BLANKS + 1) * (MOST_BLANKS + 1)])
    }

    fn add(&mut self, blanks: usize, bytes: usize) {
        if blanks <= MOST_BLANKS && bytes <= MOST_BLANKS {
            self.0[blanks * (MOST_BLANKS + 1) + bytes] += 1;
        }
    }

    /// The narrowest padding that explains the most.
    fn field(&self) -> Field {
        let mut best = (0, Field::default());
        for width in 0..=2 * MOST_BLANKS {
            for least in 0..=MOST_BLANKS.min(width.max(1)) {
                let explained = |bytes: usize| {
                    let blanks = width.saturating_sub(bytes).max(least);
                    if blanks > MOST_BLANKS { 0 } else { self.0[blanks * (MOST_BLANKS + 1) + bytes] }
                };
                let found: u32 = (0..=MOST_BLANKS).map(explained).sum();
                if found > best.0 {
                    best = (found, Field { blanks: least as u8, width: width as u8 });
                }
            }
        }
        best.1
    }
}

/// The dress that most numbers have.
fn dress(tokens: &[&[u8]]) -> Dress {
    let most = |test: &dyn Fn(&[u8]) -> bool, of: &dyn Fn(&[u8]) -> bool| {
        let n_of = tokens.iter().filter(|token| of(token)).count();
        let found = tokens.iter().filter(|token| of(token) && test(token)).count();
        found * 2 > n_of
    };
    let digits =
        |token: &[u8]| token.iter().skip_while(|byte| b"+-".contains(byte)).copied().collect::<Vec<u8>>();
    let is_zero = |token: &[u8]| !token.iter().any(|byte| (b'1'..=b'9').contains(byte));
    let has_exponent = |token: &[u8]| token.iter().any(|byte| b"eE".contains(byte));
    Dress {
        plus: most(&|token| token.first() == Some(&b'+'), &|token| token.first() != Some(&b'-')),
        capital: most(&|token| token.contains(&b'E'), &has_exponent),
        fraction: most(&|token| digits(token).starts_with(b"0."), &|token| {
            has_exponent(token) && !is_zero(token)
        }),
    }
}

/// Looks at the beginning of a file; `None` if it has no events in this format.
pub(crate) fn recognise(head: &[u8]) -> Option<Lhe> {
    let first = &head[..head.len().min(FIRST_BYTES)];
    let at = memchr::memmem::find(first, b"<LesHouchesEvents")?;
    if at > 0 && !first[..at].ends_with(b"\n") {
        return None;
    }
    let mut numbers = Paddings::new();
    let mut fields = [(); FIELDS].map(|()| Paddings::new());
    let mut tokens: [Vec<&[u8]>; 3] = Default::default();
    let (mut n_zeros, mut n_singles, mut n_returns, mut n_particles) = (0, 0, 0, 0);
    let mut from = next_event(head, 0)?;
    while n_particles < SAMPLE {
        let end = next_event(head, from + 1).unwrap_or(head.len());
        let mut lines = head[from..end].split(|&byte| byte == b'\n').skip(1);
        let mut info = lines.next().unwrap_or(b"");
        if let Some((blanks, number)) = line::next_field(&mut info) {
            numbers.add(blanks, number.len());
            let announced = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok());
            for line in lines.take(announced.unwrap_or(0)) {
                let ended = line.strip_suffix(b"\r").unwrap_or(line);
                n_returns += usize::from(ended.len() < line.len());
                let mut rest = ended;
                let mut found = [(0, &b""[..]); FIELDS];
                if !found
                    .iter_mut()
                    .all(|field| line::next_field(&mut rest).map(|next| *field = next).is_some())
                {
                    break;
                }
                for (paddings, (blanks, token)) in fields.iter_mut().zip(found) {
                    paddings.add(blanks, token.len());
                }
                tokens[0].extend(found[6..9].iter().map(|field| field.1));
                tokens[1].push(found[9].1);
                tokens[2].push(found[10].1);
                let (first, last) = (found[2].1, found[3].1);
                n_zeros += usize::from(first != b"0" && last == b"0");
                n_singles += usize::from(first != b"0" && last == first);
                n_particles += 1;
            }
        }
        if end == head.len() {
            break;
        }
        from = end;
    }
    if n_particles == 0 {
        return None;
    }
    let dress = [dress(&tokens[0]), dress(&tokens[1]), dress(&tokens[2])];
    let mut formats = Vec::with_capacity(3);
    for (tokens, dress) in tokens.iter().zip(dress) {
        let plain: Vec<Vec<u8>> =
            tokens.iter().filter_map(|token| dress.off(token, &mut [0; 64]).map(<[u8]>::to_vec)).collect();
        let plain: Vec<&[u8]> = plain.iter().map(Vec::as_slice).collect();
        formats.push(style::recognise(&plain));
    }
    let template = Template {
        number: numbers.field(),
        fields: fields.map(|paddings| paddings.field()),
        dress,
        single_zero: n_zeros > n_singles,
    };
    Some(Lhe {
        template,
        formats: formats.try_into().ok()?,
        line_end: if n_returns * 2 > n_particles { b"\r\n" } else { b"\n" },
    })
}
