//! Names of classes, with the arguments of templates.
//!
//! In: `vector<pair<int,float> >`. Out: a tree of names.
//! Not here: what a class consists of.
//! Holds: names of limited length and depth only.

/// Longer names are of no class that has columns.
const MOST_NAME_BYTES: usize = 2048;

/// Arguments in arguments, at most.
const MOST_DEPTH: usize = 16;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Type {
    /// Its name without arguments, without `std::`.
    pub name: String,
    /// As it is written.
    pub full: String,
    /// What stands between angle brackets.
    pub arguments: Vec<Type>,
}

impl Type {
    /// True if its items lie one after another behind their number.
    pub(super) fn is_collection(&self) -> bool {
        self.name == "bitset" || self.item().is_some()
    }

    /// What a collection holds.
    pub(super) fn item(&self) -> Option<Item<'_>> {
        let mut arguments = self.arguments.iter();
        match self.name.as_str() {
            "vector" | "list" | "deque" | "set" | "multiset" | "unordered_set" | "unordered_multiset"
            | "forward_list" | "ROOT::VecOps::RVec" | "ROOT::RVec" => arguments.next().map(Item::One),
            "map" | "multimap" | "unordered_map" | "unordered_multimap" => {
                arguments.next().zip(arguments.next()).map(|(first, second)| Item::Pair(first, second))
            }
            _ => None,
        }
    }
}

/// An item of a collection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    One(&'a Type),
    Pair(&'a Type, &'a Type),
}

/// Reads a name; `None` for pointers and what is no name.
pub(super) fn parse(text: &str) -> Option<Type> {
    if text.len() > MOST_NAME_BYTES { None } else { parse_to(text, MOST_DEPTH) }
}

fn parse_to(text: &str, depth: usize) -> Option<Type> {
    let full = text.trim();
    if depth == 0 || full.is_empty() || full.ends_with(['*', '&']) {
        return None;
    }
    let plain = |name: &str| {
        let name = name.trim();
        name.strip_prefix("std::").unwrap_or(name).trim_start_matches("const ").to_string()
    };
    let Some((name, rest)) = full.split_once('<') else {
        return Some(Type { name: plain(full), full: full.into(), arguments: Vec::new() });
    };
    // What stands behind the last bracket makes another type of it.
    let inside = rest.strip_suffix('>')?;
    let mut arguments = Vec::new();
    let (mut open, mut from) = (0i32, 0);
    for (at, letter) in inside.char_indices() {
        match letter {
            '<' | '(' => open += 1,
            '>' | ')' => open -= 1,
            ',' if open == 0 => {
                arguments.push(inside.get(from..at)?);
                from = at + 1;
            }
            _ => {}
        }
    }
    arguments.push(inside.get(from..)?);
    // Arguments that are not understood end the list; what is needed stands first.
    let arguments = arguments.into_iter().map_while(|argument| parse_to(argument, depth - 1)).collect();
    Some(Type { name: plain(name), full: full.into(), arguments })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_told_apart_at_every_depth() {
        let class = parse("std::map<string,vector<pair<int,float> > >").expect("a name");
        assert_eq!(class.name, "map");
        assert_eq!(class.arguments[1].full, "vector<pair<int,float> >");
        assert_eq!(class.arguments[1].arguments[0].arguments[1].name, "float");
        assert!(class.is_collection() && !class.arguments[1].arguments[0].is_collection());
    }

    #[test]
    fn a_pointer_has_no_columns() {
        assert_eq!(parse("TObject*"), None);
        assert!(parse("vector<TObject*>").expect("a name").arguments.is_empty());
        assert_eq!(parse(&"vector<".repeat(99)), None);
    }
}
