//! Presence: which rivals are here, and in which version.
//!
//! In: rivals. Out: those that can run, with their versions, and why the others cannot.
//! Not here: running them.
//! Holds: a rival that is not installed is said to be absent; it never has a row.

use crate::packages::PYTHON;
use crate::rival::{By, Rival};
use std::process::{Command, Stdio};

/// Versions of crates are what this build is locked to.
const LOCK: &str = include_str!("../../../Cargo.lock");

/// A rival that can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// The rival.
    pub rival: Rival,
    /// Its version.
    pub version: String,
}

/// A rival that cannot run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// Its name.
    pub rival: &'static str,
    /// Why.
    pub why: String,
}

/// Which of `rivals` can run here, in order.
pub fn present(rivals: &[Rival]) -> (Vec<Present>, Vec<Absent>) {
    let (mut here, mut absent) = (Vec::new(), Vec::new());
    for &rival in rivals {
        match version(rival) {
            Ok(version) => here.push(Present { rival, version }),
            Err(why) => absent.push(Absent { rival: rival.name, why }),
        }
    }
    (here, absent)
}

fn version(rival: Rival) -> Result<String, String> {
    match rival.by {
        By::Hepz(_) => Ok(format!("hepz {}", env!("CARGO_PKG_VERSION"))),
        By::Crate(name) => Ok(format!("{name} {}", locked(LOCK, name).unwrap_or("of unknown version"))),
        By::Package(name) => {
            let ask = format!(
                "import {name}; print(getattr({name}, '__version__', getattr({name}, '__VERSION__', '')))"
            );
            let absent = || format!("not installed: {PYTHON} has no package {name}");
            let said = said(Command::new(PYTHON).args(["-c", &ask])).ok_or_else(absent)?;
            Ok(format!("{name} {}", said.lines().last().unwrap_or_default()))
        }
        By::Program(name) => {
            // bsc prints its version where it is given nothing to do, and calls that a failure or not.
            let said =
                said(&mut Command::new(name)).ok_or_else(|| format!("not installed: no program {name}"))?;
            let after = |mark: &str| said.split(mark).nth(1).and_then(|rest| rest.split_whitespace().next());
            let number = after("Version ").map(|number| number.trim_end_matches('.'));
            Ok(number.map_or(name.to_owned(), |number| format!("{name} {number}")))
        }
    }
}

/// What a command prints; `None` if it cannot be started, or prints nothing and fails.
fn said(command: &mut Command) -> Option<String> {
    let done = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    (done.status.success() || !text.is_empty()).then_some(text)
}

/// The version of a package in a lock file.
fn locked<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{name}\""));
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_that_takes_part_has_a_version() {
        for rival in Rival::all() {
            if let By::Crate(name) = rival.by {
                assert!(locked(LOCK, name).is_some(), "{name}");
            }
        }
        assert_eq!(locked(LOCK, "no-such-package"), None);
    }

    #[test]
    fn a_program_that_is_not_there_is_absent() {
        let rival = Rival { by: By::Program("hepz-no-such-program"), ..Rival::from_name("bsc").unwrap() };
        let (here, absent) = present(&[rival, Rival::from_name("zstd-3").unwrap()]);
        assert_eq!(here.len(), 1);
        assert_eq!(
            (absent[0].rival, absent[0].why.contains("no program hepz-no-such-program")),
            ("bsc", true)
        );
    }
}
