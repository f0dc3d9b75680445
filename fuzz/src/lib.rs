//! Fuzz: attacks on everything that reads bytes from outside.
//!
//! # What it is
//! Targets named by what they attack, and a mutation of seeds that is the same on every machine. No nightly compiler, no
//! instrumentation: seeds are small and structured, and targets that patch behind the checksums reach the depths.
//!
//! # One page
//! A [`Target`] takes any bytes and panics if a promise is broken. The program of this crate runs mutated seeds
//! through each target for a while (`cargo xtask fuzz 60`) and keeps what it finds in `fuzz/regressions/<target>/`. The
//! test `replay` runs those, and a few thousand mutations, on every check.
//!
//! # Where to look next
//! `container` for a target, `mutation` for what is done to seeds.

pub mod blocks;
pub mod codec;
pub mod container;
mod fixtures;
pub mod layers;
pub mod mutation;
pub mod networks;
pub mod precision;
pub mod readers;
pub mod root;

/// Something to attack.
pub struct Target {
    /// Its name, and that of its folder of regressions.
    pub name: &'static str,
    /// Bytes worth mutating.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Panics if any promise is broken. Errors are fine.
    pub attack: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "container_only", seeds: container::seeds, attack: container::container_only },
    Target { name: "reader_hdf5", seeds: readers::hdf5_seeds, attack: readers::reader_hdf5 },
    Target { name: "reader_numpy", seeds: readers::numpy_seeds, attack: readers::reader_numpy },
    Target { name: "reader_records", seeds: readers::records_seeds, attack: readers::reader_records },
    Target { name: "reader_delimited", seeds: readers::delimited_seeds, attack: readers::reader_delimited },
    Target { name: "root_layout", seeds: root::seeds, attack: root::root_layout },
    Target { name: "framed_schema", seeds: root::framed_seeds, attack: root::framed_schema },
    Target { name: "frame_fold", seeds: root::frame_seeds, attack: root::frame_fold },
    Target { name: "block_open", seeds: blocks::block_seeds, attack: blocks::block_open },
    Target { name: "block_close", seeds: blocks::recipe_seeds, attack: blocks::block_close },
    Target { name: "block_refit", seeds: blocks::refit_seeds, attack: blocks::block_refit },
    Target { name: "model_bytes", seeds: blocks::model_seeds, attack: blocks::model_bytes },
    Target { name: "decode_patched", seeds: codec::patch_seeds, attack: codec::decode_patched },
    Target { name: "decode_arbitrary", seeds: codec::archive_seeds, attack: codec::decode_arbitrary },
    Target { name: "decode_events", seeds: codec::event_seeds, attack: codec::decode_events },
    Target { name: "rules", seeds: precision::rules_seeds, attack: precision::rules },
    Target { name: "contracts", seeds: precision::contract_seeds, attack: precision::contracts },
    Target { name: "round", seeds: layers::file_seeds, attack: layers::round },
    Target { name: "merge", seeds: layers::seeds, attack: layers::merge },
    Target { name: "model_file", seeds: networks::model_seeds, attack: networks::model_file },
    Target { name: "decode_networks", seeds: networks::patch_seeds, attack: networks::decode_networks },
    Target { name: "round_trip", seeds: codec::file_seeds, attack: codec::round_trip },
];

/// The target with this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
