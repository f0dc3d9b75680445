//! What model files promise: they come back, and damage is named.

use super::*;

fn numbers(seed: i32, n: usize) -> Numbers {
    let number = |at: usize| (at as i32).wrapping_mul(seed).wrapping_mul(40_503) >> 9;
    Numbers {
        small: (0..n).map(|at| (number(at) % 60) as i8).collect(),
        medium: (0..n / 3).map(|at| number(at) as i16).collect(),
        wide: (0..n / 7).map(number).collect(),
    }
}

fn values() -> Model {
    let networks = vec![("first".to_owned(), numbers(3, 4000)), ("second".to_owned(), numbers(77, 0))];
    Model::new("kind = \"values\"\n", Networks::Values(networks))
}

#[test]
fn models_come_back_with_their_identity_and_their_checkpoint() {
    let plain = values();
    let floats = vec![
        ("w".to_owned(), (0..5000).map(|at| ((at * at) as f32).sin()).collect()),
        ("b".to_owned(), vec![0.0, -0.0, f32::INFINITY]),
    ];
    let trained = plain.clone().with_checkpoint(floats);
    for model in [&plain, &trained] {
        let back = Model::read(&model.to_bytes()).unwrap();
        assert_eq!(&back, model);
        assert_eq!(back.id(), plain.id());
    }
    assert_eq!(plain.kind(), "values");
    assert_ne!(Model::new("", plain.networks().clone()).id(), plain.id());
}

#[test]
fn damage_behind_the_sums_is_an_error_or_another_model_and_never_a_panic() {
    let model = values();
    for at in 0..model.payload().len().min(600) {
        for mask in [1, 0x80] {
            let mut payload = model.payload().to_vec();
            payload[at] ^= mask;
            if let Ok(other) = Model::read(&file::write(&payload, None)) {
                assert_ne!(other.id(), model.id());
            }
        }
        assert!(Model::read(&file::write(&model.payload()[..at], None)).is_err(), "{at}");
    }
    let mut later = model.payload().to_vec();
    later[1] += 1;
    assert!(matches!(Model::read(&file::write(&later, None)), Err(ModelError::TooNew { .. })));
}
