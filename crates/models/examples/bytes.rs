//! Sizes and speeds of the byte model: `cargo run --release -p hepz-models --example bytes -- FILE...`
use hepz_models::bytes::{ByteConfig, decode, encode};
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let (mut total, mut total_coded) = (0, 0);
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let config = ByteConfig::for_sample(&bytes[..bytes.len().min(1 << 20)], bytes.len());
        let start = Instant::now();
        let coded = encode(&bytes, config);
        let encoding_s = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let equal = decode(&coded, bytes.len(), config) == bytes;
        let decoding_s = start.elapsed().as_secs_f64();
        let mb = bytes.len() as f64 / 1e6;
        println!(
            "{:>9} -> {:>8} ({:6.3}x)  encode {:5.2} MB/s  decode {:5.2} MB/s  {:?} {}{path}",
            bytes.len(),
            coded.len(),
            bytes.len() as f64 / coded.len().max(1) as f64,
            mb / encoding_s,
            mb / decoding_s,
            config.to_bytes(),
            if equal { "" } else { "DIFFERS " },
        );
        total += bytes.len();
        total_coded += coded.len();
    }
    println!("{total:>9} -> {total_coded:>8}");
    Ok(())
}
