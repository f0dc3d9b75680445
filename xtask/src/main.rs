//! Checks and tables of the repository: `cargo xtask VERB`.
//!
//! In: the working tree. Out: a verdict, or a table under `docs/`.
//! Not here: anything a user of hepz needs.

mod check;
mod electrons;
mod events;
mod fuzz;
mod golden;
mod higgs;
mod imports;
mod layers;
mod random;
mod records;
mod report;
mod repository;
mod setup;
mod sizes;
mod slow;
mod steps;
mod tidy;

const USAGE: &str = "usage: cargo xtask VERB
  check                  everything that continuous integration checks, minutes
  layers                 only: arrows between crates, import circles inside them
  tidy                   only: headers, names, sizes, documents
  setup                  is this machine ready to build and test?
  sizes [--check]        compress every corpus file (HEPZ_CORPUS); write docs/sizes.tsv, or compare with it
  golden                 are the golden files as recorded?
  golden --add NAME FILE record a new golden file; an existing name is refused
  events ROWS FILE       write a table of toy jets, as NumPy does (.npy)
  higgs ROWS FILE        write generated decays of a Higgs boson to two photons (.npy, GeV)
  electrons ROWS FILE    write generated electrons (.npy, MeV)
  report                 the figures of docs/precision/report.md, from generated files
  fuzz SECONDS [TARGET]  attack each target, or one, for that long
  slow [PART]             the slow suite, hours, or one part: memory, qemu, pyhepmc, uproot, root, precision, fuzz";

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["check"] => check::run(),
        ["layers"] => layers::check().and_then(|()| imports::check()),
        ["tidy"] => tidy::check(),
        ["setup"] => setup::run(),
        ["sizes"] => sizes::write(),
        ["sizes", "--check"] => sizes::compare(),
        ["golden"] => golden::verify().map(|count| println!("{count} golden files are as recorded")),
        ["golden", "--add", name, file] => golden::add(name, file),
        ["events", rows, file] => events::write(rows, file),
        ["higgs", rows, file] => higgs::write(rows, file),
        ["electrons", rows, file] => electrons::write(rows, file),
        ["report"] => report::run(),
        ["fuzz", seconds] => fuzz::run(seconds, None),
        ["fuzz", seconds, target] => fuzz::run(seconds, Some(target)),
        ["slow"] => slow::run(None),
        ["slow", part] => slow::run(Some(part)),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            std::process::ExitCode::FAILURE
        }
    }
}
