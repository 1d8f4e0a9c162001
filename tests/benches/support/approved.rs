//! What the holder approves in every benchmark.

use assent_core::claims::ClaimsPath;

/// What the benchmarks disclose: three leaves.
pub fn approved() -> Vec<ClaimsPath> {
    [&["given_name"][..], &["address", "locality"], &["birthdate"]]
        .iter()
        .map(|keys| ClaimsPath::keys(keys).expect("path"))
        .collect()
}
