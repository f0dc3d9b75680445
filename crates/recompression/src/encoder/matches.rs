//! Matches as zlib finds them, at each of its levels.
//!
//! In: plain bytes. Out: tokens, cut into blocks where zlib cuts them, and their bits.
//! Not here: the bits of a block (`block`).
//! Holds: positions are absolute; where zlib's sliding window makes a difference, its slides are followed.
//! Source: zlib, `deflate.c`: `configuration_table`, `fill_window`, `longest_match`, `deflate_fast`, `deflate_slow`.

use super::bits::Bits;
use super::block::{self, FixedCodes};
use super::padding::Padding;
use super::{MAX_MATCH, MIN_MATCH, Token};

/// Window, and the mask of its ring of positions.
const WINDOW: usize = 1 << 15;

/// zlib keeps this much ahead of the position, so that a match never runs out of bytes but at the end of the input.
const LOOKAHEAD: usize = MAX_MATCH + MIN_MATCH + 1;

/// Furthest match.
const FURTHEST: usize = WINDOW - LOOKAHEAD;

/// Lazy matching drops matches of 3 bytes that are further away than this.
const TOO_FAR: usize = 4_096;

/// Tokens of a full block, at default memory.
const BLOCK_TOKENS: usize = (1 << 14) - 1;

/// What a level means.
struct Level {
    /// Reduce the search if the match so far is this long.
    good: usize,
    /// Lazy levels: look no further if the match so far is this long. Others: index all bytes of matches up to this.
    lazy: usize,
    /// Stop the search at a match this long.
    nice: usize,
    /// Candidates that are looked at.
    chain: usize,
}

const fn level(good: usize, lazy: usize, nice: usize, chain: usize) -> Level {
    Level { good, lazy, nice, chain }
}

/// Levels 1 to 9. The first three are not lazy.
const LEVELS: [Level; 9] = [
    level(4, 4, 8, 4),
    level(4, 5, 16, 8),
    level(4, 6, 32, 32),
    level(4, 4, 16, 16),
    level(8, 16, 32, 32),
    level(8, 16, 128, 128),
    level(8, 32, 128, 256),
    level(32, 128, 258, 1024),
    level(32, 258, 258, 4096),
];

/// Deflates `plain` at `level` and hands the stream to `sink`, block by block, until that returns false.
///
/// `None` if the level is not 1 to 9, or the plain bytes are more than 32 bits can number.
pub(crate) fn deflate(plain: &[u8], level: u8, sink: &mut dyn FnMut(&[u8]) -> bool) -> Option<()> {
    deflate_after(Padding::default(), plain, level, sink).map(|_| ())
}

/// The same behind empty blocks. Gives how many bits filled up the first byte that had to be whole.
pub(crate) fn deflate_after(
    padding: Padding,
    plain: &[u8],
    level: u8,
    sink: &mut dyn FnMut(&[u8]) -> bool,
) -> Option<u32> {
    let settings = LEVELS.get(usize::from(level.checked_sub(1)?))?;
    u32::try_from(plain.len()).ok()?;
    let mut search = Search {
        plain,
        level: settings,
        head: Box::new([0; WINDOW]),
        previous: Box::new([0; WINDOW]),
        at: 0,
        window_at: 0,
        read_to: 0,
    };
    let mut blocks = Blocks {
        plain,
        tokens: Vec::with_capacity(BLOCK_TOKENS),
        block_at: 0,
        bits: Bits::default(),
        fixed: FixedCodes::new(),
        sink,
        wanted: true,
    };
    padding.write(&mut blocks.bits);
    if level <= 3 {
        fast(&mut search, &mut blocks)
    } else {
        lazy(&mut search, &mut blocks)
    }
    blocks.flush(search.at, search.window_at, true);
    Some(blocks.bits.first_filler.unwrap_or(0))
}

/// The tokens of the current block.
struct Blocks<'a> {
    plain: &'a [u8],
    tokens: Vec<Token>,
    block_at: usize,
    bits: Bits,
    fixed: FixedCodes,
    sink: &'a mut dyn FnMut(&[u8]) -> bool,
    /// False once the sink had enough.
    wanted: bool,
}

impl Blocks<'_> {
    /// Appends a token; true if the block is full.
    fn push(&mut self, token: Token) -> bool {
        self.tokens.push(token);
        self.tokens.len() >= BLOCK_TOKENS
    }

    fn literal(&mut self, at: usize) -> bool {
        let byte = self.plain.get(at).copied().unwrap_or(0);
        self.push(Token::Literal(byte))
    }

    /// Ends the block at `end`.
    fn flush(&mut self, end: usize, window_at: usize, last: bool) {
        if !self.wanted {
            return;
        }
        let plain = self.plain.get(self.block_at..end).unwrap_or_default();
        block::write(&mut self.bits, &self.tokens, plain, self.block_at >= window_at, last, &self.fixed);
        self.tokens.clear();
        self.block_at = end;
        self.wanted = (self.sink)(&self.bits.bytes);
        self.bits.bytes.clear();
    }
}

/// The position, and where strings that begin like this one were seen.
struct Search<'a> {
    plain: &'a [u8],
    level: &'a Level,
    /// Last position of each hash. Position 0 stands for none, as in zlib.
    head: Box<[u32; WINDOW]>,
    /// The position before, with the same hash, of each position in the window.
    previous: Box<[u32; WINDOW]>,
    at: usize,
    /// Where zlib's window begins: positions up to here are forgotten.
    window_at: usize,
    /// How far zlib has read into its window.
    read_to: usize,
}

impl Search<'_> {
    /// Bytes left. zlib sees no more than its window holds, but never so few that it matters.
    fn left(&self) -> usize {
        self.plain.len() - self.at
    }

    /// Reads on as zlib does, which slides the window by half its buffer when it runs out.
    fn fill(&mut self) {
        while self.read_to - self.at < LOOKAHEAD {
            if self.at - self.window_at >= WINDOW + FURTHEST {
                self.window_at += WINDOW;
            }
            let room = 2 * WINDOW - (self.read_to - self.window_at);
            let more = room.min(self.plain.len() - self.read_to);
            if more == 0 {
                break;
            }
            self.read_to += more;
        }
    }

    /// Enters the string at `at` and gives the last position with its hash; 0 if it is too short or there is none.
    fn enter(&mut self, at: usize) -> usize {
        let Some(&[a, b, c]) = self.plain.get(at..).and_then(|rest| rest.first_chunk()) else { return 0 };
        let hash = (usize::from(a) << 10 ^ usize::from(b) << 5 ^ usize::from(c)) & (WINDOW - 1);
        let found = self.head[hash];
        self.previous[at & (WINDOW - 1)] = found;
        self.head[hash] = at as u32;
        found as usize
    }

    /// True if a string at `found` may be matched from here.
    fn reachable(&self, found: usize) -> bool {
        found > self.window_at && self.at - found <= FURTHEST
    }

    /// The longest match that is longer than `longest`, which is at least 2, from `found` back: length and position.
    fn longest(&self, found: usize, mut longest: usize) -> Option<(usize, usize)> {
        let rest = self.plain.get(self.at..)?;
        let most = rest.len().min(MAX_MATCH);
        let nice = self.level.nice.min(rest.len());
        if longest >= rest.len() {
            return None;
        }
        let scan = &rest[..most];
        let into_window = self.at - self.window_at;
        let nearest_lost = self.window_at + into_window.saturating_sub(FURTHEST);
        let mut chain = if longest >= self.level.good { self.level.chain >> 2 } else { self.level.chain };
        let mut best = None;
        let mut candidate = found;
        let last_two = |at: usize, length: usize| -> Option<[u8; 2]> {
            self.plain.get(at + length - 1..)?.first_chunk().copied()
        };
        // The byte that would make the match longer, and the one before, rule out most candidates.
        let mut wanted = last_two(self.at, longest)?;
        loop {
            if last_two(candidate, longest)? == wanted {
                let length = common(self.plain.get(candidate..candidate + most)?, scan);
                if length > longest {
                    best = Some((length, candidate));
                    longest = length;
                    if length >= nice {
                        break;
                    }
                    wanted = last_two(self.at, longest)?;
                }
            }
            candidate = self.previous[candidate & (WINDOW - 1)] as usize;
            chain -= 1;
            if candidate <= nearest_lost || chain == 0 {
                break;
            }
        }
        best
    }
}

/// Length of the common front of two slices of equal length.
fn common(a: &[u8], b: &[u8]) -> usize {
    let ((words_a, rest_a), (words_b, rest_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (n, (&x, &y)) in words_a.iter().zip(words_b).enumerate() {
        let differs = u64::from_le_bytes(x) ^ u64::from_le_bytes(y);
        if differs != 0 {
            return 8 * n + differs.trailing_zeros() as usize / 8;
        }
    }
    8 * words_a.len() + rest_a.iter().zip(rest_b).take_while(|(x, y)| x == y).count()
}

fn token(length: usize, distance: usize) -> Token {
    Token::Match { length: length as u16, distance: distance as u16 }
}

/// Levels 1 to 3: the first match that is found is taken.
fn fast(search: &mut Search<'_>, blocks: &mut Blocks<'_>) {
    while blocks.wanted && search.left() > 0 {
        search.fill();
        let found = search.enter(search.at);
        let best = if search.reachable(found) { search.longest(found, MIN_MATCH - 1) } else { None };
        let full = match best {
            Some((length, from)) => {
                let full = blocks.push(token(length, search.at - from));
                let end = search.at + length;
                // Long matches are not indexed, nor is the very end.
                if length <= search.level.lazy && search.plain.len() - end >= MIN_MATCH {
                    for at in search.at + 1..end {
                        search.enter(at);
                    }
                }
                search.at = end;
                full
            }
            None => {
                search.at += 1;
                blocks.literal(search.at - 1)
            }
        };
        if full {
            blocks.flush(search.at, search.window_at, false);
        }
    }
}

/// Levels 4 to 9: a match is taken only if the next position has no longer one.
fn lazy(search: &mut Search<'_>, blocks: &mut Blocks<'_>) {
    let (mut length, mut from) = (MIN_MATCH - 1, 0);
    // The byte before is a literal unless the match that begins there is taken.
    let mut pending = false;
    while blocks.wanted && search.left() > 0 {
        search.fill();
        let found = search.enter(search.at);
        let (length_before, from_before) = (length, from);
        length = MIN_MATCH - 1;
        if length_before < search.level.lazy
            && search.reachable(found)
            && let Some((longer, at)) = search.longest(found, length_before)
        {
            from = at;
            let worth_it = longer > MIN_MATCH || search.at - at <= TOO_FAR;
            length = if worth_it { longer } else { MIN_MATCH - 1 };
        }
        if length_before >= MIN_MATCH && length <= length_before {
            let full = blocks.push(token(length_before, search.at - 1 - from_before));
            let end = search.at - 1 + length_before;
            for at in search.at + 1..end {
                search.enter(at);
            }
            search.at = end;
            pending = false;
            length = MIN_MATCH - 1;
            if full {
                blocks.flush(search.at, search.window_at, false);
            }
            continue;
        }
        if pending && blocks.literal(search.at - 1) {
            blocks.flush(search.at, search.window_at, false);
        }
        pending = true;
        search.at += 1;
    }
    if pending {
        blocks.literal(search.at - 1);
    }
}
