//! The size habit: small files, one subject each.

use crate::files;

/// No file of shipped code is longer, unless it is named below with its reason.
const LIMIT: usize = 600;
/// Half of the files are shorter than this.
const MEDIAN: usize = 200;
/// Longer on purpose: path, lines, why.
const LONGER: &[(&str, usize, &str)] = &[];

const FOLDERS: &[&str] = &[
    "core/src",
    "core/derive/src",
    "wallet/src",
    "server/src",
    "wallet-cli/src",
    "wasm/src",
    "xtask/src",
    "web",
    "examples",
];

#[test]
fn no_file_is_too_long() {
    let mut wrong = Vec::new();
    for folder in FOLDERS {
        for file in files(folder, &["rs", "ts", "svelte", "mjs"]) {
            let lines = file.code().count();
            let limit = LONGER
                .iter()
                .find(|(path, ..)| *path == file.path)
                .map_or(LIMIT, |(_, lines, _)| *lines);
            if lines > limit && !file.is_test() {
                wrong.push(format!("{} has {lines} lines of {limit}", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn most_files_are_short() {
    let mut sizes: Vec<usize> = FOLDERS
        .iter()
        .flat_map(|folder| files(folder, &["rs"]))
        .filter(|file| !file.is_test())
        .map(|file| file.code().count())
        .collect();
    sizes.sort_unstable();
    let median = sizes.get(sizes.len() / 2).copied().unwrap_or_default();
    assert!(
        median <= MEDIAN,
        "the median file has {median} lines; the habit is {MEDIAN}"
    );
}
