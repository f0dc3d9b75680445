//! Patterns: names with `*` and `?`.
//!
//! In: a pattern and a name. Out: whether it matches.
//! Not here: which names are asked (`archive`).
//! Holds: time is at most the product of the lengths, however many stars.

/// True if `name` is what `pattern` describes: `*` stands for any characters, `?` for any one.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where to go on if the rest does not match: after the last star, one character further in the name.
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, n));
                p += 1;
            }
            Some(&c) if c == '?' || c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((star, from)) = retry else { return false };
                retry = Some((star, from + 1));
                (p, n) = (star, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_and_marks_match_as_in_a_shell() {
        for (pattern, name) in
            [("*", ""), ("pt", "pt"), ("p?", "pt"), ("*_pt", "jet_pt"), ("a*b*c", "aXbXbXc")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("", "x"), ("?", ""), ("pt", "ptx"), ("*_pt", "jet_eta"), ("a*b", "abc")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
