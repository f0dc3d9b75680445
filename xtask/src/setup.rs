//! Setup: is this machine ready to build and test?
//!
//! In: the programs on the path. Out: what is there, what is missing, and what it is for.
//! Not here: installing anything.

use std::process::Command;

/// A program that the repository uses.
struct Tool {
    arguments: &'static [&'static str],
    what_for: &'static str,
    needed: bool,
}

const TOOLS: [Tool; 8] = [
    Tool { arguments: &["cargo", "--version"], what_for: "building", needed: true },
    Tool { arguments: &["rustc", "--version"], what_for: "building", needed: true },
    Tool { arguments: &["cargo", "fmt", "--version"], what_for: "`cargo xtask check`", needed: true },
    Tool { arguments: &["cargo", "clippy", "--version"], what_for: "`cargo xtask check`", needed: true },
    Tool {
        arguments: &["cc", "--version"],
        what_for: "building the encoders that hepz is compared with",
        needed: true,
    },
    Tool {
        arguments: &["python3", "--version"],
        what_for: "`./try` without a file; fixtures of tests",
        needed: false,
    },
    Tool { arguments: &["zstd", "--version"], what_for: "unpacking a corpus", needed: false },
    Tool {
        arguments: &["qemu-aarch64-static", "--version"],
        what_for: "`cargo xtask slow qemu`",
        needed: false,
    },
];

/// First line that a program prints; `None` if it cannot be run.
pub fn version(arguments: &[&str]) -> Option<String> {
    let output = Command::new(arguments.first()?).args(&arguments[1..]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| text.lines().next().unwrap_or("").to_owned())
}

/// `cargo xtask setup`
pub fn run() -> Result<(), String> {
    let mut missing = 0;
    for tool in TOOLS {
        let name = tool.arguments[..tool.arguments.len() - 1].join(" ");
        match version(tool.arguments) {
            Some(version) => println!("{name:<22} {version}"),
            None if tool.needed => {
                missing += 1;
                println!("{name:<22} MISSING, needed for {}", tool.what_for);
            }
            None => println!("{name:<22} not there; only for {}", tool.what_for),
        }
    }
    match std::env::var("HEPZ_CORPUS") {
        Ok(folder) => println!("{:<22} {folder}", "HEPZ_CORPUS"),
        Err(_) => println!("{:<22} not set; tests on larger real files say so and pass", "HEPZ_CORPUS"),
    }
    if missing > 0 {
        return Err(format!("{missing} of the programs needed are missing"));
    }
    println!("ready: `cargo xtask check` runs every check");
    Ok(())
}
