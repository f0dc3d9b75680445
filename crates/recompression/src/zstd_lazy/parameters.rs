//! Parameters of the lazy search, by level and length.
//!
//! In: a level and how many plain bytes there are. Out: [`Parameters`]; none where zstd does not search lazily.
//! Not here: the search (`matches`, `parse`).
//! Holds: tables are no longer than the plain bytes need.
//! Source: zstd 1.4.4 to 1.4.9, `ZSTD_defaultCParameters` and `ZSTD_adjustCParams`; both versions have the same.

/// How matches are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// Chains of positions with the same hash; the first match is taken.
    Greedy,
    /// The same, after a look at the next position.
    Lazy,
    /// The same, after a look at the next two.
    Lazier,
    /// Binary trees, after a look at the next two.
    Tree,
}

/// What a level stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameters {
    pub(super) window_log: u32,
    pub(super) chain_log: u32,
    pub(super) hash_log: u32,
    pub(super) search_log: u32,
    /// Bytes that are hashed.
    pub(super) least_match: u32,
    pub(super) search: Search,
}

/// Level, logarithms of window, chain, hash and search, hashed bytes, search.
type Row = (u8, u32, u32, u32, u32, u32, Search);

/// For plain bytes beyond 256 kB, up to 256 kB, 128 kB, 16 kB.
#[rustfmt::skip]
const ROWS: [&[Row]; 4] = [
    &[
        (5, 21, 18, 19, 2, 5, Search::Greedy),
        (6, 21, 19, 19, 3, 5, Search::Greedy),
        (7, 21, 19, 19, 3, 5, Search::Lazy),
        (8, 21, 19, 19, 3, 5, Search::Lazier),
        (9, 21, 19, 20, 4, 5, Search::Lazier),
        (10, 22, 20, 21, 4, 5, Search::Lazier),
        (11, 22, 21, 22, 4, 5, Search::Lazier),
        (12, 22, 21, 22, 5, 5, Search::Lazier),
        (13, 22, 21, 22, 5, 5, Search::Tree),
        (14, 22, 22, 23, 5, 5, Search::Tree),
        (15, 22, 23, 23, 6, 5, Search::Tree),
    ],
    &[
        (4, 18, 16, 17, 2, 5, Search::Greedy),
        (5, 18, 18, 18, 3, 5, Search::Greedy),
        (6, 18, 18, 19, 3, 5, Search::Lazy),
        (7, 18, 18, 19, 4, 4, Search::Lazy),
        (8, 18, 18, 19, 4, 4, Search::Lazier),
        (9, 18, 18, 19, 5, 4, Search::Lazier),
        (10, 18, 18, 19, 6, 4, Search::Lazier),
        (11, 18, 18, 19, 5, 4, Search::Tree),
        (12, 18, 19, 19, 7, 4, Search::Tree),
    ],
    &[
        (5, 17, 16, 17, 3, 4, Search::Greedy),
        (6, 17, 17, 17, 3, 4, Search::Lazy),
        (7, 17, 17, 17, 3, 4, Search::Lazier),
        (8, 17, 17, 17, 4, 4, Search::Lazier),
        (9, 17, 17, 17, 5, 4, Search::Lazier),
        (10, 17, 17, 17, 6, 4, Search::Lazier),
        (11, 17, 17, 17, 5, 4, Search::Tree),
        (12, 17, 18, 17, 7, 4, Search::Tree),
    ],
    &[
        (4, 14, 14, 14, 4, 4, Search::Greedy),
        (5, 14, 14, 14, 3, 4, Search::Lazy),
        (6, 14, 14, 14, 4, 4, Search::Lazier),
        (7, 14, 14, 14, 6, 4, Search::Lazier),
        (8, 14, 14, 14, 8, 4, Search::Lazier),
        (9, 14, 15, 14, 5, 4, Search::Tree),
        (10, 14, 15, 14, 9, 4, Search::Tree),
    ],
];

impl Parameters {
    /// The parameters of a level for so many plain bytes.
    pub(super) fn of(level: u8, plain_bytes: usize) -> Option<Parameters> {
        let tier = [256 << 10, 128 << 10, 16 << 10].iter().filter(|&&most| plain_bytes <= most).count();
        let &(_, window_log, chain_log, hash_log, search_log, least_match, search) =
            ROWS.get(tier)?.iter().find(|row| row.0 == level)?;
        let plain_log = if plain_bytes < 64 { 6 } else { (plain_bytes - 1).ilog2() + 1 };
        let window_log = window_log.min(plain_log);
        let cycle_log = chain_log - u32::from(search == Search::Tree);
        Some(Parameters {
            window_log: window_log.max(10),
            chain_log: chain_log - cycle_log.saturating_sub(window_log),
            hash_log: hash_log.min(window_log + 1),
            search_log,
            least_match: least_match.max(4),
            search,
        })
    }

    pub(super) fn is_greedy(self) -> bool {
        self.search == Search::Greedy
    }
}
