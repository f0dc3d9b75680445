//! Runs: they learn, and a killed one goes on as if nothing had happened.

use super::*;
use crate::config::{DeviceKind, Placement};
use crate::device;

/// Text of a few words, whose entropy is far below that of its letters.
fn text(n: usize) -> Vec<u8> {
    let mut random = Random::new(9);
    let words: [&[u8]; 6] = [b"muon ", b"electron ", b"jet 1.5 ", b"jet 2.5 ", b"met\n", b"photon "];
    let mut text = Vec::new();
    while text.len() < n {
        text.extend(words[random.below(6)]);
    }
    text
}

fn config(network: &str, training: &str) -> Config {
    let common = "streams = 8\nlength = 32\ncarry = 4\nvalidation_bytes = 8192\n";
    Config::from_toml(&format!("[network]\n{network}\n[training]\n{common}{training}")).unwrap()
}

fn run(config: &Config) -> Run {
    let corpus = Corpus::new(vec![("words".into(), text(100_000))], 0.1, 0).unwrap();
    let place = device::choose(Placement { kind: DeviceKind::Cpu, ..Placement::default() }).unwrap();
    Run::new(config.clone(), corpus, place).unwrap()
}

const GRU: &str = "kind = \"gru\"\nwidth = 16";

/// Kills after so many steps.
struct After(u64);

impl Watch for After {
    fn stepped(&mut self, stepped: &Stepped) {
        self.0 = if stepped.steps >= self.0 { 0 } else { self.0 };
    }

    fn stop(&mut self) -> bool {
        self.0 == 0
    }
}

#[test]
fn a_run_learns_and_its_integers_lose_little() {
    let config = config(GRU, "steps = 400\nlearning_rate = 0.02\nevaluations = 8\n");
    let mut run = run(&config);
    let trained = run.train(&mut ()).unwrap();
    // Six words of equal chance, 6.5 letters each: log2(6) / 6.5 = 0.40 bits for each byte.
    assert!(trained.integer_bits < 0.6, "{} {}", trained.float_bits, trained.integer_bits);
    assert!(
        trained.integer_bits < 1.03 * trained.float_bits,
        "{} {}",
        trained.float_bits,
        trained.integer_bits
    );
    assert_eq!(trained.steps, 400);
}

#[test]
fn a_killed_run_that_goes_on_ends_with_the_same_weights() {
    let network = "kind = \"mamba\"\nwidth = 16\nheads = 2\nstate = 4";
    let config = config(network, "steps = 48\nevaluations = 6\nquantise_from = 0.6\naccumulate = 2\n");
    let mut whole = run(&config);
    let trained = whole.train(&mut ()).unwrap();
    for kill in [16, 36] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        let mut first = run(&config).with_checkpoint(path.clone());
        assert!(matches!(first.train(&mut After(kill)), Err(RunError::Stopped(_))));
        let checkpoint = Checkpoint::load(&path).unwrap();
        let mut second = run(&config).resumed(&checkpoint).unwrap();
        let resumed = second.train(&mut ()).unwrap();
        assert_eq!(stored_values(second.module()), stored_values(whole.module()));
        assert_eq!(resumed.network, trained.network);
        assert_eq!(resumed.integer_bits, trained.integer_bits);
    }
}

fn stored_values(module: &ByteModule) -> Vec<f32> {
    struct All(Vec<f32>);
    impl burn::module::ModuleVisitor for All {
        fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
            self.0.extend(param.val().try_into_vec_as::<f32>().unwrap());
        }
    }
    let mut all = All(Vec::new());
    module.visit(&mut all);
    all.0
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let first = config(GRU, "steps = 8\n");
    let checkpoint = run(&first).to_checkpoint().unwrap();
    assert!(run(&config(GRU, "steps = 9\n")).resumed(&checkpoint).is_ok());
    assert!(run(&config(GRU, "steps = 8\nseed = 2\n")).resumed(&checkpoint).is_err());
    let mut other = checkpoint.clone();
    other.state.data = "0".into();
    assert!(run(&first).resumed(&other).is_err());
    let mut cut = checkpoint;
    cut.module.truncate(100);
    assert!(run(&first).resumed(&cut).is_err());
}

#[test]
fn early_stopping_ends_a_run_that_learns_nothing() {
    let config = config(GRU, "steps = 100000\nlearning_rate = 1e-9\nevaluations = 20000\npatience = 2\n");
    let mut run = run(&config);
    // Rates so low that judgements only fluctuate, if at all.
    let trained = run.train(&mut ()).unwrap();
    assert!(trained.steps < 10_000, "{}", trained.steps);
}

#[test]
fn a_run_that_diverges_says_so() {
    let config =
        config(GRU, "steps = 60\nlearning_rate = 1.0\nclip = 1e9\nwarm_up = 0.0\nweight_decay = 10.0\n");
    // Either it survives or it says that it did not; it never panics.
    match run(&config).train(&mut ()) {
        Ok(_) | Err(RunError::Diverged(_)) => {}
        Err(error) => panic!("{error}"),
    }
}
