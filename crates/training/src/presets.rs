//! Presets: configurations by the size of the machine.
//!
//! In: a name. Out: TOML. Not here: what the keys mean (`config`).
//! Holds: each is read by the tests; they are data, copied and changed at will.

/// Names and texts, from the smallest machine to the largest.
pub const PRESETS: [(&str, &str); 6] = [
    ("cpu-small", include_str!("../presets/cpu-small.toml")),
    ("cpu-large", include_str!("../presets/cpu-large.toml")),
    ("gpu-8g", include_str!("../presets/gpu-8g.toml")),
    ("gpu-24g", include_str!("../presets/gpu-24g.toml")),
    ("gpu-80g", include_str!("../presets/gpu-80g.toml")),
    ("gpu-192g", include_str!("../presets/gpu-192g.toml")),
];

/// The text of a preset.
pub fn preset(name: &str) -> Option<&'static str> {
    PRESETS.iter().find(|preset| preset.0 == name).map(|preset| preset.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn every_preset_is_a_configuration() {
        for (name, text) in PRESETS {
            Config::from_toml(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}
