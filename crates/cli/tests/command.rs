//! Tests of the command: the real program, real files, exit codes.
//!
//! In: files made here. Out: what the program writes, says and ends with.
//! Not here: `cat` and JSON (`reading`), the benchmark (`bench`).
//! Holds: each test has a folder of its own.

mod scene;

use scene::{Scene, npy};
use std::fs;

/// A table of 500 rows and a text, as files of a scene.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("jets.npy", &npy(500));
    scene.write("notes.txt", "nothing of interest\n".repeat(50).as_bytes());
    scene
}

#[test]
fn several_files_come_back_byte_for_byte() {
    let scene = scene();
    scene.run(&["compress", "jets.npy", "notes.txt"]).ends_with(0);
    let originals = [scene.read("jets.npy"), scene.read("notes.txt")];
    scene.run(&["compress", "jets.npy"]).ends_with(1).says("jets.npy.hepz exists; use -f");
    fs::remove_file(scene.path("jets.npy")).unwrap();
    fs::remove_file(scene.path("notes.txt")).unwrap();
    scene.run(&["decompress", "jets.npy.hepz", "notes.txt.hepz"]).ends_with(0);
    assert_eq!([scene.read("jets.npy"), scene.read("notes.txt")], originals);
    assert_eq!(
        scene.names(),
        ["jets.npy", "jets.npy.hepz", "notes.txt", "notes.txt.hepz"],
        "nothing is left over"
    );
}

#[test]
fn the_report_names_sizes_and_quiet_says_nothing() {
    let scene = scene();
    let said = scene.run(&["compress", "jets.npy"]).ends_with(0).stderr();
    let bytes = scene.read("jets.npy").len();
    let archive = scene.read("jets.npy.hepz").len();
    assert!(said.starts_with(&format!("jets.npy: {bytes} -> {archive} bytes (")), "{said}");
    scene.run(&["compress", "-q", "-f", "jets.npy"]).ends_with(0).says_nothing();
}

#[test]
fn standard_input_and_output_are_files_too() {
    let scene = scene();
    let original = scene.read("jets.npy");
    let archive = scene.run_with(&["compress", "-q"], &original).ends_with(0).says_nothing().stdout();
    assert!(archive.len() < original.len());
    assert_eq!(scene.run_with(&["-d", "-", "-q"], &archive).ends_with(0).stdout(), original);
    let named = scene.run(&["compress", "-cq", "jets.npy"]).ends_with(0).stdout();
    assert!(named.len() > archive.len(), "only a file has a name to be stored");
    let fast = scene.run(&["compress", "-cq", "--no-verify", "jets.npy"]).ends_with(0).stdout();
    assert_eq!(scene.run_with(&["-dc"], &fast).ends_with(0).stdout(), original);
    scene.run_with(&["compress", "-", "-o", "piped.hepz"], &original).ends_with(0);
    assert_eq!(scene.run(&["decompress", "-o", "-", "piped.hepz"]).ends_with(0).stdout(), original);
    scene.run(&["test", "piped.hepz"]).ends_with(0).says("piped.hepz: good");
    scene.run_with(&["-t"], &archive).ends_with(0);
}

#[test]
fn outputs_go_where_they_are_told() {
    let scene = scene();
    fs::create_dir(scene.path("folder")).unwrap();
    scene.run(&["compress", "-o", "folder", "jets.npy", "notes.txt"]).ends_with(0);
    scene.run(&["decompress", "-o", "back", "folder/jets.npy.hepz"]).ends_with(0);
    assert_eq!(scene.read("back"), scene.read("jets.npy"));
    scene.run(&["compress", "-o", "one", "jets.npy", "notes.txt"]).ends_with(2).says("several files");
    scene.run(&["compress", "-c", "jets.npy", "notes.txt"]).ends_with(2);
    let both = scene.run(&["-dcq", "folder/notes.txt.hepz", "folder/jets.npy.hepz"]).ends_with(0).stdout();
    assert_eq!(both, [scene.read("notes.txt"), scene.read("jets.npy")].concat());
}

#[test]
fn originals_are_kept_unless_rm_is_given() {
    let scene = scene();
    scene.run(&["compress", "-k", "jets.npy"]).ends_with(0);
    let original = scene.read("jets.npy");
    scene.run(&["compress", "--rm", "-f", "jets.npy"]).ends_with(0);
    assert!(!scene.path("jets.npy").exists());
    scene.run(&["decompress", "--rm", "jets.npy.hepz"]).ends_with(0);
    assert_eq!(scene.names(), ["jets.npy", "notes.txt"]);
    assert_eq!(scene.read("jets.npy"), original);
}

#[test]
#[cfg(unix)]
fn times_and_permissions_are_those_of_the_original() {
    use std::os::unix::fs::PermissionsExt;
    let scene = scene();
    let file = fs::File::options().write(true).open(scene.path("jets.npy")).unwrap();
    let then = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    file.set_times(fs::FileTimes::new().set_modified(then)).unwrap();
    fs::set_permissions(scene.path("jets.npy"), fs::Permissions::from_mode(0o440)).unwrap();
    scene.run(&["compress", "jets.npy"]).ends_with(0);
    scene.run(&["decompress", "-o", "back", "jets.npy.hepz"]).ends_with(0);
    for name in ["jets.npy.hepz", "back"] {
        let metadata = fs::metadata(scene.path(name)).unwrap();
        assert_eq!(metadata.modified().unwrap(), then, "{name}");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o440, "{name}");
    }
}

#[test]
fn an_archive_is_not_compressed_again_unless_forced() {
    let scene = scene();
    scene.run(&["compress", "jets.npy"]).ends_with(0);
    scene.run(&["compress", "jets.npy.hepz"]).ends_with(2).says("named like an archive already");
    scene.run(&["compress", "-f", "jets.npy.hepz"]).ends_with(0);
    scene.run(&["decompress", "jets.npy"]).ends_with(9);
    fs::copy(scene.path("jets.npy.hepz"), scene.path("odd")).unwrap();
    scene.run(&["decompress", "odd"]).ends_with(2).says("say with -o");
}

#[test]
fn every_prefix_of_an_archive_is_truncated_and_leaves_nothing_behind() {
    let scene = scene();
    scene.run(&["compress", "jets.npy"]).ends_with(0);
    let archive = scene.read("jets.npy.hepz");
    let before = scene.names().len();
    for kept in [0, 1, 7, archive.len() / 3, archive.len() - 1] {
        scene.write("cut.hepz", &archive[..kept]);
        scene.run(&["decompress", "cut.hepz"]).ends_with(3).says("hepz: cut.hepz: ").says("fetch it again");
        scene.run(&["test", "cut.hepz"]).ends_with(3);
        scene.run(&["list", "cut.hepz"]).ends_with(3);
    }
    assert_eq!(scene.names().len(), before + 1);
}

#[test]
fn flipped_bits_are_damage_wherever_they_are() {
    let scene = scene();
    scene.run(&["compress", "jets.npy"]).ends_with(0);
    let archive = scene.read("jets.npy.hepz");
    for at in [archive.len() / 4, archive.len() / 2, archive.len() - 3] {
        let mut damaged = archive.clone();
        damaged[at] ^= 0x10;
        scene.write("damaged.hepz", &damaged);
        let said = scene.run(&["test", "damaged.hepz"]).ends_with(4).says("another copy").stderr();
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    assert!(!scene.path("damaged").exists());
}

#[test]
fn each_kind_of_failure_has_its_exit_code() {
    let scene = scene();
    scene.run(&["compress", "jets.npy"]).ends_with(0);
    scene.run(&["compress", "no such file"]).ends_with(1).says("hepz: no such file: cannot read");
    scene.run(&["compress", "."]).ends_with(1).says("folder");
    scene.run(&["frobnicate"]).ends_with(2);
    scene.run(&["test", "notes.txt"]).ends_with(9).says("not a hepz archive");
    scene.run(&["test", "--memory", "1", "jets.npy.hepz"]).ends_with(6).says("limit");
    scene.run(&["compress", "--schema", "pt:f5", "notes.txt"]).ends_with(2).says("pt");
    // Version 99 of the format: its byte follows the magic, and the header's checksum is right.
    let mut later = scene.read("jets.npy.hepz");
    later[8] = 99;
    let checksum = crc32c::crc32c(&later[..12]);
    later[12..16].copy_from_slice(&checksum.to_le_bytes());
    scene.write("later.hepz", &later);
    scene.run(&["test", "later.hepz"]).ends_with(5).says("upgrade");
}

#[test]
fn a_failure_does_not_stop_the_other_files_and_the_highest_code_wins() {
    let scene = scene();
    scene.run(&["compress", "jets.npy", "notes.txt"]).ends_with(0);
    scene.write("cut.hepz", &scene.read("jets.npy.hepz")[..100]);
    let said = scene.run(&["test", "gone.hepz", "cut.hepz", "notes.txt.hepz"]).ends_with(3).stderr();
    assert!(said.contains("notes.txt.hepz: good"), "{said}");
    assert_eq!(said.lines().count(), 3, "{said}");
}

#[test]
fn foreign_and_odd_files_are_stored_as_plain_bytes_with_a_note() {
    let scene = scene();
    scene.run(&["compress", "notes.txt"]).ends_with(0).says("notes.txt: note: ").says("plain bytes");
    scene.write("cut.npy", &npy(500)[..3000]);
    scene.write("empty", b"");
    for name in ["cut.npy", "empty"] {
        scene.run(&["compress", name]).ends_with(0).says("note: ");
        scene.run(&["decompress", "-o", "back", "-f", &format!("{name}.hepz")]).ends_with(0);
        assert_eq!(scene.read("back"), scene.read(name));
    }
}

#[test]
fn raw_records_follow_the_schema_they_are_given() {
    let scene = Scene::new();
    let rows = 0..2000u32;
    let records: Vec<u8> = rows
        .clone()
        .flat_map(|i| [(i as f32 * 0.5).to_le_bytes(), (i / 7).to_be_bytes()])
        .flatten()
        .collect();
    let columns: Vec<u8> = rows
        .clone()
        .flat_map(|i| (i as f32 * 0.5).to_le_bytes())
        .chain(rows.flat_map(|i| (i / 7).to_be_bytes()))
        .collect();
    scene.write("records.raw", &records);
    scene.write("columns.raw", &columns);
    scene.run(&["compress", "--schema", "x:f4,n:>u4", "records.raw"]).ends_with(0);
    scene.run(&["compress", "--schema", "x:f4,n:>u4", "--columns", "columns.raw"]).ends_with(0);
    scene.run(&["compress", "--columns", "records.raw"]).ends_with(2);
    for name in ["records.raw", "columns.raw"] {
        let archive = format!("{name}.hepz");
        assert_eq!(scene.run(&["-dcq", &archive]).ends_with(0).stdout(), scene.read(name));
        let text = scene.run(&["cat", "--rows", "700..702", &archive]).ends_with(0).text();
        assert_eq!(text, "x,n\n350.0,100\n350.5,100\n", "{name}");
    }
}

#[test]
fn the_archive_does_not_depend_on_the_number_of_threads() {
    let scene = scene();
    let one = scene.run(&["compress", "-cq", "-T1", "jets.npy"]).ends_with(0).stdout();
    assert_eq!(scene.run(&["compress", "-cq", "-T3", "jets.npy"]).ends_with(0).stdout(), one);
}

#[test]
#[cfg(unix)]
fn a_stopped_command_leaves_nothing_behind() {
    use std::process::{Command, Stdio};
    let scene = Scene::new();
    let mut child = scene::program()
        .args(["compress", "-o", "out.hepz"])
        .current_dir(scene.path("."))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    // Its standard input stays open, so it waits with its part file made.
    let start = std::time::Instant::now();
    while scene.names().is_empty() {
        assert!(start.elapsed().as_secs() < 60, "no part file appeared");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let stopped = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(scene.names(), Vec::<String>::new());
}

#[test]
fn help_prints_verbs_and_exit_codes() {
    let scene = Scene::new();
    assert!(scene.run(&["help"]).ends_with(0).text().contains("decompress"));
    assert!(scene.run(&["help", "cat"]).ends_with(0).text().contains("--rows"));
    let codes = scene.run(&["help", "exit-codes"]).ends_with(0).text();
    assert_eq!(codes.lines().filter(|line| line.trim_start().starts_with(char::is_numeric)).count(), 11);
    scene.run(&["help", "nothing"]).ends_with(2);
    scene.run(&[]).ends_with(2);
}
