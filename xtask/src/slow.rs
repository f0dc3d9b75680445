//! Slow: what takes hours or tools that not every machine has.
//!
//! In: the working tree. Out: a verdict for each part, and what is missing for the parts that cannot run.
//! Not here: what every change has to pass (`check`).

use crate::repository::{cargo, root, target};
use crate::setup::version;
use crate::steps::{self, Tally, step};
use std::path::Path;
use std::process::Command;

/// Memory that compressing and decompressing may use, in KiB.
const MEMORY_KIB: u64 = 1 << 20;
/// Seconds for each fuzz target; all of them together take about an hour.
const FUZZ_SECONDS: &str = "600";
/// Size of the file that the memory test compresses, in bytes: twice the promise and more.
const LARGE_FILE_BYTES: u64 = 9 << 28;
/// The columns of that file: as records it takes minutes, as plain bytes hours.
const SCHEMA: &str = "a:f4,b:f4,c:f4,d:f4";
/// Threads that the memory promise is made for.
const THREADS: &str = "8";

/// A part: its name, what it does, how.
type Part = (&'static str, &'static str, fn() -> Result<(), String>);

/// All parts, in their order.
const PARTS: [Part; 11] = [
    ("memory", "a large file in little memory", memory),
    ("qemu", "the same bytes on aarch64", qemu),
    ("pyhepmc", "events that cat writes", pyhepmc),
    ("uproot", "values of ROOT files", uproot),
    ("parquet", "values of Parquet files that cat writes", parquet),
    ("root", "large ROOT files in little memory", large_root),
    ("scipy", "statistics that evaluate finds", scipy),
    ("precision", "other lossy compressors at the same error", crate::report::rivals),
    ("rounding", "every rule on all patterns, 10^9 values under every contract", rounding),
    ("layers", "base and refinement beside one archive, every file of the corpus", layers),
    ("fuzz", "an hour", fuzz),
];

/// `cargo xtask slow [PART]`
pub fn run(part: Option<&str>) -> Result<(), String> {
    let named = |name: &str| PARTS.iter().find(|(own, _, _)| *own == name);
    let run = |(name, what, how): &Part| step(&format!("{name}: {what}"), how);
    match part.map(|name| (name, named(name))) {
        None => PARTS.iter().try_for_each(run),
        Some((_, Some(part))) => run(part),
        Some((name, None)) => {
            let names: Vec<&str> = PARTS.iter().map(|(name, _, _)| *name).collect();
            Err(format!("slow has no part {name}; it has {}", names.join(", ")))
        }
    }
}

/// All 2^32 patterns of a binary32 under every rounding rule, and 10^9 values under all contracts.
fn rounding() -> Result<(), String> {
    for (test, name) in [("rules", "runs_of"), ("contracts", "no_violation")] {
        let mut command = cargo();
        command.env("HEPZ_ALL", "1").args([
            "test",
            "--release",
            "--package",
            "hepz-precision",
            "--test",
            test,
        ]);
        steps::run(command.args([name, "--", "--nocapture"]), &mut Tally::default())?;
    }
    Ok(())
}

/// Needs the corpus. Every file comes back from its layers, or the example fails.
fn layers() -> Result<(), String> {
    let corpus =
        std::env::var("HEPZ_CORPUS").map_err(|_| "HEPZ_CORPUS names no folder of files".to_owned())?;
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--package", "hepz", "--example", "layers", "--"]);
    for (folder, suffix) in [("arrays", "npz"), ("hdf5", "h5"), ("root", "root")] {
        let folder = Path::new(&corpus).join(folder);
        let files = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut files: Vec<_> = files.flatten().map(|file| file.path()).collect();
        files.retain(|file| file.extension().is_some_and(|own| own == suffix));
        files.sort();
        command.args(files);
    }
    steps::run(&mut command, &mut Tally::default())
}

fn build() -> Result<std::path::PathBuf, String> {
    steps::run(
        cargo().args(["build", "--quiet", "--release", "--package", "hepz-cli"]),
        &mut Tally::default(),
    )?;
    Ok(target().join("release").join(format!("hepz{}", std::env::consts::EXE_SUFFIX)))
}

/// Writes records of four floats that drift, as a detector's channels do, with noise in the low bits.
fn write_large(path: &Path) -> Result<(), String> {
    use std::io::Write;
    let fail = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).map_err(fail)?);
    let (mut state, mut written) = (1u64, 0);
    while written < LARGE_FILE_BYTES {
        for channel in 0..4u32 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let pattern =
                (0x42C8_0000 + (channel << 20) + ((written >> 14) as u32 & 0x3FFF)) ^ (state >> 61) as u32;
            file.write_all(&pattern.to_le_bytes()).map_err(fail)?;
            written += 4;
        }
    }
    file.flush().map_err(fail)
}

/// Runs a command and looks, as long as it runs, how much memory it has had.
fn limited(program: &Path, arguments: &[&Path]) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("{}: {error}", program.display());
    let mut child = Command::new(program).args(arguments).spawn().map_err(fail)?;
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let ended = loop {
        if let Some(ended) = child.try_wait().map_err(fail)? {
            break ended;
        }
        most = resident_kib(&status).unwrap_or(0).max(most);
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    println!("   most memory: {} MiB", most >> 10);
    match (ended.success(), most) {
        (false, _) => Err(format!("{} ended with {ended}", program.display())),
        (true, 0) => Err("no figures of memory: this needs Linux".into()),
        (true, most) if most > MEMORY_KIB => Err(format!("{most} KiB of memory, {MEMORY_KIB} promised")),
        _ => Ok(()),
    }
}

/// The most memory that a process has had so far.
fn resident_kib(status: &str) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn memory() -> Result<(), String> {
    let hepz = build()?;
    let folder = target().join("slow");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let [large, archive, back] = ["large.bin", "large.hepz", "large.back"].map(|name| folder.join(name));
    for path in [&archive, &back] {
        let _ = std::fs::remove_file(path);
    }
    write_large(&large)?;
    let [compress, decompress, unverified, schema, columns, threads, count, to] =
        ["compress", "decompress", "--no-verify", "--schema", SCHEMA, "--threads", THREADS, "-o"]
            .map(Path::new);
    // Decompressing and comparing follow.
    limited(&hepz, &[compress, unverified, schema, columns, threads, count, to, &archive, &large])?;
    limited(&hepz, &[decompress, threads, count, to, &back, &archive])?;
    steps::run(Command::new("cmp").args([&large, &back]), &mut Tally::default())?;
    for path in [&large, &archive, &back] {
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

fn qemu() -> Result<(), String> {
    let mut missing = Vec::new();
    for (program, package) in
        [("qemu-aarch64-static", "qemu-user-static"), ("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu")]
    {
        if version(&[program, "--version"]).is_none() {
            missing.push(format!("{program} (Debian package {package})"));
        }
    }
    let installed = version(&["rustc", "--print", "target-libdir", "--target", "aarch64-unknown-linux-gnu"]);
    if !installed.is_some_and(|folder| Path::new(&folder).exists()) {
        missing.push("the Rust target (rustup target add aarch64-unknown-linux-gnu)".to_owned());
    }
    if !missing.is_empty() {
        return Err(format!("missing: {}", missing.join(", ")));
    }
    // Every test runs, golden files and frozen vectors included: another family of processors gives the same bytes.
    let mut tests = cargo();
    tests
        .args([
            "test",
            "--workspace",
            "--release",
            "--no-fail-fast",
            "--target",
            "aarch64-unknown-linux-gnu",
            "--exclude",
            "xtask",
            "--exclude",
            "hepz-fuzz",
            "--lib",
            "--bins",
            "--test",
            "[!b]*",
        ])
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc")
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", "qemu-aarch64-static")
        .env("QEMU_LD_PREFIX", "/usr/aarch64-linux-gnu")
        // For the command, which tests start themselves. The bench starts itself again, without a runner: not here.
        .env("HEPZ_RUNNER", "qemu-aarch64-static")
        .current_dir(root());
    let mut tally = Tally::default();
    let result = steps::run(&mut tests, &mut tally);
    println!("{} passed, {} failed", tally.passed, tally.failed);
    result
}

/// Another reader of HepMC reads some events of a golden archive.
fn pyhepmc() -> Result<(), String> {
    if version(&["python3", "-c", "import pyhepmc"]).is_none() {
        return Err("missing: pyhepmc (pip install pyhepmc)".to_owned());
    }
    let hepz = build()?;
    let folder = target().join("slow");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for format in ["hepmc3", "hepmc2"] {
        let archive = root().join(format!("golden/v0.2/{format}.hepz"));
        let some = folder.join(format!("some.{format}"));
        let mut cat = Command::new(&hepz);
        cat.args(["cat", "--force", "--events", "1..4", "-o"]).arg(&some).arg(&archive);
        steps::run(&mut cat, &mut Tally::default())?;
        let read = "import sys, pyhepmc\nwith pyhepmc.open(sys.argv[1]) as f: n = [e.event_number for e in f]\n\
                    sys.exit(0 if n == [1, 2, 3] else f'{n}')";
        let mut python = Command::new("python3");
        python.args(["-c", read]).arg(&some);
        steps::run(&mut python, &mut Tally::default())?;
    }
    Ok(())
}

/// Another reader of ROOT files finds the values that the archives of real files hold.
fn uproot() -> Result<(), String> {
    if version(&["python3", "-c", "import uproot, awkward"]).is_none() {
        return Err("missing: uproot and awkward (pip install uproot awkward)".to_owned());
    }
    let corpus = std::env::var_os("HEPZ_CORPUS").ok_or("missing: HEPZ_CORPUS, a folder of real files")?;
    let files = Path::new(&corpus).join("root");
    let fail = |error: std::io::Error| format!("{}: {error}", files.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&files).map_err(fail)? {
        paths.push(entry.map_err(fail)?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "root"));
    paths.sort();
    let hepz = build()?;
    let folder = target().join("slow");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut python = Command::new("python3");
    python.arg(root().join("xtask/src/uproot_agrees.py")).arg(&hepz).arg(&folder).args(&paths);
    steps::run(&mut python, &mut Tally::default())
}

/// Another reader of Parquet finds the values that NumPy gets, in files of every format.
fn parquet() -> Result<(), String> {
    if version(&["python3", "-c", "import pyarrow, numpy"]).is_none() {
        return Err("missing: pyarrow and numpy (pip install pyarrow numpy)".to_owned());
    }
    let corpus = std::env::var_os("HEPZ_CORPUS").ok_or("missing: HEPZ_CORPUS, a folder of real files")?;
    let mut paths = Vec::new();
    for part in ["root", "hdf5", "arrays", "hepmc", "text"] {
        let files = Path::new(&corpus).join(part);
        let fail = |error: std::io::Error| format!("{}: {error}", files.display());
        for entry in std::fs::read_dir(&files).map_err(fail)? {
            paths.push(entry.map_err(fail)?.path());
        }
    }
    let known = ["root", "h5", "npz", "hepmc2", "hepmc3", "lhe", "csv"];
    paths.retain(|path| {
        known.iter().any(|known| path.extension().is_some_and(|extension| extension == *known))
    });
    paths.sort();
    let hepz = build()?;
    let folder = target().join("slow");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut python = Command::new("python3");
    python.arg(root().join("xtask/src/parquet_agrees.py")).arg(&hepz).arg(&folder).args(&paths);
    steps::run(&mut python, &mut Tally::default())
}

/// Statistics of columns that SciPy computes, too.
fn scipy() -> Result<(), String> {
    if version(&["python3", "-c", "import scipy, numpy"]).is_none() {
        return Err("missing: scipy and numpy (pip install scipy numpy)".to_owned());
    }
    let hepz = build()?;
    let mut python = Command::new("python3");
    python.arg(root().join("xtask/src/scipy_agrees.py")).arg(&hepz).arg(target().join("slow"));
    steps::run(&mut python, &mut Tally::default())
}

/// ROOT files of many branches and of many entries, which uproot writes; the first takes it minutes.
fn large_root() -> Result<(), String> {
    if version(&["python3", "-c", "import uproot, awkward"]).is_none() {
        println!("skipped: uproot and awkward are missing (pip install uproot awkward)");
        return Ok(());
    }
    let hepz = build()?;
    let folder = target().join("slow");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut python = Command::new("python3");
    python.arg(root().join("xtask/src/large_root.py")).arg(&hepz).arg(&folder);
    steps::run(&mut python, &mut Tally::default())
}

fn fuzz() -> Result<(), String> {
    crate::fuzz::run(FUZZ_SECONDS, None)
}
