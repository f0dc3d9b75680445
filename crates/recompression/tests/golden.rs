//! Golden blocks: recorded recipes close to recorded bytes, for ever.
//!
//! `golden/make_golden.py` made the blocks; recipes are recorded once (`HEPZ_GOLDEN_ADD=1`) and never rewritten.

use flate2::{Compress, Compression, FlushCompress};
use hepz_recompression::{Step, close, open};
use std::path::PathBuf;

const SHUFFLED_ELEMENT: Step = Step::Shuffle { element_bytes: 20 };

/// Name, steps, plain bytes of the table that it holds, and the most bytes its recipe may have.
const BLOCKS: [(&str, &[Step], usize, usize); 19] = [
    ("zlib_1", &[Step::Zlib], 9_000, 6),
    ("zlib_2", &[Step::Zlib], 9_000, 6),
    ("zlib_3", &[Step::Zlib], 9_000, 6),
    ("zlib_4", &[Step::Zlib], 9_000, 6),
    ("zlib_5", &[Step::Zlib], 9_000, 6),
    ("zlib_6", &[Step::Zlib], 9_000, 6),
    ("zlib_7", &[Step::Zlib], 9_000, 6),
    ("zlib_8", &[Step::Zlib], 9_000, 6),
    ("zlib_9", &[Step::Zlib], 9_000, 6),
    ("deflate_6", &[Step::Deflate], 9_000, 4),
    ("deflate_0", &[Step::Deflate], 9_000, 31),
    ("deflate_6_memory_9", &[Step::Deflate], 9_000, 4),
    ("deflate_6_window_10", &[Step::Deflate], 9_000, 300),
    ("deflate_huffman", &[Step::Deflate], 9_000, 30),
    ("deflate_rle", &[Step::Deflate], 9_000, 500),
    ("hdf5_pipeline", &[SHUFFLED_ELEMENT, Step::Zlib, Step::Fletcher32], 9_000, 9),
    ("hdf5_fletcher32", &[Step::Fletcher32], 3_001, 3),
    ("zlib_rs_1", &[Step::Zlib], 9_000, 500),
    ("zlib_rs_6", &[Step::Zlib], 9_000, 500),
];

fn golden(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(file)
}

fn read(file: &str) -> Vec<u8> {
    std::fs::read(golden(file)).unwrap_or_else(|error| panic!("golden/{file}: {error}"))
}

/// Streams by another encoder than zlib: their recipes name its parameters and hold corrections.
fn add_foreign(table: &[u8]) {
    for level in [1, 6] {
        let path = golden(&format!("zlib_rs_{level}.stored"));
        if !path.exists() {
            let mut stored = Vec::with_capacity(2 * table.len());
            let mut squeeze = Compress::new(Compression::new(level), true);
            squeeze.compress_vec(table, &mut stored, FlushCompress::Finish).expect("room enough");
            std::fs::write(path, stored).expect("golden folder");
        }
    }
}

#[test]
fn golden_recipes_close_to_the_recorded_bytes() {
    let table = read("table.plain");
    if std::env::var_os("HEPZ_GOLDEN_ADD").is_some() {
        add_foreign(&table);
    }
    for (name, pipeline, plain_bytes, _) in BLOCKS {
        let stored = read(&format!("{name}.stored"));
        let recipe_file = format!("{name}.recipe");
        if std::env::var_os("HEPZ_GOLDEN_ADD").is_some() && !golden(&recipe_file).exists() {
            let opened = open(pipeline, &stored, plain_bytes).expect(name);
            std::fs::write(golden(&recipe_file), &opened.recipe).expect(name);
        }
        assert_eq!(close(&table[..plain_bytes], &read(&recipe_file)).as_ref(), Ok(&stored), "{name}");
    }
}

#[test]
fn golden_blocks_open_to_short_recipes_and_the_recorded_plain_bytes() {
    let table = read("table.plain");
    for (name, pipeline, plain_bytes, most_recipe_bytes) in BLOCKS {
        let stored = read(&format!("{name}.stored"));
        let opened = open(pipeline, &stored, plain_bytes).expect(name);
        assert_eq!(opened.plain, table[..plain_bytes], "{name}");
        assert_eq!(close(&opened.plain, &opened.recipe).as_ref(), Ok(&stored), "{name}");
        let bytes = opened.recipe.len();
        println!("{name}: {bytes} bytes of recipe, {:?}", &opened.recipe[..bytes.min(40)]);
        assert!(bytes <= most_recipe_bytes, "{name}: {bytes} bytes of recipe");
    }
}
